//! The table is sound, and the documents say the same.

use super::*;

#[test]
fn each_state_that_is_not_final_has_one_deadline_and_one_timeout_that_anybody_may_call() {
    for state in EscrowState::ALL {
        let leaving: Vec<_> = transitions().iter().filter(|row| row.from == state).collect();
        assert_eq!(state.is_final(), leaving.is_empty());
        assert_eq!(state.window().is_none(), state.is_final(), "{state}");
        let mut timeouts: Vec<EventKind> =
            leaving.iter().map(|row| row.event).filter(|event| event.is_timeout()).collect();
        timeouts.dedup();
        assert_eq!(timeouts.len(), usize::from(!state.is_final()), "{state}");
    }
    for row in transitions() {
        assert_eq!(row.event.is_timeout(), row.when == When::Due, "{row:?}");
        assert_eq!(row.event.is_timeout(), row.callers == [Party::Anyone], "{row:?}");
    }
    assert_eq!(EscrowState::ALL.iter().filter(|state| state.is_final()).count(), 9);
}

/// Each mediator is asked once, so a walk along timeouts alone ends: every round uses one up.
#[test]
fn timeouts_alone_lead_to_a_final_state() {
    for start in EscrowState::ALL {
        let mut state = start;
        let mut steps = 0;
        while !state.is_final() {
            let row = transitions()
                .iter()
                .find(|row| row.from == state && row.when == When::Due && row.need != Need::NoMediatorLeft)
                .unwrap();
            state = row.to;
            steps += 1;
            assert!(steps <= 2, "{start} does not end by timeouts");
        }
    }
}

#[test]
fn a_row_pays_exactly_where_it_ends_a_deal_and_no_case_stands_twice() {
    for row in transitions() {
        let keeps = matches!(row.settle, Settle::Hold | Settle::PostBond);
        assert_eq!(keeps, !row.to.is_final(), "{row:?}");
        assert!(!row.callers.is_empty());
        let same: Vec<Need> = transitions()
            .iter()
            .filter(|other| other.from == row.from && other.event == row.event)
            .map(|other| other.need)
            .collect();
        match same.as_slice() {
            [Need::Nothing] => {}
            [Need::MediatorLeft] => assert_eq!(row.event, EventKind::Challenge),
            [Need::MediatorLeft, Need::NoMediatorLeft] => {}
            other => panic!("{row:?}: {other:?}"),
        }
    }
    for event in EventKind::ALL {
        assert!(transitions().iter().any(|row| row.event == event), "{event} is never legal");
    }
    for settle in Settle::ALL {
        assert!(transitions().iter().any(|row| row.settle == settle), "{settle:?} never happens");
    }
}

/// I8 in the table: the collateral is lost by a missed deadline of the provider, or by a second mismatch.
#[test]
fn a_collateral_is_lost_by_a_missed_deadline_or_a_second_mismatch_only() {
    for row in transitions() {
        match row.settle {
            Settle::Forfeit => assert_eq!((row.event, row.when), (EventKind::ProviderTimeout, When::Due)),
            Settle::Slash => {
                assert_eq!((row.from, row.event), (EscrowState::Remediating, EventKind::Mismatch));
            }
            _ => {}
        }
    }
}

fn line(cells: &[&str]) -> String {
    let cells: Vec<String> =
        cells.iter().map(|cell| if cell.is_empty() { " ".into() } else { format!(" {cell} ") }).collect();
    format!("|{}|", cells.join("|"))
}

fn transition_line(row: &Transition) -> String {
    let callers: Vec<String> = row.callers.iter().map(Party::to_string).collect();
    let when = match row.when {
        When::Any => "",
        When::Before => "before the deadline",
        When::Due => "from the deadline on",
    };
    let need = match row.need {
        Need::Nothing => "",
        Need::MediatorLeft => "a mediator is left",
        Need::NoMediatorLeft => "no mediator is left",
    };
    let conditions: Vec<&str> = [when, need].into_iter().filter(|text| !text.is_empty()).collect();
    let (from, to) = (format!("`{}`", row.from), format!("`{}`", row.to));
    line(&[&from, row.event.as_str(), &callers.join(", "), &conditions.join("; "), &to, row.settle.as_str()])
}

/// Provider's balance, author and solver, job creator, mediators, burned, collateral, bond.
fn settle_line(settle: Settle) -> String {
    let cells = match settle {
        Settle::Hold => ["", "", "", "", "", "locked", ""],
        Settle::PostBond => ["", "", "", "", "", "locked", "2 fees from the challenger"],
        Settle::PayWork => ["rest of work", "shares of work", "cap − work", "", "", "unlocked", ""],
        Settle::Refund => ["", "", "cap", "", "", "unlocked", ""],
        Settle::Forfeit => ["", "", "cap + kept", "", "burned part", "gone", ""],
        Settle::Uphold => [
            "rest of work",
            "shares of work",
            "cap − work",
            "a fee for each verdict, from the bond",
            "",
            "unlocked",
            "rest to the challenger",
        ],
        Settle::Slash => [
            "",
            "",
            "cap + kept − 2 fees",
            "a fee each, from the collateral",
            "burned part",
            "gone",
            "back to the challenger",
        ],
        Settle::ReturnAll => ["", "", "cap", "", "", "unlocked", "back to the challenger"],
    };
    let mut all = vec![settle.as_str()];
    all.extend(cells);
    line(&all)
}

fn deadline_line(state: EscrowState) -> Option<String> {
    let window = state.window()?.to_string();
    let ends = transitions().iter().find(|row| row.from == state && row.when == When::Due)?;
    Some(line(&[&format!("`{state}`"), &window, ends.event.as_str()]))
}

#[test]
fn the_tables_in_the_docs_are_the_table_of_the_code() {
    let texts =
        [("mod.rs", include_str!("../mod.rs")), ("docs", include_str!("../../../../docs/settlement.md"))];
    for (name, text) in texts {
        let lines: Vec<&str> = text.lines().map(|line| line.trim_start_matches("//! ")).collect();
        let cells = |line: &&&str| line.split('|').count();
        let starts = |line: &&&str| line.starts_with("| `");
        let states = |line: &&&str| EscrowState::ALL.iter().any(|state| line.contains(state.as_str()));
        let wanted = transitions()
            .iter()
            .map(transition_line)
            .chain(Settle::ALL.map(settle_line))
            .chain(EscrowState::ALL.into_iter().filter_map(deadline_line));
        let missing: Vec<String> = wanted.filter(|line| !lines.contains(&line.as_str())).collect();
        assert!(missing.is_empty(), "not in {name}:\n{}", missing.join("\n"));
        let rows = lines.iter().filter(|line| starts(line) && states(line) && cells(line) == 8);
        assert_eq!(rows.count(), transitions().len(), "{name}");
    }
}

#[test]
fn every_code_of_the_ledger_and_every_reason_is_documented() {
    let docs = include_str!("../../../../docs/settlement.md");
    let codes: Vec<&str> =
        include_str!("../fault.rs").split('"').filter(|text| text.starts_with("E_")).collect();
    assert!(codes.len() >= 17, "{codes:?}");
    for code in codes {
        assert!(docs.contains(&format!("`{code}`")), "{code} is not documented");
    }
    for reason in Reason::ALL {
        assert!(docs.contains(&format!("`{reason}`")), "{reason} is not documented");
    }
}

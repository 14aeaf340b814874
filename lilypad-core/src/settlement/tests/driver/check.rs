//! What must hold after every command. I1 to I8 are the invariants of `docs/settlement.md`.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

/// What is on record beside ledger and model: sums of the transfers, and who said what.
#[derive(Default)]
pub(super) struct Log {
    into: BTreeMap<Place, u128>,
    out_of: BTreeMap<Place, u128>,
    escrow: u128,
    bonds: u128,
    paid: BTreeSet<DealId>,
    slashed: BTreeSet<DealId>,
    mismatches: BTreeMap<DealId, BTreeSet<u8>>,
    /// The end of the provider's time, as the events and the terms say.
    provider_deadline: BTreeMap<DealId, u64>,
}

fn number(amount: Amount) -> u128 {
    amount.as_wei().unwrap()
}

impl Log {
    /// Writes down a command that went through.
    pub(super) fn note(
        &mut self,
        by: u8,
        now: u64,
        command: &Command,
        transfers: &[Transfer],
        model: &Model,
        place: &str,
    ) {
        for transfer in transfers {
            assert!(!transfer.amount.is_zero(), "{place}: {transfer}");
            *self.into.entry(transfer.to).or_default() += number(transfer.amount);
            *self.out_of.entry(transfer.from).or_default() += number(transfer.amount);
            match transfer.from {
                Place::Escrow(_) => self.escrow -= number(transfer.amount),
                Place::Bond(_) => self.bonds -= number(transfer.amount),
                _ => {}
            }
            match transfer.to {
                Place::Escrow(_) => self.escrow += number(transfer.amount),
                Place::Bond(_) => self.bonds += number(transfer.amount),
                _ => {}
            }
        }
        match *command {
            Command::Agree { deal, terms, .. } => {
                self.provider_deadline.insert(deal, now + terms.windows.submit_ms);
            }
            Command::Deal { deal, event, .. } => {
                if event == DealEvent::RequestCancel {
                    let window = model.deals[&deal].terms.windows.cancel_ms;
                    let end = self.provider_deadline.get_mut(&deal).unwrap();
                    *end = (*end).min(now + window);
                }
                if let DealEvent::Mismatch { .. } = event {
                    self.mismatches.entry(deal).or_default().insert(by);
                }
                self.deal(now, deal, event, transfers, place);
            }
            _ => {}
        }
    }

    /// I2, I4 and I8.
    fn deal(&mut self, now: u64, deal: DealId, event: DealEvent, transfers: &[Transfer], place: &str) {
        for held in [Place::Escrow(deal), Place::Bond(deal)] {
            let sum = |sums: &BTreeMap<Place, u128>| sums.get(&held).copied().unwrap_or(0);
            assert!(sum(&self.out_of) <= sum(&self.into), "I2 {place}");
        }
        let is_pay = |transfer: &&Transfer| {
            matches!(transfer.reason, Reason::Work | Reason::AuthorShare | Reason::SolverFee)
        };
        if transfers.iter().any(|transfer| is_pay(&transfer)) {
            assert!(self.paid.insert(deal), "I4 {place}: paid twice");
        }
        if transfers.iter().any(|transfer| matches!(transfer.from, Place::Stake(_))) {
            let proven = self.mismatches.get(&deal).is_some_and(|who| who.len() == 2);
            let missed = event == DealEvent::ProviderTimeout && now >= self.provider_deadline[&deal];
            assert!(proven || missed, "I8 {place}: a slash without two mismatches or a missed deadline");
            assert!(self.slashed.insert(deal), "I8 {place}: slashed twice");
            assert!(!self.paid.contains(&deal), "I8 {place}: paid and slashed");
        }
    }
}

/// I1 and I3: every account has what the model says, locks are covered, and all together are what came in.
pub(super) fn accounts(ledger: &Ledger, model: &Model, log: &Log, place: &str) {
    let mut sum = model.withdrawn + model.burned + log.escrow + log.bonds;
    for (byte, expected) in &model.accounts {
        let account = address(*byte);
        let pool = ledger.pool(account);
        let unbonding = ledger.unbonding(account);
        let got = model::Account {
            balance: number(ledger.balance(account)),
            stake: number(pool.stake),
            locked: number(pool.locked),
            unbonding: unbonding
                .iter()
                .map(|entry| (entry.matures_at.as_millis(), number(entry.amount)))
                .collect(),
        };
        assert!(got == *expected, "{place}: account {byte} is {pool:?} {}", got.balance);
        assert!(got.locked <= got.stake, "I3 {place}: more is locked than staked");
        sum += got.balance + got.stake + got.unbonding.iter().map(|(_, amount)| amount).sum::<u128>();
    }
    assert_eq!(sum, model.deposited, "I1 {place}");
}

/// I5 and I6: the deal is where the model has it, with what its state holds, and open means a deadline.
pub(super) fn deal(ledger: &Ledger, model: &Model, id: DealId, place: &str) {
    let (known, expected) = match (ledger.deal(id), model.deals.get(&id)) {
        (Ok(known), Some(expected)) => (known, expected),
        (Err(_), None) => return,
        (known, expected) => panic!("I7 {place}: {known:?}, expected {}", expected.is_some()),
    };
    assert_eq!((known.state, known.epoch), (expected.state, expected.epoch), "I5 {place}");
    assert_eq!(known.terms, expected.terms, "{place}: the terms changed");
    let open = expected.is_open();
    assert_eq!(known.deadline, open.then_some(Timestamp(expected.deadline)), "I6 {place}");
    let cap = if open { expected.cap() } else { 0 };
    assert_eq!(number(ledger.held(id)), cap, "{place}: escrow");
    assert_eq!(number(ledger.bond(id)), expected.bond(), "{place}: bond");
    assert_eq!(number(known.paid), expected.paid(), "{place}: paid");
    assert_eq!(known.work_units.unwrap_or(0), expected.units, "{place}: units");
    if let Some(record) = known.mediation {
        let asked: Vec<Address> = expected.asked.iter().map(|byte| address(*byte)).collect();
        assert_eq!(record.asked.members(), asked, "{place}: asked");
        // That of the last one on the panel changes nothing, and the model does not keep it.
        let first = record.first.map(|found| found.mediator);
        assert!(expected.mismatch.is_none() || first == expected.mismatch.map(address), "{place}: mismatch");
        assert_eq!(record.second.is_some(), known.state == EscrowState::Rejected, "{place}: second mismatch");
    }
}

/// I1 once more by the ledger's own sums.
pub(super) fn audit(ledger: &Ledger, model: &Model) {
    let audit = ledger.audit().unwrap();
    assert_eq!(number(audit.deposited), model.deposited);
    assert_eq!((number(audit.withdrawn), number(audit.burned)), (model.withdrawn, model.burned));
}

/// I7: the ledger has every deal that was agreed and no other, and each got what it paid out.
pub(super) fn all_deals(ledger: &Ledger, model: &Model, log: &Log) {
    assert!(ledger.deals().map(|(id, _)| id).eq(model.deals.keys().copied()), "I7");
    for id in model.deals.keys() {
        deal(ledger, model, *id, "at the end");
        for held in [Place::Escrow(*id), Place::Bond(*id)] {
            assert_eq!(log.into.get(&held), log.out_of.get(&held), "I2 at the end of {id}");
        }
    }
}

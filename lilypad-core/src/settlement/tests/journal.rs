//! What is written down makes the same ledger again.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;

use super::*;
use crate::rt::{Clock, ManualClock};

/// Entries as text, at most a given number.
#[derive(Debug, Default)]
struct Paper {
    lines: Mutex<Vec<String>>,
    most: usize,
}

impl Journal for Paper {
    fn write(&self, entry: &Entry) -> Result<()> {
        let mut lines = self.lines.lock().unwrap();
        if lines.len() == self.most {
            return Err(crate::error::Error::unexpected("no more paper"));
        }
        lines.push(serde_json::to_string(entry).unwrap());
        Ok(())
    }
}

impl Paper {
    fn entries(&self) -> Vec<Entry> {
        self.lines.lock().unwrap().iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn open(paper: &Arc<Paper>, clock: &Clock) -> Result<MemorySettlement> {
    let (journal, config) = (Arc::clone(paper) as Arc<dyn Journal>, LedgerConfig::default());
    MemorySettlement::replay(address(SOLVER), clock.clone(), config, &paper.entries(), journal)
}

fn now<T>(future: crate::rt::BoxFuture<'_, Result<T>>) -> Result<T> {
    future.now_or_never().unwrap()
}

#[test]
fn a_ledger_goes_on_where_its_journal_ends() {
    let hand = ManualClock::new(Timestamp(START));
    let paper = Arc::new(Paper { most: 100, ..Paper::default() });
    let ledger = open(&paper, &hand.clone().into()).unwrap();
    let (creator, provider) = (ledger.as_account(address(CREATOR)), ledger.as_account(address(PROVIDER)));
    now(creator.deposit(wei(100))).unwrap();
    now(provider.deposit(wei(10))).unwrap();
    now(provider.stake(wei(10))).unwrap();
    assert!(now(creator.withdraw(wei(101))).is_err(), "what is refused is not written");
    let author = Author { address: address(STRANGER), share: Share::new(1, 3).unwrap() };
    let terms = Terms { author: Some(author), solver_fee: Share::new(1, 7).unwrap(), ..terms(60, 10) };
    now(ledger.agree(deal_id("a"), parties(), terms)).unwrap();
    hand.advance(Duration::from_millis(5));
    now(provider.submit(deal_id("a"), 1, 25)).unwrap();
    assert_eq!(paper.entries().len(), 5);

    // The machine's clock was set back: the deal's deadline is the same, and time goes on from the last entry.
    let back = Clock::from(ManualClock::new(Timestamp(START - 9_000)));
    let again = open(&paper, &back).unwrap();
    assert_eq!(again.audit().unwrap(), ledger.audit().unwrap());
    let deal = now(again.deal(deal_id("a"))).unwrap();
    assert_eq!(deal, now(ledger.deal(deal_id("a"))).unwrap());
    now(again.as_account(address(CREATOR)).accept(deal_id("a"), 2)).unwrap();
    assert_eq!(paper.entries().last().map(|entry| (entry.number, entry.at)), Some((6, Timestamp(START + 5))));
    let third = open(&paper, &back).unwrap();
    assert_eq!(now(third.deal(deal_id("a"))).unwrap().state, EscrowState::Accepted);
}

#[test]
fn a_ledger_that_cannot_write_takes_no_more() {
    let paper = Arc::new(Paper { most: 1, ..Paper::default() });
    let ledger = open(&paper, &Clock::system()).unwrap();
    now(ledger.deposit(wei(1))).unwrap();
    assert_eq!(now(ledger.deposit(wei(2))).unwrap_err().code(), "E_UNEXPECTED");
    assert_eq!(now(ledger.deposit(wei(3))).unwrap_err().code(), "E_LEDGER_STOPPED");
    let again = open(&paper, &Clock::system()).unwrap();
    assert_eq!(again.audit().unwrap().deposited, wei(1));
}

#[test]
fn a_journal_that_is_not_whole_is_refused_by_name() {
    let paper = Arc::new(Paper { most: 9, ..Paper::default() });
    let ledger = open(&paper, &Clock::system()).unwrap();
    now(ledger.deposit(wei(1))).unwrap();
    now(ledger.withdraw(wei(1))).unwrap();
    let lost = paper.lines.lock().unwrap().remove(0);
    let error = open(&paper, &Clock::system()).unwrap_err();
    assert_eq!((error.code(), context(&error, "entry")), ("E_JOURNAL", "2"));
    paper.lines.lock().unwrap().insert(0, lost.replace("\"1\"", "\"0\""));
    let error = open(&paper, &Clock::system()).unwrap_err();
    assert_eq!((error.code(), context(&error, "entry")), ("E_JOURNAL", "2"));
    assert!(error.message().contains("does not apply"), "{error}");
}

#[test]
fn every_command_reads_back_as_it_was() {
    let deal = deal_id("a");
    let evidence = crate::model::Cid::of_block(b"evidence");
    let units = [0, 1, u64::MAX];
    let mut commands = vec![
        Command::Deposit { account: address(CREATOR), amount: Amount::MAX },
        Command::Withdraw { amount: wei(0) },
        Command::Stake { amount: wei(1) },
        Command::Unstake { amount: wei(2) },
        Command::ClaimUnbonded,
        Command::Agree { deal, parties: parties(), terms: terms(60, 10) },
    ];
    let events = [
        DealEvent::Accept,
        DealEvent::RequestCancel,
        DealEvent::CancelByProvider,
        DealEvent::Challenge,
        DealEvent::Appoint { mediator: address(STRANGER) },
        DealEvent::Match,
        DealEvent::Mismatch { evidence },
        DealEvent::CouldNotCheck,
        DealEvent::ProviderTimeout,
        DealEvent::CreatorTimeout,
        DealEvent::SolverTimeout,
        DealEvent::MediatorTimeout,
    ];
    let worked = units.into_iter().flat_map(|work_units| {
        [
            DealEvent::Submit { work_units },
            DealEvent::CancelByCreator { work_units },
            DealEvent::Fail { work_units },
        ]
    });
    commands.extend(events.into_iter().chain(worked).map(|event| Command::Deal { deal, epoch: 7, event }));
    for command in commands {
        let entry = Entry { number: u64::MAX, by: address(SOLVER), at: Timestamp(START), command };
        let text = serde_json::to_string(&entry).unwrap();
        assert_eq!(serde_json::from_str::<Entry>(&text).unwrap(), entry, "{text}");
    }
}

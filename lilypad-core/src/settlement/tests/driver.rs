//! A crowd of 14 accounts does everything that a ledger takes, plausible or not, at all times, and after every command
//! the ledger is compared with a second, plain model of the rules and with the invariants of `docs/settlement.md`.
//!
//! `LILYPAD_LEDGER_EVENTS` says how many commands to try in all; a failing run names the seed of its episode, which
//! `LILYPAD_LEDGER_SEED` starts with.

mod check;
mod crowd;
mod model;
mod random;

use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use check::Log;
use crowd::Crowd;
use model::Model;
use random::Random;

/// Commands between two fresh ledgers.
const EPISODE: u64 = 4_000;
/// Commands in a run that nobody asked to be longer.
const SHORT_RUN: u64 = 24_000;
const ACCOUNTS: u8 = 14;
const UNBONDING_MS: u64 = 400;

fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// What a command is called where successes are counted.
fn name_of(command: &Command) -> String {
    match command {
        Command::Deposit { .. } => "deposit".into(),
        Command::Withdraw { .. } => "withdraw".into(),
        Command::Stake { .. } => "stake".into(),
        Command::Unstake { .. } => "unstake".into(),
        Command::ClaimUnbonded => "claim unbonded".into(),
        Command::Agree { .. } => "agree".into(),
        Command::Deal { event, .. } => event.kind().to_string(),
    }
}

#[derive(Default)]
struct Tally {
    successes: BTreeMap<String, u64>,
    ends: BTreeMap<EscrowState, u64>,
    refusals: BTreeMap<&'static str, u64>,
}

struct Episode {
    seed: u64,
    ledger: Ledger,
    model: Model,
    crowd: Crowd,
    log: Log,
}

impl Episode {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let burned = random.pick(&[share(1, 2), share(2, 3), share(3, 4)]);
        let config = LedgerConfig::new(Duration::from_millis(UNBONDING_MS), burned).unwrap();
        Self {
            seed,
            ledger: Ledger::with_config(address(SOLVER), config),
            model: Model::new(UNBONDING_MS, burned),
            crowd: Crowd::new(random),
            log: Log::default(),
        }
    }

    /// Tries one command on ledger and model, and checks everything.
    fn step(&mut self, by: u8, now: u64, command: Command, tally: &mut Tally) {
        let place = format!("seed {}, {by} at {now}: {command:?}", self.seed);
        // A copy costs more than the command, so that nothing changed at all is looked at now and then.
        let before = self.crowd.random.one_in(32).then(|| self.ledger.clone());
        let expected = self.model.apply(by, now, &command);
        let outcome = self.ledger.apply(address(by), Timestamp(now), command);
        match &outcome {
            Ok(transfers) => {
                assert!(expected.is_some(), "{place}: not refused, {transfers:?}");
                *tally.successes.entry(name_of(&command)).or_default() += 1;
                self.log.note(by, now, &command, transfers, &self.model, &place);
            }
            Err(error) => {
                assert!(expected.is_none(), "{place}: {error:?}");
                assert_ne!(error.kind(), ErrorKind::Unexpected, "{place}: {error:?}");
                assert!(before.is_none_or(|before| before == self.ledger), "{place}: something changed");
                *tally.refusals.entry(error.code()).or_default() += 1;
            }
        }
        check::accounts(&self.ledger, &self.model, &self.log, &place);
        if let Command::Deal { deal, .. } | Command::Agree { deal, .. } = command {
            check::deal(&self.ledger, &self.model, deal, &place);
        }
    }

    /// I6: timeouts alone, by anybody, end everything that is open; then nothing is held or locked any more.
    fn drain(&mut self, tally: &mut Tally) {
        while let Some((deal, open)) = self.model.first_open() {
            let (epoch, event) = (open.epoch, open.timeout());
            self.crowd.now = self.crowd.now.max(open.deadline);
            let by = self.crowd.random.account();
            let command = Command::Deal { deal, epoch, event };
            self.step(by, self.crowd.now, command, tally);
            assert_ne!(self.ledger.deal(deal).unwrap().epoch, epoch, "{}: a timeout was refused", self.seed);
        }
        let audit = self.ledger.audit().unwrap();
        assert_eq!((audit.escrow, audit.bonds), (Amount::ZERO, Amount::ZERO), "seed {}", self.seed);
        for account in (1..=ACCOUNTS).map(address) {
            assert_eq!(self.ledger.pool(account).locked, Amount::ZERO, "seed {}", self.seed);
        }
        check::all_deals(&self.ledger, &self.model, &self.log);
        for (_, deal) in self.ledger.deals() {
            assert!(deal.state.is_final());
            *tally.ends.entry(deal.state).or_default() += 1;
        }
    }
}

fn run(seed: u64, steps: u64, tally: &mut Tally) {
    let mut episode = Episode::new(seed);
    for (by, command) in crowd::purses(&mut episode.crowd.random) {
        episode.step(by, episode.crowd.now, command, tally);
    }
    for step in 0..steps {
        let (by, now, command) = episode.crowd.next(&episode.model);
        episode.step(by, now, command, tally);
        if step % 500 == 0 {
            check::audit(&episode.ledger, &episode.model);
        }
    }
    episode.drain(tally);
}

#[test]
fn a_crowd_finds_no_way_around_the_rules() {
    let events = setting("LILYPAD_LEDGER_EVENTS", SHORT_RUN);
    let first = setting("LILYPAD_LEDGER_SEED", 1);
    let mut tally = Tally::default();
    for episode in 0..events.div_ceil(EPISODE) {
        run(first + episode, EPISODE.min(events), &mut tally);
    }
    println!("{events} commands: {:?}\n{:?}\n{:?}", tally.successes, tally.ends, tally.refusals);
    // A run in which nearly everything is refused shows nothing.
    let least = events / 1_000;
    let commands = ["deposit", "withdraw", "stake", "unstake", "claim unbonded", "agree"];
    let names = commands.iter().copied().chain(EventKind::ALL.map(EventKind::as_str));
    for name in names {
        let count = tally.successes.get(name).copied().unwrap_or(0);
        assert!(count >= least, "`{name}` went through {count} times only, of {events}");
    }
    for state in EscrowState::ALL.into_iter().filter(|state| state.is_final()) {
        let count = tally.ends.get(&state).copied().unwrap_or(0);
        assert!(count >= least / 2, "{count} deals ended as {state}, of {events} commands");
    }
    assert!(tally.refusals.len() >= 15, "{:?}", tally.refusals);
}

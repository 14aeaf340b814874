//! T46: how long an honest job takes to match where as many fresh keys as a solver lets in offer machines too.

use lilypad_core::market::Index;
use lilypad_core::solver::OfferQuota;

use crate::market::{Job, Machine, Market};
use crate::times::Times;

/// Machines of those who have staked.
const HONEST: usize = 1_000;
/// Jobs that are measured, and how many run at once.
const JOBS: usize = 30_000;
const RUN: usize = 300;

/// Both books are served in turns, so that what else the machine does touches both.
pub(crate) fn all() {
    let crowd = OfferQuota::default().newcomers;
    let (mut without, mut with) = (Book::new(0), Book::new(crowd));
    for round in 0..JOBS + RUN {
        without.serve(round);
        with.serve(round);
    }
    println!("crowd {HONEST} offers: a job comes: {}", without.coming.shown());
    println!("crowd {HONEST} offers and {crowd} of fresh keys: a job comes: {}", with.coming.shown());
    println!(
        "ratio with the crowd / without: p50 {:.2}, p99 {:.2}; {} of {} and {} of {} jobs found a machine at once",
        with.coming.part(500) / without.coming.part(500),
        with.coming.part(990) / without.coming.part(990),
        with.matched,
        JOBS + RUN,
        without.matched,
        JOBS + RUN
    );
}

struct Book {
    market: Market,
    index: Index<Machine, Job>,
    running: std::collections::VecDeque<lilypad_core::model::JobId>,
    coming: Times,
    matched: usize,
}

impl Book {
    fn new(crowd: usize) -> Self {
        let mut market = Market::new(46, HONEST);
        let mut index = Index::new();
        for _ in 0..HONEST {
            let machine = market.machine();
            let reputation = machine.reputation;
            index.add_offer(machine.id, machine, reputation).expect("room");
        }
        // Strangers offer what honest machines are, each under a key of its own, and what nobody thinks anything of.
        let mut strangers = Market::new(47, HONEST);
        for number in 0..crowd {
            let mut machine = strangers.machine();
            machine.offer.resource_provider = format!("0xf{number:039x}");
            let bytes = format!("stranger {number}");
            machine.id =
                lilypad_core::model::ResourceOfferId(lilypad_core::model::Cid::of_block(bytes.as_bytes()));
            index.add_offer(machine.id, machine, 0).expect("room");
        }
        Self { market, index, running: [].into(), coming: Times::default(), matched: 0 }
    }

    fn serve(&mut self, round: usize) {
        let job = self.market.job();
        let id = job.id;
        let index = &mut self.index;
        let mut found = 0;
        let serve = || {
            index.add_job(id, job).expect("room");
            while index.next_match().is_some() {
                found += 1;
            }
        };
        // The first ones only fill the machines.
        match round {
            0..RUN => serve(),
            _ => self.coming.measure(serve),
        }
        self.matched += found;
        self.running.push_back(id);
        if self.running.len() > RUN
            && let Some(gone) = self.running.pop_front()
        {
            self.index.remove_job(&gone);
            while self.index.next_match().is_some() {}
        }
    }
}

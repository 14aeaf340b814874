//! Books as markets are: everything at once, and a stream of jobs that come and go.

use std::collections::BTreeSet;
use std::hint::black_box;
use std::time::{Duration, Instant};

use lilypad_core::market::{CheckPolicy, Index, QuoteOptions, Request, Wanted, WorkEstimate, match_all};
use lilypad_core::rt::Timestamp;

use crate::dice::Dice;
use crate::market::{Job, Machine, Market};
use crate::scan::scan;
use crate::times::{Times, growth, peak_mib, us};

/// At least so many matches are behind a figure: small books are made several times.
const MATCHES: usize = 30_000;
/// Pairs that a scan looks at; a larger one serves only some of the jobs.
const PAIRS: usize = 100_000_000;

pub(crate) fn made(seed: u64, size: usize) -> (Vec<Machine>, Vec<Job>, Market) {
    let mut market = Market::new(seed, size);
    let machines = (0..size).map(|_| market.machine()).collect();
    let jobs = (0..size).map(|_| market.job()).collect();
    (machines, jobs, market)
}

pub(crate) fn filled(machines: Vec<Machine>) -> Index<Machine, Job> {
    let mut index = Index::new();
    for machine in machines {
        let reputation = machine.reputation;
        index.add_offer(machine.id, machine, reputation).expect("room");
    }
    index
}

/// A size in parts.
fn parts(size: usize) -> impl Iterator<Item = usize> {
    (0..size).step_by(10_000).map(move |done| (size - done).min(10_000))
}

/// As many jobs as offers, all there when the first is served.
pub(crate) fn batch(sizes: &[usize]) {
    let (mut costs, mut looks) = (Vec::new(), Vec::new());
    for &size in sizes {
        let mut looked = 0;
        let (mut served, mut vain) = (Times::default(), Duration::ZERO);
        let (mut adding, mut whole) = (Duration::ZERO, Duration::ZERO);
        let rounds = MATCHES.div_ceil(size);
        let mut waiting = 0;
        for round in 0..rounds {
            let mut market = Market::new(round as u64, size);
            let mut index = Index::new();
            let mut added = Duration::ZERO;
            // A part at a time: what is measured is the index, not a second copy of everything.
            for part in parts(size) {
                let machines: Vec<Machine> = (0..part).map(|_| market.machine()).collect();
                let start = Instant::now();
                for machine in machines {
                    let reputation = machine.reputation;
                    index.add_offer(machine.id, machine, reputation).expect("room");
                }
                added += start.elapsed();
            }
            for part in parts(size) {
                let jobs: Vec<Job> = (0..part).map(|_| market.job()).collect();
                let start = Instant::now();
                for job in jobs {
                    index.add_job(job.id, job).expect("room");
                }
                added += start.elapsed();
            }
            adding += added;
            let start = Instant::now();
            let mut before_last = 0;
            while served.measure(|| index.next_match()).is_some() {
                before_last = index.looked_at();
            }
            looked += before_last;
            let last = served.total();
            served.forget();
            vain += last - served.total();
            whole += start.elapsed() + added;
            waiting += index.jobs();
        }
        waiting -= served.len();
        println!(
            "batch {size} offers x {size} jobs: {} per match ({} matches, {waiting} jobs wait); all in {:.2?}, {:.2?} \
             of it adding, {vain:.2?} after the last match; peak {} MiB",
            served.shown(),
            served.len(),
            whole / rounds as u32,
            adding / rounds as u32,
            peak_mib(),
        );
        let each = looked as f64 / served.len().max(1) as f64;
        println!("looked at {each:.1} offers and groups of offers per match, at {size} offers");
        looks.push((size, each));
        let ours = whole.as_nanos() as f64 / served.len().max(1) as f64;
        costs.push((size, served.mean()));
        against(size, ours, served.mean());
    }
    growth("a match, all jobs at once (ns)", &costs);
    growth("a match, in what is looked at", &looks);
}

/// The same book by the protocol's loop.
fn against(size: usize, whole: f64, match_only: f64) {
    if size > 100_000 {
        return;
    }
    let (machines, mut jobs, _) = made(0, size);
    jobs.truncate(PAIRS / 5 / size.max(1));
    let start = Instant::now();
    let matches = black_box(scan(&jobs, &machines));
    let cost = start.elapsed().as_nanos() as f64 / matches.max(1) as f64;
    println!(
        "ratio scan / index at {size} offers: {:.1} ({} per match by the protocol's loop over {} jobs, {} by the index; \
         {:.1} with adding offers and jobs)",
        cost / match_only,
        us(cost),
        jobs.len(),
        us(match_only),
        cost / whole,
    );
    jobs.truncate(PAIRS / 50 / size.max(1));
    let (requests, candidates): (Vec<_>, Vec<_>) =
        (jobs.iter().map(Job::request).collect(), machines.iter().map(Machine::candidate).collect());
    let start = Instant::now();
    let matches = black_box(match_all(&requests, &candidates)).matches.len();
    let cost = start.elapsed().as_nanos() as f64 / matches.max(1) as f64;
    println!(
        "ratio match_all / index at {size} offers: {:.1} (all 22 rules, with reasons)",
        cost / match_only
    );
}

/// Jobs come one by one, run for a while and go; about half as many run as there are offers.
pub(crate) fn steady(sizes: &[usize]) {
    let (mut came, mut went) = (Vec::new(), Vec::new());
    for &size in sizes {
        let mut market = Market::new(7, size);
        let mut index = filled((0..size).map(|_| market.machine()).collect());
        let mut dice = Dice(11);
        let mut ends = BTreeSet::new();
        let (mut coming, mut going) = (Times::default(), Times::default());
        let steps = size + MATCHES;
        for now in 0..steps {
            let job = market.job();
            let id = job.id;
            ends.insert((now + 1 + dice.below(size), now, id));
            let add = || {
                index.add_job(id, job).expect("room");
                while index.next_match().is_some() {}
            };
            // The first ones only fill the machines.
            if now < size {
                add();
            } else {
                coming.measure(add);
            }
            while ends.first().is_some_and(|(end, ..)| *end <= now) {
                let Some((_, _, gone)) = ends.pop_first() else { break };
                let mut remove = || {
                    index.remove_job(&gone);
                    while index.next_match().is_some() {}
                };
                if now < size { remove() } else { going.measure(remove) }
            }
        }
        println!("steady {size} offers, {} jobs there: a job comes: {}", index.jobs(), coming.shown());
        println!("steady {size} offers, {} jobs there: a job goes: {}", index.jobs(), going.shown());
        came.push((size, coming.mean()));
        went.push((size, going.mean()));
    }
    growth("a job comes (ns)", &came);
    growth("a job goes (ns)", &went);
}

/// Why a job waits, and what one would cost: both look at every offer, and for the cheapest change where none fits.
pub(crate) fn why(size: usize) {
    let (machines, jobs, _) = made(3, size);
    let mut index = filled(machines);
    let ids: Vec<_> = jobs.iter().map(|job| job.id).collect();
    quotes(&index, &jobs[..200.min(jobs.len())]);
    for job in jobs {
        index.add_job(job.id, job).expect("room");
    }
    while index.next_match().is_some() {}
    let mut times = Times::default();
    for id in &ids {
        if times.measure(|| index.why_waiting(id)).is_none() {
            times.forget();
        }
        if times.len() >= 200 {
            break;
        }
    }
    println!("why a job waits at {size} offers: {} ({} jobs)", times.shown(), times.len());
}

/// What jobs would cost while nothing runs, those that fit nowhere among them.
fn quotes(index: &Index<Machine, Job>, jobs: &[Job]) {
    let options = QuoteOptions {
        now: Timestamp(0),
        work: WorkEstimate { least: 0, most: None, runs: 0 },
        checks: CheckPolicy::Unchecked,
        most: 20,
    };
    let (mut times, mut fit) = (Times::default(), 0);
    for job in jobs {
        let request = Request::new(job.id, job.offer(), job.terms(), job.module()).expect("plain data");
        fit += usize::from(times.measure(|| index.quote(&request, &options)).matches_now());
    }
    println!(
        "a quote at {} offers: {} ({} jobs, {fit} of them fit)",
        index.offers(),
        times.shown(),
        times.len()
    );
}

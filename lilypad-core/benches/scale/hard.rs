//! Books that are made to be hard: which of them make a search look at more than a logarithm of the book.

use std::sync::Arc;

use lilypad_core::market::Index;
use lilypad_core::model::{Amount, Cid, ContentId, DealPricing, JobId, MachineSpec, Rate};

use crate::book::filled;
use crate::dice::Dice;
use crate::market::{Job, Machine, Market};
use crate::times::Times;

const SIZES: [usize; 2] = [10_000, 100_000];
/// Steps behind a figure.
const STEPS: usize = 300;

type Book = Index<Machine, Job>;

pub(crate) fn all() {
    show("all machines different, a job comes", |size| {
        let mut dice = Dice(1);
        let (index, market) = book(size, |machine, _| different(&mut dice, machine));
        come(index, market, |_, _| {})
    });
    show("every machine with a label of its own, a job asks for one", |size| {
        let (index, market) = book(size, |machine, at| {
            Arc::make_mut(&mut machine.terms).labels.insert("own".to_owned(), at.to_string());
        });
        come(index, market, |job, at| {
            let label = (at * 7_919 % size).to_string();
            Arc::make_mut(&mut job.terms).labels.insert("own".to_owned(), label);
        })
    });
    show("one provider has all machines, a job names it", |size| {
        let (index, market) = book(size, |machine, _| machine.offer.resource_provider = "one".to_owned());
        come(index, market, |job, _| job.offer.target.address = "one".to_owned())
    });
    show("all machines full, a job comes in vain", |size| {
        let (index, market, _) = full(size);
        come(index, market, |_, _| {})
    });
    show("all machines full and as many jobs wait, a job goes", |size| {
        let (mut index, mut market, running) = full(size);
        (0..size).for_each(|_| add(&mut index, market.job()));
        serve(&mut index);
        let mut times = Times::default();
        for job in running.iter().step_by(7).take(STEPS) {
            times.measure(|| {
                index.remove_job(job);
                serve(&mut index);
            });
        }
        times
    });
    show("as many jobs wait that nothing fits, a machine comes", |size| {
        in_vain(size, |job, at| {
            let terms = Arc::make_mut(&mut job.terms);
            terms.gpus = vec![["T4", "L40S", "RTX3090", "RTX4090"][at % 4].parse().expect("a requirement")];
            terms.max_rate = Rate::new(Amount::from_wei(1_000 + at as u128 % 900), 1_000_000).ok();
        })
    });
    show("as many jobs wait, each for a label of its own, a machine comes", |size| {
        in_vain(size, |job, at| {
            Arc::make_mut(&mut job.terms).labels.insert("own".to_owned(), at.to_string());
        })
    });
    many_prices();
}

/// Prints what a step costs in two sizes of a book.
fn show(name: &str, times: impl FnMut(usize) -> Times) {
    let [small, large] = SIZES.map(times);
    let factor = large.mean() / small.mean();
    println!("hard: {name}: {} offers: {}", SIZES[0], small.shown());
    println!("hard: {name}: {} offers: {}; {factor:.1} times as much", SIZES[1], large.shown());
}

fn serve(index: &mut Book) {
    while index.next_match().is_some() {}
}

fn add(index: &mut Book, job: Job) {
    index.add_job(job.id, job).expect("room");
}

fn book(size: usize, mut edit: impl FnMut(&mut Machine, usize)) -> (Book, Market) {
    let mut market = Market::new(5, size);
    let machines = (0..size).map(|at| {
        let mut machine = market.machine();
        edit(&mut machine, at);
        machine
    });
    let mut index = filled(machines.collect());
    serve(&mut index);
    (index, market)
}

/// Jobs come one by one.
fn come(mut index: Book, mut market: Market, edit: impl Fn(&mut Job, usize)) -> Times {
    let mut times = Times::default();
    for at in 0..STEPS {
        let mut job = market.job();
        edit(&mut job, at);
        times.measure(|| {
            add(&mut index, job);
            serve(&mut index);
        });
    }
    times
}

fn different(dice: &mut Dice, machine: &mut Machine) {
    let spec = &mut machine.offer.spec;
    *spec = MachineSpec {
        cpu: 500 + dice.below(64_000) as i64,
        ram: 500 + dice.below(256_000) as i64,
        disk: 1_000 + dice.below(4_000_000) as i64,
        ..spec.clone()
    };
    let terms = Arc::make_mut(&mut machine.terms);
    terms.collateral_multiple = dice.below(100) as u64;
    machine.reputation = dice.below(1_001) as u32;
}

/// Each machine takes one job and has it.
fn full(size: usize) -> (Book, Market, Vec<JobId>) {
    let (mut index, mut market) = book(size, |machine, _| {
        let terms = Arc::make_mut(&mut machine.terms);
        terms.max_jobs = 1;
    });
    let mut running = Vec::new();
    for _ in 0..3 * size {
        let mut job = market.job();
        job.offer.spec = MachineSpec { cpu: 1, ..MachineSpec::default() };
        job.offer.target.address.clear();
        let terms = Arc::make_mut(&mut job.terms);
        *terms = lilypad_core::market::JobTerms::new("", Amount::from_lp(1));
        let id = job.id;
        add(&mut index, job);
        if index.next_match().is_some() {
            running.push(id);
        } else {
            index.remove_job(&id);
        }
    }
    (index, market, running)
}

/// Jobs wait, as many as there are machines, and machines come.
fn in_vain(size: usize, edit: impl Fn(&mut Job, usize)) -> Times {
    let (mut index, mut market) = book(size, |_, _| {});
    for at in 0..size {
        let mut job = market.job();
        edit(&mut job, at);
        add(&mut index, job);
    }
    serve(&mut index);
    let mut times = Times::default();
    for _ in 0..STEPS {
        let machine = market.machine();
        times.measure(|| {
            index.add_offer(machine.id, machine, 500).expect("room");
            serve(&mut index);
        });
    }
    times
}

/// Offers with as many prices of single modules as there may be, on which jobs come and go.
fn many_prices() {
    let price = |at: u64| DealPricing { instruction_price: at, ..DealPricing::default() };
    let (mut index, mut market) = book(100, |machine, at| {
        let rate = |number: u64| {
            Rate::new(Amount::from_wei(u128::from(number)), 1_000_000).expect("not per nothing")
        };
        let names = (0..1_000_u64).map(|module| (module, format!("{at} {module}")));
        let rates =
            names.clone().map(|(module, name)| (ContentId(Cid::of_block(name.as_bytes())), rate(module)));
        Arc::make_mut(&mut machine.terms).module_rates = rates.collect();
        machine.offer.module_pricing = Some(names.map(|(module, name)| (name, price(module))).collect());
    });
    let (mut coming, mut going) = (Times::default(), Times::default());
    for _ in 0..STEPS {
        let mut job = market.job();
        job.offer.target.address.clear();
        let id = job.id;
        let matched = coming.measure(|| {
            add(&mut index, job);
            index.next_match().is_some()
        });
        if !matched {
            coming.forget();
        }
        going.measure(|| {
            index.remove_job(&id);
            serve(&mut index);
        });
    }
    println!("hard: 100 offers with 2,000 prices each, a job comes: {}", coming.shown());
    println!("hard: 100 offers with 2,000 prices each, a job goes: {}", going.shown());
}

//! Benchmarks of the core. Each measures ours beside a named baseline in the same run and prints the ratio.

mod ids;
mod ledger;
mod market;
mod metering;
mod modules;
mod network;
mod pair;
mod pow;

fn main() {
    let mut criterion = criterion::Criterion::default().configure_from_args();
    ids::all(&mut criterion);
    modules::all(&mut criterion);
    market::all(&mut criterion);
    ledger::all(&mut criterion);
    metering::all(&mut criterion);
    network::all(&mut criterion);
    pow::all(&mut criterion);
    criterion.final_summary();
}

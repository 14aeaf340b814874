//! Benchmarks of the core. Each measures ours beside a named baseline in the same run and prints the ratio.

mod ids;
mod modules;
mod pair;

fn main() {
    let mut criterion = criterion::Criterion::default().configure_from_args();
    ids::all(&mut criterion);
    modules::all(&mut criterion);
    criterion.final_summary();
}

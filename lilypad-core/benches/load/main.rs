//! A load tool for a solver: on this machine alone, over loopback, bounded. Every figure stands beside a baseline of the same
//! run, and every store beside the others. `benches/README.md` says how to read it.
//!
//! Layout: `world` a solver on a store, `peers` a provider and clients of one; `times` how long things took; `offers`, `jobs` and
//! `fan_out` what is measured. `lilypad-cli/benches/load` measures processes with the same.

mod fan_out;
mod jobs;
mod offers;
mod peers;
mod times;
mod world;

use peers::{Figures, compare};
use world::{Served, stores};

fn main() {
    // `cargo bench` passes options of its own.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let wanted = |part: &str| words.is_empty() || words.iter().any(|word| word == part);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    for part in ["offers", "jobs", "readers"].into_iter().filter(|part| wanted(part)) {
        println!("\n{part}");
        let mut baseline: Option<(&str, Figures)> = None;
        for store in stores() {
            runtime.block_on(async {
                let (world, served) = Served::start(store).await;
                let figures = match part {
                    "offers" => offers::run(&world).await,
                    "jobs" => jobs::run(&world).await,
                    _ => fan_out::run(&world).await,
                };
                match &baseline {
                    Some((name, base)) => compare(world.name, &figures, (name, base)),
                    None => baseline = Some((world.name, figures)),
                }
                world.leave();
                served.stop().await;
            });
        }
    }
}

//! A load tool for a solver: on this machine alone, over loopback, bounded. Every figure stands beside a baseline of the same
//! run, and every store beside the others. `benches/README.md` says how to read it.
//!
//! Layout: `world` a solver on a store, with a provider and clients; `times` how long things took; `offers`, `jobs` and
//! `fan_out` what is measured.

mod fan_out;
mod jobs;
mod offers;
mod times;
mod world;

use world::{World, stores};

fn main() {
    // `cargo bench` passes options of its own.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let wanted = |part: &str| words.is_empty() || words.iter().any(|word| word == part);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    for part in ["offers", "jobs", "readers"].into_iter().filter(|part| wanted(part)) {
        println!("\n{part}");
        for store in stores() {
            runtime.block_on(async {
                let world = World::start(store).await;
                match part {
                    "offers" => offers::run(&world).await,
                    "jobs" => jobs::run(&world).await,
                    _ => fan_out::run(&world).await,
                }
                world.stop().await;
            });
        }
    }
}

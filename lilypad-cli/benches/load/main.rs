//! A load tool for solver processes: on this machine alone, over loopback, bounded. One process on SQLite is the baseline of the run;
//! beside it one and two processes on one PostgreSQL. `lilypad-core/benches/README.md` says how to read it.
//!
//! Layout: `processes` starts them; what is measured, and with what, is that of the core's own load tool.

#[path = "../../tests/it/database.rs"]
mod database;
#[path = "../../../lilypad-core/benches/load/fan_out.rs"]
mod fan_out;
#[path = "../../../lilypad-core/benches/load/jobs.rs"]
mod jobs;
#[path = "../../../lilypad-core/benches/load/offers.rs"]
mod offers;
#[path = "../../../lilypad-core/benches/load/peers.rs"]
mod peers;
mod processes;
#[path = "../../../lilypad-core/benches/load/times.rs"]
mod times;

use database::Database;
use peers::{Figures, World, compare};
use processes::Processes;

/// What is measured: its name, whether in a database, and in how many processes.
const KINDS: [(&str, bool, usize); 3] =
    [("sqlite", false, 1), ("postgres 1", true, 1), ("postgres 2", true, 2)];

fn main() {
    // `cargo bench` passes options of its own.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let wanted = |part: &str| words.is_empty() || words.iter().any(|word| word == part);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    for part in ["offers", "jobs", "readers"].into_iter().filter(|part| wanted(part)) {
        println!("\n{part}");
        let mut baseline: Option<(&str, Figures)> = None;
        for (name, shared, processes) in KINDS {
            let Some(figures) = runtime.block_on(measure(part, name, shared, processes)) else {
                println!("  {name}: left out, since LILYPAD_POSTGRES names no server");
                continue;
            };
            match &baseline {
                Some((base, known)) => compare(name, &figures, (base, known)),
                None => baseline = Some((name, figures)),
            }
        }
    }
}

async fn measure(part: &str, name: &'static str, shared: bool, processes: usize) -> Option<Figures> {
    let database = if shared { Some(Database::new("lilypad_load").await?) } else { None };
    let running = Processes::start(database.as_ref().map(Database::url), processes).await;
    let world = World::new(name, running.urls.clone(), running.figures);
    let figures = match part {
        "offers" => offers::run(&world).await,
        "jobs" => jobs::run(&world).await,
        _ => fan_out::run(&world).await,
    };
    world.leave();
    drop(running);
    if let Some(database) = database {
        database.drop().await;
    }
    Some(figures)
}

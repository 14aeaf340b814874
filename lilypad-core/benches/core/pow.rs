//! The keccak search of the proof of work: one core and all, beside the plain hash.

use std::time::Duration;

use criterion::{Criterion, Throughput};
use lilypad_core::pow::{Puzzle, Search, Word};
use lilypad_core::rt::CancelToken;
use sha3::{Digest, Keccak256};

use crate::pair::pair;

/// Nonces of one sample.
const HASHES: u64 = 1 << 18;

pub(crate) fn all(criterion: &mut Criterion) {
    let puzzle = Puzzle { challenge: [7; 32], difficulty: Word::from(0) };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let search =
        |threads| move || Search::new(puzzle).threads(threads).hashes(HASHES).run(&CancelToken::new());

    let mut group = criterion.benchmark_group("keccak rate");
    group.throughput(Throughput::Elements(HASHES)).measurement_time(Duration::from_secs(5)).sample_size(20);
    group.bench_function("one core", |bench| bench.iter(search(1)));
    group.bench_function(format!("all cores ({cores})"), |bench| bench.iter(search(cores)));
    group.finish();
    for (name, threads) in [("one core", 1), ("all cores", cores)] {
        let found = (0..5).map(|_| search(threads)()).min_by_key(|found| found.elapsed);
        if let Some(found) = found {
            let rate = found.hashes as f64 / found.elapsed.as_secs_f64() / 1e6;
            println!("keccak rate, {name}: {rate:.2} MH/s, {:.2} per core", rate / threads as f64);
        }
    }

    pair(
        criterion,
        "keccak of 4,096 nonces",
        ("sha3", || {
            let hash = |nonce: u64| {
                Keccak256::new().chain_update([7; 56]).chain_update(nonce.to_be_bytes()).finalize()
            };
            (0..4_096).map(hash).filter(|hash| hash[0] == 0).count()
        }),
        ("search", || Search::new(puzzle).threads(1).hashes(4_096).run(&CancelToken::new())),
    );
}

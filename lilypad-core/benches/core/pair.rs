//! Ours beside a baseline: criterion measures each, and interleaved runs give the ratio.
//!
//! A ratio of two figures of the same minute on the same machine says more than either: it does not move when the
//! machine is slow or busy.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::Criterion;

/// Pairs of samples behind a ratio.
const PAIRS: usize = 41;
/// How long a sample takes at least.
const SAMPLE: Duration = Duration::from_millis(3);

/// Measures `ours` and `baseline` and prints `ratio <group>: …`.
pub(crate) fn pair<A, B>(
    criterion: &mut Criterion,
    group: &str,
    (baseline_name, mut baseline): (&str, impl FnMut() -> A),
    (ours_name, mut ours): (&str, impl FnMut() -> B),
) {
    let mut measured = criterion.benchmark_group(group);
    let mut ran = false;
    measured.bench_function(baseline_name, |bencher| {
        ran = true;
        bencher.iter(&mut baseline);
    });
    measured.bench_function(ours_name, |bencher| bencher.iter(&mut ours));
    measured.finish();
    if !ran {
        return;
    }
    let (many_baseline, many_ours) = (rounds(&mut baseline), rounds(&mut ours));
    let mut samples: Vec<(f64, f64)> =
        (0..PAIRS).map(|_| (sample(&mut baseline, many_baseline), sample(&mut ours, many_ours))).collect();
    samples.sort_by(|a, b| (a.1 / a.0).total_cmp(&(b.1 / b.0)));
    if let Some((baseline, ours)) = samples.get(PAIRS / 2) {
        let (factor, baseline, ours) = (ours / baseline, shown(*baseline), shown(*ours));
        println!(
            "ratio {group}: {ours_name} takes {factor:.2} times {baseline_name} ({ours} against {baseline})\n"
        );
    }
}

/// How often to run for one sample.
fn rounds<T>(run: &mut impl FnMut() -> T) -> u32 {
    let mut rounds = 1_u32;
    while rounds < 1 << 24 && sample(run, rounds) * f64::from(rounds) < SAMPLE.as_secs_f64() {
        rounds *= 2;
    }
    rounds
}

/// Seconds of one run.
fn sample<T>(run: &mut impl FnMut() -> T, rounds: u32) -> f64 {
    let start = Instant::now();
    for _ in 0..rounds {
        black_box(run());
    }
    start.elapsed().as_secs_f64() / f64::from(rounds)
}

fn shown(seconds: f64) -> String {
    format!("{:.3?}", Duration::from_secs_f64(seconds))
}

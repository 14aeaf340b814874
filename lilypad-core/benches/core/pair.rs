//! Ours beside a baseline: criterion measures each, and interleaved runs give the ratio.
//!
//! A ratio of two figures of the same minute on the same machine says more than either. Both are the fastest of many
//! short samples that take turns: what else the machine does only ever adds time.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::Criterion;

/// Pairs of samples behind a ratio.
const PAIRS: u32 = 61;
/// How long a sample takes at least.
const SAMPLE: Duration = Duration::from_millis(3);

/// Measures `ours` and `baseline`, prints `ratio <group>: …`, and gives back the fastest seconds of `ours`; `None` where
/// the group was not asked for.
pub(crate) fn pair<A, B>(
    criterion: &mut Criterion,
    group: &str,
    (baseline_name, mut baseline): (&str, impl FnMut() -> A),
    (ours_name, mut ours): (&str, impl FnMut() -> B),
) -> Option<f64> {
    let mut measured = criterion.benchmark_group(group);
    let mut ran = false;
    measured.bench_function(baseline_name, |bencher| {
        ran = true;
        bencher.iter(&mut baseline);
    });
    measured.bench_function(ours_name, |bencher| bencher.iter(&mut ours));
    measured.finish();
    if !ran {
        return None;
    }
    let (many_baseline, many_ours) = (rounds(&mut baseline), rounds(&mut ours));
    let (mut least_baseline, mut least_ours) = (f64::MAX, f64::MAX);
    for _ in 0..PAIRS {
        least_baseline = least_baseline.min(sample(&mut baseline, many_baseline));
        least_ours = least_ours.min(sample(&mut ours, many_ours));
    }
    let (factor, baseline, ours) = (least_ours / least_baseline, shown(least_baseline), shown(least_ours));
    println!(
        "ratio {group}: {ours_name} takes {factor:.2} times {baseline_name} ({ours} against {baseline})\n"
    );
    Some(least_ours)
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

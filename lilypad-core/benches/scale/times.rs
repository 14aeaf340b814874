//! Times, memory, and how they grow.

use std::time::{Duration, Instant};

/// Durations of many runs of one thing, in nanoseconds.
#[derive(Default)]
pub(crate) struct Times(Vec<u64>);

impl Times {
    pub(crate) fn measure<T>(&mut self, run: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = run();
        self.0.push(u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX));
        result
    }

    /// Takes the last one back: it was something else.
    pub(crate) fn forget(&mut self) {
        self.0.pop();
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn total(&self) -> Duration {
        Duration::from_nanos(self.0.iter().sum())
    }

    pub(crate) fn mean(&self) -> f64 {
        self.0.iter().sum::<u64>() as f64 / self.0.len().max(1) as f64
    }

    /// The time, in nanoseconds, within which so many of a thousand were done.
    pub(crate) fn part(&self, of_thousand: usize) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len().saturating_sub(1) * of_thousand / 1_000).copied().unwrap_or(0) as f64
    }

    /// `mean 1.2 µs, p50 1.1 µs, p99 4 µs, most 80 µs`.
    pub(crate) fn shown(&self) -> String {
        let at = |part: usize| us(self.part(part));
        let mean = us(self.mean());
        format!("mean {mean}, p50 {}, p99 {}, p99.9 {}, most {}", at(500), at(990), at(999), at(1_000))
    }
}

pub(crate) fn us(nanos: f64) -> String {
    if nanos < 1e6 { format!("{:.1} µs", nanos / 1e3) } else { format!("{:.1} ms", nanos / 1e6) }
}

/// Prints how a cost grows with the size of the book, from `(size, cost)`: as a logarithm does where each size adds as much
/// as the one before.
pub(crate) fn growth(name: &str, costs: &[(usize, f64)]) {
    let (Some((least, first)), Some((most, last))) = (costs.first(), costs.last()) else { return };
    if least == most {
        return;
    }
    let added: Vec<String> = costs.windows(2).map(|two| format!("{:.1}", two[1].1 - two[0].1)).collect();
    println!("growth {name}: {first:.1} at {least} offers; each further size adds {}", added.join(", "));
    let logarithms: Vec<(usize, f64)> = costs.iter().map(|(size, _)| (*size, (*size as f64).ln())).collect();
    println!(
        "growth {name}: from {least} to {most} offers it costs {:.2} times as much; their logarithms {:.2} times; \
         fitted exponent {:.3}; that of the logarithm {:.3}",
        last / first,
        (*most as f64).ln() / (*least as f64).ln(),
        exponent(costs),
        exponent(&logarithms),
    );
}

/// Of the power of the size that fits best: the slope of a line through the logarithms, by least squares.
fn exponent(costs: &[(usize, f64)]) -> f64 {
    let logs: Vec<(f64, f64)> = costs.iter().map(|(size, cost)| ((*size as f64).ln(), cost.ln())).collect();
    let mean = |of: fn(&(f64, f64)) -> f64| logs.iter().map(of).sum::<f64>() / logs.len() as f64;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let together = logs.iter().map(|point| (point.0 - x) * (point.1 - y)).sum::<f64>();
    together / logs.iter().map(|point| (point.0 - x).powi(2)).sum::<f64>()
}

/// Most memory that this process has had, in MiB; 0 where the system does not say.
pub(crate) fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
    kib.unwrap_or(0) / 1_024
}

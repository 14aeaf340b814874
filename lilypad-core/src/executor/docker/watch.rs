//! What may stop a running container beside its own end: its limits on CPU time, processes and outputs.

use std::sync::Arc;
use std::time::Duration;

use bollard::query_parameters::StatsOptionsBuilder;
use futures_util::StreamExt;
use tokio::sync::watch;

use crate::error::Result;
use crate::executor::{EventSink, ExecutorEvent, LimitKind, Limits};
use crate::rt::{Clock, blocking, spawn};

use super::engine::Engine;
use super::meter::{Counted, Group};
use super::outputs;
use super::scratch::Folders;

/// How often the counters are read.
pub(super) const TICK: Duration = Duration::from_millis(100);
/// Of so many readings, one is told and one counts the outputs.
const TOLD: u32 = 3;

/// Watches one container.
#[derive(Debug)]
pub(super) struct Watch {
    limits: Limits,
    folders: Arc<Folders>,
    meter: Meter,
    events: EventSink,
    ticks: u32,
    told: u64,
}

/// Where the counters come from.
#[derive(Debug)]
enum Meter {
    /// The kernel's own, until after the end.
    Group(Group),
    /// What the engine said last.
    Engine(watch::Receiver<Sample>),
}

/// What the engine says of a container about once a second.
#[derive(Clone, Copy, Debug, Default)]
struct Sample {
    counted: Counted,
    /// True where as many processes ran as may.
    full: bool,
}

impl Watch {
    pub(super) fn new(
        engine: &Engine,
        name: &str,
        limits: Limits,
        folders: Arc<Folders>,
        events: EventSink,
    ) -> Self {
        let meter = match &engine.hierarchy {
            Some(hierarchy) => Meter::Group(hierarchy.group(name)),
            None => Meter::Engine(ask(engine, name, limits)),
        };
        Self { limits, folders, meter, events, ticks: 0, told: 0 }
    }

    /// The control group that the container is to be created in.
    pub(super) fn group(&self) -> Option<String> {
        match &self.meter {
            Meter::Group(group) => Some(group.path()),
            Meter::Engine(_) => None,
        }
    }

    /// Reads the counters; the limit that is passed, where one is.
    pub(super) async fn tick(&mut self) -> Result<Option<LimitKind>> {
        self.ticks = self.ticks.wrapping_add(1);
        let counted = self.counted();
        if counted.cpu_ns >= self.limits.instructions {
            return Ok(Some(LimitKind::Instructions));
        }
        let full = match &self.meter {
            Meter::Group(group) => group.processes_refused() > 0,
            Meter::Engine(sample) => sample.borrow().full,
        };
        if full {
            return Ok(Some(LimitKind::Processes));
        }
        if !self.ticks.is_multiple_of(TOLD) {
            return Ok(None);
        }
        if counted.cpu_ns > self.told {
            self.told = counted.cpu_ns;
            self.events.send(ExecutorEvent::Progress { instructions: counted.cpu_ns });
        }
        let (folders, limits) = (Arc::clone(&self.folders), self.limits);
        blocking(move || Ok(outputs::measure(&folders, &limits).above(&limits))).await
    }

    /// What was used, at most what was allowed: the moment between the limit and the stop is not the payer's.
    pub(super) fn counted(&self) -> Counted {
        let counted = match &self.meter {
            Meter::Group(group) => group.read().unwrap_or_default(),
            Meter::Engine(sample) => sample.borrow().counted,
        };
        Counted { cpu_ns: counted.cpu_ns.min(self.limits.instructions), ..counted }
    }

    /// True where the counters are those of the whole run.
    pub(super) fn is_exact(&self) -> bool {
        matches!(self.meter, Meter::Group(_))
    }
}

/// Asks the engine for the container's counters until it ends.
fn ask(engine: &Engine, name: &str, limits: Limits) -> watch::Receiver<Sample> {
    let (tell, told) = watch::channel(Sample::default());
    let (docker, name) = (engine.docker.clone(), name.to_owned());
    spawn(async move {
        // The container is created meanwhile: until then there is nothing to ask about.
        let clock = Clock::system();
        let mut tries = 0;
        while tries < 100 && !tell.is_closed() {
            let options = StatsOptionsBuilder::default().stream(true).build();
            let mut samples = docker.stats(&name, Some(options));
            while let Some(Ok(stats)) = samples.next().await {
                tries = 100;
                let cpu = stats.cpu_stats.and_then(|cpu| cpu.cpu_usage);
                let cpu_ns = cpu.and_then(|usage| usage.total_usage).unwrap_or(0);
                let memory = stats.memory_stats.unwrap_or_default();
                let peak_memory = memory.max_usage.or(memory.usage).unwrap_or(0);
                let running = stats.pids_stats.and_then(|pids| pids.current).unwrap_or(0);
                let full = running >= u64::from(limits.processes);
                let modified = tell.send_if_modified(|sample| {
                    sample.counted.cpu_ns = sample.counted.cpu_ns.max(cpu_ns);
                    sample.counted.peak_memory = sample.counted.peak_memory.max(peak_memory);
                    sample.full |= full;
                    true
                });
                if !modified || tell.is_closed() {
                    return;
                }
            }
            tries += 1;
            clock.sleep(TICK).await;
        }
    });
    told
}

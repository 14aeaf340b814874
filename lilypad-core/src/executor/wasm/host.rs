//! The state that the engine carries for one run: books, files, and what may grow.

use wasmi::{Global, Memory};

use crate::executor::{EventSink, ExecutorEvent, LimitKind, Limits};
use crate::rt::CancelReason;

use super::meter::Account;
use super::wasi::{Charge, Stop, Wasi};

/// Looks, between two slices, at whether to stop and whether to say how far the run is.
pub(super) trait Watch: Send {
    /// Why to stop, if so.
    fn stop(&mut self) -> Option<CancelReason>;

    /// True a few times a second.
    fn progress_due(&mut self) -> bool;
}

/// What the host needs of the instance.
#[derive(Clone, Copy, Debug)]
pub(super) struct Handles {
    pub(super) units: Global,
    pub(super) stack: Global,
    pub(super) memory: Option<Memory>,
}

/// The state of one run.
pub(super) struct Host {
    pub(super) wasi: Wasi,
    pub(super) account: Account,
    pub(super) watch: Box<dyn Watch>,
    pub(super) events: EventSink,
    pub(super) growth: Growth,
    pub(super) handles: Option<Handles>,
    /// Why the host ended the run.
    pub(super) stop: Option<Stop>,
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").field("wasi", &self.wasi).field("stop", &self.stop).finish_non_exhaustive()
    }
}

/// The books while a host function runs.
pub(super) struct Books<'a> {
    pub(super) left: i64,
    pub(super) account: &'a mut Account,
    pub(super) watch: &'a mut dyn Watch,
    pub(super) events: &'a EventSink,
}

impl Books<'_> {
    /// Gives more units where `left` is negative because of `charge`.
    pub(super) fn cover(&mut self, charge: i64) -> Result<(), Stop> {
        let refused = match self.watch.stop() {
            Some(reason) => Stop::Cancelled(reason),
            None => match self.account.cover(self.left) {
                Ok(left) => {
                    self.left = left;
                    if self.watch.progress_due() {
                        let instructions = self.account.used(left);
                        self.events.send(ExecutorEvent::Progress { instructions });
                    }
                    return Ok(());
                }
                Err(_) => Stop::Limit(LimitKind::Instructions),
            },
        };
        self.left = self.left.saturating_add(charge);
        Err(refused)
    }
}

impl Charge for Books<'_> {
    fn charge(&mut self, units: u64) -> Result<(), Stop> {
        let units = i64::try_from(units).unwrap_or(i64::MAX);
        self.left = self.left.saturating_sub(units);
        if self.left < 0 { self.cover(units) } else { Ok(()) }
    }
}

/// Bounds memory and tables. Growing past a limit of the job ends it; growing past the module's own maximum answers
/// -1, as WebAssembly says.
#[derive(Debug)]
pub(super) struct Growth {
    memory_limit: u64,
    table_limit: u64,
    tables: u64,
    pub(super) peak_memory: u64,
    pub(super) refused: Option<LimitKind>,
}

impl Growth {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            memory_limit: limits.memory_bytes,
            table_limit: u64::from(limits.table_elements),
            tables: 0,
            peak_memory: 0,
            refused: None,
        }
    }
}

impl wasmi::ResourceLimiter for Growth {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, wasmi_core::LimiterError> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        if desired as u64 > self.memory_limit {
            self.refused = Some(LimitKind::Memory);
            return Err(wasmi_core::LimiterError::ResourceLimiterDeniedAllocation);
        }
        self.peak_memory = self.peak_memory.max(desired as u64);
        Ok(true)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, wasmi_core::LimiterError> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let added = desired.saturating_sub(current) as u64;
        let tables = self.tables.saturating_add(added);
        if tables > self.table_limit {
            self.refused = Some(LimitKind::Table);
            return Err(wasmi_core::LimiterError::ResourceLimiterDeniedAllocation);
        }
        self.tables = tables;
        Ok(true)
    }

    fn instances(&self) -> usize {
        1
    }

    fn tables(&self) -> usize {
        100
    }

    fn memories(&self) -> usize {
        1
    }
}

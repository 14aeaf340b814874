//! The guest's clocks: the job's own, or the machine's.

use std::time::Duration;

use super::abi::Stop;

/// Unix nanoseconds at the start of every job with a fixed clock.
const START: u64 = 1_700_000_000 * 1_000_000_000;
/// How far a fixed clock moves with every reading.
const TICK: u64 = 1_000_000;

/// The machine's time, for jobs that ask for it.
pub(crate) trait RealTime: Send {
    /// Nanoseconds since 1970.
    fn unix_nanos(&self) -> u64;

    /// Nanoseconds since some fixed moment.
    fn monotonic_nanos(&self) -> u64;

    /// Waits; ends early where somebody asks to stop.
    fn wait(&self, duration: Duration) -> Result<(), Stop>;
}

/// What the guest's clocks show.
pub(crate) enum Clocks {
    /// Moves 1 ms with every reading, and over every wait at once.
    Fixed { now: u64 },
    /// The machine's clocks.
    Real(Box<dyn RealTime>),
}

impl Clocks {
    pub(crate) fn fixed() -> Self {
        Self::Fixed { now: START }
    }

    /// Reads a clock (0 is the wall clock, others are monotonic); a fixed one then moves on.
    pub(super) fn read(&mut self, id: u32) -> u64 {
        let shown = self.peek(id);
        if let Self::Fixed { now } = self {
            *now = now.saturating_add(TICK);
        }
        shown
    }

    /// The same without moving it: time stamps of files, deadlines.
    pub(super) fn peek(&self, id: u32) -> u64 {
        match self {
            Self::Fixed { now } => *now,
            Self::Real(real) if id == 0 => real.unix_nanos(),
            Self::Real(real) => real.monotonic_nanos(),
        }
    }

    /// Unix nanoseconds for the time stamps of files.
    pub(crate) fn stamp(&self) -> u64 {
        self.peek(0)
    }

    pub(super) fn resolution(&self) -> u64 {
        match self {
            Self::Fixed { .. } => TICK,
            Self::Real(_) => 1_000,
        }
    }

    /// Lets `nanos` pass.
    pub(super) fn wait(&mut self, nanos: u64) -> Result<(), Stop> {
        match self {
            Self::Fixed { now } => {
                *now = now.saturating_add(nanos);
                Ok(())
            }
            Self::Real(real) => real.wait(Duration::from_nanos(nanos)),
        }
    }
}

impl std::fmt::Debug for Clocks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if matches!(self, Self::Fixed { .. }) { "Clocks::Fixed" } else { "Clocks::Real" })
    }
}

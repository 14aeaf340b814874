//! Ctrl-C and SIGTERM: while a job runs, the first asks it to stop and the second stops at once; else the first does.

use std::process::exit;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use lilypad_core::{Error, ErrorKind};
use tokio::sync::Notify;

use crate::report::Report;

const LOADING: u8 = 0;
const RUNNING: u8 = 1;
const STOPPING: u8 = 2;
const FINISHING: u8 = 3;

/// Listens for requests to stop, from its making to the end of the process.
#[derive(Clone, Debug)]
pub(crate) struct Interrupts(Arc<State>);

#[derive(Debug, Default)]
struct State {
    phase: AtomicU8,
    asked: Notify,
}

impl Interrupts {
    /// Starts to listen. Must be called on a runtime.
    pub(crate) fn listen(report: Report) -> Self {
        let own = Self(Arc::default());
        let state = own.clone();
        tokio::spawn(async move {
            let mut signals = Signals::new();
            loop {
                signals.next().await;
                state.handle(&report);
            }
        });
        own
    }

    /// From now on the first request is answered by [`Interrupts::asked`].
    pub(crate) fn running(&self) {
        self.0.phase.store(RUNNING, Ordering::SeqCst);
    }

    /// From now on a request stops at once, whatever is still being written.
    pub(crate) fn finishing(&self) {
        self.0.phase.store(FINISHING, Ordering::SeqCst);
    }

    /// Waits for the first request while a job runs.
    pub(crate) async fn asked(&self) {
        self.0.asked.notified().await;
    }

    fn handle(&self, report: &Report) {
        let change = self.0.phase.compare_exchange(RUNNING, STOPPING, Ordering::SeqCst, Ordering::SeqCst);
        match change {
            Ok(_) => {
                report.say(
                    if crate::report::watched() { "\r\x1b[K" } else { "" }.to_owned()
                        + "  cancelling; press Ctrl-C again to stop at once",
                );
                self.0.asked.notify_one();
            }
            // The document may be half written, and whoever reads it may have stopped reading.
            Err(FINISHING) => exit(130),
            Err(phase) => {
                let what = if phase == LOADING { "stopped before the job ran" } else { "stopped at once" };
                report.failure(&Error::new(ErrorKind::Cancelled, "E_CANCELLED", what));
                exit(130);
            }
        }
    }
}

/// Waits until somebody asks this process to stop.
pub(crate) async fn stop_asked() {
    Signals::new().next().await;
}

#[cfg(unix)]
struct Signals {
    terminate: Option<tokio::signal::unix::Signal>,
    interrupt: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    /// Where a handler cannot be installed, the system's default goes on to stop the process.
    fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        Self {
            terminate: signal(SignalKind::terminate()).ok(),
            interrupt: signal(SignalKind::interrupt()).ok(),
        }
    }

    async fn next(&mut self) {
        async fn one(signal: &mut Option<tokio::signal::unix::Signal>) {
            if let Some(signal) = signal
                && signal.recv().await.is_some()
            {
                return;
            }
            std::future::pending::<()>().await;
        }
        tokio::select! {
            () = one(&mut self.terminate) => {}
            () = one(&mut self.interrupt) => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> Self {
        Self
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

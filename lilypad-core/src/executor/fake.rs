//! A fake executor for tests of whatever stands above it: it does what the job's arguments say, with exact counts.

use std::fmt;

use super::outputs;
use super::{EventSink, Executor, ExecutorEvent, LimitKind, RunOutcome, RunRequest, StopReason, Usage};
use crate::error::{Error, Result};
use crate::model::{FileSet, RunSpec};
use crate::rt::{BoxFuture, CancelToken};

/// Runs no program: obeys the arguments of a WebAssembly job, one order each.
///
/// | argument | what happens |
/// |---|---|
/// | `print TEXT` | a line on standard output |
/// | `work N` | N instructions are counted; stops where the limit is reached |
/// | `write PATH TEXT` | a file in the results |
/// | `bytes N PATH` | a file of N bytes in the results |
/// | `files N NAME` | N files in the results: `outputs/0NAME`, `outputs/1NAME`… |
/// | `wait` | waits until the job is asked to stop |
/// | `deaf` | waits for ever, whatever it is asked |
/// | `trap` | ends as a trap |
/// | `exit N` | ends with this code; without it, 0 |
/// | `break` | the executor itself fails |
#[derive(Clone, Copy, Default)]
pub struct FakeExecutor;

impl Executor for FakeExecutor {
    fn name(&self) -> &'static str {
        "wasm"
    }

    fn accepts(&self, run: &RunSpec) -> bool {
        matches!(run, RunSpec::Wasm(_))
    }

    fn run<'a>(
        &'a self,
        request: RunRequest,
        events: EventSink,
        cancel: CancelToken,
    ) -> BoxFuture<'a, Result<RunOutcome>> {
        Box::pin(async move {
            let RunSpec::Wasm(run) = &request.run else {
                return Err(Error::unsupported("E_EXECUTOR", "the fake executor runs WebAssembly jobs only"));
            };
            let mut job = FakeJob { limit: request.limits.instructions, ..FakeJob::default() };
            let mut stop = None;
            for order in &run.args {
                stop = job.obey(order, &events, &cancel).await?;
                if stop.is_some() {
                    break;
                }
            }
            job.finish(stop.unwrap_or(StopReason::Exited(0)))
        })
    }
}

impl fmt::Debug for FakeExecutor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FakeExecutor")
    }
}

#[derive(Default)]
struct FakeJob {
    limit: u64,
    used: u64,
    stdout: String,
    results: FileSet,
}

impl FakeJob {
    async fn obey(
        &mut self,
        order: &str,
        events: &EventSink,
        cancel: &CancelToken,
    ) -> Result<Option<StopReason>> {
        let (word, rest) = order.split_once(' ').unwrap_or((order, ""));
        match word {
            "print" => {
                events.send(ExecutorEvent::Stdout(rest.to_owned()));
                self.stdout.push_str(rest);
                self.stdout.push('\n');
            }
            "work" => {
                let wanted = self.used.saturating_add(number(rest)?);
                self.used = wanted.min(self.limit);
                if wanted > self.limit {
                    return Ok(Some(StopReason::Limit(LimitKind::Instructions)));
                }
            }
            "write" => {
                let (path, text) = rest.split_once(' ').unwrap_or((rest, ""));
                self.results.insert(path, text.to_owned().into_bytes())?;
            }
            "bytes" => {
                let (count, path) = rest.split_once(' ').unwrap_or((rest, ""));
                let bytes: Vec<u8> = (0..number(count)?).map(|at| (at ^ (at >> 8)) as u8).collect();
                self.results.insert(path, bytes)?;
            }
            "files" => {
                let (count, name) = rest.split_once(' ').unwrap_or((rest, ""));
                for at in 0..number(count)? {
                    self.results.insert(format!("outputs/{at}{name}"), Vec::new())?;
                }
            }
            "wait" => return Ok(Some(StopReason::Cancelled(cancel.cancelled().await))),
            "deaf" => std::future::pending().await,
            "trap" => return Ok(Some(StopReason::Trapped("unreachable".to_owned()))),
            "exit" => {
                let code = i32::try_from(number(rest)?).unwrap_or(i32::MAX);
                return Ok(Some(StopReason::Exited(code)));
            }
            "break" => return Err(Error::unexpected("the fake executor was told to break")),
            _ => return Err(Error::invalid("E_FAKE_ORDER", format!("{order:?} is no order"))),
        }
        Ok(None)
    }

    fn finish(self, stop: StopReason) -> Result<RunOutcome> {
        let mut results = outputs::results(self.stdout.into_bytes(), Vec::new(), &stop)?;
        for (path, bytes) in self.results.iter() {
            results.insert(path, bytes.clone())?;
        }
        let usage = Usage { instructions: self.used, peak_memory_bytes: 0 };
        Ok(RunOutcome { stop, usage, results })
    }
}

fn number(text: &str) -> Result<u64> {
    text.parse().map_err(|_| Error::invalid("E_FAKE_ORDER", format!("{text:?} is no number")))
}

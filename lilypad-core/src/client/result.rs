//! What came of a job.

use std::borrow::Cow;
use std::time::Duration;

use crate::error::{Error, ErrorKind, Fault, Result};
use crate::executor::LimitKind;
use crate::executor::Usage;
use crate::model::{AgreementState, Amount, ContentId, DealId, FileSet, JobId, Outcome};
use crate::signer::Receipt;
use crate::wire::{JobStatus, ResultSubmission, StoredFiles};

/// Most bytes of one stream that are held in memory; as many as an executor lets a program print unless told otherwise.
const MOST_PRINTED: usize = 8 << 20;

/// What came of a job: the files, the work, the cost, the receipt. Verified before you get it.
#[derive(Clone, Debug)]
pub struct JobResult {
    job_id: JobId,
    state: AgreementState,
    receipt: Receipt,
    usage: Usage,
    error_text: String,
    files: FileSet,
    lengths: Vec<(String, u64)>,
    timings: Timings,
    stopped: Option<Stopped>,
}

#[derive(Clone, Debug)]
struct Stopped {
    kind: ErrorKind,
    fault: Fault,
    code: &'static str,
    message: String,
    hint: Option<String>,
}

/// How long the parts of a job took, measured from the call that submitted it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// Until a provider was found and the money held.
    pub agreed: Option<Duration>,
    /// Until the program started.
    pub started: Option<Duration>,
    /// Until the provider handed in its result.
    pub submitted: Option<Duration>,
    /// Until the receipt was verified and accepted.
    pub total: Duration,
}

impl JobResult {
    pub(super) fn new(
        status: &JobStatus,
        submission: ResultSubmission,
        files: &StoredFiles,
        receipt: Receipt,
        timings: Timings,
    ) -> Result<Self> {
        let stopped = status.failure.as_ref().map(|failure| Stopped {
            kind: failure.kind,
            fault: failure.fault,
            code: failure.code,
            message: failure.message.clone(),
            hint: failure.hint.clone(),
        });
        let lengths = files.lengths().into_iter().map(|(path, length)| (path.to_owned(), length)).collect();
        Ok(Self {
            job_id: status.job_id,
            state: status.state,
            receipt,
            usage: submission.usage,
            error_text: submission.error,
            files: printed(files)?,
            lengths,
            timings,
            stopped,
        })
    }

    /// The job.
    #[must_use]
    pub fn job_id(&self) -> JobId {
        self.job_id
    }

    /// The deal under which it ran.
    #[must_use]
    pub fn deal_id(&self) -> DealId {
        self.receipt.body.deal_id
    }

    /// The state in which the job rests.
    #[must_use]
    pub fn state(&self) -> AgreementState {
        self.state
    }

    /// How the program ended.
    #[must_use]
    pub fn outcome(&self) -> &Outcome {
        &self.receipt.body.outcome
    }

    /// The program's exit code; 134, 137, 124 and 130 stand for a trap, a limit, a timeout and a cancellation.
    #[must_use]
    pub fn exit_code(&self) -> i32 {
        self.outcome().exit_code()
    }

    /// Content id of the results folder.
    #[must_use]
    pub fn data_id(&self) -> ContentId {
        self.receipt.body.data_id
    }

    /// Measured work units.
    #[must_use]
    pub fn instruction_count(&self) -> u64 {
        self.receipt.body.instruction_count
    }

    /// Everything that was measured.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// What the job cost, in wei.
    #[must_use]
    pub fn cost(&self) -> Amount {
        self.receipt.body.cost
    }

    /// The receipt, signed by both parties and verified.
    #[must_use]
    pub fn receipt(&self) -> &Receipt {
        &self.receipt
    }

    /// The results folder: `stdout`, `stderr`, `exitCode` and the declared outputs. Where a
    /// [`ResultKeeper`](super::ResultKeeper) took them [from the disk](super::ResultKeeper::on_the_way), the outputs are where it
    /// put them and not here.
    #[must_use]
    pub fn files(&self) -> &FileSet {
        &self.files
    }

    /// Paths and lengths of all files of the results folder, wherever they are.
    pub fn lengths(&self) -> impl Iterator<Item = (&str, u64)> {
        self.lengths.iter().map(|(path, length)| (path.as_str(), *length))
    }

    /// Standard output as text; bytes that are not UTF-8 are replaced.
    #[must_use]
    pub fn stdout(&self) -> Cow<'_, str> {
        self.text("stdout")
    }

    /// Standard error as text; bytes that are not UTF-8 are replaced.
    #[must_use]
    pub fn stderr(&self) -> Cow<'_, str> {
        self.text("stderr")
    }

    /// How long the parts took.
    #[must_use]
    pub fn timings(&self) -> Timings {
        self.timings
    }

    /// Why the job did not succeed; `None` where the program ended with code 0.
    #[must_use]
    pub fn error(&self) -> Option<Error> {
        if self.outcome().is_success() {
            return None;
        }
        let error = match &self.stopped {
            Some(stopped) => {
                let error =
                    Error::new(stopped.kind, stopped.code, stopped.message.clone()).with_fault(stopped.fault);
                match &stopped.hint {
                    Some(hint) => error.with_hint(hint),
                    None => error,
                }
            }
            None => self.failed(),
        };
        Some(error.with("job_id", self.job_id).with("state", self.state).with("exit_code", self.exit_code()))
    }

    fn failed(&self) -> Error {
        let (code, message, hint) = match self.outcome() {
            Outcome::Exited(code) => {
                ("E_EXIT_CODE", format!("the module ended with exit code {code}"), self.exit_hint())
            }
            Outcome::Limit(code) => {
                let code = LimitKind::from_code(code).map_or("E_LIMIT", LimitKind::code);
                (code, format!("the module was {}", self.error_text), self.limit_hint())
            }
            _ => {
                ("E_TRAP", format!("the module {}", self.error_text), "the module is faulty: tell its author")
            }
        };
        Error::new(ErrorKind::ExecutionFailed, code, message).with_hint(hint)
    }

    fn exit_hint(&self) -> &'static str {
        if self.stderr().is_empty() {
            "it gives no reason on its standard error"
        } else {
            "see its standard error"
        }
    }

    /// What would let a job go on that met its limit.
    fn limit_hint(&self) -> &'static str {
        let body = &self.receipt.body;
        let spent = body.instruction_count >= body.rate.affordable_units(body.price_cap);
        match self.outcome() {
            Outcome::Limit(code) if code == "LIMIT_INSTRUCTIONS" && spent => {
                "it used all that the price cap pays for: raise the price cap, or give it less to do"
            }
            Outcome::Limit(code) if code == "LIMIT_INSTRUCTIONS" => {
                "raise the limit of instructions (the caller's, the module's, or what the price cap pays for), or give it \
                 less to do"
            }
            Outcome::Limit(code) if code == "LIMIT_MEMORY" => {
                "ask for more memory in the module's manifest, or give it less to do"
            }
            _ => "the module writes or nests more than it may: give it less to do, or mend it",
        }
    }

    fn text(&self, name: &str) -> Cow<'_, str> {
        self.files.get(name).map(|bytes| String::from_utf8_lossy(bytes)).unwrap_or_default()
    }
}

/// All files where they are in memory, else what the program printed, whose length has a limit of its own.
fn printed(files: &StoredFiles) -> Result<FileSet> {
    if let Some(files) = files.in_memory() {
        return Ok(files.clone());
    }
    let mut printed = FileSet::new();
    for name in ["stdout", "stderr", "exitCode"] {
        printed.insert(name, files.read(name, 0, MOST_PRINTED)?)?;
    }
    Ok(printed)
}

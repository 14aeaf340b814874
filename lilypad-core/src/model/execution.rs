//! What a running job tells: its events and what it used.

/// What a job used, measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Work units: metered instructions of a WebAssembly program, nanoseconds of CPU time of a container, of GPU time of
    /// kernels.
    pub instructions: u64,
    /// Most bytes of memory at any time.
    pub peak_memory_bytes: u64,
}

/// What happens while a job runs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExecutorEvent {
    /// A piece of a line or a whole line that the job wrote to `stdout`, without the line end.
    Stdout(String),
    /// The same for `stderr`.
    Stderr(String),
    /// Work units used so far; sent a few times a second at most.
    Progress {
        /// Work units so far.
        instructions: u64,
    },
    /// What is done before the job runs (an image is pulled…); sent a few times a second at most.
    Preparing(String),
    /// Something that the user should know and that does not stop the job (a hidden file was left out…).
    Warning(String),
}

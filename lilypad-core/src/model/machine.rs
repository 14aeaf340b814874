//! What a machine has and what a job needs.

use serde::{Deserialize, Serialize};

/// What a machine has, or what a job needs at least. Field order and names are the wire's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineSpec {
    /// Number of GPUs.
    pub gpu: i64,
    /// The GPUs one by one; the wire tells `null` from `[]`.
    pub gpus: Option<Vec<GpuSpec>>,
    /// Thousandths of a CPU.
    pub cpu: i64,
    /// Megabytes of memory.
    pub ram: i64,
    /// Disk space; 0 where nothing is asked.
    pub disk: i64,
}

/// One GPU.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GpuSpec {
    /// Model name (`NVIDIA H200`).
    pub name: String,
    /// Vendor (`NVIDIA`, `AMD/ATI`, `Intel`).
    pub vendor: String,
    /// Mebibytes of video memory.
    pub vram: i64,
}

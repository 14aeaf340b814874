//! One unit per quantity, whatever the peer meant.

use crate::model::MachineSpec;

/// Memory at or above this many is in bytes: as megabytes it would be 64 TB.
const RAM_IN_BYTES_FROM: i64 = 1 << 26;

/// Disk at or above this many is in bytes: as megabytes it would be 1 PB.
const DISK_IN_BYTES_FROM: i64 = 1 << 30;

/// GPUs at or above this many are thousandths.
const GPU_IN_MILLI_FROM: i64 = 1_000;

const BYTES_PER_MB: i64 = 1_000_000;

/// What a machine has or a job needs, in one unit per quantity.
///
/// The wire says `gpu`, `cpu`, `ram` and `disk` without units, and v2 peers disagree about them: modules ask for whole GPUs
/// and megabytes of memory; providers offer whole GPUs, but bytes of memory and disk; the wire's own comments and its tests
/// count thousandths of a GPU. The numbers lie far enough apart to tell which is meant, by the same rule on both sides:
///
/// | field | read as | from | read as |
/// |---|---|---|---|
/// | `cpu` | thousandths of a CPU | | |
/// | `gpu` | whole GPUs | 1,000 | thousandths of a GPU |
/// | `ram` | megabytes (10^6 bytes) | 2^26 | bytes |
/// | `disk` | megabytes (10^6 bytes) | 2^30 | bytes |
/// | `vram` | mebibytes | | |
///
/// So a v2 provider with 4 GB does not match a job that needs 8,000 MB, where a plain comparison of the two numbers would say
/// that it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Thousandths of a CPU.
    pub milli_cpu: i64,
    /// Thousandths of a GPU.
    pub milli_gpu: i64,
    /// Bytes of memory.
    pub ram_bytes: i64,
    /// Mebibytes of the largest video memory; `None` where no GPU is listed.
    pub vram_mib: Option<i64>,
    /// Bytes of disk.
    pub disk_bytes: i64,
}

impl Capacity {
    /// Reads the wire's numbers.
    #[must_use]
    pub fn of(spec: &MachineSpec) -> Self {
        let milli_gpu = if spec.gpu >= GPU_IN_MILLI_FROM { spec.gpu } else { spec.gpu.saturating_mul(1_000) };
        let gpus = spec.gpus.as_deref().unwrap_or_default();
        Self {
            milli_cpu: spec.cpu,
            milli_gpu,
            ram_bytes: bytes(spec.ram, RAM_IN_BYTES_FROM),
            // A negative size counts as none, as it does for v2 peers.
            vram_mib: gpus.iter().map(|gpu| gpu.vram.max(0)).max(),
            disk_bytes: bytes(spec.disk, DISK_IN_BYTES_FROM),
        }
    }
}

fn bytes(number: i64, bytes_from: i64) -> i64 {
    if number >= bytes_from { number } else { number.saturating_mul(BYTES_PER_MB) }
}

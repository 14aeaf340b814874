//! What a machine has and what a job needs.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a machine has, or what a job needs at least. Field order and names are the wire's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct MachineSpec {
    /// Number of GPUs.
    pub gpu: i64,
    /// The GPUs one by one; the wire tells `null` from `[]`.
    pub gpus: Option<Vec<GpuSpec>>,
    /// Thousandths of a CPU.
    pub cpu: i64,
    /// Megabytes of memory.
    pub ram: i64,
    /// Megabytes of disk; 0 where nothing is asked.
    pub disk: i64,
}

/// One GPU.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct GpuSpec {
    /// Model name (`NVIDIA H200`).
    pub name: String,
    /// Vendor (`NVIDIA`, `AMD/ATI`, `Intel`).
    pub vendor: String,
    /// Mebibytes of video memory.
    pub vram: i64,
}

macro_rules! units {
    ($($(#[doc = $doc:literal])+ $name:ident $symbol:literal;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!("{} ", $symbol), self.0)
            }
        }
    )+};
}

units! {
    /// Thousandths of a CPU.
    MilliCpu "mCPU";
    /// Millions of bytes.
    Megabytes "MB";
    /// Units of 1,048,576 bytes.
    Mebibytes "MiB";
}

impl MilliCpu {
    /// The smallest number of whole CPUs that holds this much.
    #[must_use]
    pub fn whole_cpus(self) -> i64 {
        self.0.div_euclid(1_000).saturating_add(i64::from(self.0.rem_euclid(1_000) > 0))
    }
}

impl Megabytes {
    /// The same in bytes; `None` below zero or above 2^63 − 1.
    #[must_use]
    pub fn to_bytes(self) -> Option<u64> {
        self.0.checked_mul(1_000_000).and_then(|bytes| bytes.try_into().ok())
    }
}

impl MachineSpec {
    /// CPU, with its unit.
    ///
    /// ```
    /// use lilypad_core::model::MachineSpec;
    /// let machine = MachineSpec { cpu: 1_500, ram: 100, ..MachineSpec::default() };
    /// assert_eq!((machine.milli_cpu().to_string(), machine.milli_cpu().whole_cpus()), ("1500 mCPU".to_owned(), 2));
    /// assert_eq!(machine.memory().to_bytes(), Some(100_000_000));
    /// ```
    #[must_use]
    pub fn milli_cpu(&self) -> MilliCpu {
        MilliCpu(self.cpu)
    }

    /// Memory, as jobs ask for it. Some v2 providers offer bytes in the same field: the market's capacities tell which.
    #[must_use]
    pub fn memory(&self) -> Megabytes {
        Megabytes(self.ram)
    }

    /// Disk space, as jobs ask for it; the same holds as for [`MachineSpec::memory`].
    #[must_use]
    pub fn disk_space(&self) -> Megabytes {
        Megabytes(self.disk)
    }
}

impl MachineSpec {
    /// The same machine with these GPUs; with its own where there are none.
    #[must_use]
    pub fn with_gpus(self, gpus: &[GpuSpec]) -> Self {
        if gpus.is_empty() {
            return self;
        }
        Self { gpu: i64::try_from(gpus.len()).unwrap_or(i64::MAX), gpus: Some(gpus.to_vec()), ..self }
    }
}

impl GpuSpec {
    /// Video memory, with its unit.
    #[must_use]
    pub fn memory(&self) -> Mebibytes {
        Mebibytes(self.vram)
    }
}

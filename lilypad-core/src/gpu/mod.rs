//! The GPUs of this machine, as the drivers that are there when it runs describe them.
//!
//! Nothing is needed to build this, and nothing has to be there: a machine without a driver has no GPUs, which is no error.
//!
//! Layout: `nvml` NVIDIA's management library, loaded at run time; `amd` what the kernel says of AMD's in sysfs; `bus`
//! cards for which nobody speaks; `reading` what a
//! driver said, taken with care.

mod amd;
mod bus;
mod nvml;
mod reading;
#[cfg(test)]
mod tests;

use std::path::Path;

use crate::model::{GpuSpec, SoftwareVersion};

/// Most GPUs of a machine: an offer's choice of GPUs holds no more.
pub const MOST_GPUS: usize = 128;

/// One GPU of this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gpu {
    /// By which its driver knows it, also in a container engine (`GPU-8a56…`).
    pub id: String,
    /// What offers say of it.
    pub spec: GpuSpec,
    /// Where it sits, such as `00000000:01:00.0`.
    pub bus: Option<String>,
    /// Mebibytes of its memory that are in use.
    pub used_vram: Option<u64>,
    /// How busy it is, in percent.
    pub busy: Option<u32>,
    /// Degrees Celsius.
    pub temperature: Option<u32>,
    /// True where it is cut into parts (NVIDIA MIG).
    pub is_cut: bool,
    /// Errors of its memory since the driver was loaded that could not be corrected.
    pub memory_errors: Option<u64>,
    /// True where a container engine can be asked for it by its id.
    pub for_containers: bool,
}

impl Gpu {
    /// Why it should not be offered to others, where it should not.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        let errors = self.memory_errors.unwrap_or(0);
        if errors > 0 {
            return Some(format!("its memory had {errors} errors that could not be corrected"));
        }
        if self.is_cut {
            return Some("it is cut into parts (MIG), and parts cannot be offered yet".to_owned());
        }
        if !self.for_containers {
            return Some(format!("GPUs of {} cannot be given to containers yet", self.spec.vendor));
        }
        None
    }
}

/// What was found on a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// At most [`MOST_GPUS`] of them, NVIDIA's first, each in its driver's order.
    pub gpus: Vec<Gpu>,
    /// Version of NVIDIA's driver, where there is one.
    pub driver: Option<SoftwareVersion>,
    /// The newest CUDA version that this driver runs.
    pub cuda: Option<SoftwareVersion>,
    /// Cards of NVIDIA on the bus of a machine without NVIDIA's driver.
    pub silent: usize,
    /// What a driver did not say, or said wrongly: one sentence each.
    pub warnings: Vec<String>,
}

impl Survey {
    /// Those that can be offered.
    pub fn offered(&self) -> impl Iterator<Item = &Gpu> {
        self.gpus.iter().filter(|gpu| gpu.trouble().is_none())
    }
}

/// Looks at this machine. Without a driver it finds nothing.
///
/// ```
/// let found = lilypad_core::gpu::survey();
/// for gpu in found.offered() {
///     println!("{}: {} MiB", gpu.spec.name, gpu.spec.vram);
/// }
/// ```
#[must_use]
pub fn survey() -> Survey {
    let mut survey = Survey::default();
    nvml::look(&mut survey);
    amd::look(Path::new("/sys/class/drm"), &mut survey);
    if survey.driver.is_none() {
        survey.silent = bus::nvidia(Path::new("/sys/bus/pci/devices"));
    }
    if survey.gpus.len() > MOST_GPUS {
        survey.warnings.push(format!("there are {} GPUs: the first {MOST_GPUS} are used", survey.gpus.len()));
        survey.gpus.truncate(MOST_GPUS);
    }
    survey
}

//! NVIDIA's management library, which comes with its driver and is loaded where it is there.

use nvml_wrapper::enum_wrappers::device::{EccCounter, MemoryError, TemperatureSensor};
use nvml_wrapper::error::NvmlError;
use nvml_wrapper::{Device, Nvml};

use super::Survey;
use super::reading::{Driver, Reading, look_at, short};

/// Adds NVIDIA's GPUs to a survey.
pub(super) fn look(survey: &mut Survey) {
    match Nvml::init() {
        Ok(nvml) => look_at(&nvml, survey),
        // There is no driver, or no card that it serves.
        Err(NvmlError::LibloadingError(_) | NvmlError::DriverNotLoaded) => {}
        Err(error) => survey.warnings.push(format!("NVIDIA's driver does not start: {}", said(&error))),
    }
}

fn said(error: &NvmlError) -> String {
    short(&error.to_string())
}

impl Driver for Nvml {
    fn version(&self) -> Result<String, String> {
        self.sys_driver_version().map_err(|error| said(&error))
    }

    fn cuda(&self) -> Result<i32, String> {
        self.sys_cuda_driver_version().map_err(|error| said(&error))
    }

    fn count(&self) -> Result<u32, String> {
        self.device_count().map_err(|error| said(&error))
    }

    fn read(&self, index: u32) -> Result<Reading, String> {
        self.device_by_index(index).and_then(|device| read(&device)).map_err(|error| said(&error))
    }
}

/// What must be known is asked with an error; the rest not every card has.
fn read(device: &Device<'_>) -> Result<Reading, NvmlError> {
    let memory = device.memory_info()?;
    let errors = device.total_ecc_errors(MemoryError::Uncorrected, EccCounter::Volatile);
    Ok(Reading {
        name: device.name()?,
        uuid: device.uuid()?,
        memory: memory.total,
        used: Some(memory.used),
        bus: device.pci_info().ok().map(|place| place.bus_id),
        busy: device.utilization_rates().ok().map(|rates| rates.gpu),
        temperature: device.temperature(TemperatureSensor::Gpu).ok(),
        is_cut: device.mig_mode().is_ok_and(|mode| mode.current != 0),
        memory_errors: errors.ok(),
    })
}

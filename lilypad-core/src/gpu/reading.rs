//! What a driver said about a GPU, taken with care: it is foreign code, and may be broken.

use super::{Gpu, Survey};
use crate::model::GpuSpec;

/// Most characters of a name that are kept.
const NAME: usize = 120;

/// What NVIDIA's driver says of one GPU, as it says it. What it does not say is not there.
#[derive(Clone, Debug, Default)]
pub(super) struct Reading {
    pub(super) name: String,
    pub(super) uuid: String,
    /// Bytes of memory.
    pub(super) memory: u64,
    pub(super) used: Option<u64>,
    pub(super) bus: Option<String>,
    pub(super) busy: Option<u32>,
    pub(super) temperature: Option<u32>,
    pub(super) is_cut: bool,
    pub(super) memory_errors: Option<u64>,
}

/// A driver: NVIDIA's, or one that a test made up.
pub(super) trait Driver {
    fn version(&self) -> Result<String, String>;
    /// `1000 * major + 10 * minor`.
    fn cuda(&self) -> Result<i32, String>;
    fn count(&self) -> Result<u32, String>;
    fn read(&self, index: u32) -> Result<Reading, String>;
}

/// Most GPUs of which a driver is asked.
const MOST: u32 = 256;

/// Adds what a driver says to a survey.
pub(super) fn look_at(driver: &dyn Driver, survey: &mut Survey) {
    match driver.version() {
        // `550.54.14`, and of some builds with a word behind it.
        Ok(text) => match text.split(['-', ' ']).next().unwrap_or_default().parse() {
            Ok(version) => survey.driver = Some(version),
            Err(_) => survey.warnings.push(format!("the driver's version is no version: {:?}", short(&text))),
        },
        Err(error) => survey.warnings.push(format!("the driver does not say its version: {error}")),
    }
    match driver.cuda() {
        Ok(number) if (1_000..1_000_000).contains(&number) => {
            survey.cuda = format!("{}.{}", number / 1_000, number % 1_000 / 10).parse().ok();
        }
        Ok(number) => survey.warnings.push(format!("the driver's CUDA version is no version: {number}")),
        Err(error) => survey.warnings.push(format!("the driver does not say which CUDA it runs: {error}")),
    }
    let count = match driver.count() {
        Ok(count) if count > MOST => {
            survey.warnings.push(format!("the driver counts {count} GPUs: the first {MOST} are looked at"));
            MOST
        }
        Ok(count) => count,
        Err(error) => {
            survey.warnings.push(format!("the driver does not count its GPUs: {error}"));
            return;
        }
    };
    for index in 0..count {
        match driver.read(index).and_then(gpu) {
            Ok(gpu) if survey.gpus.iter().any(|known| known.id == gpu.id) => {
                survey.warnings.push(format!("GPU {index} is left out: {} is there twice", gpu.id));
            }
            Ok(gpu) => survey.gpus.push(gpu),
            Err(error) => survey.warnings.push(format!("GPU {index} is left out: {error}")),
        }
    }
}

fn gpu(reading: Reading) -> Result<Gpu, String> {
    let id = reading.uuid.trim();
    // It becomes part of a request to a container engine.
    let is_id = !id.is_empty()
        && id.len() <= 96
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !is_id {
        return Err(format!("its id is none: {:?}", short(id)));
    }
    let vram = i64::try_from(reading.memory >> 20).unwrap_or(i64::MAX);
    if vram == 0 {
        return Err("it has no memory".to_owned());
    }
    let spec = GpuSpec { name: short(reading.name.trim()), vendor: "NVIDIA".to_owned(), vram };
    Ok(Gpu {
        id: id.to_owned(),
        spec,
        bus: reading.bus.map(|bus| short(&bus)),
        used_vram: reading.used.map(|bytes| bytes >> 20),
        busy: reading.busy.map(|percent| percent.min(100)),
        temperature: reading.temperature,
        is_cut: reading.is_cut,
        memory_errors: reading.memory_errors,
        for_containers: true,
    })
}

/// Text of a driver, bounded, without what a terminal would obey.
pub(super) fn short(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(NAME).collect()
}

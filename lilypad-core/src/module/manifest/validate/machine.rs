//! `[machine]` and amounts with units, into the wire's units.

use super::{gpus, short};
use crate::error::Error;
use crate::model::{GpuRequirement, MachineSpec, SoftwareVersion};
use crate::module::manifest::reader::{Amount, Reader};
use crate::module::manifest::tables::MachineTable;
use crate::module::manifest::units;

/// Most CPUs, in thousandths.
const CPU: u64 = 10_000_000;
/// Most memory or disk in megabytes, or video memory in mebibytes.
pub(super) const MEGABYTES: u64 = 1_000_000_000;

/// What the manifest says about the machine.
#[derive(Default)]
pub(super) struct Machine {
    pub(super) spec: MachineSpec,
    pub(super) gpus: Vec<GpuRequirement>,
    pub(super) driver: Option<SoftwareVersion>,
    pub(super) cuda: Option<SoftwareVersion>,
}

pub(super) fn machine(table: Option<MachineTable>, reader: &mut Reader<'_>) -> Machine {
    let Some(table) = table else { return Machine::default() };
    let megabytes = |text: &str| units::bytes(text).map(|bytes| bytes.div_ceil(1_000_000));
    let mebibytes = |text: &str| units::bytes(text).map(|bytes| bytes.div_ceil(1 << 20));
    let cpu = table.cpu.and_then(|cpu| amount(cpu, 0, units::milli_cpu, "machine.cpu", reader));
    let ram = table.ram.and_then(|ram| amount(ram, 0, megabytes, "machine.ram", reader));
    let disk = table.disk.and_then(|disk| amount(disk, 0, megabytes, "machine.disk", reader));
    let vram = table.vram.and_then(|vram| amount(vram, 0, mebibytes, "machine.vram", reader));
    let gpus = gpus::gpus(table.gpu, vram, reader);
    let mut of_gpus = |text: Option<String>, path| version(text?, path, gpus.count, reader);
    let (driver, cuda) = (of_gpus(table.driver, "machine.driver"), of_gpus(table.cuda, "machine.cuda"));
    let spec = MachineSpec {
        gpu: gpus.count,
        gpus: gpus.listed,
        cpu: capped(cpu, CPU, "machine.cpu", reader),
        ram: capped(ram, MEGABYTES, "machine.ram", reader),
        disk: capped(disk, MEGABYTES, "machine.disk", reader),
    };
    Machine { spec, gpus: gpus.requirements, driver, cuda }
}

/// The oldest version of a GPU's software; complains where it is none, or no GPU is asked for.
fn version(text: String, path: &str, gpus: i64, reader: &mut Reader<'_>) -> Option<SoftwareVersion> {
    if gpus == 0 && !reader.is_broken("machine.gpu") {
        let message = format!("`{path}` needs `machine.gpu` to be at least 1");
        reader.complain(path, "E_MANIFEST_MACHINE", message);
    }
    match text.parse() {
        Ok(version) => Some(version),
        Err(error) => {
            let error: Error = error;
            reader.complain_with(path, error.code(), error.message(), error.hint().unwrap_or_default());
            None
        }
    }
}

/// A value in its limit; complains where it is above.
pub(super) fn capped(value: Option<u64>, limit: u64, path: &str, reader: &mut Reader<'_>) -> i64 {
    let value = value.unwrap_or(0);
    if value > limit {
        reader.complain(path, "E_NUMBER", format!("`{path}` is {value}, the limit is {limit}"));
    }
    i64::try_from(value.min(limit)).unwrap_or(0)
}

/// An amount in its unit; complains where the text has no such form or the amount is below `least`.
pub(super) fn amount(
    amount: Amount,
    least: u64,
    read: impl Fn(&str) -> Option<u64>,
    path: &str,
    reader: &mut Reader<'_>,
) -> Option<u64> {
    let value = match &amount {
        Amount::Number(number) => Some(*number),
        Amount::Text(text) => read(text),
    };
    match (value, &amount) {
        (Some(value), _) if value >= least => {}
        (Some(value), _) => {
            reader.complain(path, "E_NUMBER", format!("`{path}` must be at least {least}, not {value}"));
        }
        (None, Amount::Text(text)) => {
            let message = format!("{:?} is not an amount that `{path}` can have", short(text));
            let hint = if path.ends_with("cpu") {
                "write CPUs as \"1\" or \"0.5\", or thousandths as a number"
            } else {
                "write a number with a unit, such as \"512 MB\" or \"2 GiB\""
            };
            reader.complain_with(path, "E_NUMBER", message, hint);
        }
        (None, Amount::Number(_)) => {}
    }
    value
}

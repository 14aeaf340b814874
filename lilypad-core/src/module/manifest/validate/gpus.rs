//! `machine.gpu` and `machine.vram`: a number, or requirements in their short text form.

use super::machine::{MEGABYTES, capped};
use crate::model::{GpuRequirement, GpuSet, GpuSpec};
use crate::module::manifest::reader::Reader;
use crate::module::manifest::tables::GpuTable;

/// Most GPUs where only their number is asked for.
const GPUS: u64 = 1_024;

/// What the manifest says about GPUs.
#[derive(Default)]
pub(super) struct Gpus {
    /// The wire's number.
    pub(super) count: i64,
    /// The wire's list.
    pub(super) listed: Option<Vec<GpuSpec>>,
    /// What the wire cannot say; empty for a plain number.
    pub(super) requirements: Vec<GpuRequirement>,
}

/// `vram` in mebibytes, where it could be read.
pub(super) fn gpus(table: Option<GpuTable>, vram: Option<u64>, reader: &mut Reader<'_>) -> Gpus {
    let vram = vram.filter(|vram| *vram > 0);
    let texts = match table {
        None => return number(0, vram, reader),
        Some(GpuTable::Number(count)) => return number(count, vram, reader),
        Some(GpuTable::Text(text)) => vec![("machine.gpu".to_owned(), text)],
        Some(GpuTable::List(texts)) => {
            let path = |(index, text)| (format!("machine.gpu[{index}]"), text);
            texts.into_iter().enumerate().map(path).collect()
        }
    };
    if vram.is_some() {
        reader.complain_with(
            "machine.vram",
            "E_MANIFEST_MACHINE",
            "`machine.vram` goes with a number of GPUs, and `machine.gpu` says more than that",
            "write the memory into machine.gpu, such as gpu = \"24GB:2\"",
        );
    }
    listed(&texts, reader)
}

/// So many of any kind; the memory of the largest, as the wire compares it.
fn number(count: u64, vram: Option<u64>, reader: &mut Reader<'_>) -> Gpus {
    if vram.is_some() && count == 0 && !reader.is_broken("machine.gpu") {
        reader.complain(
            "machine.vram",
            "E_MANIFEST_MACHINE",
            "`machine.vram` needs `machine.gpu` to be at least 1",
        );
    }
    let listed = vram.map(|vram| {
        vec![GpuSpec { vram: capped(Some(vram), MEGABYTES, "machine.vram", reader), ..GpuSpec::default() }]
    });
    Gpus { count: capped(Some(count), GPUS, "machine.gpu", reader), listed, requirements: Vec::new() }
}

/// Requirements, and each GPU of theirs as the wire can say it, so that peers who know only the wire understand it.
fn listed(texts: &[(String, String)], reader: &mut Reader<'_>) -> Gpus {
    let most = GpuRequirement::MAX_PER_JOB;
    if texts.len() > most {
        let message = format!("`machine.gpu` has {} entries, the limit is {most}", texts.len());
        reader.complain("machine.gpu", "E_MANIFEST_LIMIT", message);
        return Gpus::default();
    }
    let mut requirements = Vec::new();
    for (path, text) in texts {
        match text.parse::<GpuRequirement>() {
            Ok(requirement) => requirements.push(requirement),
            Err(error) => {
                let hint = error.hint().unwrap_or_default();
                reader.complain_with(path, error.code(), error.message(), hint);
            }
        }
    }
    let count: usize = requirements.iter().map(GpuRequirement::count).sum();
    if count > GpuSet::MAX {
        let message = format!("`machine.gpu` asks for {count} GPUs, the limit is {}", GpuSet::MAX);
        reader.complain("machine.gpu", "E_NUMBER", message);
        return Gpus::default();
    }
    let (count, listed) = GpuRequirement::on_the_wire(&requirements);
    Gpus { count, listed, requirements }
}

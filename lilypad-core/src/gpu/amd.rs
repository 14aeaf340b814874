//! AMD's GPUs, as the kernel's driver describes them in sysfs.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use super::reading::short;
use super::{Gpu, Survey};
use crate::model::GpuSpec;

/// AMD, as PCI numbers makers.
const MAKER: &str = "0x1002";
/// Most bytes of a file of sysfs that matter.
const MOST: u64 = 4_096;
/// Most entries of the folder that are looked at.
const ENTRIES: usize = 1_024;

/// Adds AMD's GPUs below `root` (`/sys/class/drm`) to a survey.
pub(super) fn look(root: &Path, survey: &mut Survey) {
    let Ok(entries) = fs::read_dir(root) else { return };
    let names = entries.take(ENTRIES).filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut cards: Vec<(u32, String)> = names
        // `card0`, and not `card0-DP-1`, which is a socket of it.
        .filter_map(|name| Some((name.strip_prefix("card")?.parse().ok()?, name)))
        .collect();
    cards.sort();
    for (_, name) in cards {
        let device = root.join(&name).join("device");
        if read(&device.join("vendor")).as_deref() != Some(MAKER) {
            continue;
        }
        match gpu(&device) {
            Some(gpu) => survey.gpus.push(gpu),
            None => survey.warnings.push(format!("{name} of AMD is left out: its memory is not known")),
        }
    }
}

fn gpu(device: &Path) -> Option<Gpu> {
    let number = |name: &str| read(&device.join(name))?.parse::<u64>().ok();
    let vram = i64::try_from(number("mem_info_vram_total")? >> 20).ok().filter(|mib| *mib > 0)?;
    let model = read(&device.join("product_name")).filter(|name| !name.is_empty());
    let name = model.or_else(|| Some(format!("AMD GPU {}", read(&device.join("device"))?)));
    // Where it sits: the name of the folder to which the link leads.
    let bus =
        fs::canonicalize(device).ok().and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned()));
    let id = read(&device.join("unique_id")).or_else(|| bus.clone())?;
    Some(Gpu {
        id,
        spec: GpuSpec {
            name: name.unwrap_or_else(|| "AMD GPU".to_owned()),
            vendor: "AMD/ATI".to_owned(),
            vram,
        },
        bus,
        used_vram: number("mem_info_vram_used").map(|bytes| bytes >> 20),
        busy: number("gpu_busy_percent").and_then(|percent| u32::try_from(percent.min(100)).ok()),
        ..Gpu::default()
    })
}

pub(super) fn read(path: &Path) -> Option<String> {
    let mut text = String::new();
    fs::File::open(path).ok()?.take(MOST).read_to_string(&mut text).ok()?;
    Some(short(text.trim()))
}

//! Cards on the machine's bus, whether a driver speaks for them or not.

use std::path::Path;

use super::amd::read;

/// NVIDIA, as PCI numbers makers.
const MAKER: &str = "0x10de";
/// The class of display controllers: VGA, 3D and others.
const DISPLAY: &str = "0x03";
/// Most devices that are looked at.
const DEVICES: usize = 4_096;

/// How many display or compute cards of NVIDIA there are below `devices` (`/sys/bus/pci/devices`).
pub(super) fn nvidia(devices: &Path) -> usize {
    let entries = std::fs::read_dir(devices).into_iter().flatten().flatten().take(DEVICES);
    let says = |path: &Path, name: &str| read(&path.join(name)).unwrap_or_default();
    entries
        .map(|entry| entry.path())
        .filter(|card| says(card, "vendor") == MAKER && says(card, "class").starts_with(DISPLAY))
        .count()
}

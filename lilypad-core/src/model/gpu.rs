//! Which GPUs a job needs: vendor, models, video memory, count; one short text form.

mod memory;
mod name;
mod set;
mod text;

#[cfg(test)]
mod tests;

pub use memory::{GpuMemory, GpuSize};
pub use name::{GpuModel, GpuVendor};
pub use set::GpuSet;

use super::{GpuSpec, Mebibytes};
use name::Name;

/// Some GPUs that a job needs, all of one kind: `nvidia:H100,A100:80GB..:2`.
///
/// # Text form
/// Four parts with a colon between them, always in this order; each may be left out, with its colon, but not all four:
///
/// | part | says | how it is told from the others |
/// |---|---|---|
/// | vendor | whose GPU | one of `nvidia`, `amd`, `ati`, `intel`, in any case; `ati` is `amd` |
/// | models | one of these, at most 16, with commas | everything else; a model has at least one letter |
/// | memory | video memory of each GPU | a number with a unit (`MB`, `GB`, `TB`, `MiB`, `GiB`, `TiB`), or `..` |
/// | count | how many, 1 (where it is left out) to 128 | digits alone |
///
/// | text | fits |
/// |---|---|
/// | `2` | any two GPUs |
/// | `nvidia` | one GPU of NVIDIA |
/// | `nvidia:2` | two of them |
/// | `H100` | one H100 of any form: PCIe, SXM, NVL |
/// | `24GB` or `24GB..` | one GPU with at least 24 GB |
/// | `16GB..48GB` | one with 16 to 48 GB, both included |
/// | `..24GB` | one with at most 24 GB |
/// | `nvidia:RTX 4090` | one RTX 4090 (the space may be left out) |
/// | `amd:MI300X:4` | four MI300X |
/// | `nvidia:H100,A100:80GB..:2` | two GPUs, each an H100 or an A100, each with at least 80 GB |
///
/// # Sizes
/// Cards do not report the size that they are sold by. A T4 "with 16 GB" reports 15,109 to 15,360 MiB, which is less than
/// 16 × 10^9 bytes; an RTX 4090 "with 24 GB" reports 24,564 MiB, an H100 "with 80 GB" 81,559 MiB. So `MB`, `GB` and `TB`
/// are sizes that cards are sold by: *at least* `24GB` is 24 × 10^9 bytes less 1 %, *at most* `24GB` is 24 × 2^30 bytes.
/// One percent is what the T4 needs, and too little for an 11 GB card (11,264 MiB) to pass for 12 GB. `MiB`, `GiB` and
/// `TiB` are exact.
///
/// # Models
/// A model fits a GPU whose name has it as whole words, in any case; spaces, `-`, `_` and `.` do not matter: `RTX 4090` and
/// `rtx4090` are one model and fit `NVIDIA GeForce RTX 4090`. `A10` does not fit `NVIDIA A100`, nor `T4` a `T4G`. A word
/// right behind it that makes another chip of it must be asked for: `RTX 4080` does not fit `RTX 4080 SUPER`, nor `RTX 4090`
/// an `RTX 4090 D`, nor `RTX 6000` an `RTX 6000 Ada Generation` (the words are `Ti`, `SUPER`, `D`, `XT`, `XTX`, `GRE`,
/// `Ada`, `SFF`). Laptop GPUs (`Laptop`, `Mobile`, `Max-Q` anywhere in the name) fit only where the model says so, slices of
/// a GPU (`MIG`) where no model is asked for.
///
/// # Equality
/// Two texts that ask for the same in other words are equal after reading, and print the same: models in upper case
/// without spaces and in the order of their names, memory as a range, no count where it is 1.
///
/// ```
/// use lilypad_core::model::{GpuRequirement, GpuSpec};
/// let need: GpuRequirement = "NVIDIA : h100, A100 : 80GB : 2".parse()?;
/// assert_eq!(need.to_string(), "nvidia:A100,H100:80GB..:2");
/// let h100 = GpuSpec { name: "NVIDIA H100 80GB HBM3".into(), vendor: "NVIDIA".into(), vram: 81_559 };
/// assert!(need.fits(&h100));
/// assert!(!need.fits(&GpuSpec { vram: 40_960, ..h100 }));
/// # Ok::<(), lilypad_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GpuRequirement {
    vendor: Option<GpuVendor>,
    /// Sorted, each once.
    models: Vec<GpuModel>,
    memory: GpuMemory,
    /// 1 to 128.
    count: u8,
}

impl GpuRequirement {
    /// Most requirements of one job.
    pub const MAX_PER_JOB: usize = 8;

    /// Whose GPU; `None` where any will do.
    #[must_use]
    pub fn vendor(&self) -> Option<GpuVendor> {
        self.vendor
    }

    /// The models of which each GPU must be one; empty where any will do.
    #[must_use]
    pub fn models(&self) -> &[GpuModel] {
        &self.models
    }

    /// The video memory of each GPU.
    #[must_use]
    pub fn memory(&self) -> GpuMemory {
        self.memory
    }

    /// How many GPUs: 1 to 128.
    #[must_use]
    pub fn count(&self) -> usize {
        usize::from(self.count)
    }

    /// True where `gpu` is one of those that are asked for. A vendor is looked for in the GPU's `vendor`, or in its `name`
    /// where it names none; negative video memory counts as none.
    #[must_use]
    pub fn fits(&self, gpu: &GpuSpec) -> bool {
        let vendor = || GpuVendor::of(gpu);
        let memory = gpu.memory().max(Mebibytes(0));
        let model = || {
            let name = Name::of(&gpu.name);
            self.models.iter().any(|model| name.has(model))
        };
        self.memory.holds(memory)
            && self.vendor.is_none_or(|wanted| vendor() == Some(wanted))
            && (self.models.is_empty() || model())
    }

    /// The same for cards of any size.
    #[must_use]
    pub fn of_any_size(self) -> Self {
        Self { memory: GpuMemory::default(), ..self }
    }

    /// The same for any model.
    #[must_use]
    pub fn of_any_model(self) -> Self {
        Self { models: Vec::new(), ..self }
    }

    /// The same for any vendor and model.
    #[must_use]
    pub fn of_any_make(self) -> Self {
        Self { vendor: None, models: Vec::new(), ..self }
    }

    /// All GPUs of a job as the wire can say it: how many, and one by one.
    #[must_use]
    pub fn on_the_wire(requirements: &[Self]) -> (i64, Option<Vec<GpuSpec>>) {
        let each = |need: &Self| std::iter::repeat_n(need.wire_spec(), need.count());
        let listed: Vec<GpuSpec> = requirements.iter().flat_map(each).collect();
        let count = i64::try_from(listed.len()).unwrap_or(i64::MAX);
        (count, if listed.is_empty() { None } else { Some(listed) })
    }

    /// One such GPU as the wire can say it, which knows a name, a vendor and a least size: what it cannot say (a choice of
    /// models, a largest size) is left out. The size is the one that the card must report, see [`GpuSize::at_least`].
    #[must_use]
    pub fn wire_spec(&self) -> GpuSpec {
        let name = match self.models.as_slice() {
            [only] => only.to_string(),
            _ => String::new(),
        };
        GpuSpec {
            name,
            vendor: self.vendor.map(|vendor| vendor.wire_name().to_owned()).unwrap_or_default(),
            vram: self.memory.least().map_or(0, |least| least.0),
        }
    }
}

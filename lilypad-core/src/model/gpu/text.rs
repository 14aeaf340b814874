//! The short text form of a GPU requirement: the one place that reads and prints it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{GpuMemory, GpuModel, GpuRequirement, GpuSet, GpuSize, GpuVendor};
use crate::error::{Error, Result};

/// Most bytes of a text.
const MAX_TEXT: usize = 1_024;
/// Most models of one requirement.
const MAX_MODELS: usize = 16;

/// What a part says; in the order in which they stand.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Vendor,
    Models,
    Memory,
    Count,
}

impl Part {
    /// Each part is known by its shape, so that the others can be left out.
    fn of(text: &str) -> Self {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        if digits {
            Self::Count
        } else if text.contains("..") || GpuSize::is_meant_by(text) {
            Self::Memory
        } else if GpuVendor::from_part(text).is_some() {
            Self::Vendor
        } else {
            Self::Models
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Vendor => "vendor",
            Self::Models => "models",
            Self::Memory => "memory",
            Self::Count => "count",
        }
    }
}

impl FromStr for GpuRequirement {
    type Err = Error;

    /// Reads the text form; spaces around parts and models do not matter.
    ///
    /// # Errors
    /// `InvalidInput` (`E_GPU`): the message says which part is wrong and why, the hint what would be right; the context has
    /// `part` and `got`.
    fn from_str(text: &str) -> Result<Self> {
        if text.len() > MAX_TEXT {
            let why = format!("the text has {} bytes, the limit is {MAX_TEXT}", text.len());
            return Err(refuse("text", text, why, "name fewer models"));
        }
        if text.trim().is_empty() {
            return Err(refuse("text", text, "nothing is asked for".to_owned(), "write 1 for any GPU"));
        }
        let mut need = Self { vendor: None, models: Vec::new(), memory: GpuMemory::default(), count: 1 };
        let mut last = None;
        for text in text.split(':').map(str::trim) {
            let part = Part::of(text);
            in_order(last, part, text)?;
            last = Some(part);
            match part {
                Part::Vendor => need.vendor = GpuVendor::from_part(text),
                Part::Models => need.models = models(text)?,
                Part::Memory => need.memory = GpuMemory::read(text).map_err(|why| memory(text, why))?,
                Part::Count => need.count = count(text)?,
            }
        }
        Ok(need)
    }
}

fn in_order(last: Option<Part>, part: Part, text: &str) -> Result<()> {
    if text.is_empty() {
        let hint = "leave a part out together with its colon, as in nvidia:2";
        return Err(refuse("text", text, "a part between colons is empty".to_owned(), hint));
    }
    let order = "the order is vendor:models:memory:count";
    match last {
        Some(last) if last == part => {
            let hint = if part == Part::Models { "write models with commas: H100,A100" } else { order };
            Err(refuse(part.name(), text, format!("there are two parts for {}", part.name()), hint))
        }
        Some(last) if last > part => {
            let why = format!("{} cannot stand behind {}", part.name(), last.name());
            Err(refuse(part.name(), text, why, order))
        }
        _ => Ok(()),
    }
}

fn models(text: &str) -> Result<Vec<GpuModel>> {
    let count = text.split(',').count();
    if count > MAX_MODELS {
        let why = format!("{count} models, the limit is {MAX_MODELS}");
        return Err(refuse("models", text, why, "leave the models out and ask for memory"));
    }
    let read = |model: &str| GpuModel::read(model).map_err(|(why, hint)| refuse("models", model, why, hint));
    let mut models = text.split(',').map(str::trim).map(read).collect::<Result<Vec<_>>>()?;
    models.sort();
    models.dedup();
    Ok(models)
}

fn count(text: &str) -> Result<u8> {
    let count = text.parse::<u8>().ok().filter(|count| (1..=GpuSet::MAX).contains(&usize::from(*count)));
    count.ok_or_else(|| {
        let why = format!("digits alone are a count, which is 1 to {}", GpuSet::MAX);
        refuse("count", text, why, "write a model with its series, like RTX 4090")
    })
}

fn memory(text: &str, why: String) -> Error {
    refuse("memory", text, why, "write memory as 24GB, 16GB..48GB, ..24GB or 24GiB")
}

fn refuse(part: &'static str, got: &str, why: String, hint: &'static str) -> Error {
    let shown: String = got.chars().take(80).collect();
    Error::invalid("E_GPU", format!("GPU requirement, {part} {shown:?}: {why}"))
        .with_hint(hint)
        .with("part", part)
        .with("got", shown)
}

impl fmt::Display for GpuRequirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        parts.extend(self.vendor.map(|vendor| vendor.to_string()));
        if !self.models.is_empty() {
            parts.push(self.models.iter().map(GpuModel::as_str).collect::<Vec<_>>().join(","));
        }
        if !self.memory.is_any() {
            parts.push(self.memory.to_string());
        }
        if self.count != 1 || parts.is_empty() {
            parts.push(self.count.to_string());
        }
        f.write_str(&parts.join(":"))
    }
}

impl Serialize for GpuRequirement {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for GpuRequirement {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

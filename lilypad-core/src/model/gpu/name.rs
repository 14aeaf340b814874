//! Vendors and models of GPUs, and how they are found in the names that machines report.

use std::fmt;

use super::GpuSize;
use crate::model::GpuSpec;

/// Most letters and digits of a model.
const MODEL_BYTES: usize = 32;

/// Words that make another chip of the model right before them.
const VARIANTS: [&str; 8] = ["TI", "SUPER", "D", "XT", "XTX", "GRE", "ADA", "SFF"];

/// Words that make something smaller of the GPU wherever they stand: laptop versions (`Q` is from `Max-Q`), slices.
const LESSER: [&str; 4] = ["LAPTOP", "MOBILE", "Q", "MIG"];

/// Who makes a GPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum GpuVendor {
    /// NVIDIA.
    Nvidia,
    /// AMD, formerly ATI.
    Amd,
    /// Intel.
    Intel,
}

impl GpuVendor {
    /// The name in requirements (`nvidia`, `amd`, `intel`).
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nvidia => "nvidia",
            Self::Amd => "amd",
            Self::Intel => "intel",
        }
    }

    /// The name on the wire (`NVIDIA`, `AMD/ATI`, `Intel`).
    #[must_use]
    pub fn wire_name(self) -> &'static str {
        match self {
            Self::Nvidia => "NVIDIA",
            Self::Amd => "AMD/ATI",
            Self::Intel => "Intel",
        }
    }

    /// The vendor that a GPU names: the first known one among the words of its `vendor`, or of its `name` where `vendor` is
    /// empty. So `NVIDIA Corporation` and `Advanced Micro Devices, Inc. [AMD/ATI]` are known too.
    #[must_use]
    pub fn of(gpu: &GpuSpec) -> Option<Self> {
        let text = if gpu.vendor.trim().is_empty() { &gpu.name } else { &gpu.vendor };
        words(text).find_map(Self::from_word)
    }

    /// Reads a whole part: one word, or the wire's `AMD/ATI`.
    pub(super) fn from_part(text: &str) -> Option<Self> {
        if text.eq_ignore_ascii_case(Self::Amd.wire_name()) {
            return Some(Self::Amd);
        }
        Self::from_word(text)
    }

    fn from_word(word: &str) -> Option<Self> {
        let known =
            [("nvidia", Self::Nvidia), ("amd", Self::Amd), ("ati", Self::Amd), ("intel", Self::Intel)];
        known.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, vendor)| *vendor)
    }
}

impl fmt::Display for GpuVendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A model of a GPU: its letters and digits in upper case (`RTX4090`). How it fits: see
/// [`GpuRequirement`](super::GpuRequirement).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GpuModel(String);

impl GpuModel {
    /// The letters and digits, in upper case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads a model; an error says what is wrong and what would be right.
    pub(super) fn read(text: &str) -> Result<Self, (String, &'static str)> {
        let other = |letter: char| !letter.is_ascii_alphanumeric() && !" -_.".contains(letter);
        let key: String =
            words(text).flat_map(str::chars).map(|letter| letter.to_ascii_uppercase()).collect();
        if let Some(letter) = text.chars().find(|letter| other(*letter)) {
            return Err((
                format!("{letter:?} cannot stand in a model"),
                "write a model like H100 or RTX 4090",
            ));
        }
        if !(1..=MODEL_BYTES).contains(&key.len()) {
            let why = format!("a model has 1 to {MODEL_BYTES} letters and digits, not {}", key.len());
            return Err((why, "write a model like H100 or RTX 4090"));
        }
        if !key.contains(|letter: char| letter.is_ascii_alphabetic()) {
            return Err((
                "a model needs a letter: digits alone are a count".to_owned(),
                "write a model with its series, like RTX 4090",
            ));
        }
        // The text without spaces is looked at too: it is what gets printed, and must read back as a model.
        let parts = || words(text).chain([key.as_str()]);
        if parts().any(|word| GpuVendor::from_word(word).is_some()) {
            return Err((
                "a vendor stands among the models".to_owned(),
                "write it once, in front: nvidia:H100,A100",
            ));
        }
        if parts().any(GpuSize::is_meant_by) || GpuSize::is_meant_by(text) {
            return Err((
                "a size of memory stands among the models".to_owned(),
                "write it behind the models: A100:80GB",
            ));
        }
        Ok(Self(key))
    }
}

impl fmt::Display for GpuModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name that a GPU reports, as words.
pub(super) struct Name<'a>(Vec<&'a str>);

impl<'a> Name<'a> {
    pub(super) fn of(name: &'a str) -> Self {
        Self(words(name).collect())
    }

    /// True where some words in a row are the model, and none beside them makes something else of it.
    pub(super) fn has(&self, model: &GpuModel) -> bool {
        (0..self.0.len()).any(|start| {
            let (before, from) = self.0.split_at_checked(start).unwrap_or_default();
            let Some(count) = spelled(from, model.as_str()) else { return false };
            let after = from.get(count..).unwrap_or_default();
            let lesser = before.iter().chain(after).any(|word| is_in(word, &LESSER));
            !lesser && !after.first().is_some_and(|word| is_in(word, &VARIANTS))
        })
    }
}

/// How many of the first words spell `model` together.
fn spelled(words: &[&str], model: &str) -> Option<usize> {
    let mut rest = model;
    for (count, word) in words.iter().enumerate() {
        if rest.is_empty() {
            return Some(count);
        }
        let (start, end) = rest.split_at_checked(word.len())?;
        if !start.eq_ignore_ascii_case(word) {
            return None;
        }
        rest = end;
    }
    rest.is_empty().then_some(words.len())
}

fn is_in(word: &str, list: &[&str]) -> bool {
    list.iter().any(|known| known.eq_ignore_ascii_case(word))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty())
}

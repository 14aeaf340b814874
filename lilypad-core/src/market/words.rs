//! Verdicts in plain words.

use std::fmt;

use super::Verdict;

/// Most characters that are shown of a name from a peer.
const SHOWN: usize = 60;

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what(1))?;
        if let Some(numbers) = self.numbers(1) {
            write!(f, " ({numbers})")?;
        }
        match self.mend() {
            "" => Ok(()),
            mend => write!(f, ": {mend}"),
        }
    }
}

impl Verdict {
    /// What `count` offers with this verdict do: `lacks memory`, `lack memory`.
    pub(super) fn what(&self, count: usize) -> &'static str {
        let one = count == 1;
        match self {
            Self::Match if one => "fits",
            Self::Match => "fit",
            Self::CpuMismatch { .. } if one => "lacks CPU",
            Self::CpuMismatch { .. } => "lack CPU",
            Self::GpuMismatch { .. } if one => "lacks GPUs",
            Self::GpuMismatch { .. } => "lack GPUs",
            Self::RamMismatch { .. } if one => "lacks memory",
            Self::RamMismatch { .. } => "lack memory",
            Self::VramMismatch { .. } if one => "lacks video memory",
            Self::VramMismatch { .. } => "lack video memory",
            Self::DiskMismatch { .. } if one => "lacks disk space",
            Self::DiskMismatch { .. } => "lack disk space",
            Self::MarketPriceUnavailable if one => "asks for a market price that nobody computes",
            Self::MarketPriceUnavailable => "ask for a market price that nobody computes",
            Self::PriceMismatch { .. } | Self::RateMismatch { .. } => "too dear",
            Self::PriceCapMismatch { .. } => "too dear for the price cap",
            Self::MediatorMismatch { .. } if one => "trusts no mediator that the job trusts",
            Self::MediatorMismatch { .. } => "trust no mediator that the job trusts",
            Self::SolverMismatch { .. } if one => "trusts another solver",
            Self::SolverMismatch { .. } => "trust another solver",
            Self::ExecutorMismatch { .. } if one => "does not run this kind of job",
            Self::ExecutorMismatch { .. } => "do not run this kind of job",
            Self::GpuModelMismatch { .. } if one => "has other GPUs",
            Self::GpuModelMismatch { .. } => "have other GPUs",
            Self::DriverMismatch { .. } if one => "has too old a GPU driver",
            Self::DriverMismatch { .. } => "have too old a GPU driver",
            Self::CudaMismatch { .. } if one => "has too old a CUDA version",
            Self::CudaMismatch { .. } => "have too old a CUDA version",
            Self::NetworkMismatch { .. } if one => "gives jobs no such network access",
            Self::NetworkMismatch { .. } => "give jobs no such network access",
            Self::ModuleRefused { .. } if one => "refuses the module",
            Self::ModuleRefused { .. } => "refuse the module",
            Self::ModuleNotListed { .. } if one => "runs listed modules only",
            Self::ModuleNotListed { .. } => "run listed modules only",
            Self::LabelMismatch { .. } if one => "lacks a label",
            Self::LabelMismatch { .. } => "lack a label",
            Self::VerificationMismatch { .. } if one => "promises less about re-running",
            Self::VerificationMismatch { .. } => "promise less about re-running",
            Self::ReputationMismatch { .. } if one => "has too low a reputation",
            Self::ReputationMismatch { .. } => "have too low a reputation",
            Self::CollateralMismatch { .. } if one => "stakes too little",
            Self::CollateralMismatch { .. } => "stake too little",
            Self::StakeMismatch { .. } if one => "has too little stake for the price cap",
            Self::StakeMismatch { .. } => "have too little stake for the price cap",
            Self::OfferTaken => "busy with earlier jobs",
        }
    }

    /// What was needed and what there is; of many offers, the nearest.
    pub(super) fn numbers(&self, count: usize) -> Option<String> {
        let (needs, has) = if count == 1 { ("needs", "has") } else { ("need", "most") };
        let asked = if count == 1 { "costs" } else { "cheapest costs" };
        let numbers = match self {
            Self::Match | Self::MarketPriceUnavailable | Self::OfferTaken => return None,
            Self::CpuMismatch { need, have } => {
                format!("{needs} {} CPUs, {has} {}", thousandths(*need), thousandths(*have))
            }
            Self::GpuMismatch { need, have } => {
                format!("{needs} {} GPUs, {has} {}", thousandths(*need), thousandths(*have))
            }
            Self::RamMismatch { need, have } | Self::DiskMismatch { need, have } => {
                format!("{needs} {}, {has} {}", megabytes(*need), megabytes(*have))
            }
            Self::VramMismatch { need, have: Some(have) } => format!("{needs} {need} MiB, {has} {have} MiB"),
            Self::VramMismatch { need, have: None } => format!("{needs} {need} MiB, no GPU listed"),
            Self::PriceMismatch { most, asked: price } => format!("pays {most} LP, {asked} {price} LP"),
            Self::RateMismatch { most, asked: price } => {
                format!("pays {}, {asked} {}", most.in_words(), price.in_words())
            }
            Self::PriceCapMismatch { cap, asked: price } => {
                format!("cap {cap}, {asked} {}", price.in_words())
            }
            Self::MediatorMismatch { wanted, offered } => {
                format!("the job names {wanted}, the offer {}", offered.len())
            }
            Self::GpuModelMismatch { need, have } => {
                let need: Vec<String> = need.iter().map(ToString::to_string).collect();
                format!("{needs} {}, {has} {}", need.join(" and "), gpus(have))
            }
            Self::DriverMismatch { need, have } | Self::CudaMismatch { need, have } => match have {
                Some(have) => format!("{needs} {need}, {has} {have}"),
                None => format!("{needs} {need}, the offer names none"),
            },
            Self::NetworkMismatch { need, have } => format!("{needs} {need}, {has} {have}"),
            Self::VerificationMismatch { need, have } => format!("{needs} {need}, {has} {have}"),
            Self::ReputationMismatch { need, have } => format!("{needs} {need}, {has} {have}"),
            Self::ModuleNotListed { listed } => format!("it lists {listed}"),
            Self::LabelMismatch { name, need, have } => {
                let have = have.as_ref().map_or_else(|| "none".to_owned(), |have| label_value(have));
                format!("{needs} {} = {}, {has} {have}", shown(name), label_value(need))
            }
            Self::SolverMismatch { wanted, offered } => {
                format!("the job names {}, the offer {}", shown(wanted), shown(offered))
            }
            Self::ExecutorMismatch { need, offered } if offered.is_empty() => {
                format!("{needs} {}, runs nothing", shown(need))
            }
            Self::ExecutorMismatch { need, offered } => {
                let names: Vec<String> = offered.iter().take(8).map(|name| shown(name)).collect();
                format!("{needs} {}, runs {}", shown(need), names.join(", "))
            }
            Self::ModuleRefused { rule } => rule.clone(),
            Self::StakeMismatch { cap, most } => format!("cap {cap}, at most {most}"),
            Self::CollateralMismatch { need, have } => {
                format!("{needs} {need} times the price cap, {has} {have}")
            }
        };
        Some(numbers)
    }

    /// What would mend it; empty for a match.
    pub(super) fn mend(&self) -> &'static str {
        match self {
            Self::Match => "",
            Self::CpuMismatch { .. } => "ask for fewer CPUs, or wait for a larger machine",
            Self::GpuMismatch { .. } => "ask for fewer GPUs, or wait for a machine with more",
            Self::RamMismatch { .. } => "ask for less memory, or wait for a larger machine",
            Self::VramMismatch { .. } => "ask for less video memory, or wait for a larger GPU",
            Self::DiskMismatch { .. } => "ask for less disk space, or wait for a larger machine",
            Self::MarketPriceUnavailable => "the provider must offer a fixed price",
            Self::PriceMismatch { .. } => "pay more, or take the market's price",
            Self::RateMismatch { .. } => "raise the job's highest rate, or wait for a cheaper offer",
            Self::PriceCapMismatch { .. } => "raise the job's price cap, or wait for a cheaper offer",
            Self::MediatorMismatch { .. } => "name a mediator that providers trust",
            Self::SolverMismatch { .. } => "name the solver that providers use",
            Self::ExecutorMismatch { .. } => {
                "use another form of the module, or wait for a provider that runs it"
            }
            Self::GpuModelMismatch { .. } => "ask for other GPUs, or wait for a machine that has these",
            Self::DriverMismatch { .. } => "take an older driver, or wait for another machine",
            Self::CudaMismatch { .. } => "take an older CUDA version, or wait for another machine",
            Self::NetworkMismatch { .. } => "use a module that needs less network access",
            Self::ModuleNotListed { .. } => "use a module that providers list, or ask one to list it",
            Self::LabelMismatch { .. } => "ask for another label, or for none",
            Self::VerificationMismatch { .. } => "ask for a lower verification class",
            Self::ReputationMismatch { .. } => "take providers with a lower reputation",
            Self::ModuleRefused { .. } => "use another module, or ask the provider to allow it",
            Self::CollateralMismatch { .. } => "ask for less collateral",
            Self::StakeMismatch { .. } => {
                "lower the job's price cap, or wait until a job of the provider is over"
            }
            Self::OfferTaken => "wait until it is free again",
        }
    }
}

pub(super) fn thousandths(number: i64) -> String {
    let text = format!("{}.{:03}", number / 1_000, (number % 1_000).unsigned_abs());
    let sign = if number < 0 && number > -1_000 { "-" } else { "" };
    format!("{sign}{}", text.trim_end_matches('0').trim_end_matches('.'))
}

fn gpus(have: &[(String, usize)]) -> String {
    if have.is_empty() {
        return "no GPU listed".to_owned();
    }
    let names: Vec<String> =
        have.iter().take(4).map(|(name, count)| format!("{count} × {}", shown(name))).collect();
    names.join(", ")
}

pub(super) fn megabytes(bytes: i64) -> String {
    format!("{} MB", bytes / 1_000_000)
}

/// An empty value is not the same as no label.
pub(super) fn label_value(value: &str) -> String {
    if value.is_empty() { "\"\"".to_owned() } else { shown(value) }
}

pub(super) fn shown(name: &str) -> String {
    if name.is_empty() {
        return "none".to_owned();
    }
    name.chars().filter(|character| !character.is_control()).take(SHOWN).collect()
}

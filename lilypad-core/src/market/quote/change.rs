//! A change of a job after which an offer fits it.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::super::words::{label_value, megabytes, shown, thousandths};
use crate::market::{JobTerms, NetworkAccess, VerificationClass};
use crate::model::{Amount, GpuRequirement, GpuSpec, JobOffer, Rate, ResourceOfferId, SoftwareVersion};

/// The cheapest change that lets a job match: the fewest fields, then the lowest price, then the oldest offer.
///
/// Applied to the job that was asked about, on the book as it was, it always matches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Change {
    /// What to change: one field or two.
    pub fields: Vec<FieldChange>,
    /// The offer that then fits.
    pub offer_id: ResourceOfferId,
    /// Its provider.
    pub provider: String,
    /// Its price of work.
    pub rate: Rate,
    /// Its price on the wire, in LP.
    pub instruction_price: u64,
}

/// A change of one field, with what it is now. Sizes in bytes, CPUs and GPUs in thousandths, video memory in mebibytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "change", rename_all = "snake_case")]
#[non_exhaustive]
#[allow(missing_docs, reason = "each variant has what the field is and what it would be")]
pub enum FieldChange {
    /// Fewer CPUs.
    Cpu { from: i64, to: i64 },
    /// Fewer GPUs of any kind.
    GpuCount { from: i64, to: i64 },
    /// Other GPUs; none named where it is empty.
    Gpus { from: Vec<GpuRequirement>, to: Vec<GpuRequirement> },
    /// Less memory.
    Ram { from: i64, to: i64 },
    /// Less video memory; none named where `to` is `None`.
    Vram { from: i64, to: Option<i64> },
    /// Less disk.
    Disk { from: i64, to: i64 },
    /// An older GPU driver, or any.
    Driver { from: SoftwareVersion, to: Option<SoftwareVersion> },
    /// An older CUDA version, or any.
    Cuda { from: SoftwareVersion, to: Option<SoftwareVersion> },
    /// Less network access.
    Network { from: NetworkAccess, to: NetworkAccess },
    /// A mediator more.
    Mediator { add: String },
    /// Fewer labels.
    Labels { from: BTreeMap<String, String>, to: BTreeMap<String, String> },
    /// A lower verification class.
    Verification { from: VerificationClass, to: VerificationClass },
    /// A lower reputation.
    Reputation { from: u32, to: u32 },
    /// Less collateral.
    Collateral { from: u64, to: u64 },
    /// A higher price on the wire, in LP.
    InstructionPrice { from: u64, to: u64 },
    /// A dearer price of work.
    MaxRate { from: Rate, to: Rate },
    /// A higher price cap, or a lower one where the provider's stake is too small for it.
    PriceCap { from: Amount, to: Amount },
    /// Any provider.
    Target { from: String },
}

impl Change {
    /// Changes a job's offer and terms. The id of the offer changes with it.
    pub fn apply(&self, offer: &mut JobOffer, terms: &mut JobTerms) {
        self.fields.iter().for_each(|field| field.apply(offer, terms));
    }
}

impl FieldChange {
    /// The field: of the module's manifest where it has a point in it, else of the job.
    #[must_use]
    pub fn field(&self) -> &'static str {
        match self {
            Self::Cpu { .. } => "machine.cpu",
            Self::GpuCount { .. } | Self::Gpus { .. } => "machine.gpu",
            Self::Ram { .. } => "machine.ram",
            Self::Vram { .. } => "machine.vram",
            Self::Disk { .. } => "machine.disk",
            Self::Driver { .. } => "machine.driver",
            Self::Cuda { .. } => "machine.cuda",
            Self::Network { .. } => "network.policy",
            Self::Mediator { .. } => "mediators",
            Self::Labels { .. } => "labels",
            Self::Verification { .. } => "verification",
            Self::Reputation { .. } => "min_reputation",
            Self::Collateral { .. } => "min_collateral_multiple",
            Self::InstructionPrice { .. } => "instruction_price",
            Self::MaxRate { .. } => "max_rate",
            Self::PriceCap { .. } => "price_cap",
            Self::Target { .. } => "target",
        }
    }

    /// Changes one field of a job.
    pub fn apply(&self, offer: &mut JobOffer, terms: &mut JobTerms) {
        let spec = &mut offer.spec;
        match self {
            Self::Cpu { to, .. } => spec.cpu = *to,
            // Below a thousand the wire counts whole ones.
            Self::GpuCount { to, .. } => spec.gpu = to.div_euclid(1_000),
            Self::Gpus { to, .. } => {
                (spec.gpu, spec.gpus) = GpuRequirement::on_the_wire(to);
                terms.gpus.clone_from(to);
            }
            // In megabytes, rounded down: what was asked for in bytes is so no longer.
            Self::Ram { to, .. } => spec.ram = to.div_euclid(1_000_000),
            Self::Disk { to, .. } => spec.disk = to.div_euclid(1_000_000),
            Self::Vram { to, .. } => {
                spec.gpus = to.map(|vram| vec![GpuSpec { vram, ..GpuSpec::default() }]);
            }
            Self::Driver { to, .. } => terms.min_driver = *to,
            Self::Cuda { to, .. } => terms.min_cuda = *to,
            Self::Network { to, .. } => terms.network = *to,
            Self::Mediator { add } => {
                offer.trusted_parties.mediator.get_or_insert_default().push(add.clone());
            }
            Self::Labels { to, .. } => terms.labels.clone_from(to),
            Self::Verification { to, .. } => terms.verification = *to,
            Self::Reputation { to, .. } => terms.min_reputation = *to,
            Self::Collateral { to, .. } => terms.min_collateral_multiple = *to,
            Self::InstructionPrice { to, .. } => offer.pricing.instruction_price = *to,
            Self::MaxRate { to, .. } => terms.max_rate = Some(*to),
            Self::PriceCap { to, .. } => terms.price_cap = *to,
            Self::Target { .. } => offer.target.address.clear(),
        }
    }
}

impl fmt::Display for Change {
    /// What to do, in one line, with the price of the offer that then fits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, field) in self.fields.iter().enumerate() {
            write!(f, "{}{field}", if at == 0 { "" } else { ", and " })?;
        }
        write!(f, ": then an offer fits, at {}", self.rate.in_words())
    }
}

impl fmt::Display for FieldChange {
    /// What to do, and in brackets where.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.what(f)?;
        write!(f, " ({})", self.field())
    }
}

impl FieldChange {
    fn what(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu { from, to } => {
                write!(f, "ask for {} CPUs instead of {}", thousandths(*to), thousandths(*from))
            }
            Self::GpuCount { from, to } => {
                write!(f, "ask for {} GPUs instead of {}", thousandths(*to), thousandths(*from))
            }
            Self::Gpus { from, to } => {
                write!(f, "ask for {} GPUs instead of {}", listed(to), listed(from))
            }
            Self::Ram { from, to } => {
                write!(f, "ask for {} of memory instead of {}", megabytes(*to), megabytes(*from))
            }
            Self::Disk { from, to } => {
                write!(f, "ask for {} of disk instead of {}", megabytes(*to), megabytes(*from))
            }
            Self::Vram { from, to: Some(to) } => {
                write!(f, "ask for {to} MiB of video memory instead of {from} MiB")
            }
            Self::Vram { from, to: None } => {
                write!(f, "ask for no video memory instead of {from} MiB")
            }
            Self::Driver { from, to } => older(f, "GPU driver", *from, *to),
            Self::Cuda { from, to } => older(f, "CUDA version", *from, *to),
            Self::Network { from, to } => {
                write!(f, "use network access `{to}` instead of `{from}`")
            }
            Self::Mediator { add } => write!(f, "also trust mediator {}", shown(add)),
            Self::Labels { from, to } => {
                let gone = from.iter().filter(|(name, _)| !to.contains_key(*name));
                let gone: Vec<_> =
                    gone.map(|(name, value)| format!("{} = {}", shown(name), label_value(value))).collect();
                write!(f, "do without the label {}", gone.join(" and "))
            }
            Self::Verification { from, to } => {
                write!(f, "take verification class `{to}` instead of `{from}`")
            }
            Self::Reputation { from, to } => {
                write!(f, "take providers of reputation {to} instead of {from}")
            }
            Self::Collateral { from, to } => {
                write!(f, "take collateral of {to} instead of {from} times the price cap")
            }
            Self::InstructionPrice { from, to } => {
                write!(f, "pay {to} LP instead of {from} LP for an instruction")
            }
            Self::MaxRate { from, to } => {
                write!(f, "take work at {} instead of {}", to.in_words(), from.in_words())
            }
            Self::PriceCap { from, to } if to < from => write!(f, "lower the price cap from {from} to {to}"),
            Self::PriceCap { from, to } => {
                write!(f, "raise the price cap from {from} to at least {to}, which pays for one instruction")
            }
            Self::Target { from } => write!(f, "take any provider instead of {}", shown(from)),
        }
    }
}

fn older(
    f: &mut fmt::Formatter<'_>,
    what: &str,
    from: SoftwareVersion,
    to: Option<SoftwareVersion>,
) -> fmt::Result {
    match to {
        Some(to) => write!(f, "take {what} {to} instead of {from}"),
        None => write!(f, "take any {what} instead of {from}"),
    }
}

fn listed(gpus: &[GpuRequirement]) -> String {
    if gpus.is_empty() {
        return "no".to_owned();
    }
    gpus.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
}

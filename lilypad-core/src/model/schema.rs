//! How what is written as text or as a number looks, for those who read a description of the interface instead of this code.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{
    Address, AgreementState, Amount, Cid, ContentId, DealId, GpuRequirement, JobId, Outcome, PricingMode,
    ResourceOfferId, SoftwareVersion,
};
use crate::rt::Timestamp;

/// Types that are written as text, with the pattern of the text.
macro_rules! texts {
    ($($type:ident: $pattern:literal, $about:literal;)+) => {$(
        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "pattern": $pattern, "description": $about })
            }
        }
    )+};
}
pub(crate) use texts;

texts! {
    Amount: "^(0|[1-9][0-9]{0,77})$", "An amount of money in wei, below 2^256.";
    Address: "^0x[0-9a-fA-F]{40}$", "An account, with the mixed case of EIP-55.";
    Cid: "^Qm[1-9A-HJ-NP-Za-km-z]{44}$", "A content id: a CIDv0.";
    ContentId: "^Qm[1-9A-HJ-NP-Za-km-z]{44}$", "The content id of a folder.";
    JobId: "^Qm[1-9A-HJ-NP-Za-km-z]{44}$", "The id of a job: that of its job offer.";
    DealId: "^Qm[1-9A-HJ-NP-Za-km-z]{44}$", "The id of a deal.";
    ResourceOfferId: "^Qm[1-9A-HJ-NP-Za-km-z]{44}$", "The id of a resource offer.";
    Outcome: "^(exited:(0|-?[1-9][0-9]*)|trapped|limit:[A-Z_]{1,40}|timed_out|cancelled)$", "How a program ended.";
    SoftwareVersion: "^[0-9]+(\\.[0-9]+){0,3}$", "A version of one to four numbers.";
    GpuRequirement: "^.+$", "GPUs that a job needs: vendor, models, memory, count, as in a module's manifest.";
    PricingMode: "^.*$", "How an offer sets its price: `MarketPrice` or `FixedPrice`.";
}

impl JsonSchema for Timestamp {
    fn schema_name() -> Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 0, "description": "A moment, in Unix milliseconds." })
    }
}

impl JsonSchema for AgreementState {
    fn schema_name() -> Cow<'static, str> {
        "AgreementState".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let number = |state: &Self| serde_json::Value::from(state.number());
        let numbers: Vec<_> = Self::ALL.iter().map(number).collect();
        let names: Vec<_> = Self::ALL.iter().map(|state| format!("{} {state}", state.number())).collect();
        let about = format!("Where an agreement stands: {}.", names.join(", "));
        json_schema!({ "type": "integer", "enum": numbers, "description": about })
    }
}

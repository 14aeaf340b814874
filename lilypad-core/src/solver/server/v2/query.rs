//! Query strings as v2 reads them, and what lists are filtered by.

use crate::error::{Error, Result};
use crate::model::{AgreementState, DealContainer, JobOfferContainer, ResourceOfferContainer};

/// The parameters of a request; of one that is there twice the first counts.
#[derive(Debug, Default)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads what follows `?`. What is not written as it should be is left out.
    pub(super) fn read(text: Option<&str>) -> Self {
        let pairs = text.unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        Self(pairs.filter_map(|(name, value)| Some((plain(name)?, plain(value)?))).collect())
    }

    pub(super) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    fn is_true(&self, name: &str) -> bool {
        self.get(name) == "true"
    }

    /// Passes what it asks of job offers.
    pub(super) fn of_jobs(&self) -> Result<impl Fn(&JobOfferContainer) -> bool + '_> {
        use AgreementState as State;
        let cancelled = match self.get("cancelled") {
            "" => None,
            word => Some(flag(word)?),
        };
        let ended = |state: State| match state {
            State::JobOfferCancelled => true,
            state => state.is_timeout(),
        };
        let active = |state: State| {
            matches!(state, State::DealNegotiating | State::DealAgreed | State::ResultsSubmitted)
        };
        Ok(move |job: &JobOfferContainer| {
            same(self.get("job_creator"), &job.job_creator)
                && (!self.is_true("not_matched") || job.deal_id.is_empty())
                && (!self.is_true("active") || active(job.state))
                && cancelled.is_none_or(|wanted| ended(job.state) == wanted)
        })
    }

    /// Passes what it asks of resource offers.
    pub(super) fn of_offers(&self) -> impl Fn(&ResourceOfferContainer) -> bool + '_ {
        |offer| {
            same(self.get("resource_provider"), &offer.resource_provider)
                && (!self.is_true("not_matched") || offer.deal_id.is_empty())
                && (!self.is_true("active") || offer.state.is_active())
        }
    }

    /// Passes what it asks of deals.
    pub(super) fn of_deals(&self) -> Result<impl Fn(&DealContainer) -> bool + '_> {
        let state = match self.get("state") {
            "" => None,
            name => Some(name.parse::<AgreementState>().map_err(|_| {
                let shown: String = name.chars().take(40).collect();
                Error::invalid("E_V2_QUERY", format!("no AgreementState of type {shown}"))
            })?),
        };
        Ok(move |deal: &DealContainer| {
            same(self.get("job_creator"), &deal.job_creator)
                && same(self.get("resource_provider"), &deal.resource_provider)
                && state.is_none_or(|wanted| deal.state == wanted)
        })
    }
}

/// Addresses are compared letter by letter, as v2 does.
fn same(wanted: &str, got: &str) -> bool {
    wanted.is_empty() || wanted == got
}

fn flag(word: &str) -> Result<bool> {
    match word {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        word => {
            let shown: String = word.chars().take(40).collect();
            Err(Error::invalid("E_V2_QUERY", format!("cancelled: {shown:?} is neither true nor false")))
        }
    }
}

/// Without `%xx` and `+`; `None` where it is not written so.
fn plain(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                let (high, low) = (digit()?, digit()?);
                u8::try_from(high * 16 + low).ok()?
            }
            b'+' => b' ',
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_go_clients_odd_query_is_read() {
        let query = Query::read(Some("&Type=JobCreator&ID=0x99%36&ID=second&bad=%zz&+a"));
        assert_eq!((query.get("Type"), query.get("ID"), query.get("bad")), ("JobCreator", "0x996", ""));
    }

    #[test]
    fn lists_are_filtered_as_v2_filters_them() {
        let job = |state, deal_id: &str| JobOfferContainer {
            state,
            deal_id: deal_id.to_owned(),
            job_creator: "0xA".to_owned(),
            ..JobOfferContainer::default()
        };
        let passes = |query: &str, job: &JobOfferContainer| Query::read(Some(query)).of_jobs().unwrap()(job);
        let (waiting, late) =
            (job(AgreementState::DealNegotiating, ""), job(AgreementState::TimeoutMatch, ""));
        assert!(passes("not_matched=true&job_creator=0xA&active=true&cancelled=F", &waiting));
        assert!(!passes("job_creator=0xa", &waiting));
        assert!(!passes("cancelled=1", &waiting) && passes("cancelled=1", &late));
        assert!(!passes("active=true", &late) && passes("active=yes", &late));
        let query = Query::read(Some("cancelled=maybe"));
        assert!(query.of_jobs().is_err());
        let query = Query::read(Some("state=Nothing"));
        let error = query.of_deals().err().unwrap();
        assert_eq!(error.message(), "no AgreementState of type Nothing");
    }
}

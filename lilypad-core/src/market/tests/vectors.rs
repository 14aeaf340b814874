//! `tests/vectors/matching.json`: the table of the Go solver's matcher tests, and cases by hand.

use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    input: Input,
    expect: String,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    job_offer: JobOffer,
    resource_offer: ResourceOffer,
    #[serde(default)]
    job_terms: JobTerms,
    #[serde(default)]
    offer_terms: OfferTerms,
}

#[test]
fn every_case_gets_the_verdict_of_its_source() {
    let text = include_str!("../../../../tests/vectors/matching.json");
    let cases: Vec<Case> = serde_json::from_str(text).unwrap();
    let from_outside = cases.iter().filter(|case| case.source.starts_with("Lilypad v2 solver")).count();
    assert_eq!(from_outside, 18);
    for Case { name, input, expect, source } in &cases {
        let module = module();
        let job = request(&input.job_offer, &input.job_terms, &module);
        let candidate = candidate(&input.resource_offer, &input.offer_terms);
        assert_eq!(judge(&job, &candidate).code(), expect, "{name} ({source})");
    }
}

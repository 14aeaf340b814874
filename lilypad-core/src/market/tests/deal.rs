//! Deals against ids that the Go solver gives.

use super::*;
use crate::error::ErrorKind;

const JOB: &str = r#"{"id":"","created_at":1700000000000,"nonce":"V1StGXR8_Z5jdHi6B-myT","job_creator":"0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc","module":{"name":"","repo":"https://github.com/Lilypad-Tech/lilypad-module-cowsay","hash":"v0.0.4","path":"/lilypad_module.json.tmpl"},"spec":{"gpu":0,"gpus":null,"cpu":1000,"ram":100,"disk":0},"inputs":{"Message":"moo"},"inputFiles":{"required":null,"optional":null},"executionTimeoutSeconds":0,"mode":"MarketPrice","pricing":{"instruction_price":1,"payment_collateral":2,"results_collateral_multiple":2,"mediation_fee":1},"trusted_parties":{"solver":"0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC","mediator":["0x90F79bf6EB2c4f870365E785982E1f101E93b906"],"api_host":""},"target":{"address":""}}"#;
const RESOURCE: &str = r#"{"id":"","created_at":1700000000500,"resource_provider":"0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65","index":0,"spec":{"gpu":1,"gpus":[{"name":"NVIDIA H200","vendor":"NVIDIA","vram":143771}],"cpu":16000,"ram":137438953472,"disk":68719476736},"modules":[],"mode":"FixedPrice","default_pricing":{"instruction_price":1,"payment_collateral":2,"results_collateral_multiple":2,"mediation_fee":1},"module_pricing":{},"trusted_parties":{"solver":"0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC","mediator":["0x90F79bf6EB2c4f870365E785982E1f101E93b906"],"api_host":""}}"#;

#[test]
fn a_deal_has_the_id_that_go_gives_it() {
    let (job, resource): (JobOffer, ResourceOffer) =
        (serde_json::from_str(JOB).unwrap(), serde_json::from_str(RESOURCE).unwrap());
    let deal = build_deal(&job, &resource).unwrap();
    // Strings by Go's own structs, hashes by independent code.
    assert_eq!(deal.job_offer.id, "QmQtq7w7T9drPuJobD2H1jwMdM5zcnifGXphu3QrwPk6A9");
    assert_eq!(deal.resource_offer.id, "QmSeyWKT925igXLRcSzNCb9aJwdhtbN8dnmkV3N7asFF3s");
    assert_eq!(deal.id, "QmX27MJ5WJ3cnfecsdSeRG9P6KD9Dy6GShkn4oURTgrxcH");
}

#[test]
fn mutual_mediators_keep_the_providers_order_and_repetitions() {
    let names = |list: &[&str]| Some(list.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    let mut fit = fit();
    fit.offer.trusted_parties.mediator = names(&["c", "a", "x", "a"]);
    fit.job.trusted_parties.mediator = names(&["a", "c", "y"]);
    let deal = build_deal(&fit.job, &fit.offer).unwrap();
    assert_eq!(deal.members.mediators, names(&["c", "a", "a"]));
    assert_eq!(deal.members.resource_provider, "provider");
}

#[test]
fn parties_that_trust_nobody_in_common_make_no_deal() {
    let mut strangers = fit();
    strangers.job.trusted_parties.mediator = None;
    let error = build_deal(&strangers.job, &strangers.offer).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::NoMatch, "E_NO_MEDIATOR"));
    let mut elsewhere = fit();
    elsewhere.job.trusted_parties.solver = "other".into();
    assert_eq!(build_deal(&elsewhere.job, &elsewhere.offer).unwrap_err().code(), "E_SOLVER_MISMATCH");
}

#[test]
fn lists_made_to_multiply_are_refused() {
    let mut fit = fit();
    fit.job.trusted_parties.mediator = Some(vec!["m".into(); 1_000]);
    fit.offer.trusted_parties.mediator = Some(vec!["m".into(); 1_000]);
    assert_eq!(build_deal(&fit.job, &fit.offer).unwrap_err().code(), "E_TOO_MANY_MEDIATORS");
}

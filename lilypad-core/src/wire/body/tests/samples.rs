//! One of each message, with something in every field.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::FutureExt as _;

use super::*;
use crate::market::{JobTerms, OfferTerms};
use crate::model::{
    Address, ContentId, Deal, DealId, InputFiles, JobOffer, MachineSpec, ModuleConfig, ModulePin,
    ResourceOffer, ServiceConfig, Usage, file_content_id,
};
use crate::signer::{LocalSigner, Receipt, ReceiptBody, Typed};
use crate::wire::JobProposal;

pub(super) const DOMAIN: Domain = Domain { chain_id: 31_337 };

pub(super) fn creator() -> LocalSigner {
    LocalSigner::from_hex("8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba").unwrap()
}

pub(super) fn provider() -> LocalSigner {
    LocalSigner::from_hex("47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a").unwrap()
}

fn sign<T: Typed>(body: T, signer: &LocalSigner) -> Signed<T> {
    Signed::sign(body, signer, DOMAIN).now_or_never().unwrap().unwrap()
}

fn content() -> ContentId {
    file_content_id(b"cowsay")
}

pub(super) fn job_id() -> JobId {
    job_offer().id().unwrap()
}

pub(super) fn deal_id() -> DealId {
    DealId(file_content_id(b"deal").0)
}

fn pin() -> ModulePin {
    ModulePin::Git {
        repo: "https://github.com/Lilypad-Tech/lilypad-module-cowsay".to_owned(),
        commit: "0123456789abcdef0123456789abcdef01234567".to_owned(),
        path: "lilypad.toml".to_owned(),
        content: content(),
    }
}

fn rate() -> Rate {
    Rate::new(Amount::from(50_u64), 1_000).unwrap()
}

fn parties() -> ServiceConfig {
    ServiceConfig {
        solver: "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed".to_owned(),
        ..ServiceConfig::default()
    }
}

fn job_offer() -> JobOffer {
    JobOffer {
        created_at: Timestamp(1_700_000_000_000),
        nonce: "V1StGXR8_Z5jdHi6B-myT".to_owned(),
        job_creator: creator().address().to_string(),
        module: ModuleConfig { name: "cowsay:v0.0.4".to_owned(), ..ModuleConfig::default() },
        spec: MachineSpec { cpu: 1_000, ram: 100, ..MachineSpec::default() },
        inputs: Some(BTreeMap::from([("Message".to_owned(), "hello, pond".to_owned())])),
        input_files: InputFiles { required: Some(vec!["text".to_owned()]), optional: None },
        execution_timeout_seconds: 60,
        trusted_parties: parties(),
        ..JobOffer::default()
    }
}

fn terms() -> JobTerms {
    JobTerms {
        max_rate: Some(rate()),
        labels: BTreeMap::from([("region".to_owned(), "eu".to_owned())]),
        ..JobTerms::new("wasm", "0.001 LP".parse().unwrap())
    }
}

pub(super) fn quote_request() -> QuoteRequest {
    QuoteRequest { offer: job_offer(), terms: terms(), instruction_limit: 1_000_000, module: pin() }
}

pub(super) fn job() -> Signed<JobProposal> {
    let QuoteRequest { offer, terms, instruction_limit, module } = quote_request();
    let body = JobProposal {
        offer,
        terms,
        execution_timeout: Duration::from_millis(60_500),
        instruction_limit,
        module,
        bundle: FileSet::from_files([("lilypad.toml", "[module]\n"), ("run/cowsay.wasm", "\0asm")]).unwrap(),
        files: FileSet::from_files([("text", "moo\n")]).unwrap(),
    };
    sign(body, &creator())
}

fn resource_offer() -> ResourceOffer {
    ResourceOffer {
        created_at: Timestamp(1_700_000_000_001),
        resource_provider: provider().address().to_string(),
        spec: MachineSpec { cpu: 4_000, ram: 8_000, ..MachineSpec::default() },
        trusted_parties: parties(),
        ..ResourceOffer::default()
    }
}

pub(super) fn offer() -> Signed<OfferProposal> {
    let terms = OfferTerms {
        rate: rate(),
        module_rates: BTreeMap::from([(content(), Rate::FREE)]),
        executors: vec!["wasm".to_owned()],
        ..OfferTerms::default()
    };
    sign(OfferProposal { offer: resource_offer(), terms }, &provider())
}

pub(super) fn deal() -> DealNotice {
    let deal = Deal { job_offer: job_offer(), resource_offer: resource_offer(), ..Deal::default() };
    DealNotice {
        deal_id: deal_id(),
        deal,
        job: job(),
        price_cap: terms().price_cap,
        offer: Some(offer()),
        time_left: Some(std::time::Duration::from_millis(70_500)),
    }
}

fn receipt_body() -> ReceiptBody {
    ReceiptBody {
        version: 1,
        chain_id: DOMAIN.chain_id,
        job_id: job_id(),
        deal_id: deal_id(),
        job_creator: creator().address(),
        resource_provider: provider().address(),
        module: pin(),
        inputs_id: content(),
        data_id: content(),
        outcome: Outcome::Exited(0),
        executor: "wasm/1".to_owned(),
        instruction_count: 2_000,
        rate: rate(),
        price_cap: terms().price_cap,
        cost: Amount::from(100_u64),
        created_at: Timestamp(1_700_000_001_000),
    }
}

pub(super) fn result() -> ResultSubmission {
    ResultSubmission {
        receipt: sign(receipt_body(), &provider()),
        usage: Usage { instructions: 2_000, peak_memory_bytes: 65_536 },
        error: "stopped by LIMIT_MEMORY".to_owned(),
        results: FileSet::from_files([("stdout", "moo\n"), ("stderr", ""), ("exitCode", "0")]).unwrap(),
    }
}

pub(super) fn status() -> JobStatus {
    let body = receipt_body();
    let receipt = Receipt {
        provider_signature: result().receipt.signature,
        job_creator_signature: sign(body.clone(), &creator()).signature,
        body,
    };
    JobStatus {
        job_id: job_id(),
        state: AgreementState::ResultsAccepted,
        deal_id: Some(deal_id()),
        resource_provider: Some(provider().address()),
        waiting_for: Some("no offer has room".to_owned()),
        fix: Some("raise the price cap".to_owned()),
        outcome: Some(Outcome::Limit("LIMIT_MEMORY".to_owned())),
        cost: Some(Amount::MAX),
        failure: Some(JobFailure {
            kind: ErrorKind::Timeout,
            fault: Fault::Provider,
            code: "E_EXECUTION_TIMEOUT",
            message: "the job ran for longer than 60 s".to_owned(),
            hint: Some("allow more".to_owned()),
        }),
        receipt: Some(receipt),
    }
}

pub(super) fn quote() -> Quote {
    let offer = serde_json::json!({
        "offer_id": job_id(), "provider": provider().address(), "rate": rate(), "instruction_price": 1,
        "cost": {"least": "1", "most": "100"}, "wait_ms": 1_500, "collateral_multiple": 2, "reputation": 500,
        "honesty_margin": "1.5",
    });
    serde_json::from_value(serde_json::json!({
        "target": null, "offers": [offer], "fitting": 1, "busy": 0, "refused": 1,
        "refusals": [{"code": "ramMismatch", "count": 1, "text": "lacks memory", "hint": "ask for less"}],
        "change": {
            "fields": [{"change": "ram", "from": 200, "to": 100}], "offer_id": job_id(), "provider": "0x",
            "rate": rate(), "instruction_price": 1,
        },
        "work": {"least": 0, "most": null, "runs": 0}, "checks": "no checks",
    }))
    .unwrap()
}

pub(super) fn kinds() -> Vec<JobEventKind> {
    use JobEventKind::*;
    let cost = Amount::from(100_u64);
    let mut all = vec![
        Submitted,
        Waiting { reason: "no offers".to_owned(), fix: None },
        Waiting { reason: "no offers".to_owned(), fix: Some("pay".to_owned()) },
        Agreed {
            deal_id: deal_id(),
            resource_provider: Address::new([7; 20]),
            rate: rate(),
            price_cap: cost,
        },
        Started { executor: "wasm".to_owned() },
        Stdout { text: "moo \u{1b}[2J".to_owned() },
        Stderr { text: String::new() },
        Progress { instruction_count: u64::MAX },
        Preparing { message: "p".to_owned() },
        Warning { message: "w".to_owned() },
        Cancelling,
        ResultsSubmitted { data_id: content(), outcome: Outcome::Exited(-1), instruction_count: 3 },
        ResultsAccepted { cost },
        Cancelled { cost },
        Failed { message: "m".to_owned() },
    ];
    for phase in [TimeoutPhase::Match, TimeoutPhase::Execution, TimeoutPhase::Download, TimeoutPhase::Total] {
        all.push(TimedOut { phase, message: "late".to_owned() });
    }
    all
}

pub(super) fn executor_events() -> ExecutorEvents {
    let events = vec![
        ExecutorEvent::Stdout("moo".to_owned()),
        ExecutorEvent::Stderr("oops".to_owned()),
        ExecutorEvent::Progress { instructions: 1_000 },
        ExecutorEvent::Preparing("fetching the image a/b:1".to_owned()),
        ExecutorEvent::Warning("a hidden file was left out".to_owned()),
    ];
    ExecutorEvents { batch: "8d2f4f0a6c1b9e57".to_owned(), events }
}

pub(super) fn failure() -> Error {
    Error::new(ErrorKind::RateLimited, "E_RATE", "too many calls: 11 in a second; at most 10 are allowed")
        .with_hint("wait")
        .with_operation("submit")
        .with("limit", 10)
        .with("limit", "calls")
        .with("got", 11)
}

/// The examples of `docs/http-bodies.md`.
pub(super) fn examples() -> Vec<(&'static str, String)> {
    let part = |archive: bytes::Bytes, name: &str| {
        let files = crate::wire::read_archive(&archive, &FileLimits::default()).unwrap();
        String::from_utf8(files.get(name).unwrap().to_vec()).unwrap()
    };
    let event = JobEvent {
        seq: 3,
        at: Timestamp(1_700_000_000_500),
        job_id: job_id(),
        state: AgreementState::DealAgreed,
        kind: JobEventKind::Stdout { text: "moo".to_owned() },
    };
    let stop = ProviderEvent::Stop { deal_id: deal_id(), reason: CancelReason::Cancelled };
    vec![
        ("proposal.json", part(pack_job(&job()).unwrap(), "proposal.json")),
        ("deal.json", part(pack_deal(&deal()).unwrap(), "deal.json")),
        ("result.json", part(pack_result(&result()).unwrap(), "result.json")),
        ("resource offer", offer().to_body().unwrap()),
        ("quote request", quote_request().to_body().unwrap()),
        ("quote", quote().to_body().unwrap()),
        ("status", status().to_body().unwrap()),
        ("job event", event.to_body().unwrap()),
        ("executor events", executor_events().to_body().unwrap()),
        ("deal event", ProviderEvent::Deal { deal_id: deal_id() }.to_body().unwrap()),
        ("stop event", stop.to_body().unwrap()),
        ("error", failure().to_body().unwrap()),
    ]
}

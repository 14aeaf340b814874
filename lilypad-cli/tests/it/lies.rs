//! A solver that lies about what came of a job: the command says so in one line, blames the solver, and pays nothing.

use lilypad_core::model::FileLimits;
use lilypad_core::signer::{Domain, LocalSigner, Signed, Signer as _};
use lilypad_core::wire::{ResultSubmission, pack_result, unpack_result};
use serde_json::Value;

use crate::http::{PROVIDER_KEY, Role, creator};
use crate::proxy::{Proxy, replaced};
use crate::tool::User;

/// A solver behind a proxy, and a provider.
pub(crate) struct Pond {
    pub(crate) user: User,
    pub(crate) proxy: Proxy,
    _roles: [Role; 2],
}

impl Pond {
    pub(crate) fn new() -> Self {
        let (user, proxy) = (User::new(), Proxy::start());
        let names = ["--name", &proxy.authority];
        let start = ["solver", "--listen", "127.0.0.1:0", "--play-money", "1000 LP"];
        let solver = Role::start(&user, None, &[&start[..], &names].concat());
        proxy.stand_before(solver.ready["url"].as_str().unwrap());
        let provider = ["provider", "--network", &proxy.url(), "--ram", "2000"];
        let provider = Role::start(&user, Some(PROVIDER_KEY), &provider);
        Self { user, proxy, _roles: [solver, provider] }
    }

    /// Runs a job that says `over there`, while the solver lies or does not.
    fn run(&self, more: &[&str], exit: i32) -> (Value, String) {
        let hello = ["run", "examples/modules/cowsay", "-i", "Message=over there", "--json"];
        let outcome = creator(&self.user, &[&hello[..], &["--network", &self.proxy.url()], more].concat())
            .ends_with(exit);
        let errors: Vec<&str> = outcome.stderr.lines().filter(|line| line.starts_with("error: ")).collect();
        assert_eq!(errors.len(), usize::from(exit != 0), "{}", outcome.stderr);
        (outcome.json(), errors.concat())
    }

    /// A run that must end with this code and blame the solver; afterwards the solver is honest, and the job is not paid.
    fn caught(&self, more: &[&str], exit: i32, code: &str) -> String {
        let (document, line) = self.run(more, exit);
        let error = &document["error"];
        assert_eq!((&error["code"], &error["fault"]), (&code.into(), &"Solver".into()), "{document:#}");
        assert!(line.contains("solver"), "{line}");
        self.proxy.be_honest();
        if let Some(job) = document["job_id"].as_str() {
            let status = ["status", job, "--json", "--network", &self.proxy.url()];
            let status = creator(&self.user, &status).ends_with(0).json();
            assert_eq!(status["state"], "ResultsSubmitted", "{status:#}");
            assert!(document["resume"].as_str().unwrap().contains(job), "{document:#}");
        }
        line
    }
}

fn is_result(path: &str) -> bool {
    path.ends_with("/result")
}

/// What a solver hands over, changed by somebody who knows what it is.
fn rewritten(archive: Vec<u8>, change: impl FnOnce(&mut ResultSubmission)) -> Vec<u8> {
    let mut result = unpack_result(&archive.into(), &FileLimits::default()).unwrap();
    change(&mut result);
    pack_result(&result).unwrap().to_vec()
}

#[test]
fn a_changed_result_is_not_taken() {
    let pond = Pond::new();
    pond.run(&[], 0);
    let other_words = |path: &str, said: Vec<u8>| match is_result(path) {
        true => replaced(&said, b"over there", b"over where"),
        false => said,
    };
    pond.proxy.lie(other_words);
    let line = pond.caught(&[], 7, "E_RESULT_HASH");
    assert!(line.contains("do not hash to the content id"), "{line}");
    pond.proxy.be_clumsy(true);
    pond.proxy.lie(other_words);
    let line = pond.caught(&[], 7, "E_DOWNLOAD_HASH");
    assert!(line.contains("not what its own digest says"), "{line}");
    pond.proxy.be_clumsy(false);
    pond.proxy.lie(|path, said| match is_result(path) {
        true => said[..said.len() / 2].to_vec(),
        false => said,
    });
    pond.caught(&[], 4, "E_ANSWER");
}

#[test]
fn a_changed_receipt_is_not_signed_for() {
    let pond = Pond::new();
    for (code, what) in [
        ("E_RECEIPT_COST", "cost"),
        ("E_SIGNATURE", "outcome"),
        ("E_RESULT_TERMS", "inputs"),
        ("E_RESULT_TERMS", "cap"),
        ("E_RESULT_DEAL", "rate"),
        ("E_RESULT_JOB", "creator"),
    ] {
        pond.proxy.lie(move |path, said| match is_result(path) {
            true => rewritten(said, |result| {
                let body = &mut result.receipt.body;
                let one = "1 wei".parse().unwrap();
                match what {
                    "cost" => body.cost = one,
                    "outcome" => body.outcome = "exited:3".parse().unwrap(),
                    "inputs" => body.inputs_id = body.data_id,
                    "cap" => body.price_cap = one,
                    "rate" => body.rate = "1 wei per 7".parse().unwrap(),
                    _ => body.job_creator = body.resource_provider,
                }
            }),
            false => said,
        });
        let line = pond.caught(&[], 7, code);
        assert!(line.contains("is not accepted"), "{line}");
    }
}

/// A solver can sign what it likes, but not as the provider that it named, or that was asked for.
#[test]
fn a_receipt_of_another_deal_is_not_signed_for() {
    let pond = Pond::new();
    let forged = |path: &str, said: Vec<u8>| match is_result(path) {
        true => rewritten(said, |result| {
            let (liar, mut body) = (LocalSigner::random().unwrap(), result.receipt.body.clone());
            body.resource_provider = liar.address();
            let domain = Domain { chain_id: body.chain_id };
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            result.receipt = runtime.block_on(Signed::sign(body, &liar, domain)).unwrap();
        }),
        false => said,
    };
    pond.proxy.lie(forged);
    let line = pond.caught(&[], 7, "E_RESULT_DEAL");
    assert!(line.contains("the provider in the receipt"), "{line}");
    pond.proxy.lie(forged);
    let wanted = LocalSigner::from_hex(PROVIDER_KEY).unwrap().address().to_string();
    pond.caught(&["--provider", &wanted], 7, "E_RESULT_TERMS");
    // The deal that is shown is not the one that was signed.
    pond.proxy.lie_in_events("\"amount\":\"10000000000000000\"", "\"amount\":\"10000000000000001\"");
    let line = pond.caught(&[], 7, "E_RESULT_DEAL");
    assert!(line.contains("the rate in the receipt"), "{line}");
}

#[test]
fn the_result_of_another_job_is_not_taken() {
    let pond = Pond::new();
    let (first, _) = pond.run(&[], 0);
    let kept = std::sync::Mutex::new(None::<Vec<u8>>);
    // The first time round it keeps what came of one job, and hands it over in the place of the next one's.
    pond.proxy.lie(move |path, said| match (is_result(path), &mut *kept.lock().unwrap()) {
        (true, Some(kept)) => kept.clone(),
        (true, none) => none.insert(said).clone(),
        (false, _) => said,
    });
    pond.run(&[], 0);
    pond.caught(&[], 7, "E_RESULT_JOB");
    let job = first["job_id"].as_str().unwrap().to_owned();
    pond.proxy.lie(move |path, said| match path.ends_with("/jobs") {
        true => format!("\"{job}\"").into_bytes(),
        false => said,
    });
    let line = pond.caught(&[], 4, "E_OTHER_JOB");
    assert!(line.contains("as Qm") || line.contains("as b"), "{line}");
}

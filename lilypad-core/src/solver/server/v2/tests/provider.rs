//! Our own provider at a solver that speaks v2, with our own job creator on the other side.

use std::sync::Arc;
use std::time::Duration;

use super::world::*;
use crate::executor::wasm::WasmExecutor;
use crate::executor::{Executor, Limits};
use crate::http::{HttpOptions, V2Options, V2Solver};
use crate::market::{ModulePolicy, NetworkAccess, VerificationClass};
use crate::model::{JobOffer, MachineSpec, ModuleConfig, Rate, json};
use crate::module::{FolderTree, Module, PinSource, folder_tree};
use crate::provider::{ModuleLoader, ProviderConfig, V2Provider, V2Terms};
use crate::rt::{CancelReason, CancelToken, Clock};
use crate::signer::{LocalSigner, Signer};

fn at(address: &str, key: &str) -> V2Solver {
    let http = HttpOptions { attempts: 1, ..HttpOptions::default() };
    let options = V2Options { http, poll: Duration::from_millis(100), wait: Duration::from_secs(60) };
    V2Solver::new(&format!("http://{address}"), &LocalSigner::from_hex(key).unwrap(), options).unwrap()
}

fn config() -> ProviderConfig {
    ProviderConfig {
        machine: MachineSpec { cpu: 2_000, ram: 4_000, disk: 1_000, ..MachineSpec::default() },
        gpu_ids: Vec::new(),
        slots: 2,
        rate: Rate::FREE,
        module_rates: Default::default(),
        driver: None,
        cuda: None,
        labels: Default::default(),
        network: NetworkAccess::None,
        verification: VerificationClass::None,
        collateral_multiple: 0,
        policy: ModulePolicy::allow_all(),
        limits: Limits::default(),
        mediators: Vec::new(),
    }
}

/// A module of this repository, whatever the job names.
fn tree(name: &str) -> FolderTree {
    folder_tree(format!("{}/../examples/modules/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn loader() -> ModuleLoader {
    Arc::new(|config: &ModuleConfig| {
        let name = config.repo.rsplit('/').next().unwrap_or_default();
        Module::load(PinSource::Content { path: String::new() }, &tree(name))
    })
}

/// A job for a module of ours, as v2 asks for it.
fn job(module: &str, inputs: &[(&str, &str)], nonce: &str) -> JobOffer {
    let mut job: JobOffer = json::from_slice(JOB.as_bytes()).unwrap();
    job.nonce = nonce.to_owned();
    job.module.repo = format!("https://example.org/modules/{module}");
    job.inputs = Some(inputs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect());
    job
}

struct Serving {
    stop: CancelToken,
    task: tokio::task::JoinHandle<crate::Result<()>>,
}

fn serve(world: &World, config: ProviderConfig, since: u64) -> Serving {
    let address = LocalSigner::from_hex(PROVIDER).unwrap().address();
    let services = job("cowsay", &[], "").trusted_parties;
    let terms =
        V2Terms { services, pricing: job("cowsay", &[], "").pricing, poll: Duration::from_millis(100) };
    let executors: Vec<Arc<dyn Executor>> = vec![Arc::new(WasmExecutor::new().unwrap())];
    // The moments that offers tell are the solver's; what is waited for is real.
    let clock = Clock::frozen(crate::rt::Timestamp(NOW + since));
    let solver = at(world.address(), PROVIDER);
    let provider = V2Provider::new(address, solver, executors, loader(), clock, config, terms).unwrap();
    let stop = CancelToken::new();
    let asked = stop.clone();
    Serving { stop, task: tokio::spawn(async move { provider.serve(asked).await }) }
}

impl Serving {
    async fn end(self) {
        self.stop.cancel(CancelReason::Shutdown);
        self.task.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn our_provider_runs_the_jobs_of_a_v2_solver_one_after_the_other() {
    let world = World::new().await;
    let serving = serve(&world, config(), 0);
    let creator = at(world.address(), CREATOR);
    for number in ["1", "2", "3"] {
        let message = format!("moo {number}");
        let id = creator.submit(&job("cowsay", &[("Message", message.as_str())], number)).await.unwrap();
        let outcome = creator.wait(id).await.unwrap();
        let said = String::from_utf8(outcome.files.get("stdout").unwrap().to_vec()).unwrap();
        assert!(said.contains(&message), "{said}");
        assert_eq!(outcome.files.get("exitCode").map(|code| &code[..]), Some(&b"0"[..]));
        assert!(outcome.is_as_named());
        assert!(
            outcome.result.instruction_count > 1,
            "what was measured, and not v2's 1: {:?}",
            outcome.result
        );
        creator.accept(&outcome.deal).await.unwrap();
    }
    serving.end().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_cannot_run_is_said_to_with_the_reason() {
    let world = World::new().await;
    let mut tight = config();
    tight.policy = ModulePolicy::deny_all();
    let serving = serve(&world, tight, 0);
    let creator = at(world.address(), CREATOR);
    let id = creator.submit(&job("cowsay", &[("Message", "moo")], "1")).await.unwrap();
    let error = creator.wait(id).await.unwrap_err();
    assert_eq!(error.code(), "E_V2_JOB_FAILED");
    assert!(error.message().contains("policy does not let"), "{error}");
    serving.end().await;

    let serving = serve(&world, config(), 1_000);
    let id = creator.submit(&job("cowsay", &[("Mesage", "moo")], "2")).await.unwrap();
    let error = creator.wait(id).await.unwrap_err();
    assert!(error.message().contains("Mesage"), "{error}");
    // One that never ends is stopped at its time, and the reason is its error.
    let mut endless = job("forever", &[], "3");
    endless.execution_timeout_seconds = 1;
    let error = creator.wait(creator.submit(&endless).await.unwrap()).await.unwrap_err();
    assert!(error.message().contains("its time was up"), "{error}");
    serving.end().await;
    world.end().await;
}

//! The roles together, on a fake executor and a manual clock: every way in which a job can end, and the money after it.

mod hostile;
mod waits;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::{Network, NetworkBuilder};
use crate::client::{Client, Job, SubmitOptions};
use crate::error::{ErrorKind, Fault, Result};
use crate::executor::FakeExecutor;
use crate::market::{CheckPolicy, ModulePolicy, Quote, Sampling};
use crate::model::{Address, AgreementState, Amount, FileSet, JobId, MachineSpec, Outcome, Rate};
use crate::module::{Module, PinSource};
use crate::provider::{Provider, RunningProvider};
use crate::rt::{BoxFuture, CancelReason, CancelToken, ManualClock, Random, Timestamp};
use crate::settlement::Settlement;
use crate::signer::{Domain, LocalSigner, Signature, Signed, Signer};
use crate::solver::SolverConfig;
use crate::wire::{
    EventStream, JobCreatorApi, JobEvent, JobEventKind, JobProposal, JobStatus, QuoteRequest,
    ResultSubmission, TimeoutPhase,
};

impl Network {
    /// A provider with an offer in the book that never answers.
    async fn silent_provider(&self) -> Result<RunningProvider> {
        self.silent_provider_with(MachineSpec { cpu: 4_000, ram: 8_000, ..MachineSpec::default() }).await
    }

    async fn silent_provider_with(&self, machine: MachineSpec) -> Result<RunningProvider> {
        let signer = LocalSigner::generate(&mut Random::seeded(9))?;
        let account = self.settlement.as_account(signer.address());
        account.deposit(Amount::from_lp(10)).await?;
        account.stake(Amount::from_lp(10)).await?;
        let mediators = self.client.mediators()[0];
        let config = Network::local().provider_config(&machine, mediators);
        let solver = Arc::new(self.solver.clone());
        Provider::new(Arc::new(signer), solver, vec![Arc::new(FakeExecutor)], self.clock.clone(), config)
            .start()
            .await
    }
}

const START: Timestamp = Timestamp(1_700_000_000_000);

/// A module whose arguments are orders for the fake executor, given as one input.
fn module(orders: &[&str]) -> Module {
    let args: Vec<String> = orders.iter().map(|order| format!("{order:?}")).collect();
    let manifest = format!(
        "module.name = \"orders\"\nrun.wasm = {{ module = \"orders.wat\", args = [{}] }}\nmachine = {{ cpu = 1000, ram = 100 }}\n\
         limits.timeout = \"60s\"\n[[outputs]]\nname = \"outputs\"\npath = \"/outputs\"\n",
        args.join(", ")
    );
    let mut files = FileSet::new();
    files.insert("lilypad.toml", manifest.into_bytes()).unwrap();
    files.insert("orders.wat", "(module (func (export \"_start\")))").unwrap();
    Module::load(PinSource::local(), &files).unwrap()
}

fn network() -> (NetworkBuilder, ManualClock) {
    let hand = ManualClock::new(START);
    let builder = Network::local().seed(1).clock(hand.clone()).executors(vec![Arc::new(FakeExecutor)]);
    (builder, hand)
}

async fn submit(network: &Network, orders: &[&str], options: SubmitOptions) -> Job {
    network.client().submit(&module(orders), &BTreeMap::new(), options).await.unwrap()
}

/// Follows a job until `wanted` says that it has seen enough.
async fn until(job: &Job, wanted: impl Fn(&JobEventKind) -> bool) -> JobEvent {
    let mut events = job.events().await.unwrap();
    while let Some(event) = events.next().await {
        if wanted(&event.kind) {
            return event;
        }
    }
    panic!("the log ended before the event came");
}

async fn log(job: &Job) -> Vec<JobEvent> {
    let mut events = job.events().await.unwrap();
    let mut log = Vec::new();
    while let Some(event) = events.next().await {
        log.push(event);
    }
    log
}

async fn spent(network: &Network) -> Amount {
    let left = network.balance(network.client().address()).await.unwrap();
    Amount::from_lp(1_000).checked_sub(left).unwrap()
}

#[tokio::test]
async fn a_job_runs_is_paid_and_verifies() {
    let (builder, _) = network();
    let network = builder.start().await.unwrap();
    let job =
        submit(&network, &["print hello", "work 5000", "write outputs/a.txt frog"], SubmitOptions::default())
            .await;
    let result = job.wait().await.unwrap();
    assert_eq!(result.state(), AgreementState::ResultsAccepted);
    assert_eq!(result.outcome(), &Outcome::Exited(0));
    assert!(result.error().is_none());
    assert_eq!(result.stdout(), "hello\n");
    assert_eq!(result.instruction_count(), 5_000);
    // 0.01 LP for 10^9 instructions.
    assert_eq!(result.cost(), Amount::from_wei(50_000_000_000));
    result.receipt().verify().unwrap();
    assert_eq!(result.files().content_id().unwrap(), result.data_id());
    assert_eq!(spent(&network).await, result.cost());
    let provider = network.balance(network.providers()[0]).await.unwrap();
    assert_eq!(provider.checked_sub(Amount::from_lp(10_000)), Some(result.cost()));
    network.audit().unwrap();
    let states: Vec<AgreementState> = log(&job).await.iter().map(|event| event.state).collect();
    assert!(states.is_sorted_by_key(|state| state.number()), "{states:?}");
    network.shutdown().await;
}

#[tokio::test]
async fn the_same_seed_gives_the_same_log_ids_and_receipts() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let (builder, _) = network();
        let network = builder.start().await.unwrap();
        let job = submit(&network, &["print a", "work 7", "exit 3"], SubmitOptions::default()).await;
        let result = job.wait().await.unwrap();
        runs.push((log(&job).await, result.receipt().clone(), network.transfers()));
    }
    assert_eq!(runs[0], runs[1]);
    let (builder, _) = network();
    let other = builder.seed(2).start().await.unwrap();
    let result = submit(&other, &["print a", "work 7", "exit 3"], SubmitOptions::default())
        .await
        .wait()
        .await
        .unwrap();
    assert_ne!(result.receipt(), &runs[0].1);
}

#[tokio::test]
async fn a_program_that_fails_is_a_result_with_an_error() {
    let (builder, _) = network();
    let network = builder.start().await.unwrap();
    for (orders, outcome, code) in [
        (vec!["work 10", "exit 3"], Outcome::Exited(3), "E_EXIT_CODE"),
        (vec!["work 10", "trap"], Outcome::Trapped, "E_TRAP"),
    ] {
        let result = submit(&network, &orders, SubmitOptions::default()).await.wait().await.unwrap();
        let error = result.error().unwrap();
        assert_eq!((result.outcome(), error.code()), (&outcome, code));
        assert_eq!((error.kind(), error.fault()), (ErrorKind::ExecutionFailed, Fault::Module));
        assert_eq!(result.instruction_count(), 10);
        result.receipt().verify().unwrap();
    }
    network.audit().unwrap();
}

#[tokio::test]
async fn the_price_cap_bounds_the_work_and_the_cost() {
    let (builder, _) = network();
    let network = builder.start().await.unwrap();
    let cap = Amount::from_wei(10_000_000); // pays for one instruction and not for two
    let options = SubmitOptions { price_cap: Some(cap), ..SubmitOptions::default() };
    let result = submit(&network, &["work 1000000"], options).await.wait().await.unwrap();
    assert_eq!(result.outcome(), &Outcome::Limit("LIMIT_INSTRUCTIONS".to_owned()));
    assert_eq!((result.instruction_count(), result.cost()), (1, cap));
    let error = result.error().unwrap();
    assert!(error.hint().unwrap().contains("price cap"), "{error}");
    assert_eq!(spent(&network).await, cap);
    network.audit().unwrap();
}

#[tokio::test]
async fn the_modules_own_limit_bounds_the_work() {
    let (builder, _) = network();
    let network = builder.start().await.unwrap();
    let mut files = FileSet::new();
    let manifest = "module.name = \"m\"\nrun.wasm = { module = \"m.wat\", args = [\"work 5000\"] }\nlimits.instructions = 1000\n";
    files.insert("lilypad.toml", manifest).unwrap();
    files.insert("m.wat", "(module (func (export \"_start\")))").unwrap();
    let module = Module::load(PinSource::local(), &files).unwrap();
    let result = network.client().run(&module, &BTreeMap::new(), SubmitOptions::default()).await.unwrap();
    assert_eq!(result.outcome(), &Outcome::Limit("LIMIT_INSTRUCTIONS".to_owned()));
    assert_eq!(result.instruction_count(), 1_000);
}

#[tokio::test]
async fn a_hidden_input_file_is_refused_before_anything_is_sent() {
    let (builder, _) = network();
    let network = builder.start().await.unwrap();
    let mut files = FileSet::new();
    files.insert(".secret", "not covered by any content id").unwrap();
    let options = SubmitOptions { files, ..SubmitOptions::default() };
    let error = network.client().submit(&module(&["print a"]), &BTreeMap::new(), options).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidInput, "E_FILE_UNKNOWN"));
    let mut hidden = FileSet::new();
    hidden.insert("a/.secret", "x").unwrap();
    assert_eq!(crate::wire::inputs_id(&BTreeMap::new(), &hidden).unwrap_err().code(), "E_FILE_HIDDEN");
}

#[tokio::test]
async fn free_mode_costs_nothing() {
    let (builder, _) = network();
    let network = builder.rate(Rate::FREE).start().await.unwrap();
    let options = SubmitOptions { price_cap: Some(Amount::ZERO), ..SubmitOptions::default() };
    let result = submit(&network, &["work 1000"], options).await.wait().await.unwrap();
    assert_eq!((result.instruction_count(), result.cost()), (1_000, Amount::ZERO));
    assert_eq!(spent(&network).await, Amount::ZERO);
}

#[tokio::test]
async fn cancelling_a_running_job_pays_for_what_it_did() {
    let (builder, _) = network();
    let network = builder.start().await.unwrap();
    let job = submit(&network, &["work 400", "wait"], SubmitOptions::default()).await;
    until(&job, |kind| matches!(kind, JobEventKind::Started { .. })).await;
    job.cancel().await.unwrap();
    let result = job.wait().await.unwrap();
    assert_eq!(result.state(), AgreementState::JobOfferCancelled);
    assert_eq!(result.outcome(), &Outcome::Cancelled);
    assert_eq!(result.error().unwrap().kind(), ErrorKind::Cancelled);
    assert_eq!(result.instruction_count(), 400);
    assert_eq!(spent(&network).await, result.cost());
    result.receipt().verify().unwrap();
    job.cancel().await.unwrap();
    network.audit().unwrap();
}

#[tokio::test]
async fn a_job_that_runs_too_long_is_the_modules_fault_and_still_measured() {
    let (builder, hand) = network();
    let network = builder.start().await.unwrap();
    let options = SubmitOptions { timeout: Some(Duration::from_secs(2)), ..SubmitOptions::default() };
    let job = submit(&network, &["work 123", "wait"], options).await;
    until(&job, |kind| matches!(kind, JobEventKind::Started { .. })).await;
    hand.advance(Duration::from_secs(2));
    let result = job.wait().await.unwrap();
    let error = result.error().unwrap();
    assert_eq!(
        (error.kind(), error.fault(), error.code()),
        (ErrorKind::Timeout, Fault::Module, "E_EXECUTION_TIMEOUT")
    );
    assert_eq!(result.state(), AgreementState::TimeoutExecution);
    assert_eq!(result.instruction_count(), 123);
    assert_eq!(spent(&network).await, result.cost());
    network.audit().unwrap();
}

#[tokio::test]
async fn a_silent_provider_costs_the_job_creator_nothing() {
    let (builder, hand) = network();
    let network = builder.providers([]).start().await.unwrap();
    let silent = network.silent_provider().await.unwrap();
    let job = submit(&network, &["print never"], SubmitOptions::default()).await;
    until(&job, |kind| matches!(kind, JobEventKind::Agreed { .. })).await;
    hand.advance(Duration::from_secs(60));
    hand.advance(Duration::from_secs(10));
    let error = job.wait().await.unwrap_err();
    assert_eq!((error.kind(), error.fault()), (ErrorKind::Timeout, Fault::Provider));
    assert_eq!(job.status().await.unwrap().state, AgreementState::TimeoutExecution);
    let audit = network.audit().unwrap();
    // Cap 1 LP, collateral 2 LP: half is burned, half makes the job creator good.
    let creator = network.balance(network.client().address()).await.unwrap();
    assert_eq!(creator, Amount::from_lp(1_001));
    assert_eq!(audit.burned, Amount::from_lp(1));
    drop(silent);
}

/// It was out of reach for a while, and the solver has dropped its offer.
#[tokio::test]
async fn a_provider_that_hears_that_its_time_was_over_offers_its_machine_again() {
    let (builder, hand) = network();
    let network = builder.providers([]).start().await.unwrap();
    let silent = network.silent_provider().await.unwrap();
    let lost = submit(&network, &["print never"], SubmitOptions::default()).await;
    until(&lost, |kind| matches!(kind, JobEventKind::Agreed { .. })).await;
    hand.advance(Duration::from_secs(70));
    assert_eq!(lost.wait().await.unwrap_err().code(), "E_PROVIDER_SILENT");
    let next = submit(&network, &["work 7"], SubmitOptions::default()).await;
    until(&next, |kind| matches!(kind, JobEventKind::Waiting { .. })).await;
    let shutdown = CancelToken::new();
    let serving = tokio::spawn(silent.serve(shutdown.clone()));
    assert_eq!(next.wait().await.unwrap().instruction_count(), 7);
    shutdown.cancel(CancelReason::Shutdown);
    serving.await.unwrap();
    network.audit().unwrap();
}

#[tokio::test]
async fn a_silent_provider_does_not_hold_a_cancelled_job() {
    let (builder, hand) = network();
    let network = builder.providers([]).start().await.unwrap();
    let silent = network.silent_provider().await.unwrap();
    let job = submit(&network, &["print never"], SubmitOptions::default()).await;
    until(&job, |kind| matches!(kind, JobEventKind::Agreed { .. })).await;
    hand.advance(Duration::from_secs(3));
    job.cancel().await.unwrap();
    hand.advance(Duration::from_secs(10));
    assert_eq!(job.wait().await.unwrap_err().code(), "E_PROVIDER_SILENT");
    let creator = network.balance(network.client().address()).await.unwrap();
    assert_eq!((creator, network.audit().unwrap().burned), (Amount::from_lp(1_001), Amount::from_lp(1)));
    drop(silent);
}

#[tokio::test]
async fn a_provider_hears_of_a_wish_to_stop_that_the_ledger_heard_first() {
    let (builder, _) = network();
    let network = builder.start().await.unwrap();
    let job = submit(&network, &["work 400", "wait"], SubmitOptions::default()).await;
    until(&job, |kind| matches!(kind, JobEventKind::Started { .. })).await;
    let deal = job.status().await.unwrap().deal_id.unwrap();
    let account = network.settlement.as_account(network.client().address());
    account.request_cancel(deal, 1).await.unwrap();
    job.cancel().await.unwrap();
    let result = job.wait().await.unwrap();
    assert_eq!((result.outcome(), result.instruction_count()), (&Outcome::Cancelled, 400));
    assert_eq!(spent(&network).await, result.cost());
}

#[tokio::test]
async fn a_deal_gets_no_more_time_than_its_job_has_left() {
    let (builder, hand) = network();
    let config = SolverConfig { total_timeout: Duration::from_secs(25), ..SolverConfig::default() };
    let network = builder.providers([]).solver(config).start().await.unwrap();
    let job = submit(&network, &["print never"], SubmitOptions::default()).await;
    until(&job, |kind| matches!(kind, JobEventKind::Waiting { .. })).await;
    hand.advance(Duration::from_secs(10));
    let silent = network.silent_provider().await.unwrap();
    until(&job, |kind| matches!(kind, JobEventKind::Agreed { .. })).await;
    hand.advance(Duration::from_secs(15));
    assert_eq!(job.wait().await.unwrap_err().code(), "E_PROVIDER_SILENT");
    assert_eq!(job.status().await.unwrap().state, AgreementState::JobTimedOut);
    let last = log(&job).await.pop().unwrap();
    assert!(matches!(last.kind, JobEventKind::TimedOut { phase: TimeoutPhase::Total, .. }));
    assert_eq!(network.audit().unwrap().escrow, Amount::ZERO);
    drop(silent);
}

/// The solver as a job creator sees it who never fetches a result.
#[derive(Debug)]
struct Forgetful(crate::solver::Solver);

impl JobCreatorApi for Forgetful {
    fn identity(&self) -> (Address, Domain) {
        JobCreatorApi::identity(&self.0)
    }

    fn quote<'a>(&'a self, job: QuoteRequest) -> BoxFuture<'a, Result<Quote>> {
        self.0.quote(job)
    }

    fn submit<'a>(&'a self, job: Signed<JobProposal>) -> BoxFuture<'a, Result<JobId>> {
        self.0.submit(job)
    }

    fn watch<'a>(&'a self, job_id: JobId) -> BoxFuture<'a, Result<EventStream>> {
        self.0.watch(job_id)
    }

    fn status<'a>(&'a self, job_id: JobId) -> BoxFuture<'a, Result<JobStatus>> {
        self.0.status(job_id)
    }

    fn result<'a>(&'a self, _: JobId) -> BoxFuture<'a, Result<ResultSubmission>> {
        Box::pin(std::future::pending())
    }

    fn accept<'a>(&'a self, job_id: JobId, signature: Signature) -> BoxFuture<'a, Result<()>> {
        self.0.accept(job_id, signature)
    }

    fn cancel<'a>(&'a self, job_id: JobId) -> BoxFuture<'a, Result<()>> {
        self.0.cancel(job_id)
    }
}

#[tokio::test]
async fn results_that_nobody_judges_are_paid_at_the_deadline() {
    let (builder, hand) = network();
    let network = builder.start().await.unwrap();
    let signer = LocalSigner::generate(&mut Random::seeded(11)).unwrap();
    let account = signer.address();
    network.settlement.fund(account, Amount::from_lp(5)).unwrap();
    let api = Arc::new(Forgetful(network.solver.clone()));
    let mediators = network.client().mediators().to_vec();
    let client = Client::new(Arc::new(signer), api, network.clock.clone(), Random::seeded(12), mediators);
    let orders = module(&["work 5000"]);
    let sleeping = hand.sleepers();
    let job = client.submit(&orders, &BTreeMap::new(), SubmitOptions::default()).await.unwrap();
    until(&job, |kind| matches!(kind, JobEventKind::ResultsSubmitted { .. })).await;
    // The job's timers: match, total, execution twice, download.
    while hand.sleepers() < sleeping + 5 {
        tokio::task::yield_now().await;
    }
    hand.advance(Duration::from_millis(3_599_999));
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(job.status().await.unwrap().state, AgreementState::ResultsSubmitted);
    hand.advance(Duration::from_millis(1));
    let last = log(&job).await.pop().unwrap();
    assert!(matches!(last.kind, JobEventKind::TimedOut { phase: TimeoutPhase::Download, .. }), "{last:?}");
    assert_eq!(job.status().await.unwrap().state, AgreementState::TimeoutDownload);
    // Paid as if accepted: 5,000 instructions at 0.01 LP for 10^9.
    let left = network.balance(account).await.unwrap();
    assert_eq!(left.checked_add(Amount::from_wei(50_000_000_000)), Some(Amount::from_lp(5)));
    assert_eq!(network.audit().unwrap().escrow, Amount::ZERO);
}

#[tokio::test]
async fn deadlines_come_in_real_time_where_the_stamps_stand_still() {
    let config = SolverConfig { provider_grace: Duration::from_millis(25), ..SolverConfig::default() };
    let network = Network::local().seed(3).providers([]).solver(config).start().await.unwrap();
    let silent = network.silent_provider().await.unwrap();
    let options = SubmitOptions { timeout: Some(Duration::from_millis(1_500)), ..SubmitOptions::default() };
    let job = submit(&network, &["print never"], options).await;
    until(&job, |kind| matches!(kind, JobEventKind::Agreed { .. })).await;
    job.cancel().await.unwrap();
    assert_eq!(job.wait().await.unwrap_err().code(), "E_PROVIDER_SILENT");
    assert_eq!(network.audit().unwrap().burned, Amount::from_lp(1));
    drop(silent);
}

#[tokio::test]
async fn an_executor_that_does_not_stop_gives_the_job_back_and_keeps_the_collateral() {
    let (builder, hand) = network();
    let network = builder.start().await.unwrap();
    let job = submit(&network, &["deaf"], SubmitOptions::default()).await;
    until(&job, |kind| matches!(kind, JobEventKind::Started { .. })).await;
    job.cancel().await.unwrap();
    let sleeping = hand.sleepers();
    while hand.sleepers() <= sleeping {
        tokio::task::yield_now().await;
    }
    hand.advance(Duration::from_secs(5));
    assert_eq!(job.wait().await.unwrap_err().code(), "E_EXECUTOR_STUCK");
    assert_eq!(spent(&network).await, Amount::ZERO);
    assert_eq!(network.audit().unwrap().burned, Amount::ZERO);
}

#[tokio::test]
async fn outputs_without_a_content_id_are_a_limit_and_still_paid() {
    let (builder, _) = network();
    let network = builder.start().await.unwrap();
    let many = format!("files 1000 {}", "n".repeat(250));
    let orders = [many.as_str(), "work 77"];
    let result = submit(&network, &orders, SubmitOptions::default()).await.wait().await.unwrap();
    assert_eq!(result.outcome(), &Outcome::Limit("LIMIT_OUTPUT_FILES".to_owned()));
    assert_eq!((result.instruction_count(), result.files().len()), (77, 3));
    assert_eq!(spent(&network).await, result.cost());
}

#[tokio::test]
async fn a_second_handle_on_a_finished_job_says_that_the_results_are_gone() {
    let (builder, _) = network();
    let network = builder.start().await.unwrap();
    let job = submit(&network, &["print once"], SubmitOptions::default()).await;
    job.wait().await.unwrap();
    let again = network.client().job(job.id()).await.unwrap();
    assert_eq!(again.wait().await.unwrap_err().code(), "E_RESULT_GONE");
}

#[tokio::test]
async fn a_job_that_nobody_can_run_says_why_at_once_and_ends_in_time() {
    let (builder, hand) = network();
    let small = MachineSpec { cpu: 500, ram: 8_000, ..MachineSpec::default() };
    let network = builder.providers([small]).start().await.unwrap();
    let job = submit(&network, &["print never"], SubmitOptions::default()).await;
    let event = until(&job, |kind| matches!(kind, JobEventKind::Waiting { .. })).await;
    let JobEventKind::Waiting { reason, fix } = event.kind else { panic!("checked above") };
    assert!(reason.contains("CPU"), "{reason}");
    assert!(fix.as_ref().unwrap().starts_with("ask for 0.5 CPUs instead of 1 (machine.cpu)"), "{fix:?}");
    let status = job.status().await.unwrap();
    assert_eq!((status.waiting_for, status.fix), (Some(reason), fix));
    hand.advance(Duration::from_secs(30));
    let error = job.wait().await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::NoMatch, "E_NO_MATCH"));
    assert!(error.hint().unwrap().contains("0.5 CPUs") && error.message().contains("CPU"), "{error}");
    let last = log(&job).await.pop().unwrap();
    assert!(matches!(last.kind, JobEventKind::TimedOut { phase: TimeoutPhase::Match, .. }));
    assert_eq!(spent(&network).await, Amount::ZERO);
}

#[tokio::test]
async fn a_quote_says_the_price_before_and_learns_from_what_ran() {
    let (builder, _) = network();
    let network = builder.start().await.unwrap();
    let (module, inputs) = (module(&["work 5000"]), BTreeMap::new());
    let options = || SubmitOptions { instruction_limit: Some(1_000_000), ..SubmitOptions::default() };
    let before = network.client().quote(&module, &inputs, options()).await.unwrap();
    assert_eq!((before.fitting, before.busy, before.refused), (1, 0, 0));
    // 0.01 LP for 10^9 instructions: 10^7 wei for each.
    let [offer] = before.offers.as_slice() else { panic!("one offer: {before:?}") };
    assert_eq!((offer.cost.least, offer.cost.most), (Amount::ZERO, Amount::from_wei(10_000_000_000_000)));
    assert_eq!(offer.provider, network.providers()[0].to_string());
    assert_eq!(spent(&network).await, Amount::ZERO);
    let result = network.client().run(&module, &inputs, options()).await.unwrap();
    let after = network.client().quote(&module, &inputs, options()).await.unwrap();
    assert_eq!((after.work.runs, after.offers[0].cost.least), (1, result.cost()));
    assert_eq!(after.offers[0].cost.most, result.cost());
}

#[tokio::test]
async fn jobs_share_a_machine_while_they_fit_and_the_next_one_is_told_when() {
    let (builder, hand) = network();
    let machine = MachineSpec { cpu: 2_500, ram: 8_000, ..MachineSpec::default() };
    let network = builder.providers([machine]).slots(8).start().await.unwrap();
    let mut running = Vec::new();
    for _ in 0..2 {
        let job = submit(&network, &["wait"], SubmitOptions::default()).await;
        until(&job, |kind| matches!(kind, JobEventKind::Started { .. })).await;
        running.push(job);
    }
    // Each takes 1 of 2.5 CPUs, for 60 s and a grace of 10 s at most.
    hand.advance(Duration::from_secs(20));
    let (third, inputs) = (module(&["work 1"]), BTreeMap::new());
    let quote = network.client().quote(&third, &inputs, SubmitOptions::default()).await.unwrap();
    assert_eq!((quote.fitting, quote.busy), (0, 1));
    assert_eq!(quote.offers[0].wait, Some(Duration::from_secs(50)));
    let fix = quote.change.unwrap().to_string();
    assert!(fix.starts_with("ask for 0.5 CPUs instead of 1 (machine.cpu)"), "{fix}");
    let job = network.client().submit(&third, &inputs, SubmitOptions::default()).await.unwrap();
    let waiting = job.status().await.unwrap().waiting_for.unwrap();
    assert_eq!(waiting, "1 offer: 1 busy with earlier jobs");
    running[0].cancel().await.unwrap();
    assert_eq!(job.wait().await.unwrap().instruction_count(), 1);
    running[1].cancel().await.unwrap();
    running[1].wait().await.unwrap();
    network.audit().unwrap();
}

#[tokio::test]
async fn checks_under_which_cheating_pays_are_refused_at_start() {
    for (rate, code) in [("5%", "E_POLICY_UNSAFE"), ("50%", "E_CHECKS")] {
        let sampling = Sampling { check_rate: rate.parse().unwrap(), collateral: 2, ..Sampling::default() };
        let config = SolverConfig { checks: CheckPolicy::Sampled(sampling), ..SolverConfig::default() };
        let error = network().0.solver(config).start().await.unwrap_err();
        assert_eq!(error.code(), code, "{error}");
    }
}

#[tokio::test]
async fn a_waiting_job_can_be_cancelled() {
    let (builder, _) = network();
    let network = builder.providers([]).start().await.unwrap();
    let job = submit(&network, &["print never"], SubmitOptions::default()).await;
    job.cancel().await.unwrap();
    assert_eq!(job.wait().await.unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(spent(&network).await, Amount::ZERO);
}

#[tokio::test]
async fn a_policy_keeps_a_module_out() {
    let (builder, hand) = network();
    let network = builder.policy(ModulePolicy::deny_all()).start().await.unwrap();
    let job = submit(&network, &["print never"], SubmitOptions::default()).await;
    until(&job, |kind| matches!(kind, JobEventKind::Waiting { .. })).await;
    hand.advance(Duration::from_secs(30));
    let error = job.wait().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoMatch);
    assert!(error.message().contains("refuses the module"), "{error}");
}

#[tokio::test]
async fn who_cannot_pay_is_told_so() {
    let (builder, _) = network();
    let network = builder.start().await.unwrap();
    let options = SubmitOptions { price_cap: Some(Amount::from_lp(100_000)), ..SubmitOptions::default() };
    let error = submit(&network, &["print never"], options).await.wait().await.unwrap_err();
    assert_eq!((error.kind(), error.fault()), (ErrorKind::InsufficientFunds, Fault::User));
    network.audit().unwrap();
}

#[tokio::test]
async fn a_broken_executor_gives_the_job_back_unpaid() {
    let (builder, _) = network();
    let network = builder.start().await.unwrap();
    let error =
        submit(&network, &["work 10", "break"], SubmitOptions::default()).await.wait().await.unwrap_err();
    assert_eq!(error.code(), "E_UNEXPECTED");
    assert_eq!(spent(&network).await, Amount::ZERO);
    network.audit().unwrap();
}

#[tokio::test]
async fn a_hundred_jobs_share_two_slots_and_each_ends_once() {
    let (builder, _) = network();
    let network = builder.start().await.unwrap();
    let mut jobs = Vec::new();
    for number in 0..100 {
        jobs.push(submit(&network, &[&format!("work {number}")], SubmitOptions::default()).await);
    }
    let mut work = 0;
    for job in &jobs {
        let result = job.wait().await.unwrap();
        assert_eq!(result.state(), AgreementState::ResultsAccepted);
        work += result.instruction_count();
        let ends = log(job).await.iter().filter(|event| event.kind.is_final()).count();
        assert_eq!(ends, 1);
    }
    assert_eq!(work, 4_950);
    network.audit().unwrap();
    network.shutdown().await;
}

#[tokio::test]
async fn shutting_down_ends_what_runs_and_refunds() {
    let (builder, _) = network();
    let network = builder.start().await.unwrap();
    let job = submit(&network, &["work 10", "wait"], SubmitOptions::default()).await;
    until(&job, |kind| matches!(kind, JobEventKind::Started { .. })).await;
    network.shutdown().await;
    let error = job.wait().await.unwrap_err();
    assert_eq!((error.code(), error.fault()), ("E_PROVIDER_STOPPED", Fault::Provider));
}

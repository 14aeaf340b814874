//! From a job's submission to its deal and to its verified result, over HTTP with the WebAssembly executor, beside the program
//! alone and beside a signed read.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lilypad_core::client::{Client, SubmitOptions, Timings};
use lilypad_core::executor::wasm::WasmExecutor;
use lilypad_core::executor::{EventSink, Executor, Limits, RunRequest};
use lilypad_core::model::FileSet;
use lilypad_core::module::Module;
use lilypad_core::rt::CancelToken;

use crate::peers::{Figures, World, example, key};
use crate::times::{Times, millis, ratio, seconds};

/// Jobs one after another.
const JOBS: usize = 200;
/// Clients that submit at once, and the jobs of each.
const CLIENTS: u16 = 16;
const EACH: usize = 25;
/// Most that a result may take beyond the job's own time.
const TARGET: Duration = Duration::from_millis(50);

pub(crate) async fn run(world: &World) -> Figures {
    let executor = Arc::new(WasmExecutor::new().expect("an executor"));
    world.provider(Arc::clone(&executor) as Arc<dyn Executor>, 64).await;
    let module = example("cowsay");
    let alone = Times::new(alone(&executor, &module).await);
    let solver = world.solver(&key(3)).await;
    let mut reads = Vec::new();
    for _ in 0..JOBS {
        let start = Instant::now();
        solver.money().await.expect("money");
        reads.push(start.elapsed());
    }
    let (reads, client) = (Times::new(reads), world.client(4).await);
    let before = counts(world).await;
    let timings = one_by_one(&client, &module, JOBS).await;
    let after = counts(world).await;
    let each = |place: usize| (after[place] - before[place]) / JOBS as f64;
    let times = |of: fn(&Timings) -> Duration| Times::new(timings.iter().map(of).collect());
    let (deal, total) = (times(agreed), times(|timings| timings.total));
    println!(
        "  {:<10} submit to deal: {}; {:.1} times a signed read ({})",
        world.name,
        deal.line(),
        ratio(deal.median(), reads.median()),
        reads.line()
    );
    let beyond = total.median().saturating_sub(alone.median());
    let judged = if beyond < TARGET { "below" } else { "ABOVE" };
    println!(
        "  {:<10} submit to verified result: {}; {} beyond the program alone ({}), {judged} the target of {}",
        world.name,
        total.line(),
        millis(beyond),
        alone.line(),
        millis(TARGET)
    );
    let parts = [("deal", &deal), ("start", &times(started)), ("result", &times(submitted)), ("end", &total)];
    let parts = parts.map(|(name, times)| format!("{name} {}", millis(times.median())));
    println!("  {:<10}   of which until: {}", world.name, parts.join(", "));
    println!(
        "  {:<10}   a job: {:.1} requests, {:.1} commands of the ledger, {:.1} commits of the store",
        world.name,
        each(0),
        each(1),
        each(2)
    );
    let start = Instant::now();
    let mut tasks = Vec::new();
    for number in 0..CLIENTS {
        let (client, module) = (world.client(200 + number).await, module.clone());
        tasks.push(tokio::spawn(async move { one_by_one(&client, &module, EACH).await }));
    }
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await.expect("no panic"));
    }
    let time = start.elapsed();
    println!(
        "  {:<10} {CLIENTS} clients at once: {:.0} jobs/s; submit to deal {}",
        world.name,
        all.len() as f64 / time.as_secs_f64(),
        Times::new(all.iter().map(agreed).collect()).line()
    );
    vec![
        ("submit to deal", seconds(&deal)),
        ("submit to verified result", seconds(&total)),
        ("jobs/s of many", all.len() as f64 / time.as_secs_f64()),
        ("commits of a job", each(2)),
    ]
}

/// Requests, commands of the ledger, and commits so far.
async fn counts(world: &World) -> [f64; 3] {
    let requests = world.figure("lilypad_http_requests_total{").await;
    let commands = world.figure("lilypad_ledger_commands_total").await;
    [requests, commands, world.figure("lilypad_store_save_duration_seconds_count").await]
}

fn agreed(timings: &Timings) -> Duration {
    timings.agreed.unwrap_or_default()
}

fn started(timings: &Timings) -> Duration {
    timings.started.unwrap_or_default()
}

fn submitted(timings: &Timings) -> Duration {
    timings.submitted.unwrap_or_default()
}

async fn one_by_one(client: &Client, module: &Module, jobs: usize) -> Vec<Timings> {
    let inputs = BTreeMap::from([("Message".to_owned(), "hello, pond".to_owned())]);
    let mut timings = Vec::new();
    for _ in 0..jobs {
        let result = client.run(module, &inputs, SubmitOptions::default()).await.expect("a result");
        assert_eq!(result.exit_code(), 0);
        timings.push(result.timings());
    }
    timings
}

/// The program of the job, run by the executor that runs it for the provider.
async fn alone(executor: &WasmExecutor, module: &Module) -> Vec<Duration> {
    let inputs = BTreeMap::from([("Message".to_owned(), "hello, pond".to_owned())]);
    let job = module.render(&inputs).expect("inputs that fit").into_runnable().expect("a job");
    let request = RunRequest {
        job_id: "bench".to_owned(),
        run: job.run,
        bundle: module.bundle().clone(),
        inputs: FileSet::new(),
        outputs: BTreeMap::new(),
        network: lilypad_core::model::NetworkPolicy::None,
        gpus: Vec::new(),
        seed: [0; 32],
        limits: Limits::default(),
    };
    let mut times = Vec::new();
    for _ in 0..JOBS {
        let start = Instant::now();
        executor
            .run(request.clone(), EventSink::discard(), CancelToken::new())
            .await
            .expect("a program that ends");
        times.push(start.elapsed());
    }
    times
}

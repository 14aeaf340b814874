//! From a provider's report to those who read the job's events, many beside one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lilypad_core::client::{Job, SubmitOptions};
use lilypad_core::executor::FakeExecutor;
use lilypad_core::http::HttpSolver;
use lilypad_core::model::{DealId, ExecutorEvent, FileSet};
use lilypad_core::module::{Module, PinSource};
use lilypad_core::wire::{EventStream, JobEventKind, ProviderApi};

use crate::peers::{Figures, World};
use crate::times::{Times, ratio, seconds};

/// Readers of one job at once.
const READERS: usize = 200;
/// Events that are reported, each once the one before has reached every reader.
const EVENTS: usize = 100;

pub(crate) async fn run(world: &World) -> Figures {
    let provider = world.provider(Arc::new(FakeExecutor), 1).await;
    let client = world.client(3).await;
    let job = client.submit(&waits(), &BTreeMap::new(), SubmitOptions::default()).await.expect("a job");
    let deal = started(&job).await;
    let one = measure(&job, &provider, deal, 1).await;
    let many = measure(&job, &provider, deal, READERS).await;
    println!(
        "  {:<10} report to {READERS} readers: {}; {:.1} times as long as to one ({})",
        world.name,
        many.line(),
        ratio(many.median(), one.median()),
        one.line()
    );
    job.cancel().await.expect("an end");
    job.wait().await.expect("a result");
    vec![("report to all readers", seconds(&many)), ("report to one", seconds(&one))]
}

/// A job that runs until it is stopped.
fn waits() -> Module {
    let manifest = "module.name = \"waits\"\nrun.wasm = { module = \"waits.wat\", args = [\"wait\"] }\n\
                    machine = { cpu = 1000, ram = 100 }\nlimits.timeout = \"600s\"\n";
    let mut files = FileSet::new();
    files.insert("lilypad.toml", manifest.as_bytes().to_vec()).expect("a file");
    files.insert("waits.wat", "(module (func (export \"_start\")))").expect("a file");
    Module::load(PinSource::local(), &files).expect("a module")
}

async fn started(job: &Job) -> DealId {
    let mut events = job.events().await.expect("events");
    let mut deal = None;
    while let Some(event) = events.next().await {
        match event.kind {
            JobEventKind::Agreed { deal_id, .. } => deal = Some(deal_id),
            JobEventKind::Started { .. } => break,
            _ => {}
        }
    }
    deal.expect("a deal")
}

/// How long each event takes until each reader has it.
async fn measure(job: &Job, provider: &HttpSolver, deal: DealId, readers: usize) -> Times {
    let (base, (sender, mut seen)) = (Instant::now(), tokio::sync::mpsc::unbounded_channel());
    let mark = format!("{readers}:");
    let mut tasks = Vec::new();
    for _ in 0..readers {
        let (events, sender) = (job.events().await.expect("events"), sender.clone());
        tasks.push(tokio::spawn(read(events, mark.clone(), base, sender)));
    }
    let mut times = Vec::new();
    for _ in 0..EVENTS {
        let text = format!("{mark}{}", base.elapsed().as_nanos());
        provider.report(deal, ExecutorEvent::Stdout(text));
        for _ in 0..readers {
            times.push(seen.recv().await.expect("every reader"));
        }
    }
    tasks.iter().for_each(tokio::task::JoinHandle::abort);
    Times::new(times)
}

async fn read(
    mut events: EventStream,
    mark: String,
    base: Instant,
    seen: tokio::sync::mpsc::UnboundedSender<Duration>,
) {
    while let Some(event) = events.next().await {
        let JobEventKind::Stdout { text } = event.kind else { continue };
        let sent = text.strip_prefix(&mark).and_then(|nanos| nanos.parse().ok()).map(Duration::from_nanos);
        if let Some(sent) = sent {
            let _ = seen.send(base.elapsed().saturating_sub(sent));
        }
    }
}

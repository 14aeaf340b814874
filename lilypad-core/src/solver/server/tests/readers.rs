//! Readers that do not read: they are cut off, take no memory, and nobody waits for them (T43).

use std::collections::BTreeMap;

use super::raw::{Raw, soon, until};
use super::*;
use crate::model::{DealId, ExecutorEvent};
use crate::solver::server::metrics::Refused;
use crate::wire::{EventStream, routes};

/// Events of a kilobyte: together more than all buffers between two ends hold.
const EVENTS: usize = 4_000;

/// Streams that the job's own client has.
const OWN: u64 = 1;

/// A job that runs, and writes what the test makes it write.
struct Running {
    served: Served,
    stop: CancelToken,
    provider: tokio::task::JoinHandle<()>,
    job: crate::client::Job,
    deal: DealId,
}

impl Running {
    async fn start(config: ServerConfig) -> Self {
        let (served, stop) = (serve_with(config), CancelToken::new());
        let provider = served.provider(&stop).await;
        let client = served.client().await;
        let job =
            client.submit(&module(&["wait"]), &BTreeMap::new(), SubmitOptions::default()).await.unwrap();
        let mut events = job.events().await.unwrap();
        let mut deal = None;
        while let Some(event) = events.next().await {
            match event.kind {
                JobEventKind::Agreed { deal_id, .. } => deal = Some(deal_id),
                JobEventKind::Started { .. } => break,
                _ => {}
            }
        }
        drop(events);
        let metrics = Arc::clone(&served.metrics);
        until(|| metrics.job_streams.get() == OWN).await;
        Self { served, stop, provider, job, deal: deal.unwrap() }
    }

    fn write(&self, count: usize) {
        for batch in 0..count / 100 {
            let lines =
                (0..100).map(|line| ExecutorEvent::Stdout(format!("{batch}.{line} {}", "x".repeat(1_000))));
            self.served.solver.report_all(self.deal, "", lines).unwrap();
        }
    }

    async fn open(&self, last: Option<u64>) -> Raw {
        let lines = last.map_or_else(String::new, |last| format!("last-event-id: {last}\r\n"));
        let head = self.served.signed(&key(2), "GET", &routes::job_events(self.job.id()), &lines).await;
        let mut raw = Raw::with(&self.served, head).await;
        let begin = raw.read_to("\r\n\r\n").await;
        assert!(begin.starts_with("HTTP/1.1 200 "), "{begin}");
        raw
    }

    async fn end(self) {
        self.job.cancel().await.unwrap();
        self.job.wait().await.unwrap();
        self.stop.cancel(CancelReason::Shutdown);
        self.provider.await.unwrap();
        self.served.end().await;
    }
}

fn impatient() -> ServerConfig {
    ServerConfig { write_timeout: Duration::from_millis(300), ..ServerConfig::default() }
}

/// Reads until `lines` lines of output have come.
async fn lines(mut events: EventStream, lines: usize) -> usize {
    let mut seen = 0;
    while seen < lines {
        let event = soon(events.next()).await.unwrap();
        seen += usize::from(matches!(event.kind, JobEventKind::Stdout { .. }));
    }
    seen
}

fn ids(text: &str) -> Vec<u64> {
    // The last line may have been cut off.
    let whole = text.rsplit_once("\n\n").map_or("", |(whole, _)| whole);
    whole.lines().filter_map(|line| line.strip_prefix("id: ")).map(|id| id.parse().unwrap()).collect()
}

#[tokio::test]
async fn who_does_not_read_is_cut_off_and_goes_on_from_its_last_event() {
    let running = Running::start(impatient()).await;
    let metrics = Arc::clone(&running.served.metrics);
    let mut silent = running.open(None).await;
    assert_eq!(metrics.job_streams.get(), OWN + 1);
    let honest = tokio::spawn(lines(running.job.events().await.unwrap(), EVENTS));
    running.write(EVENTS);
    assert_eq!(honest.await.unwrap(), EVENTS);
    silent.broken().await;
    until(|| metrics.job_streams.get() == OWN).await;
    // On a machine that does much else an honest one may have been, too: it has read everything all the same.
    assert!(metrics.count(Refused::SlowReader) >= 1);

    // What was on its way when it was cut off is a part, and what follows it comes over the next connection.
    let before = silent.rest().await;
    assert!(before.len() < EVENTS * 1_000, "{} bytes were sent to somebody who did not read", before.len());
    let first = ids(&before);
    let last = *first.last().unwrap();
    assert_eq!(first, (0..=last).collect::<Vec<_>>());
    running.job.cancel().await.unwrap();
    running.job.wait().await.unwrap();
    let mut all = first;
    loop {
        let text = running.open(all.last().copied()).await.rest().await;
        all.extend(ids(&text));
        // The final event ends the stream; a machine that does much else may need more than one.
        if text.contains("\"event\":\"cancelled\"") {
            break;
        }
    }
    assert!(all.len() > EVENTS);
    assert_eq!(all, (0..all.len() as u64).collect::<Vec<_>>());
    running.end().await;
}

#[tokio::test]
async fn a_reader_that_takes_a_little_now_and_then_is_cut_off_too() {
    use tokio::io::AsyncReadExt;

    let running = Running::start(ServerConfig { address_requests: u32::MAX, ..impatient() }).await;
    let mut slow = running.open(None).await;
    running.write(EVENTS);
    // A byte at a time, with a whole request in between.
    let (mut other, ask) =
        (Raw::connect(&running.served).await, running.served.head("GET", routes::SOLVER, ""));
    soon(async {
        let mut byte = [0];
        while slow.is_whole() && slow.0.read_exact(&mut byte).await.is_ok() {
            assert_eq!(other.ask(&ask).await, 200);
        }
    })
    .await;
    slow.broken().await;
    running.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_that_do_not_read_delay_nobody() {
    // Long enough for honest ones on a machine that does much else.
    let patient = ServerConfig { write_timeout: Duration::from_secs(4), ..ServerConfig::default() };
    let running = Running::start(patient).await;
    let metrics = Arc::clone(&running.served.metrics);
    let (silent, honest) = (20, 60);
    let mut silents = Vec::new();
    for _ in 0..silent {
        silents.push(running.open(None).await);
    }
    let mut readers = Vec::new();
    for _ in 0..honest {
        readers.push(tokio::spawn(lines(running.job.events().await.unwrap(), 600)));
    }
    assert_eq!(metrics.job_streams.get(), OWN + silent + honest);
    running.write(600);
    for reader in readers {
        assert_eq!(reader.await.unwrap(), 600);
    }
    for silent in &silents {
        silent.broken().await;
    }
    assert!(metrics.count(Refused::SlowReader) >= silent);
    running.end().await;
}

#[tokio::test]
async fn an_account_has_so_many_streams_and_gets_their_places_back() {
    let running = Running::start(ServerConfig { account_streams: 3, ..ServerConfig::default() }).await;
    let metrics = Arc::clone(&running.served.metrics);
    let held = (running.open(None).await, running.open(None).await);
    let path = routes::job_events(running.job.id());
    let head = running.served.signed(&key(2), "GET", &path, "").await;
    let refused = Raw::with(&running.served, head).await.read_to("E_STREAMS").await;
    assert!(refused.starts_with("HTTP/1.1 429 "), "{refused}");
    assert!(refused.contains("retry-after: 15\r\n"), "{refused}");
    assert_eq!(metrics.count(Refused::Streams), 1);
    drop(held.0);
    until(|| metrics.job_streams.get() == OWN + 1).await;
    running.open(None).await;
    drop(held.1);
    until(|| metrics.job_streams.get() == OWN).await;
    running.end().await;
}

#[tokio::test]
async fn a_provider_that_does_not_read_its_messages_hears_everything_when_it_comes_back() {
    use crate::wire::ProviderMessage;

    let running = Running::start(ServerConfig::default()).await;
    let (solver, provider) = (&running.served.solver, key(3).address());
    let mut inbox = solver.connect(provider).await.unwrap();
    let stop = || ProviderMessage::Stop { deal_id: running.deal, reason: CancelReason::Cancelled };
    let told = (0..1_000).take_while(|_| solver.book().tell(provider, stop())).count();
    assert!((256..1_000).contains(&told), "{told} messages were kept for somebody who does not read");
    assert!(solver.book().has_left(provider));
    let mut kept = 0;
    while inbox.recv().await.is_some() {
        kept += 1;
    }
    assert_eq!(kept, told + 1, "the deal was told first");
    let mut again = solver.connect(provider).await.unwrap();
    let first = again.recv().await;
    assert!(
        matches!(&first, Some(ProviderMessage::Deal { deal_id }) if *deal_id == running.deal),
        "{first:?}"
    );
    drop(again);
    running.end().await;
}

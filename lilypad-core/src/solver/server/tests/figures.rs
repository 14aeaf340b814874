//! What operators read: the right counts, in a format that others read.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use super::raw::{Raw, soon};
use super::*;
use crate::wire::routes;

/// Samples by name and labels, as they are written.
type Samples = BTreeMap<String, f64>;

/// Reads a page strictly: each family is described, then typed, then has its samples, each once.
fn parse(page: &str) -> Samples {
    let mut samples = Samples::new();
    let mut families: Vec<(&str, &str)> = Vec::new();
    let mut lines = page.lines();
    assert!(page.ends_with('\n'), "the last line has no end");
    while let Some(line) = lines.next() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let name = rest.split_once(' ').unwrap().0;
            let typed = lines.next().unwrap().strip_prefix("# TYPE ").unwrap();
            let (typed, kind) = typed.split_once(' ').unwrap();
            assert_eq!(typed, name);
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{kind}");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{name}");
            assert!(families.iter().all(|(known, _)| *known != name), "{name} is there twice");
            families.push((name, kind));
            continue;
        }
        let (sample, value) = line.rsplit_once(' ').unwrap();
        let (name, kind) = families.last().unwrap();
        let own = sample.split('{').next().unwrap();
        let expected: &[&str] = if *kind == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
        assert!(expected.iter().any(|end| own.strip_suffix(end) == Some(*name)), "{sample} is not of {name}");
        assert!(
            samples.insert(sample.to_owned(), value.parse().unwrap()).is_none(),
            "{sample} is there twice"
        );
    }
    samples
}

/// The families and the number of their samples, as another implementation reads the page.
fn read_by_python(test: &str, page: &str) -> Option<Vec<(String, usize)>> {
    let Ok(python) = std::env::var("LILYPAD_PYTHON") else {
        println!("SKIP {test}: LILYPAD_PYTHON is not set");
        return None;
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/python/metrics.py");
    let mut child =
        Command::new(python).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(page.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

async fn get(address: std::net::SocketAddr, path: &str) -> String {
    use tokio::io::AsyncWriteExt;

    let mut connection = Raw(tokio::net::TcpStream::connect(address).await.unwrap());
    let text = format!("GET {path} HTTP/1.1\r\nhost: any\r\nconnection: close\r\n\r\n");
    connection.0.write_all(text.as_bytes()).await.unwrap();
    connection.rest().await
}

/// A solver on a store, whose figures are shown at the address.
async fn serve_watched() -> (Served, std::net::SocketAddr) {
    let store = Arc::new(MemoryStore::new()) as Arc<dyn Store>;
    let (ledger, config) = (LedgerConfig::default(), SolverConfig::default());
    let opened = Solver::open(
        store,
        Arc::new(MemoryFiles::new()),
        key(1).address(),
        Domain::local(),
        Clock::system(),
        ledger,
        config,
    )
    .await;
    let (solver, ledger) = opened.unwrap();
    let [listener, operators] = [0, 1].map(|_| std::net::TcpListener::bind("127.0.0.1:0").unwrap());
    let address = operators.local_addr().unwrap();
    let config = ServerConfig { play_money: Some(Amount::from_lp(1_000)), ..ServerConfig::default() };
    let server =
        Server::new(solver.clone(), ledger.clone(), listener, config).unwrap().with_metrics(operators);
    let url = format!("http://{}", server.local_addr().unwrap());
    let (stop, metrics) = (CancelToken::new(), Arc::clone(&server.state.0.metrics));
    let task = tokio::spawn(server.serve(stop.clone()));
    (Served { url, solver, metrics, stop, ledger, task }, address)
}

#[tokio::test]
async fn a_job_and_a_refusal_are_counted_and_others_can_read_it() {
    let ((served, address), stop) = (serve_watched().await, CancelToken::new());
    let provider = served.provider(&stop).await;
    let client = served.client().await;
    let job = client.submit(&module(&["wait"]), &BTreeMap::new(), SubmitOptions::default()).await.unwrap();
    let mut events = job.events().await.unwrap();
    while let Some(event) = soon(events.next()).await {
        if matches!(event.kind, JobEventKind::Started { .. }) {
            break;
        }
    }
    let during = parse(get(address, "/metrics").await.split_once("\r\n\r\n").unwrap().1);
    assert_eq!(during["lilypad_jobs{state=\"running\"}"], 1.0);
    assert_eq!(during["lilypad_http_streams{of=\"job\"}"], 2.0);
    assert_eq!(during["lilypad_http_streams{of=\"provider\"}"], 1.0);
    job.cancel().await.unwrap();
    job.wait().await.unwrap();
    Raw::with(&served, served.head("GET", routes::JOBS, "connection: close\r\n")).await.rest().await;
    let odd = "/api/v1/jobs/x/../\"\\{le=\"1\"}";
    Raw::with(&served, served.head("BREW", odd, "connection: close\r\n")).await.rest().await;

    let answer = get(address, "/metrics").await;
    let (head, page) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("content-type: text/plain; version=0.0.4; charset=utf-8"), "{head}");
    let samples = parse(page);
    let submitted = "lilypad_http_requests_total{route=\"/api/v1/jobs\",method=\"POST\",status=\"200\"}";
    for (sample, value) in [
        (submitted, 1.0),
        ("lilypad_http_requests_total{route=\"/api/v1/jobs\",method=\"GET\",status=\"401\"}", 1.0),
        ("lilypad_http_requests_total{route=\"other\",method=\"other\",status=\"404\"}", 1.0),
        ("lilypad_http_refused_total{reason=\"signature\"}", 1.0),
        ("lilypad_http_refused_total{reason=\"rate\"}", 0.0),
        ("lilypad_http_request_duration_seconds_count{route=\"/api/v1/jobs\"}", 2.0),
        ("lilypad_offers", 1.0),
        ("lilypad_matches_total", 1.0),
        ("lilypad_jobs{state=\"running\"}", 0.0),
        ("lilypad_jobs_ended_total{state=\"JobOfferCancelled\"}", 1.0),
        ("lilypad_ledger_commands_total", served.ledger.commands() as f64),
        ("lilypad_store_sound", 1.0),
    ] {
        assert_eq!(samples.get(sample), Some(&value), "{sample} in {page}");
    }
    let saves = samples["lilypad_store_save_duration_seconds_count"];
    assert!(saves > 5.0, "{saves}");
    assert_eq!(samples["lilypad_store_save_duration_seconds_bucket{le=\"+Inf\"}"], saves);
    if let Some(families) = read_by_python("what Python's Prometheus client reads", page) {
        assert_eq!(families.iter().map(|(_, samples)| samples).sum::<usize>(), samples.len());
        assert_eq!(families.len(), page.lines().filter(|line| line.starts_with("# TYPE ")).count());
    }
    stop.cancel(CancelReason::Shutdown);
    provider.await.unwrap();
    served.end().await;
}

#[tokio::test]
async fn figures_are_on_their_own_listener_only() {
    let (served, address) = serve_watched().await;
    let public = served.authority().parse().unwrap();
    assert!(get(public, "/metrics").await.starts_with("HTTP/1.1 404 "));
    for path in ["/metrics", "/healthz", "/readyz"] {
        assert!(get(address, path).await.starts_with("HTTP/1.1 200 "), "{path}");
    }
    assert!(get(address, routes::SOLVER).await.starts_with("HTTP/1.1 404 "));
    served.end().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "it ends with the server");
}

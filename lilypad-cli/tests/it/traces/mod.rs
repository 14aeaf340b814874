//! Spans that processes export: linked from the job creator to the solver, without secrets, and waited for by nobody.

mod collector;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use opentelemetry_proto::tonic::trace::v1::span::SpanKind;

use crate::http::{CREATOR_KEY, PROVIDER_KEY, Role, SOLVER_KEY};
use crate::tool::{Outcome, User};
use collector::{Came, Collector};

/// The account of [`CREATOR_KEY`].
const CREATOR: &str = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";
/// An input that nobody else should see.
const WORDS: &str = "between the two of us";

fn soon(command: &mut Command) -> &mut Command {
    command.env("OTEL_BSP_SCHEDULE_DELAY", "20")
}

fn solver(user: &User, collector: &str) -> Command {
    solver_at(user, collector, "127.0.0.1:0")
}

fn solver_at(user: &User, collector: &str, address: &str) -> Command {
    let args = ["solver", "--listen", address, "--play-money", "1000 LP", "--otlp", collector];
    let mut command = user.command(&args);
    soon(&mut command);
    command
}

fn provider(user: &User, url: &str) -> Role {
    Role::start(user, Some(PROVIDER_KEY), &["provider", "--network", url, "--ram", "2000"])
}

fn run(user: &User, url: &str, collector: Option<&str>) -> Outcome {
    Outcome::of(run_later(user, url, collector).output().unwrap())
}

fn run_later(user: &User, url: &str, collector: Option<&str>) -> Command {
    let message = format!("Message={WORDS}");
    let args = ["run", "examples/modules/cowsay", "-i", &message, "--json", "--network", url];
    let mut command = user.command(&args);
    soon(&mut command).env("LILYPAD_PRIVATE_KEY", CREATOR_KEY);
    if let Some(collector) = collector {
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", collector);
    }
    command
}

/// The one span of this service with this name, below this one.
fn one<'a>(came: &'a [Came], service: &str, name: &str, parent: &[u8]) -> &'a Came {
    let fits = |came: &&Came| {
        came.service == service && came.span.name == name && came.span.parent_span_id == parent
    };
    let found: Vec<&Came> = came.iter().filter(fits).collect();
    assert_eq!(found.len(), 1, "{service} {name}: {came:#?}");
    found[0]
}

#[test]
fn a_job_is_one_trace_from_its_creator_to_its_end_at_the_solver() {
    let (user, collector) = (User::new(), Collector::start(true));
    let solver = Role::begin_call(solver(&user, &collector.url).env("OTEL_SERVICE_NAME", "the-pond"), None);
    let url = solver.ready["url"].as_str().unwrap();
    let _provider = provider(&user, url);
    let document = run(&user, url, Some(&collector.url)).ends_with(0).json();
    let job = document["job_id"].as_str().unwrap();
    let ended = |came: &[Came]| {
        let of =
            |service, name: &str| came.iter().any(|came| came.service == service && came.span.name == name);
        of("the-pond", "job")
            && of("the-pond", "POST /api/v1/jobs/{id}/accept")
            && of("lilypad-run", "run job")
    };
    let came = collector.wait(ended);

    let root = one(&came, "lilypad-run", "run job", &[]);
    assert_eq!(root.attributes["lilypad.job"], job);
    let submit = "POST /api/v1/jobs";
    let sent = one(&came, "lilypad-run", submit, &root.span.span_id);
    assert_eq!(sent.span.kind(), SpanKind::Client);
    assert_eq!(sent.attributes["http.response.status_code"], "200");
    let answered = one(&came, "the-pond", submit, &sent.span.span_id);
    assert_eq!(answered.span.kind(), SpanKind::Server);
    let known = |name: &str| answered.attributes[name].as_str();
    assert_eq!((known("http.request.method"), known("http.route")), ("POST", "/api/v1/jobs"));
    assert_eq!((known("http.response.status_code"), known("lilypad.account")), ("200", CREATOR));
    assert_eq!(known("lilypad.job"), job);

    let life = one(&came, "the-pond", "job", &answered.span.span_id);
    assert_eq!(life.attributes["lilypad.job"], job);
    assert_eq!(life.attributes["lilypad.state"], "ResultsAccepted");
    assert_eq!(life.attributes["lilypad.deal"], document["deal_id"].as_str().unwrap());
    let happened: Vec<&str> = life.span.events.iter().map(|event| event.name.as_str()).collect();
    let wanted = ["submitted", "agreed", "started", "results_submitted", "results_accepted"];
    assert_eq!(happened, wanted);
    for phase in ["match", "execute", "judge"] {
        one(&came, "the-pond", phase, &life.span.span_id);
    }
    // The acceptance is sent later, on another connection, and belongs to the same.
    let accept = "POST /api/v1/jobs/{id}/accept";
    let sent = one(&came, "lilypad-run", accept, &root.span.span_id);
    let accepted = one(&came, "the-pond", accept, &sent.span.span_id);
    for span in [sent, answered, life, accepted] {
        assert_eq!(span.span.trace_id, root.span.trace_id);
    }
    // A request does not seem to last as long as its job.
    assert!(answered.span.end_time_unix_nano < life.span.end_time_unix_nano);

    let key = CREATOR_KEY.trim_start_matches("0x");
    let signature = document["receipt"]["job_creator_signature"].as_str().unwrap();
    for secret in [WORDS, key, signature.trim_start_matches("0x"), "ecdsa", "offset="] {
        assert!(!secret.is_empty() && !collector.saw(secret), "{secret} was exported");
    }
    assert!(collector.saw(job), "what is looked for would be found");
}

#[test]
fn a_job_that_goes_on_after_a_restart_belongs_to_the_same_trace() {
    let (user, collector) = (User::new(), Collector::start(true));
    let store = user.path("solver.sqlite");
    let start = |address: &str| {
        let mut command = solver_at(&user, &collector.url, address);
        command.args(["--store", store.to_str().unwrap()]);
        Role::begin_call(&mut command, Some(SOLVER_KEY))
    };
    let solver = start("127.0.0.1:0");
    let url = solver.ready["url"].as_str().unwrap().to_owned();
    let mut running = run_later(&user, &url, Some(&collector.url));
    let running = running.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let named = |came: &Came, name: &str| came.service == "lilypad-solver" && came.span.name == name;
    let came = collector.wait(|came| came.iter().any(|came| named(came, "POST /api/v1/jobs")));
    let submitted = came.into_iter().find(|came| named(came, "POST /api/v1/jobs")).unwrap().span;
    // Nobody could run the job yet.
    solver.kill();
    let _solver = start(url.strip_prefix("http://").unwrap());
    let _provider = provider(&user, &url);
    Outcome::of(running.wait_with_output().unwrap()).ends_with(0);
    let came = collector.wait(|came| came.iter().any(|came| named(came, "job")));
    let life = one(&came, "lilypad-solver", "job", &submitted.span_id);
    assert_eq!(life.span.trace_id, submitted.trace_id);
    assert_eq!(life.attributes["lilypad.resumed"], "true");
}

/// A solver whose standard error is read.
struct Told {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStderr>>,
    url: String,
}

impl Told {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let listening = lines.by_ref().map(Result::unwrap).find(|line| line.contains("listening"));
        let url = listening.unwrap().split_whitespace().last().unwrap().to_owned();
        Self { child, lines, url }
    }

    /// Stops the solver in good order, and gives what it said from now on.
    fn stop(mut self) -> Vec<String> {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        let rest = self.lines.map(Result::unwrap).collect();
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
        rest
    }
}

#[test]
fn a_collector_that_is_down_is_told_of_once_and_stops_nothing() {
    let user = User::new();
    let down = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let mut solver = Told::start(solver(&user, &down));
    let provider = provider(&user, &solver.url);
    run(&user, &solver.url, None).ends_with(0);
    let trouble = |line: &String| line.contains("does not take spans");
    let first = solver.lines.by_ref().map(Result::unwrap).find(trouble);
    assert!(first.unwrap().contains("nothing waits for it"));
    // These spans, and the last ones, fail too.
    run(&user, &solver.url, None).ends_with(0);
    drop(provider);
    let rest = solver.stop();
    assert!(!rest.iter().any(trouble), "{rest:?}");
}

#[test]
fn a_collector_that_never_answers_is_waited_for_by_no_request() {
    let (user, collector) = (User::new(), Collector::start(false));
    let mut command = solver(&user, &collector.url);
    // Fewer places than there are spans: what does not fit is left out.
    command.env("OTEL_BSP_MAX_QUEUE_SIZE", "4").env("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "2");
    command.env("OTEL_EXPORTER_OTLP_TIMEOUT", "3600000");
    let solver = Told::start(command);
    let provider = provider(&user, &solver.url);
    collector.wait(|came| !came.is_empty());
    // The exporter has its one request under way, for an hour. Both jobs run meanwhile.
    run(&user, &solver.url, None).ends_with(0);
    run(&user, &solver.url, None).ends_with(0);
    assert_eq!(collector.requests(), 1);
    drop(provider);
    solver.stop();
}

#[test]
fn what_is_no_collector_is_refused_before_anything_starts() {
    let user = User::new();
    for bad in ["localhost:4318", "http://me:secret@collector"] {
        let failed = user.lilypad(&["solver", "--otlp", bad]).ends_with(2);
        assert!(failed.stderr.contains("no address of a collector"), "{}", failed.stderr);
        assert!(!failed.stderr.contains("secret"), "{}", failed.stderr);
    }
}

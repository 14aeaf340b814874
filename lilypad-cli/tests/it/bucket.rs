//! A solver whose files are in a bucket of an S3-compatible object store: jobs, restarts, several processes, and what goes wrong.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
#[cfg(feature = "crash-points")]
use std::time::{Duration, Instant};

use lilypad_core::model::AgreementState;
use lilypad_core::signer::{LocalSigner, Signer};
use lilypad_core::wire::{JobCreatorApi as _, JobEventKind};

use crate::big::{big, found, is_big};
use crate::cluster::{database, reach};
use crate::http::{CREATOR_KEY, PROVIDER_KEY, Role, SOLVER_KEY, creator};
use crate::tool::{Outcome, User, skipped};

/// MiB of a result that goes to the bucket in parts.
const BIG: usize = 12;

/// A bucket at the object store that `LILYPAD_S3` names.
struct Bucket {
    endpoint: String,
    name: String,
}

impl Bucket {
    fn new(test: &str) -> Option<Self> {
        static COUNTER: AtomicUsize = AtomicUsize::new(0);
        let Ok(endpoint) = std::env::var("LILYPAD_S3") else {
            skipped(test, "LILYPAD_S3 is not set");
            return None;
        };
        let name = format!("lilypad-cli-{}-{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
        let bucket = Self { endpoint, name };
        bucket.call("PUT", "");
        Some(bucket)
    }

    fn call(&self, method: &str, query: &str) -> String {
        let authority = self.endpoint.strip_prefix("http://").unwrap();
        let mut connection = TcpStream::connect(authority).unwrap();
        let path = format!("/{}{query}", self.name);
        write!(
            connection,
            "{method} {path} HTTP/1.1\r\nhost: {authority}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        answer
    }

    /// How many objects there are.
    fn objects(&self) -> usize {
        self.call("GET", "?list-type=2").matches("<Key>").count()
    }

    /// A call of a solver that listens at `listen` and keeps its jobs in `store`.
    fn solver(&self, user: &User, listen: &str, store: &str) -> Command {
        let files = format!("s3://{}/lilypad/one", self.name);
        let mut command = user.command(&["solver", "--listen", listen, "--play-money", "1000 LP"]);
        command.args(["--files", &files, "--files-endpoint", &self.endpoint]);
        with_keys(command.env("LILYPAD_STORE", store));
        command
    }
}

fn with_keys(command: &mut Command) {
    command.envs([("AWS_ACCESS_KEY_ID", "testing"), ("AWS_SECRET_ACCESS_KEY", "hunter2")]);
}

fn provider(user: &User, url: &str) -> Role {
    Role::start(user, Some(PROVIDER_KEY), &["provider", "--network", url, "--ram", "2000"])
}

/// Solver, provider and job creator as processes; the solver is killed when a result is in its bucket, and goes on.
#[cfg(feature = "crash-points")]
#[test]
fn a_solver_that_is_killed_finds_its_files_in_the_bucket() {
    let test = "a_solver_that_is_killed_finds_its_files_in_the_bucket";
    let Some(bucket) = Bucket::new(test) else { return };
    let user = User::new();
    let store = user.path("solver.sqlite").to_str().unwrap().to_owned();
    let mut solver = bucket.solver(&user, "127.0.0.1:0", &store);
    let killed = Role::begin(&mut solver, Some(SOLVER_KEY), Some("solver.delivered"));
    let url = killed.ready["url"].as_str().unwrap().to_owned();
    let _provider = provider(&user, &url);
    let module = big(&user, BIG);
    let output = user.path("out");
    let run = ["run", &module, "--json", "--network", &url, "--output-dir", output.to_str().unwrap()];
    let mut client = user.command(&run);
    client.env("LILYPAD_PRIVATE_KEY", CREATOR_KEY).stdout(Stdio::piped()).stderr(Stdio::piped());
    let client = client.spawn().unwrap();
    assert!(killed.died(), "the point was not reached");
    // The job's own archive, and its result.
    assert_eq!(bucket.objects(), 2);
    let _solver = Role::begin_call(
        &mut bucket.solver(&user, url.strip_prefix("http://").unwrap(), &store),
        Some(SOLVER_KEY),
    );
    let done = Outcome::of(client.wait_with_output().unwrap()).ends_with(0).json();
    assert_eq!((&done["state"], &done["receipt_verified"]), (&"ResultsAccepted".into(), &true.into()));
    is_big(&found(&output), BIG);
    // Uploads waited on this machine, and are gone: the provider's once it has heard that its result was taken, which may be
    // after the job creator has it.
    let (uploads, begun) = (user.path("solver.sqlite.uploads"), Instant::now());
    while std::fs::read_dir(&uploads).unwrap().count() != 0 {
        assert!(begun.elapsed() < Duration::from_secs(60), "an upload stays");
        std::thread::yield_now();
    }
}

/// Two solver processes on one database and one bucket, and no folder that both see: the one that leads is killed, and the other
/// gives out the result that the first one took.
#[cfg(feature = "crash-points")]
#[tokio::test(flavor = "multi_thread")]
async fn two_processes_share_a_bucket_of_which_the_leader_is_killed() {
    let test = "two_processes_share_a_bucket_of_which_the_leader_is_killed";
    let Some(bucket) = Bucket::new(test) else { return };
    let Some(database) = database(test).await else { return };
    let user = User::new();
    let start = |name: &str| {
        let mut command = bucket.solver(&user, "127.0.0.1:0", &database.url());
        let role = Role::begin_call(command.arg("--uploads").arg(user.path(name)), Some(SOLVER_KEY));
        let url = role.ready["url"].as_str().unwrap().to_owned();
        (role, url)
    };
    let (first, first_url) = start("first");
    // It leads before there is another.
    let account: Arc<dyn Signer> = Arc::new(LocalSigner::from_hex(CREATOR_KEY).unwrap());
    reach(&first_url, &account).await.ask_for_play_money().await.unwrap();
    let (_second, second_url) = start("second");
    let _provider = provider(&user, &second_url);
    // The client is gone before the result is there.
    let mut client = user.command(&["run", &big(&user, BIG), "--network", &second_url]);
    client.env("LILYPAD_PRIVATE_KEY", CREATOR_KEY).env("LILYPAD_CRASH_AT", "client.agreed");
    assert_eq!(client.output().unwrap().status.code(), None);
    let solver = reach(&second_url, &account).await;
    let id = solver.jobs().await.unwrap()[0].job_id;
    let mut events = solver.watch(id).await.unwrap();
    while !matches!(events.next().await.unwrap().kind, JobEventKind::ResultsSubmitted { .. }) {}
    first.kill();
    let output = user.path("out");
    let resume =
        ["resume", &id.to_string(), "--network", &second_url, "--output-dir", output.to_str().unwrap()];
    // It is answered once the other one leads.
    solver.status(id).await.unwrap();
    creator(&user, &resume).ends_with(0);
    is_big(&found(&output), BIG);
    assert_eq!(solver.status(id).await.unwrap().state, AgreementState::ResultsAccepted);
    database.drop().await;
}

/// What a solver says that cannot be started with these files.
fn refused(command: &mut Command, code: i32, error: &str, fault: &str) -> String {
    command.env("LILYPAD_PRIVATE_KEY", SOLVER_KEY).arg("--json");
    let outcome = Outcome::of(command.output().unwrap()).ends_with(code);
    let said = outcome.json();
    assert_eq!((&said["error"]["code"], &said["error"]["fault"]), (&error.into(), &fault.into()), "{said}");
    let lines = outcome.stderr.lines().filter(|line| line.contains("error")).count();
    assert_eq!(lines, 1, "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("hunter2") && !outcome.stdout.contains("hunter2"), "{}", outcome.stderr);
    outcome.stderr
}

/// A call of a solver with files at an endpoint.
fn solver_at(user: &User, endpoint: &str) -> Command {
    let store = user.path("solver.sqlite");
    let mut command =
        user.command(&["solver", "--listen", "127.0.0.1:0", "--store", store.to_str().unwrap()]);
    command.args(["--files", "s3://not-made/solver"]).env("AWS_ENDPOINT_URL", endpoint);
    command
}

#[test]
fn a_bucket_that_is_not_there_is_named() {
    let Some(bucket) = Bucket::new("a_bucket_that_is_not_there_is_named") else { return };
    let user = User::new();
    let mut command = solver_at(&user, &bucket.endpoint);
    with_keys(&mut command);
    let said = refused(&mut command, 2, "E_FILES_BUCKET", "User");
    assert!(
        said.contains("not-made") && said.contains(&bucket.endpoint) && said.contains("--files"),
        "{said}"
    );
    assert_eq!(user.files(), [] as [std::path::PathBuf; 0], "nothing is left behind");
}

#[test]
fn an_object_store_that_is_down_is_named() {
    let user = User::new();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = solver_at(&user, &format!("http://{free}"));
    with_keys(&mut command);
    let said = refused(&mut command, 4, "E_FILES", "Network");
    assert!(said.contains(&free.to_string()) && said.contains("AWS_ENDPOINT_URL"), "{said}");
}

#[test]
fn keys_that_are_missing_are_asked_for() {
    let user = User::new();
    let mut command = solver_at(&user, "http://127.0.0.1:1");
    command.env("AWS_EC2_METADATA_DISABLED", "true");
    let said = refused(&mut command, 3, "E_FILES_KEYS", "User");
    assert!(said.contains("AWS_ACCESS_KEY_ID"), "{said}");
}

/// An object store that knows nobody.
struct Strict(Child, String);

impl Strict {
    fn new(test: &str) -> Option<Self> {
        let Ok(python) = std::env::var("LILYPAD_PYTHON") else {
            skipped(test, "LILYPAD_PYTHON is not set");
            return None;
        };
        let mut command = Command::new(python);
        command.args(["-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]);
        command.env("INITIAL_NO_AUTH_ACTION_COUNT", "0").stdout(Stdio::null()).stderr(Stdio::piped());
        let mut strict = Self(command.spawn().unwrap(), String::new());
        for line in BufReader::new(strict.0.stderr.take().unwrap()).lines().map_while(Result::ok) {
            if let Some((_, endpoint)) = line.split_once("Running on ") {
                endpoint.trim().clone_into(&mut strict.1);
                return Some(strict);
            }
        }
        skipped(test, "the object store does not start");
        None
    }
}

impl Drop for Strict {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn keys_that_are_refused_are_named_and_not_shown() {
    let Some(strict) = Strict::new("keys_that_are_refused_are_named_and_not_shown") else { return };
    let user = User::new();
    let mut command = solver_at(&user, &strict.1);
    with_keys(&mut command);
    let said = refused(&mut command, 3, "E_FILES_KEYS", "User");
    assert!(said.contains("InvalidAccessKeyId") && said.contains("AWS_SECRET_ACCESS_KEY"), "{said}");
}

#[test]
fn a_place_of_another_kind_is_taken_for_no_folder() {
    let user = User::new();
    for (options, word) in [
        (["--files", "gs://bucket/solver"], "s3://"),
        (["--files", "s3://me:hunter2@bucket/solver"], "AWS_ACCESS_KEY_ID"),
        (["--uploads", "folder"], "--files s3://"),
    ] {
        let mut command =
            user.command(&["solver", "--listen", "127.0.0.1:0", "--store", "nowhere/solver.sqlite"]);
        let outcome =
            Outcome::of(command.args(options).env("LILYPAD_PRIVATE_KEY", SOLVER_KEY).output().unwrap());
        let said = outcome.ends_with(2).stderr;
        assert!(said.contains(word) && !said.contains("hunter2"), "{said}");
    }
}

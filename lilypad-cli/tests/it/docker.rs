//! Containers through the command, on a real engine: the one whose socket `LILYPAD_DOCKER` names.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

use crate::http::{CREATOR_KEY, PROVIDER_KEY, Role, creator};
use crate::tool::{Outcome, User, skipped};

const IMAGE: &str = "lilypad-test/tool";

/// The engine's socket, with the test's image there; `None` where there is no engine to test with.
fn engine(test: &str) -> Option<&'static str> {
    static ENGINE: OnceLock<Option<String>> = OnceLock::new();
    let socket = ENGINE.get_or_init(|| {
        let socket = std::env::var("LILYPAD_DOCKER").ok()?;
        make_image(&socket);
        Some(socket)
    });
    if socket.is_none() {
        skipped(test, "LILYPAD_DOCKER is not set");
    }
    socket.as_deref()
}

/// Asks the engine, and gives its answer.
fn ask(socket: &str, head: &str, body: &[u8]) -> String {
    let mut connection = UnixStream::connect(socket).unwrap();
    let length = body.len();
    write!(connection, "{head} HTTP/1.0\r\nhost: engine\r\ncontent-length: {length}\r\n\r\n").unwrap();
    connection.write_all(body).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    answer
}

/// An image of busybox under all its names, with a `cowsay` as the v2 module expects it.
fn make_image(socket: &str) {
    let folder = tempfile::tempdir().unwrap();
    let script = "set -e; mkdir -p bin usr/local/bin; cp \"$(command -v busybox)\" bin/busybox; \
                  for name in $(bin/busybox --list); do [ -e bin/$name ] || ln -s busybox bin/$name; done; \
                  printf '#!/bin/sh\\necho \"< $* >\"\\n' > usr/local/bin/cowsay; chmod 755 usr/local/bin/cowsay; \
                  tar -cf image.tar bin usr";
    assert!(Command::new("sh").args(["-c", script]).current_dir(folder.path()).status().unwrap().success());
    let tar = std::fs::read(folder.path().join("image.tar")).unwrap();
    let head = format!("POST /images/create?fromSrc=-&repo={IMAGE}&tag=1&changes=ENV%20PATH%3D/bin");
    let answer = ask(socket, &head, &tar);
    assert!(answer.contains(" 200 OK\r\n"), "{answer}");
}

/// How many containers the engine has of this user's processes, in whatever state.
fn containers(socket: &str, user: &User) -> usize {
    let scratch = std::fs::read_dir(user.path(".local/share/lilypad/docker"));
    let owners = scratch.into_iter().flatten().flatten().map(|folder| folder.path().join("owner"));
    let count = |owner: String| {
        let filters = format!("%7B%22label%22%3A%5B%22network.lilypad.owner%3D{owner}%22%5D%7D");
        let answer = ask(socket, &format!("GET /containers/json?all=true&filters={filters}"), b"");
        let found: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
        found.as_array().unwrap().len()
    };
    owners.filter_map(|owner| std::fs::read_to_string(owner).ok()).map(count).sum()
}

/// A module of a shell script, with two outputs.
fn module(user: &User, name: &str, script: &str) -> String {
    let folder = user.path(name);
    std::fs::create_dir_all(&folder).unwrap();
    let text = format!(
        r#"module.name = "{name}"
inputs.Who = {{ type = "string", default = "nobody" }}
files.optional = ["notes.txt"]
outputs = [{{ name = "outputs", path = "/outputs" }}, {{ name = "second", path = "/second" }}]
limits.timeout = "60s"
[run.docker]
image = "{IMAGE}:1"
entrypoint = ["/bin/sh", "-c", '''{script}''']
env = {{ WHO = {{ input = "Who" }} }}
[machine]
cpu = "1"
ram = "64 MB"
"#
    );
    std::fs::write(folder.join("lilypad.toml"), text).unwrap();
    folder.to_str().unwrap().to_owned()
}

fn locally(user: &User, socket: &str, args: &[&str]) -> Outcome {
    user.lilypad(&[&["run"], args, &["--docker-socket", socket]].concat())
}

#[test]
fn a_container_reads_files_and_leaves_several_outputs_on_the_network_in_this_process() {
    let Some(socket) = engine("a_container_reads_files_and_leaves_several_outputs") else { return };
    let user = User::new();
    let module = module(
        &user,
        "several",
        "echo hello $WHO; cat /inputs/notes.txt > /outputs/copy; echo $WHO > /second/who; echo odd >&2",
    );
    let inputs = user.path("inputs");
    std::fs::create_dir(&inputs).unwrap();
    std::fs::write(inputs.join("notes.txt"), "a note\n").unwrap();
    let (inputs, results) = (inputs.to_str().unwrap(), user.path("results"));
    let args =
        [&module, "-i", "Who=pond", "--inputs-path", inputs, "--output-dir", results.to_str().unwrap()];
    let run = locally(&user, socket, &[&args[..], &["--json"]].concat()).ends_with(0).json();
    assert_eq!((&run["stdout"], &run["exit_code"]), (&"hello pond\n".into(), &0.into()));
    assert_eq!(run["receipt_verified"], true);
    let file = |name: &str| std::fs::read_to_string(results.join(name)).unwrap();
    assert_eq!((file("outputs/copy"), file("second/who")), ("a note\n".to_owned(), "pond\n".to_owned()));
    assert_eq!(file("stderr"), "odd\n");
    // More than a millisecond of CPU time, less than ten seconds, and paid at a billionth of 0.01 LP each nanosecond.
    let nanoseconds = run["instruction_count"].as_u64().unwrap();
    assert!((1_000_000..10_000_000_000).contains(&nanoseconds), "{nanoseconds}");
    assert_eq!(run["cost"], (u128::from(nanoseconds) * 10_000_000).to_string());
    let receipt = user.path("results.receipt.json");
    let receipt = ["receipt", "verify", receipt.to_str().unwrap(), "--results", results.to_str().unwrap()];
    let verified = user.lilypad(&receipt).ends_with(0);
    assert!((verified.stdout.clone() + &verified.stderr).contains("s of CPU time"), "{}", verified.stderr);
    assert_eq!(containers(socket, &user), 0);
}

#[test]
fn a_v2_template_runs_as_it_is() {
    let Some(socket) = engine("a_v2_template_runs_as_it_is") else { return };
    let user = User::new();
    let folder = user.path("cowsay");
    std::fs::create_dir(&folder).unwrap();
    let template = r#"{"machine": {"gpu": 0, "cpu": 1000, "ram": 100}, "job": {"APIVersion": "V1beta1", "Spec": {
        "Deal": {"Concurrency": 1},
        "Docker": {"Entrypoint": ["/usr/local/bin/cowsay",
            {{if .Message}}{{.Message}}{{else}}"moo"{{end}}], "Image": "IMAGE:1"},
        "Engine": "Docker", "Network": {"Type": "None"}, "PublisherSpec": {"Type": "IPFS"},
        "Resources": {"GPU": ""}, "Timeout": 1800, "Verifier": "Noop"}}}"#;
    std::fs::write(folder.join("lilypad_module.json.tmpl"), template.replace("IMAGE", IMAGE)).unwrap();
    let run = locally(&user, socket, &[folder.to_str().unwrap(), "-i", "Message=from v2", "--json"]);
    assert_eq!(run.ends_with(0).json()["stdout"], "< from v2 >\n");
}

#[test]
fn a_failing_and_an_endless_container_end_as_what_they_are() {
    let Some(socket) = engine("a_failing_and_an_endless_container") else { return };
    let user = User::new();
    let failing = module(&user, "failing", "echo before; echo why >&2; exit 7");
    let run = locally(&user, socket, &[&failing, "--json"]).ends_with(6).json();
    assert_eq!((&run["exit_code"], &run["stdout"]), (&7.into(), &"before\n".into()));
    let endless = module(&user, "endless", "echo started; while :; do sleep 1; done");
    let run = locally(&user, socket, &[&endless, "--timeout", "1s", "--json"]).ends_with(8).json();
    assert_eq!((&run["outcome"], &run["stdout"]), (&"timed_out".into(), &"started\n".into()), "{run}");
    assert_eq!(containers(socket, &user), 0);
}

#[test]
fn a_module_that_needs_an_engine_says_so_where_there_is_none() {
    let user = User::new();
    let module = module(&user, "no-engine", "true");
    let missing = user.path("no.sock");
    let run = locally(&user, missing.to_str().unwrap(), &[&module]).ends_with(4);
    assert!(run.stderr.contains("no Docker engine answers at"), "{}", run.stderr);
    assert!(run.stderr.contains("systemctl start docker"), "{}", run.stderr);
    // What needs none runs all the same.
    let cowsay = ["examples/modules/cowsay", "--json"];
    locally(&user, missing.to_str().unwrap(), &cowsay).ends_with(0);
}

/// A solver and a provider of containers, with an account for the job creator.
struct Market {
    user: User,
    _solver: Role,
    url: String,
}

impl Market {
    fn open() -> Self {
        let user = User::new();
        let solver = Role::start(
            &user,
            None,
            &["solver", "--listen", "127.0.0.1:0", "--play-money", "1000 LP", "--match-timeout", "120s"],
        );
        let url = solver.ready["url"].as_str().unwrap().to_owned();
        Self { user, _solver: solver, url }
    }

    fn provider(&self, socket: &str) -> Role {
        // Room for all jobs of a test beside each other.
        let room = ["--ram", "8000", "--cpu", "64000", "--slots", "64"];
        let docker = ["--executor", "docker", "--docker-socket", socket];
        let args = [&["provider", "--network", &self.url], &room[..], &docker[..]].concat();
        Role::start(&self.user, Some(PROVIDER_KEY), &args)
    }

    fn call(&self, args: &[&str]) -> Outcome {
        creator(&self.user, &[args, &["--network", &self.url]].concat())
    }
}

#[test]
fn a_container_runs_on_another_process_and_shows_its_lines_as_they_come() {
    let Some(socket) = engine("a_container_runs_on_another_process") else { return };
    let market = Market::open();
    let _provider = market.provider(socket);
    let module = module(&market.user, "slow", "echo one; sleep 1; echo two > /outputs/two; echo two");
    let run = market.call(&["run", &module, "--json"]).ends_with(0).json();
    assert_eq!((&run["stdout"], &run["receipt_verified"]), (&"one\ntwo\n".into(), &true.into()));
    let events = market.call(&["events", run["job_id"].as_str().unwrap()]).ends_with(0).stdout;
    let events: Vec<Value> = events.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let at = |text: &str| events.iter().find(|event| event["text"] == text).unwrap()["at"].as_u64().unwrap();
    assert!(at("two") - at("one") >= 900, "each line is told when it is written: {events:?}");
    let started = events.iter().find(|event| event["event"] == "started").unwrap();
    assert_eq!(started["executor"], "docker");
    // A module of WebAssembly finds no machine here: this one offers containers alone.
    let quote = market.call(&["quote", "examples/modules/cowsay"]).ends_with(9);
    assert!(quote.stdout.contains("does not run"), "{}", quote.stdout);
    assert_eq!(containers(socket, &market.user), 0);
}

/// Catalogue T30: a provider that is killed while a container runs leaves nothing, and its offer is whole again.
#[test]
fn t30_a_killed_provider_comes_back_to_no_containers_and_all_of_its_room() {
    let Some(socket) = engine("t30_a_killed_provider") else { return };
    let market = Market::open();
    let module = module(&market.user, "long", "echo up; [ \"$WHO\" = short ] || sleep 600");
    for round in 0..20 {
        let provider = market.provider(socket);
        let mut run = market
            .user
            .command(&["run", &module, "--network", &market.url, "-i", &format!("Who={round}")])
            .env("LILYPAD_PRIVATE_KEY", CREATOR_KEY)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The moment differs from round to round: while the job is submitted, while its container is made, while it runs.
        let lines = BufReader::new(run.stderr.take().unwrap()).lines();
        let moment = ["submitted", "deal agreed", "running"][round % 3];
        assert!(lines.map(Result::unwrap).any(|line| line.contains(moment)), "{moment}");
        while round % 2 == 0 && containers(socket, &market.user) == 0 {
            std::thread::yield_now();
        }
        provider.kill();
        // Its client goes too; the job goes on, and a later provider has it to run again.
        run.kill().unwrap();
        run.wait().unwrap();
    }
    let provider = market.provider(socket);
    let jobs = market.call(&["jobs", "--json"]).ends_with(0).json();
    assert_eq!(jobs["jobs"].as_array().unwrap().len(), 20);
    for job in jobs["jobs"].as_array().unwrap() {
        // One that waits for nobody any more has ended: that is no success of this call.
        market.call(&["cancel", job["job_id"].as_str().unwrap()]);
    }
    // Its room is whole: it runs one more, and nothing of the killed ones is there.
    let run = market.call(&["run", &module, "-i", "Who=short", "--json"]).ends_with(0).json();
    assert_eq!(run["stdout"], "up\n");
    drop(provider);
    let _last = market.provider(socket);
    assert_eq!(containers(socket, &market.user), 0);
    no_folders(market.user.home());
}

fn no_folders(home: &Path) {
    let jobs = home.join(".local/share/lilypad/docker/0/jobs");
    let left: Vec<_> =
        std::fs::read_dir(jobs).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    assert!(left.is_empty(), "{left:?}");
}

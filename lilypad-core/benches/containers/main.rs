//! Container jobs beside the `docker` command with the same limits: how long one takes, and how many at once.
//!
//! Needs `LILYPAD_DOCKER`, the socket of an engine in which it makes an image, the `docker` command and a busybox that links to
//! nothing. Prints figures and asserts none.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use lilypad_core::executor::docker::{DockerConfig, DockerExecutor};
use lilypad_core::executor::{EventSink, Executor, Limits, RunRequest, StopReason};
use lilypad_core::model::{DockerRun, FileSet, NetworkPolicy, RunSpec};
use lilypad_core::rt::CancelToken;

const IMAGE: &str = "lilypad-bench/busybox:1";
/// Pairs of runs, ours and the command's in turns.
const RUNS: usize = 40;
/// Jobs of each round of a throughput.
const JOBS: usize = 48;
const MEMORY: u64 = 64 << 20;

fn main() {
    let Ok(socket) = std::env::var("LILYPAD_DOCKER") else {
        println!("SKIP containers: LILYPAD_DOCKER is not set");
        return;
    };
    let socket = PathBuf::from(socket);
    make_image(&socket);
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let config = DockerConfig { socket: Some(socket.clone()), ..DockerConfig::new(folder.path()) };
        let docker = Arc::new(DockerExecutor::connect(config).await.expect("an engine"));
        println!("containers: {}", docker.about());
        one_after_the_other(&docker, &socket).await;
        for at_once in [1, 4, 16] {
            together(&docker, &socket, at_once).await;
        }
    });
}

/// The command line with what confines our containers, as far as it has words for it.
fn command(socket: &Path) -> Command {
    let mut command = Command::new("docker");
    command.arg("-H").arg(format!("unix://{}", socket.display()));
    command.args(["run", "--rm", "--network", "none", "--read-only", "--cap-drop", "ALL"]);
    command.args([
        "--security-opt",
        "no-new-privileges:true",
        "--user",
        "65534:65534",
        "--pids-limit",
        "256",
    ]);
    command.args(["--memory", &MEMORY.to_string(), "--memory-swap", &MEMORY.to_string(), "--cpus", "1"]);
    command.args(["--tmpfs", "/tmp", "--log-driver", "none", "--ulimit", "nofile=4096", IMAGE, "/bin/true"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn request(number: usize) -> RunRequest {
    RunRequest {
        job_id: format!("bench-{number}"),
        run: RunSpec::Docker(DockerRun {
            image: IMAGE.to_owned(),
            entrypoint: Some(vec!["/bin/true".to_owned()]),
            parameters: Vec::new(),
            env: Vec::new(),
            working_directory: None,
        }),
        bundle: FileSet::new(),
        inputs: FileSet::new(),
        outputs: BTreeMap::from([("outputs".to_owned(), "/outputs".to_owned())]),
        network: NetworkPolicy::None,
        gpus: Vec::new(),
        seed: [0; 32],
        limits: Limits { memory_bytes: MEMORY, milli_cpus: 1_000, ..Limits::default() },
    }
}

async fn ours(docker: &DockerExecutor, number: usize) {
    let run = docker.run(request(number), EventSink::discard(), CancelToken::new());
    let outcome = run.await.expect("a container that runs");
    assert_eq!(outcome.stop, StopReason::Exited(0));
}

async fn theirs(socket: &Path) {
    let mut command = command(socket);
    let status = tokio::task::spawn_blocking(move || command.status()).await.expect("no panic");
    assert!(status.expect("the docker command").success());
}

async fn one_after_the_other(docker: &DockerExecutor, socket: &Path) {
    let (mut own, mut other) = (Vec::new(), Vec::new());
    for number in 0..RUNS {
        let start = Instant::now();
        ours(docker, number).await;
        own.push(start.elapsed());
        let start = Instant::now();
        theirs(socket).await;
        other.push(start.elapsed());
    }
    let (own, other) = (median(&mut own), median(&mut other));
    println!(
        "a container that does nothing, from start to result: ours {:.0} ms, docker run {:.0} ms; ratio {:.2}",
        own.as_secs_f64() * 1e3,
        other.as_secs_f64() * 1e3,
        own.as_secs_f64() / other.as_secs_f64()
    );
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

async fn together(docker: &Arc<DockerExecutor>, socket: &Path, at_once: usize) {
    let start = Instant::now();
    for round in 0..JOBS / at_once {
        let tasks = (0..at_once).map(|number| {
            let docker = Arc::clone(docker);
            tokio::spawn(async move { ours(&docker, round * at_once + number).await })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.expect("no panic");
        }
    }
    let own = JOBS as f64 / start.elapsed().as_secs_f64();
    let start = Instant::now();
    for _ in 0..JOBS / at_once {
        let tasks = (0..at_once).map(|_| {
            let socket = socket.to_owned();
            tokio::spawn(async move { theirs(&socket).await })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.expect("no panic");
        }
    }
    let other = JOBS as f64 / start.elapsed().as_secs_f64();
    println!("{at_once:>2} at once: ours {own:.1} jobs/s, docker run {other:.1}; ratio {:.2}", own / other);
}

fn make_image(socket: &Path) {
    let script = "set -e; cd \"$(mktemp -d)\"; mkdir bin; cp \"$(command -v busybox)\" bin/busybox; ln -s busybox bin/true; \
                  ln -s busybox bin/sh; tar -c bin | docker -H unix://\"$0\" import - \"$1\" >/dev/null";
    let made = Command::new("sh").args(["-c", script]).arg(socket).arg(IMAGE).status().expect("a shell");
    assert!(made.success(), "no image could be made");
}

//! Nothing stays behind, whoever goes away at whatever moment (catalogue T30).

use super::support::{self, Bench, sh};
use crate::executor::Executor;
use crate::executor::docker::DockerExecutor;
use crate::rt::{CancelToken, Clock};

/// Waits for what comes soon and is told by nobody.
async fn until(mut there: impl AsyncFnMut() -> bool) {
    let clock = Clock::system();
    for _ in 0..600 {
        if there().await {
            return;
        }
        clock.sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("it did not come to that in 30 s");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_nobody_waits_for_is_cleaned_up_at_every_moment() {
    let Some(bench) = Bench::start("a_run_that_nobody_waits_for").await else { return };
    for millis in [0, 1, 5, 10, 20, 40, 80, 150, 300] {
        let (events, _told) = support::channel();
        let running = bench.docker.run(sh("sleep 60"), events, CancelToken::new());
        let left = crate::rt::within(std::time::Duration::from_millis(millis), running).await;
        assert!(left.is_none(), "it sleeps for a minute");
    }
    until(async || bench.containers().await == 0 && jobs(&bench) == 0).await;
    until(async || groups(&bench) == 0).await;
    bench.nothing_is_left().await;
}

fn jobs(bench: &Bench) -> usize {
    std::fs::read_dir(bench.config.scratch.join("jobs")).map_or(0, Iterator::count)
}

fn groups(bench: &Bench) -> usize {
    let owner = bench.docker.0.scratch.owner();
    let command = format!("find /sys/fs/cgroup -maxdepth 3 -name 'lilypad-{owner}-*' | wc -l");
    let output = std::process::Command::new("sh").args(["-c", &command]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_do_not_share_a_scratch_folder() {
    let Some(bench) = Bench::start("two_processes_do_not_share_a_scratch_folder").await else { return };
    let error = DockerExecutor::connect(bench.config.clone()).await.unwrap_err();
    assert_eq!(error.code(), "E_DOCKER_SCRATCH", "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_is_not_there_is_named_with_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = crate::executor::docker::DockerConfig::new(folder.path().join("scratch"));
    config.socket = Some(folder.path().join("no.sock"));
    let error = DockerExecutor::connect(config).await.unwrap_err();
    assert_eq!((error.code(), error.fault().as_str()), ("E_DOCKER", "Provider"));
    assert!(error.hint().unwrap_or_default().contains("systemctl start docker"), "{error:?}");
}

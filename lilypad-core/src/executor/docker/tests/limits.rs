//! Each limit stops the job and says which it was (catalogue T24–T27), and the next job runs as if nothing had been.

use std::time::{Duration, Instant};

use super::support::{self, Bench, sh};
use crate::executor::{Executor, LimitKind, RunRequest, StopReason};
use crate::rt::{CancelReason, CancelToken};

async fn stops_at(bench: &Bench, request: RunRequest, limit: LimitKind) -> crate::executor::RunOutcome {
    let (outcome, told) = bench.run(request).await.unwrap();
    assert_eq!(outcome.stop, StopReason::Limit(limit), "{told:?}");
    assert_eq!(outcome.results.get("exitCode").map(|bytes| &bytes[..]), Some(&b"137"[..]));
    let (after, _) = bench.run(sh("echo well")).await.unwrap();
    assert_eq!(after.stop, StopReason::Exited(0));
    assert_eq!(after.results.get("stdout").map(|bytes| &bytes[..]), Some(&b"well\n"[..]));
    bench.nothing_is_left().await;
    outcome
}

#[tokio::test(flavor = "multi_thread")]
async fn t24_a_fork_bomb_is_stopped_by_the_limit_of_processes() {
    let Some(bench) = Bench::start("t24_a_fork_bomb").await else { return };
    let mut request = sh("bomb() { bomb | bomb & }; bomb; while :; do :; done");
    request.limits.processes = 64;
    stops_at(&bench, request, LimitKind::Processes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t25_a_memory_hog_is_stopped_and_its_neighbour_is_not() {
    let Some(bench) = Bench::start("t25_a_memory_hog").await else { return };
    let hog = sh("x=0123456789abcdef; while :; do x=$x$x; done");
    let neighbour = bench.run(sh("sleep 1; echo still here"));
    let (_, neighbour) = tokio::join!(stops_at_only(&bench, hog, LimitKind::Memory), neighbour);
    let (neighbour, _) = neighbour.unwrap();
    assert_eq!(neighbour.results.get("stdout").map(|bytes| &bytes[..]), Some(&b"still here\n"[..]));
    bench.nothing_is_left().await;
}

async fn stops_at_only(bench: &Bench, request: RunRequest, limit: LimitKind) {
    let (outcome, told) = bench.run(request).await.unwrap();
    assert_eq!(outcome.stop, StopReason::Limit(limit), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn t26_outputs_are_bounded_by_bytes() {
    let Some(bench) = Bench::start("t26_outputs_are_bounded_by_bytes").await else { return };
    let mut request = sh("echo small > /outputs/a; dd if=/dev/zero of=/outputs/large bs=64k count=100000");
    request.limits.output_bytes = 1 << 20;
    let outcome = stops_at(&bench, request, LimitKind::OutputBytes).await;
    assert_eq!(
        outcome.results.get("outputs/a").map(|bytes| &bytes[..]),
        Some(&b"small\n"[..]),
        "what fits is kept"
    );
    assert_eq!(outcome.results.get("outputs/large"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn t26_outputs_are_bounded_by_number() {
    let Some(bench) = Bench::start("t26_outputs_are_bounded_by_number").await else { return };
    let mut request = sh("i=0; while :; do : > /outputs/$i; i=$((i+1)); done");
    request.limits.output_files = 100;
    let outcome = stops_at(&bench, request, LimitKind::OutputFiles).await;
    assert!(outcome.results.len() <= 103, "{}", outcome.results.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn t26_no_other_path_takes_more_than_memory() {
    let Some(bench) = Bench::start("t26_no_other_path_takes_more_than_memory").await else { return };
    // Every writable folder beside the outputs is memory of the job, and half of that at most.
    let script = "for folder in / /etc /bin /inputs /root /var/tmp /dev /proc /sys /run; do \
                    echo x > $folder/x 2>/dev/null && echo writes $folder; done; \
                  for folder in /tmp /dev/shm; do \
                    dd if=/dev/zero of=$folder/x bs=1M count=200 2>/dev/null; \
                    [ $(stat -c %s $folder/x) -le 33554432 ] && echo bounded $folder; rm $folder/x; done; \
                  i=0; while true > /tmp/$i; do i=$((i+1)); [ $i -gt 100000 ] && exit 9; done 2>/dev/null; \
                  [ $i -lt 100000 ] && echo bounded nodes; exit 0";
    let (outcome, _) = bench.run(sh(script)).await.unwrap();
    let said = String::from_utf8_lossy(outcome.results.get("stdout").unwrap()).into_owned();
    assert_eq!(said, "bounded /tmp\nbounded /dev/shm\nbounded nodes\n", "{:?}", outcome.stop);
}

#[tokio::test(flavor = "multi_thread")]
async fn t27_a_busy_loop_is_stopped_at_its_work_and_pays_no_more() {
    let Some(bench) = Bench::start("t27_a_busy_loop_is_stopped_at_its_work").await else { return };
    let mut request = sh("while :; do :; done");
    request.limits.instructions = 300_000_000;
    let outcome = stops_at(&bench, request, LimitKind::Instructions).await;
    assert_eq!(outcome.usage.instructions, 300_000_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn t27_a_container_that_ignores_the_asking_is_killed() {
    let Some(bench) = Bench::start("t27_a_container_that_ignores_the_asking").await else { return };
    let cancel = CancelToken::new();
    let (events, mut lines) = support::channel();
    let request = sh("trap '' TERM; echo ready; while :; do sleep 0.1; done");
    let running = bench.docker.run(request, events, cancel.clone());
    let asked = async {
        while lines.recv().await.unwrap() != "Stdout(\"ready\")" {}
        cancel.cancel(CancelReason::TimedOut);
        Instant::now()
    };
    let (outcome, since) = tokio::join!(running, asked);
    assert_eq!(outcome.unwrap().stop, StopReason::Cancelled(CancelReason::TimedOut));
    // Not a measurement: the budget is the catalogue's, and a container that is not killed never ends.
    assert!(since.elapsed() < Duration::from_secs(60));
    bench.nothing_is_left().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_are_bounded_and_what_fits_is_kept() {
    let Some(bench) = Bench::start("logs_are_bounded").await else { return };
    let mut request = sh("yes");
    request.limits.log_bytes = 100_000;
    let outcome = stops_at(&bench, request, LimitKind::LogBytes).await;
    assert_eq!(outcome.results.get("stdout").map(bytes::Bytes::len), Some(100_000));
}

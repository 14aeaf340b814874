//! Whole containers on a real engine: the one whose socket `LILYPAD_DOCKER` names. Without it these tests say that they
//! were skipped.

use crate::executor::{Executor, LimitKind, StopReason};
use crate::rt::{CancelReason, CancelToken};

mod confined;
mod leftovers;
mod limits;
mod support;

use support::{Bench, sh};

#[tokio::test(flavor = "multi_thread")]
async fn a_container_reads_its_inputs_and_leaves_its_outputs() {
    let Some(bench) = Bench::start("a_container_reads_its_inputs_and_leaves_its_outputs").await else {
        return;
    };
    let script = "echo hello; echo trouble >&2; cat /inputs/a/b.txt; echo -n $GREETING > /outputs/greeting; \
                  mkdir /outputs/deep && cp /inputs/a/b.txt /outputs/deep/copy; echo two > /second/two; \
                  ln -s /etc/passwd /outputs/link; touch /outputs/.hidden; pwd; exit 3";
    let mut request = sh(script);
    request.inputs.insert("a/b.txt", "from a file\n").unwrap();
    request.outputs.insert("more/second".to_owned(), "/second".to_owned());
    let crate::model::RunSpec::Docker(run) = &mut request.run else { unreachable!() };
    run.env.push("GREETING=good day".to_owned());
    run.working_directory = Some("/inputs/a".to_owned());
    let (outcome, told) = bench.run(request).await.unwrap();

    assert_eq!(outcome.stop, StopReason::Exited(3));
    let text = |name: &str| {
        let bytes = outcome.results.get(name).unwrap_or_else(|| panic!("no {name}"));
        String::from_utf8(bytes.to_vec()).unwrap()
    };
    assert_eq!(text("stdout"), "hello\nfrom a file\n/inputs/a\n");
    assert_eq!(text("stderr"), "trouble\n");
    assert_eq!(text("exitCode"), "3");
    assert_eq!(text("outputs/greeting"), "good day");
    assert_eq!(text("outputs/deep/copy"), "from a file\n");
    assert_eq!(text("more/second/two"), "two\n");
    assert_eq!(outcome.results.len(), 6, "{:?}", outcome.results);
    for warning in ["outputs/link is left out of the results: it is a link", "starts with a dot"] {
        assert!(told.iter().any(|line| line.contains(warning)), "{warning}: {told:?}");
    }
    assert!(told.contains(&"Stdout(\"hello\")".to_owned()), "{told:?}");
    assert!(
        outcome.usage.instructions > 1_000_000,
        "a shell takes more than a millisecond: {:?}",
        outcome.usage
    );
    assert!(outcome.usage.peak_memory_bytes > 0, "{:?}", outcome.usage);
}

#[tokio::test(flavor = "multi_thread")]
async fn cpu_time_is_measured_and_not_time_that_passes() {
    let Some(bench) = Bench::start("cpu_time_is_measured_and_not_time_that_passes").await else { return };
    let (idle, _) = bench.run(sh("sleep 1")).await.unwrap();
    let (busy, told) =
        bench.run(sh("i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done; times")).await.unwrap();
    assert_eq!((idle.stop, busy.stop.clone()), (StopReason::Exited(0), StopReason::Exited(0)));
    // What the shell itself says it used: minutes and seconds, of the user's code and the system's.
    let said = String::from_utf8(busy.results.get("stdout").unwrap().to_vec()).unwrap();
    let seconds = |text: &str| {
        let (minutes, seconds) = text.trim_end_matches('s').split_once('m').unwrap();
        minutes.parse::<f64>().unwrap() * 60.0 + seconds.parse::<f64>().unwrap()
    };
    let said: f64 = said.lines().next().unwrap().split_whitespace().map(seconds).sum();
    let measured = busy.usage.instructions as f64 / 1e9;
    assert!(
        measured >= said * 0.8 && measured <= said + 0.3,
        "the shell says {said} s; measured {measured} s"
    );
    assert!(idle.usage.instructions < 300_000_000, "{:?}", idle.usage);
    assert!(told.iter().any(|line| line.starts_with("Progress")), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_and_a_program_that_are_not_there_are_named() {
    let Some(bench) = Bench::start("an_image_and_a_program_that_are_not_there_are_named").await else {
        return;
    };
    let code = |error: crate::Error| (error.code(), error.fault().as_str(), error.message().to_owned());
    let mut request = sh("true");
    bench.image(&mut request, "lilypad-test/nothing:1");
    let (got, fault, message) = code(bench.run(request).await.unwrap_err());
    assert_eq!((got, fault), ("E_IMAGE_MISSING", "Provider"));
    assert!(message.contains("lilypad-test/nothing:1"), "{message}");

    let mut request = sh("true");
    bench.image(&mut request, "Not an image");
    assert_eq!(code(bench.run(request).await.unwrap_err()).0, "E_IMAGE");

    let mut request = sh("true");
    let crate::model::RunSpec::Docker(run) = &mut request.run else { unreachable!() };
    run.entrypoint = Some(vec!["/no/such/program".to_owned()]);
    let (got, fault, message) = code(bench.run(request).await.unwrap_err());
    assert_eq!((got, fault), ("E_CONTAINER_START", "Module"), "{message}");
    assert!(message.contains("/no/such/program"), "{message}");

    // No GPU is here, or not this one: the job is not run without it.
    let mut request = sh("true");
    request.gpus = vec!["GPU-00000000-0000-4000-8000-000000000000".to_owned()];
    let (got, fault, message) = code(bench.run(request).await.unwrap_err());
    assert_eq!((got, fault), ("E_CONTAINER_GPU", "Provider"), "{message}");

    let mut request = sh("true");
    request.limits.memory_bytes = 1 << 20;
    assert_eq!(code(bench.run(request).await.unwrap_err()).0, "E_CONTAINER_MEMORY");
    bench.nothing_is_left().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_provider_does_not_allow_is_refused() {
    let name = "what_the_provider_does_not_allow_is_refused";
    let Some(bench) = Bench::configured(name, |config| {
        config.registries = vec!["ghcr.io".to_owned()];
        config.digest_only = true;
    })
    .await
    else {
        return;
    };
    let error = bench.run(sh("true")).await.unwrap_err();
    assert_eq!(error.code(), "E_IMAGE_REGISTRY", "{error}");
    let mut request = sh("true");
    bench.image(&mut request, "ghcr.io/a/b:1");
    assert_eq!(bench.run(request).await.unwrap_err().code(), "E_IMAGE_DIGEST");
    let mut request = sh("true");
    bench.image(&mut request, &format!("ghcr.io/a/b:1@sha256:{}", "0".repeat(64)));
    assert_eq!(bench.run(request).await.unwrap_err().code(), "E_IMAGE_MISSING");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_beside_no_digest_is_pinned_before_the_container_is_made() {
    let Some(bench) = Bench::start("a_tag_beside_no_digest_is_pinned").await else { return };
    // Without a tag the newest is meant, and only that one is looked for.
    let mut request = sh("true");
    bench.image(&mut request, "lilypad-test/busybox");
    let error = bench.run(request).await.unwrap_err();
    assert!(error.message().contains("lilypad-test/busybox:latest"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_container_gets_its_grace_and_keeps_what_it_wrote() {
    let Some(bench) = Bench::start("a_cancelled_container_gets_its_grace").await else { return };
    let script =
        "trap 'echo last words > /outputs/words; exit 5' TERM; echo ready; while :; do sleep 0.1; done";
    let cancel = CancelToken::new();
    let (events, mut lines) = support::channel();
    let running = bench.docker.run(sh(script), events, cancel.clone());
    let asked = async {
        while lines.recv().await.unwrap() != "Stdout(\"ready\")" {}
        cancel.cancel(CancelReason::Cancelled);
    };
    let (outcome, ()) = tokio::join!(running, asked);
    let outcome = outcome.unwrap();
    assert_eq!(outcome.stop, StopReason::Cancelled(CancelReason::Cancelled));
    assert_eq!(outcome.results.get("outputs/words").map(|bytes| &bytes[..]), Some(&b"last words\n"[..]));
    assert_eq!(outcome.results.get("exitCode").map(|bytes| &bytes[..]), Some(&b"130"[..]));
    bench.nothing_is_left().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_cancelled_before_it_starts_has_used_nothing() {
    let Some(bench) = Bench::start("a_job_that_is_cancelled_before_it_starts").await else { return };
    let cancel = CancelToken::new();
    cancel.cancel(CancelReason::TimedOut);
    let (events, _lines) = support::channel();
    let outcome = bench.docker.run(sh("true"), events, cancel).await.unwrap();
    assert_eq!(outcome.stop, StopReason::Cancelled(CancelReason::TimedOut));
    assert_eq!(outcome.usage, crate::executor::Usage::default());
    assert_ne!(outcome.stop, StopReason::Limit(LimitKind::Memory));
}

//! The example modules do what they show, under our own executor.

use std::collections::BTreeMap;

use lilypad_core::executor::wasm::WasmExecutor;
use lilypad_core::executor::{EventSink, Executor, LimitKind, Limits, RunOutcome, RunRequest, StopReason};
use lilypad_core::model::FileSet;
use lilypad_core::module::{Module, PinSource, folder_tree};
use lilypad_core::rt::{CancelReason, CancelToken};
use lilypad_tests::repository;

struct Run {
    request: RunRequest,
    events: EventSink,
    cancel: CancelToken,
}

impl Run {
    fn of(name: &str, inputs: &[(&str, &str)], files: &[(&str, &str)]) -> Self {
        let tree = folder_tree(repository().join("examples/modules").join(name)).unwrap();
        let module = Module::load(PinSource::local(), &tree).unwrap();
        let inputs: BTreeMap<_, _> =
            inputs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let job = module.render(&inputs).unwrap();
        let mut given = FileSet::new();
        for (name, text) in files {
            given.insert(*name, text.as_bytes().to_vec()).unwrap();
        }
        job.check_files(&given).unwrap();
        let spec = job.into_runnable().unwrap();
        let mut limits = Limits::default();
        limits.memory_bytes = spec.limits.memory_bytes.unwrap_or(limits.memory_bytes);
        let request = RunRequest {
            job_id: name.to_owned(),
            run: spec.run,
            bundle: module.bundle().clone(),
            inputs: given,
            outputs: spec.outputs.into_iter().map(|output| (output.name, output.path)).collect(),
            network: lilypad_core::model::NetworkPolicy::None,
            gpus: Vec::new(),
            seed: [0; 32],
            limits,
        };
        Self { request, events: EventSink::discard(), cancel: CancelToken::new() }
    }

    fn go(self) -> RunOutcome {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let executor = WasmExecutor::new().unwrap();
        runtime.block_on(executor.run(self.request, self.events, self.cancel)).unwrap()
    }
}

fn text(outcome: &RunOutcome, name: &str) -> String {
    String::from_utf8(outcome.results.get(name).unwrap_or_else(|| panic!("no {name}")).to_vec()).unwrap()
}

#[test]
fn cowsay_says_what_it_is_given() {
    let message = "hello, \"pond\"; $(rm -rf /) \u{1b}[2J 蛙";
    let outcome = Run::of("cowsay", &[("Message", message)], &[]).go();
    assert_eq!(outcome.stop, StopReason::Exited(0));
    let said = text(&outcome, "stdout");
    assert!(said.contains("< hello, \"pond\"; $(rm -rf /) [2J 蛙 >\n"), "{said}");
    assert!(said.contains("(o )_(o )"), "{said}");
    assert!(!said.contains('\u{1b}'), "no escape sequence reaches the terminal");

    let again = Run::of("cowsay", &[("Message", message)], &[]).go();
    assert_eq!(again.usage, outcome.usage, "the count repeats");
    let long = "a word of a long tale ".repeat(170);
    let said = text(&Run::of("cowsay", &[("Message", &long)], &[]).go(), "stdout");
    assert!(said.lines().all(|line| line.chars().count() <= 44), "{said}");
}

#[test]
fn wordcount_reads_files_and_writes_several() {
    let files = [
        ("text.txt", "The pond is calm.\nThe frog isn't; the frog \"sings\".\n"),
        ("stopwords.txt", "the is\n"),
    ];
    let outcome = Run::of("wordcount", &[("Shortest", "2")], &files).go();
    assert_eq!((&outcome.stop, text(&outcome, "stderr").as_str()), (&StopReason::Exited(0), ""));
    let counts: serde_json::Value = serde_json::from_str(&text(&outcome, "outputs/counts.json")).unwrap();
    let file = serde_json::json!({"name": "text.txt", "bytes": 52, "lines": 2, "words": 10});
    assert_eq!(counts, serde_json::json!({"files": [file], "words": 10, "different": 5}));
    assert_eq!(text(&outcome, "outputs/words.csv"), "word,count\nfrog,2\ncalm,1\nisn't,1\npond,1\nsings,1\n");
    assert_eq!(text(&outcome, "outputs/report.txt"), text(&outcome, "stdout"));
}

#[test]
fn mandelbrot_draws_the_same_picture_as_under_another_host() {
    // Drawn by the same program under Node's WASI.
    let expected = std::fs::read(repository().join("tests/vectors/mandelbrot-64x40.png")).unwrap();
    let outcome = Run::of("mandelbrot", &[("width", "64"), ("height", "40")], &[]).go();
    assert_eq!(outcome.stop, StopReason::Exited(0), "{}", text(&outcome, "stderr"));
    assert!(outcome.results.get("outputs/mandelbrot.png").is_some_and(|picture| *picture == expected));
}

#[test]
fn fail_fails_in_each_way() {
    let outcome = Run::of("fail", &[], &[]).go();
    assert_eq!((&outcome.stop, text(&outcome, "exitCode").as_str()), (&StopReason::Exited(3), "3"));
    assert_eq!(text(&outcome, "stderr"), "this module fails on purpose (exit)\n");

    let outcome = Run::of("fail", &[("How", "trap")], &[]).go();
    assert!(matches!(outcome.stop, StopReason::Trapped(_)), "{:?}", outcome.stop);

    let outcome = Run::of("fail", &[("How", "memory")], &[]).go();
    assert_eq!(outcome.stop, StopReason::Limit(LimitKind::Memory));
    assert!(
        outcome.usage.peak_memory_bytes <= 32 << 20 && outcome.usage.instructions > 0,
        "{:?}",
        outcome.usage
    );
}

#[test]
fn forever_ends_at_a_limit_and_when_it_is_asked_to() {
    let mut run = Run::of("forever", &[], &[]);
    run.request.limits.instructions = 5_000_000;
    let outcome = run.go();
    assert_eq!(outcome.stop, StopReason::Limit(LimitKind::Instructions));
    assert!(text(&outcome, "stdout").starts_with("round and round"));

    // Asked from within, as soon as it has said its line.
    let mut run = Run::of("forever", &[], &[]);
    let cancel = run.cancel.clone();
    run.events = EventSink::new(move |_| cancel.cancel(CancelReason::Cancelled));
    let outcome = run.go();
    assert_eq!(outcome.stop, StopReason::Cancelled(CancelReason::Cancelled));
    assert!(text(&outcome, "stdout").starts_with("round and round"));
}

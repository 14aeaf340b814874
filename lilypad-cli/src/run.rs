//! `lilypad run`.

use crate::exit::ExitCode;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lilypad_core::client::{Job, JobResult, ResultFolders, ResultKeeper, SubmitOptions};
use lilypad_core::model::{AgreementState, WorkUnit, grouped};
use lilypad_core::solver::SolverConfig;
use lilypad_core::{Error, ErrorKind, Result, view};
use serde_json::{Map, Value};

use crate::args::RunArgs;
use crate::ground::Plan;
use crate::interrupt::Interrupts;
use crate::job::{self, Asked};
use crate::limits::{MostResults, Patience};
use crate::report::{Report, printable};
use crate::traces;
use crate::v2::V2Place;
use crate::watch::watch;

/// How long a job on the network in this process waits for a machine: no other will come.
const LOCAL_MATCH_TIMEOUT: Duration = Duration::from_secs(2);

pub(crate) fn run(args: RunArgs, report: &Report) -> Result<ExitCode> {
    let started = Instant::now();
    if let Some(v2) = V2Place::of(args.job.network.as_deref())? {
        return v2.run(&args, started, report);
    }
    let _traces = traces::export(None, "lilypad-run", report)?;
    let mut plan = Plan::of(args.job.network.as_deref(), &args.job.key, report)?;
    plan.take_results_of(args.most);
    if !plan.is_local() {
        job::check_remote(&args.job)?;
        args.executors.check_remote()?;
    }
    let runtime = job::runtime()?;
    let interrupts = runtime.block_on(async { Interrupts::listen(report.clone()) });
    let results =
        Arc::new(self::results(args.output_dir.as_deref(), args.job.data_dir.as_deref(), args.most)?);
    let asked = Asked::of(&args.job)?;
    asked.tell(report)?;
    let match_timeout = args.wait.match_timeout.unwrap_or(LOCAL_MATCH_TIMEOUT);
    let patience = args.wait.patience(started, plan.is_local().then_some(match_timeout));
    let solver = SolverConfig { match_timeout, ..SolverConfig::default() };
    let builder = job::network(args.job.seed).solver(solver);
    let needed = asked.options.price_cap.unwrap_or_else(SubmitOptions::default_price_cap);
    runtime.block_on(async {
        let builder = match plan.is_local() {
            true => {
                let chosen = args.executors.of_job(&asked, args.job.data_dir.as_deref(), report).await?;
                builder.gpus(chosen.gpus).executors(chosen.executors)
            }
            false => builder,
        };
        let builder = builder.network(args.executors.network());
        let elsewhere = plan.network().map(str::to_owned);
        let reached = plan.reach(builder, needed, report);
        let place = elsewhere.as_deref();
        let ground =
            patience.bound(place, reached, "nothing was submitted; is this the right network?").await?;
        let ready = started.elapsed().as_secs_f64() * 1e3;
        interrupts.running();
        ground.client().keep_with(Arc::clone(&results) as Arc<dyn ResultKeeper>);
        let submitted = ground.client().submit(&asked.module, &asked.inputs, asked.options);
        let unknown = "whether the job was taken is not known: `lilypad jobs` shows it";
        let submitted = patience.bound(place, submitted, unknown).await;
        let code = match submitted {
            Ok(job) => follow_and_finish(job, &results, ready, place, patience, &interrupts, report).await,
            Err(error) => report.failure_with(&error, failure_fields(&error)),
        };
        // An executor that does not stop must not keep the command.
        if tokio::time::timeout(Duration::from_secs(5), ground.leave()).await.is_err() {
            report.say("  a job did not stop in time and is left behind");
        }
        Ok(code)
    })
}

/// Shows what happens to a job until it has ended, keeps its results, and gives the exit code.
pub(crate) async fn follow_and_finish(
    job: Job,
    results: &ResultFolders,
    ready_ms: f64,
    elsewhere: Option<&str>,
    patience: Patience,
    interrupts: &Interrupts,
    report: &Report,
) -> ExitCode {
    let outcome = follow(&job, patience, interrupts, report).await;
    interrupts.finishing();
    match outcome {
        Ok(result) => finish(results, &result, ready_ms, report),
        Err(error) => {
            let mut document = failure_fields(&error);
            document.insert("job_id".to_owned(), job.id().to_string().into());
            match elsewhere {
                Some(network) => {
                    if let Some(goes_on) = goes_on(&job).await {
                        let resume = format!("lilypad resume {} --network {network}", job.id());
                        report.field("job", format!("{goes_on}: {resume}"));
                        document.insert("resume".to_owned(), resume.into());
                    }
                }
                None if error.code().starts_with("E_WAIT_") => {
                    report.field("job", "ends with this command: its network is inside this process");
                }
                None => {}
            }
            report.failure_with(&error, document)
        }
    }
}

/// What becomes of a job that this command gives up on; `None` where it has ended.
async fn goes_on(job: &Job) -> Option<&'static str> {
    match tokio::time::timeout(Duration::from_secs(5), job.status()).await {
        Ok(Ok(status)) if status.state.is_terminal() => None,
        Ok(Ok(status)) if status.state == AgreementState::ResultsSubmitted => {
            Some("its results wait to be fetched and accepted")
        }
        Ok(Ok(_)) => Some("it goes on without this command"),
        _ => Some("it goes on, as far as is known here"),
    }
}

async fn follow(
    job: &Job,
    patience: Patience,
    interrupts: &Interrupts,
    report: &Report,
) -> Result<JobResult> {
    interrupts.running();
    report.field("job", job.id().to_string());
    let (shown, ended) = (watch(job, report), job.wait_within(patience.limits()));
    tokio::pin!(shown, ended);
    let mut asked = false;
    loop {
        tokio::select! {
            biased;
            () = &mut shown => return ended.await,
            // What went wrong here ends nothing there: no final event may come.
            end = &mut ended => {
                if end.is_ok() {
                    shown.await;
                }
                return end;
            }
            () = interrupts.asked(), if !asked => {
                asked = true;
                job.cancel().await?;
            }
        }
    }
}

/// Keeps the results, tells what came of the job, and gives the exit code.
fn finish(place: &ResultFolders, result: &JobResult, ready_ms: f64, report: &Report) -> ExitCode {
    let error = result.error();
    let cancelled = error.as_ref().is_some_and(|error| error.kind() == ErrorKind::Cancelled);
    let folder = (!cancelled).then(|| place.folder_of(result.job_id()));
    let mut document = fields(result, ready_ms);
    if !report.is_json() && !report.is_live() {
        report.output(result.files().get("stdout").map(AsRef::as_ref).unwrap_or_default());
    }
    if let Some(folder) = &folder {
        document.insert("output_dir".to_owned(), folder.to_string_lossy().into());
        document
            .insert("receipt_path".to_owned(), ResultFolders::receipt_path(folder).to_string_lossy().into());
    }
    tell_result(result, folder.as_deref(), report);
    match error {
        Some(error) => report.failure_with(&error, document),
        None => {
            report.document(&Value::Object(document));
            ExitCode::SUCCESS
        }
    }
}

fn tell_result(result: &JobResult, folder: Option<&Path>, report: &Report) {
    report.field("ended", result.outcome().to_string());
    report.field("data id", result.data_id().to_string());
    if let Some(folder) = folder {
        report.field("results", folder.display().to_string());
        for name in ["stdout", "stderr"] {
            let shown = result.files().get(name).map_or(0, |bytes| bytes.len() as u64);
            if let Some((_, all)) = result.lengths().find(|(path, all)| *path == name && *all > shown) {
                let message =
                    format!("only the first {} of {} bytes are shown", grouped(shown), grouped(all));
                report.field(name, format!("{message}: all are in the results"));
            }
        }
        for (path, length) in result.lengths().filter(|(path, _)| path.contains('/')) {
            report.field("", format!("{} ({} bytes)", printable(path), grouped(length)));
        }
    }
    let usage = result.usage();
    report.field(
        "measured",
        format!(
            "{}, {:.1} MiB of memory at most",
            WorkUnit::of_executor(&result.receipt().body.executor).in_words(result.instruction_count()),
            usage.peak_memory_bytes as f64 / f64::from(1 << 20)
        ),
    );
    report.field("cost", result.cost().to_string());
    let receipt =
        folder.map_or(String::new(), |folder| format!(": {}", ResultFolders::receipt_path(folder).display()));
    report.field("receipt", format!("verified, signed by both sides{receipt}"));
    let timings = result.timings();
    report.field(
        "time",
        format!("{:.1} ms from submit to verified receipt", timings.total.as_secs_f64() * 1e3),
    );
}

fn fields(result: &JobResult, ready_ms: f64) -> Map<String, Value> {
    let mut document = view::result(result);
    document["timings"]["ready_ms"] = ready_ms.into();
    for place in ["output_dir", "receipt_path"] {
        document[place] = Value::Null;
    }
    match document {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn failure_fields(error: &Error) -> Map<String, Value> {
    error
        .context()
        .filter(|(key, _)| matches!(*key, "job_id" | "state"))
        .map(|(key, value)| (key.to_owned(), Value::from(value)))
        .collect()
}

/// Where the results go; looked at before anything is paid.
pub(crate) fn results(
    output_dir: Option<&Path>,
    data_dir: Option<&Path>,
    most: MostResults,
) -> Result<ResultFolders> {
    let folders = match output_dir {
        Some(folder) => ResultFolders::one(folder),
        None => ResultFolders::under(job::data_dir(data_dir)?.join("results")),
    };
    Ok(folders?.on_the_way(most.limits()))
}

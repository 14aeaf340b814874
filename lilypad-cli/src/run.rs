//! `lilypad run`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use lilypad_core::client::{JobResult, SubmitOptions};
use lilypad_core::disk;
use lilypad_core::model::{FileLimits, FileSet};
use lilypad_core::module::{LoadOptions, Module, load};
use lilypad_core::network::{Network, NetworkBuilder};
use lilypad_core::solver::SolverConfig;
use lilypad_core::{Error, ErrorKind, Result};
use serde_json::{Map, Value, json};

use crate::args::{ModuleSource, RunArgs};
use crate::interrupt;
use crate::report::{Report, grouped, printable};
use crate::watch::watch;

pub(crate) fn run(args: RunArgs, report: &Report) -> Result<ExitCode> {
    let started = Instant::now();
    let inputs = inputs(&args.inputs)?;
    let module = open(&args.module, &data_dir(args.data_dir.as_deref()))?;
    let options = SubmitOptions {
        price_cap: args.price_cap,
        timeout: args.timeout,
        instruction_limit: args.max_instructions,
        files: files(args.inputs_path.as_deref())?,
        ..SubmitOptions::default()
    };
    if let Some(folder) = &args.output_dir {
        disk::check_target(folder)?;
    }
    tell_module(&module, &inputs, report)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|source| Error::unexpected("the runtime could not be started").with_source(source))?;
    runtime.block_on(async {
        let network = network(&args).start().await?;
        let ready = started.elapsed();
        let outcome = one_job(&network, &module, &inputs, options, report).await;
        let code = match outcome {
            Ok(result) => finish(&args, &result, ready.as_secs_f64() * 1e3, report),
            Err(error) => Ok(report.failure_with(&error, failure_fields(&error))),
        };
        network.shutdown().await;
        code
    })
}

fn network(args: &RunArgs) -> NetworkBuilder {
    let solver = SolverConfig { match_timeout: args.match_timeout, ..SolverConfig::default() };
    let builder = Network::local().solver(solver);
    match args.seed {
        Some(seed) => builder.seed(seed),
        None => builder,
    }
}

async fn one_job(
    network: &Network,
    module: &Module,
    inputs: &BTreeMap<String, String>,
    options: SubmitOptions,
    report: &Report,
) -> Result<JobResult> {
    let job = network.client().submit(module, inputs, options).await?;
    report.field("job", job.id().to_string());
    let shown = watch(&job, report);
    tokio::pin!(shown);
    tokio::select! {
        () = &mut shown => {}
        () = interrupt::requested() => {
            interrupt::insist(report);
            job.cancel().await?;
            shown.await;
        }
    }
    job.wait().await
}

/// Keeps the results, tells what came of the job, and gives the exit code.
fn finish(args: &RunArgs, result: &JobResult, ready_ms: f64, report: &Report) -> Result<ExitCode> {
    let error = result.error();
    let cancelled = error.as_ref().is_some_and(|error| error.kind() == ErrorKind::Cancelled);
    let kept = if cancelled { None } else { Some(keep(args, result)) };
    let mut document = fields(result, ready_ms);
    let folder = match kept {
        Some(Ok(folder)) => Some(folder),
        Some(Err(error)) => return Ok(report.failure_with(&error, document)),
        None => None,
    };
    if let Some(folder) = &folder {
        document.insert("output_dir".to_owned(), folder.to_string_lossy().into());
        document.insert("receipt_path".to_owned(), receipt_path(folder).to_string_lossy().into());
    }
    if !report.is_json() && !report.is_live() {
        report.output(result.files().get("stdout").map(AsRef::as_ref).unwrap_or_default());
    }
    tell_result(result, folder.as_deref(), report);
    match error {
        Some(error) => Ok(report.failure_with(&error, document)),
        None => {
            report.document(&Value::Object(document));
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn tell_module(module: &Module, inputs: &BTreeMap<String, String>, report: &Report) -> Result<()> {
    report.field("module", format!("{} ({})", printable(module.name()), module.pin()));
    for warning in &module.render(inputs)?.warnings {
        report.field("warning", printable(&warning.to_string()));
    }
    Ok(())
}

fn tell_result(result: &JobResult, folder: Option<&Path>, report: &Report) {
    report.field("ended", result.outcome().to_string());
    report.field("data id", result.data_id().to_string());
    if let Some(folder) = folder {
        report.field("results", folder.display().to_string());
        for (path, bytes) in result.files().iter().filter(|(path, _)| path.contains('/')) {
            report.field("", format!("{} ({} bytes)", printable(path), grouped(bytes.len() as u64)));
        }
    }
    let usage = result.usage();
    report.field(
        "measured",
        format!(
            "{} instructions, {:.1} MiB of memory at most",
            grouped(result.instruction_count()),
            usage.peak_memory_bytes as f64 / f64::from(1 << 20)
        ),
    );
    report.field("cost", result.cost().to_string());
    let receipt = folder.map_or(String::new(), |folder| format!(": {}", receipt_path(folder).display()));
    report.field("receipt", format!("verified, signed by both sides{receipt}"));
    let timings = result.timings();
    report.field(
        "time",
        format!("{:.1} ms from submit to verified receipt", timings.total.as_secs_f64() * 1e3),
    );
}

fn fields(result: &JobResult, ready_ms: f64) -> Map<String, Value> {
    let timings = result.timings();
    let millis =
        |duration: Option<std::time::Duration>| duration.map(|duration| duration.as_secs_f64() * 1e3);
    let document = json!({
        "job_id": result.job_id(),
        "deal_id": result.deal_id(),
        "state": result.state().to_string(),
        "outcome": result.outcome(),
        "exit_code": result.exit_code(),
        "data_id": result.data_id(),
        "instruction_count": result.instruction_count(),
        "peak_memory_bytes": result.usage().peak_memory_bytes,
        "cost": result.cost(),
        "cost_lp": result.cost().to_string(),
        "output_dir": null,
        "receipt_path": null,
        "receipt": result.receipt(),
        "receipt_verified": true,
        "stdout": excerpt(&result.stdout()),
        "stderr": excerpt(&result.stderr()),
        "timings": {
            "ready_ms": ready_ms,
            "agreed_ms": millis(timings.agreed),
            "started_ms": millis(timings.started),
            "submitted_ms": millis(timings.submitted),
            "total_ms": millis(Some(timings.total)),
        },
    });
    match document {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// At most 64 Ki characters: the whole text is in the results folder.
fn excerpt(text: &str) -> String {
    text.chars().take(64 << 10).collect()
}

fn failure_fields(error: &Error) -> Map<String, Value> {
    error
        .context()
        .filter(|(key, _)| matches!(*key, "job_id" | "state"))
        .map(|(key, value)| (key.to_owned(), Value::from(value)))
        .collect()
}

fn keep(args: &RunArgs, result: &JobResult) -> Result<PathBuf> {
    let folder = args.output_dir.clone().unwrap_or_else(|| {
        data_dir(args.data_dir.as_deref()).join("results").join(result.job_id().to_string())
    });
    disk::write_folder(result.files(), &folder)?;
    let folder = std::path::absolute(&folder).unwrap_or(folder);
    disk::write_file(&receipt_path(&folder), result.receipt().to_json()?.as_bytes())?;
    Ok(folder)
}

fn receipt_path(folder: &Path) -> PathBuf {
    let mut name = folder.file_name().unwrap_or_default().to_os_string();
    name.push(".receipt.json");
    folder.with_file_name(name)
}

fn files(folder: Option<&Path>) -> Result<FileSet> {
    folder.map_or_else(|| Ok(FileSet::new()), |folder| disk::read_folder(folder, &FileLimits::default()))
}

pub(crate) fn inputs(given: &[(String, String)]) -> Result<BTreeMap<String, String>> {
    let mut inputs = BTreeMap::new();
    for (name, value) in given {
        if inputs.insert(name.clone(), value.clone()).is_some() {
            return Err(Error::invalid(
                "E_INPUT_TWICE",
                format!("input `{}` is given twice", printable(name)),
            )
            .with_hint("give each input once")
            .with("field", name));
        }
    }
    Ok(inputs)
}

pub(crate) fn open(source: &ModuleSource, data_dir: &Path) -> Result<Module> {
    let options = LoadOptions {
        cache_dir: data_dir.join("cache"),
        allow_private_hosts: source.allow_private_host.clone(),
    };
    load(&source.module, &options)
}

/// `--data-dir`, else the user's data folder, else a folder here.
pub(crate) fn data_dir(given: Option<&Path>) -> PathBuf {
    let from = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    given
        .map(Path::to_owned)
        .or_else(|| from("DATA_DIR"))
        .or_else(|| from("XDG_DATA_HOME").map(|dir| dir.join("lilypad")))
        .or_else(|| from("HOME").map(|home| home.join(".local/share/lilypad")))
        .or_else(|| from("LOCALAPPDATA").map(|dir| dir.join("lilypad")))
        .unwrap_or_else(|| PathBuf::from("lilypad-data"))
}

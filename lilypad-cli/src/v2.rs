//! `lilypad run` and `resume` at a solver of Lilypad v2: no money moves, and there is no receipt.

use crate::exit::ExitCode;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lilypad_core::client::{ResultFolders, WaitLimits};
use lilypad_core::config::{NetworkEntry, NetworkTarget};
use lilypad_core::http::{HttpOptions, V2Job, V2Options, V2Outcome, V2Solver};
use lilypad_core::model::{Address, InputFiles, JobId, ServiceConfig};
use lilypad_core::signer::{LocalSigner, Signer as _};
use lilypad_core::{Error, Result, disk};
use serde_json::{Map, Value, json};

use crate::args::{JobArgs, RunArgs};
use crate::config;
use crate::ground::Waits;
use crate::job::Asked;
use crate::key::{self, KeyArgs};
use crate::limits::Patience;
use crate::report::{Report, printable};
use crate::run::results;

/// A network with a solver of v2.
pub(crate) struct V2Place {
    name: String,
    entry: NetworkEntry,
}

impl V2Place {
    /// The network of a command, where it is one of v2.
    pub(crate) fn of(name_or_url: Option<&str>) -> Result<Option<Self>> {
        Ok(match config::resolve(name_or_url)? {
            NetworkTarget::Remote { name, entry } if entry.v2.is_some() => {
                Some(Self { name: name.unwrap_or_else(|| entry.url.to_string()), entry })
            }
            _ => None,
        })
    }

    /// Whom offers name: v2 matches only those that name the same.
    pub(crate) fn services(&self) -> ServiceConfig {
        let mediators = self.entry.v2.iter().flatten().map(Address::to_string).collect();
        ServiceConfig {
            solver: self.entry.solver.unwrap_or_default().to_string(),
            mediator: Some(mediators),
            api_host: String::new(),
        }
    }

    /// The solver as a provider calls it, and the provider's account.
    pub(crate) fn provider(&self, key: &KeyArgs, report: &Report) -> Result<(V2Solver, Address)> {
        let signer = key::signer(key, report)?;
        Ok((self.connect(&signer, WaitLimits::default().total, report)?, signer.address()))
    }

    fn solver(&self, key: &KeyArgs, patience: Patience, report: &Report) -> Result<V2Solver> {
        self.connect(&key::signer(key, report)?, patience.limits().total, report)
    }

    fn connect(&self, signer: &LocalSigner, wait: Duration, report: &Report) -> Result<V2Solver> {
        let http = HttpOptions {
            insecure: self.entry.url.is_insecure(),
            on_wait: Some(Arc::new(Waits::new(report.clone()))),
            ..HttpOptions::default()
        };
        let options = V2Options { http, wait, ..V2Options::default() };
        report
            .field("network", format!("{} (a solver of Lilypad v2: no money moves, no receipt)", self.name));
        report.field("account", signer.address().to_string());
        report.field("warning", "whoever sees a request to it can act as this account at any solver of v2");
        V2Solver::new(self.entry.url.as_str(), signer, options)
    }

    pub(crate) fn run(&self, args: &RunArgs, started: Instant, report: &Report) -> Result<ExitCode> {
        check(&args.job)?;
        let patience = args.wait.patience(started, None);
        let results = results(args.output_dir.as_deref(), args.job.data_dir.as_deref(), args.most)?;
        let asked = Asked::of(&args.job)?;
        asked.tell(report)?;
        let job = V2Job {
            solver: self.entry.solver.unwrap_or_default(),
            mediators: self.entry.v2.clone().unwrap_or_default(),
            target: asked.options.target,
            timeout: asked.options.timeout,
            module: args.job.module.elsewhere(),
        };
        let solver = self.solver(&args.job.key, patience, report)?;
        let offer = solver.job_offer(&asked.module, &asked.inputs, &job)?;
        asked.module.render(&asked.inputs)?.check_files(&asked.options.files)?;
        crate::job::runtime()?.block_on(async {
            let unknown = "whether the job was taken is not known";
            let files = &asked.options.files;
            let id = match offer.input_files == InputFiles::default() {
                true => patience.bound(Some(&self.name), solver.submit(&offer), unknown).await?,
                false => {
                    let submitted = solver.submit_with_files(&offer, files);
                    patience.bound(Some(&self.name), submitted, unknown).await?
                }
            };
            report.field("job", id.to_string());
            self.fetch(&solver, id, &results, report).await
        })
    }

    pub(crate) fn resume(
        &self,
        id: JobId,
        key: &KeyArgs,
        results: &ResultFolders,
        patience: Patience,
        report: &Report,
    ) -> Result<ExitCode> {
        let solver = self.solver(key, patience, report)?;
        crate::job::runtime()?.block_on(self.fetch(&solver, id, results, report))
    }

    /// Waits for a job, keeps what came of it, and accepts it.
    async fn fetch(
        &self,
        solver: &V2Solver,
        id: JobId,
        results: &ResultFolders,
        report: &Report,
    ) -> Result<ExitCode> {
        let outcome = match solver.wait(id).await {
            Ok(outcome) => outcome,
            Err(error) => {
                let mut document = Map::from_iter([("job_id".to_owned(), json!(id))]);
                if !error.code().starts_with("E_V2_") || error.code() == "E_V2_WAIT" {
                    let resume = format!("lilypad resume {id} --network {}", self.name);
                    report.field("job", format!("it goes on, as far as is known here: {resume}"));
                    document.insert("resume".to_owned(), resume.into());
                }
                return Ok(report.failure_with(&error, document));
            }
        };
        let folder = results.folder_of(id);
        disk::write_folder(&outcome.files, &folder)?;
        solver.accept(&outcome.deal).await?;
        Ok(tell(id, &outcome, &folder, report))
    }
}

fn tell(id: JobId, outcome: &V2Outcome, folder: &Path, report: &Report) -> ExitCode {
    let text = |name: &str| {
        String::from_utf8_lossy(outcome.files.get(name).map(AsRef::as_ref).unwrap_or_default()).into_owned()
    };
    let exit_code: Option<i32> = text("exitCode").trim().parse().ok();
    if !report.is_json() {
        report.output(printable(&text("stdout")).as_bytes());
    }
    report.field("provider", &outcome.deal.resource_provider);
    report.field("results", folder.display().to_string());
    if !outcome.is_as_named() {
        report
            .field("warning", "the files do not hash to the id that the provider named: do not rely on them");
    }
    report.document(&json!({
        "job_id": id,
        "deal_id": outcome.deal.id,
        "resource_provider": outcome.deal.resource_provider,
        "data_id": outcome.content,
        "as_named": outcome.is_as_named(),
        "exit_code": exit_code,
        "output_dir": folder.to_string_lossy(),
        "receipt": Value::Null,
        "stdout": text("stdout").chars().take(64 << 10).collect::<String>(),
        "stderr": text("stderr").chars().take(64 << 10).collect::<String>(),
    }));
    ExitCode::SUCCESS
}

/// Refuses what a solver of v2 knows nothing of.
fn check(args: &JobArgs) -> Result<()> {
    let given = [
        ("--seed", args.seed.is_some()),
        ("--price-cap", args.price_cap.is_some()),
        ("--max-rate", args.max_rate.is_some()),
        ("--max-instructions", args.max_instructions.is_some()),
        ("--label", !args.labels.is_empty()),
        ("--min-reputation", args.min_reputation > 0),
        ("--min-collateral", args.min_collateral > 0),
    ];
    match given.into_iter().find(|(_, given)| *given) {
        None => Ok(()),
        Some((flag, _)) => {
            Err(Error::invalid("E_V2_FLAG", format!("{flag} has no meaning at a solver of Lilypad v2"))
                .with_hint(format!("leave {flag} out")))
        }
    }
}

/// That a command does nothing at a solver of v2.
pub(crate) fn refused(name: &str) -> Error {
    Error::unsupported(
        "E_V2_NETWORK",
        format!("{name} has a solver of Lilypad v2, which only `run`, `resume` and `provider` use"),
    )
    .with_hint("name another network with --network")
}

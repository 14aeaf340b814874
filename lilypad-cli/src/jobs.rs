//! `lilypad jobs`, `status`, `events`, `logs`, `cancel` and `resume`: jobs that were submitted before.

use crate::exit::ExitCode;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use lilypad_core::client::{Client, ResultKeeper};
use lilypad_core::http::HttpSolver;
use lilypad_core::model::JobId;
use lilypad_core::signer::Signer;
use lilypad_core::wire::{JobEventKind, JobStatus};
use lilypad_core::{Error, Result, view};
use serde_json::json;

use crate::ground::Place;
use crate::interrupt::Interrupts;
use crate::job;
use crate::key::{self, KeyArgs};
use crate::limits::{MostResults, WaitArgs};
use crate::report::{Report, printable};
use crate::run::{follow_and_finish, results};
use crate::v2::V2Place;
use lilypad_core::view::Table;

/// Where jobs are, and whose.
#[derive(Debug, Args)]
pub(crate) struct AccountArgs {
    #[command(flatten)]
    key: KeyArgs,
    /// Network of the jobs: a name or a URL.
    #[arg(long, short = 'n', value_name = "NAME|URL")]
    network: Option<String>,
    /// Print JSON to standard output and nothing else there.
    #[arg(long)]
    pub(crate) json: bool,
}

/// One job.
#[derive(Debug, Args)]
pub(crate) struct OneJobArgs {
    /// The job's id.
    job: JobId,
    #[command(flatten)]
    pub(crate) account: AccountArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  lilypad resume QmdTubbrNkUUTYU9JWqEcSs8Quzc9f7gFFkasQJDVr235r --network lab
  lilypad resume QmdTubbrNkUUTYU9JWqEcSs8Quzc9f7gFFkasQJDVr235r --output-dir picture")]
pub(crate) struct ResumeArgs {
    #[command(flatten)]
    pub(crate) one: OneJobArgs,
    /// Folder for the results; must be new or empty. The receipt is put beside it as DIR.receipt.json.
    #[arg(long, short = 'o', value_name = "DIR")]
    output_dir: Option<PathBuf>,
    /// Folder for results and caches. Default: LILYPAD_DATA_DIR, DATA_DIR, or the user's data folder.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    #[command(flatten)]
    wait: WaitArgs,
    #[command(flatten)]
    most: MostResults,
}

/// An account on a network elsewhere, not reached yet.
pub(crate) struct Account {
    place: Place,
    signer: Arc<dyn Signer>,
}

impl Account {
    /// Made before Ctrl-C is listened for: the key may need a passphrase.
    pub(crate) fn of(args: &AccountArgs, report: &Report) -> Result<Self> {
        let place = Place::elsewhere(args.network.as_deref())?;
        Ok(Self { place, signer: Arc::new(key::signer(&args.key, report)?) })
    }

    async fn client(&self, report: &Report) -> Result<Client> {
        Ok(Client::at(self.solver(report).await?, Arc::clone(&self.signer)))
    }

    /// The solver there, called in the account's name.
    pub(crate) async fn solver(&self, report: &Report) -> Result<HttpSolver> {
        self.place.solver(&self.signer, report).await
    }
}

pub(crate) fn list(args: AccountArgs, report: &Report) -> Result<ExitCode> {
    let account = Account::of(&args, report)?;
    let jobs = job::runtime()?.block_on(async { account.solver(report).await?.jobs().await })?;
    if report.is_json() {
        report.document(&json!({ "jobs": jobs.iter().map(view::status).collect::<Result<Vec<_>>>()? }));
        return Ok(ExitCode::SUCCESS);
    }
    if jobs.is_empty() {
        report.output(b"no jobs of this account are known there\n");
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new(["job", "state", "cost", "why"]);
    for status in &jobs {
        table.row([
            status.job_id.to_string(),
            status.state.to_string(),
            status.cost.map(|cost| cost.to_string()).unwrap_or_default(),
            printable(&why(status)),
        ]);
    }
    let text: String = table.lines().map(|line| line + "\n").collect();
    report.output(text.as_bytes());
    Ok(ExitCode::SUCCESS)
}

fn why(status: &JobStatus) -> String {
    match (&status.failure, &status.waiting_for) {
        (Some(failure), _) => failure.message.clone(),
        (None, Some(reason)) => reason.clone(),
        (None, None) => String::new(),
    }
}

pub(crate) fn status(args: OneJobArgs, report: &Report) -> Result<ExitCode> {
    let account = Account::of(&args.account, report)?;
    let status = job::runtime()?
        .block_on(async { account.client(report).await?.job(args.job).await?.status().await })?;
    if report.is_json() {
        report.document(&view::status(&status)?);
        return Ok(ExitCode::SUCCESS);
    }
    let mut lines = vec![format!("state    {}", status.state)];
    let line = |label: &str, text: String| format!("{label:<8} {}", printable(&text));
    lines.extend(status.resource_provider.map(|provider| line("provider", provider.to_string())));
    lines.extend(status.waiting_for.clone().map(|reason| line("waiting", reason)));
    lines.extend(status.fix.clone().map(|fix| line("fix", fix)));
    lines.extend(status.outcome.as_ref().map(|outcome| line("ended", outcome.to_string())));
    lines.extend(status.failure.as_ref().map(|failure| line("failed", failure.message.clone())));
    lines.extend(status.cost.map(|cost| line("cost", cost.to_string())));
    report.output((lines.join("\n") + "\n").as_bytes());
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn events(args: OneJobArgs, report: &Report) -> Result<ExitCode> {
    let account = Account::of(&args.account, report)?;
    job::runtime()?.block_on(async {
        let mut events = account.client(report).await?.job(args.job).await?.events().await?;
        while let Some(event) = events.next().await {
            let line = serde_json::to_string(&event).map_err(|source| {
                Error::unexpected("an event could not be written as JSON").with_source(source)
            })?;
            report.output((line + "\n").as_bytes());
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// The lines on standard output as they were written there, those on standard error beside them; as JSON, one document a line.
pub(crate) fn logs(args: OneJobArgs, report: &Report) -> Result<ExitCode> {
    let account = Account::of(&args.account, report)?;
    job::runtime()?.block_on(async {
        let mut events = account.client(report).await?.job(args.job).await?.events().await?;
        while let Some(event) = events.next().await {
            let (stream, text) = match &event.kind {
                JobEventKind::Stdout { text } => ("stdout", text),
                JobEventKind::Stderr { text } => ("stderr", text),
                _ => continue,
            };
            match stream {
                _ if report.is_json() => report.document(&json!({ "stream": stream, "text": text })),
                "stdout" => report.output(format!("{}\n", printable(text)).as_bytes()),
                _ => report.say(printable(text)),
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

pub(crate) fn cancel(args: OneJobArgs, report: &Report) -> Result<ExitCode> {
    let account = Account::of(&args.account, report)?;
    let status = job::runtime()?.block_on(async {
        let job = account.client(report).await?.job(args.job).await?;
        job.cancel().await?;
        job.status().await
    })?;
    report.document(&view::status(&status)?);
    // What has ended is not stopped, and stays as it is.
    let what = if status.state.is_terminal() { "it has ended:" } else { "asked to stop; now" };
    report.field("state", format!("{what} {}", status.state));
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn resume(args: ResumeArgs, report: &Report) -> Result<ExitCode> {
    let patience = args.wait.patience(Instant::now(), None);
    if let Some(v2) = V2Place::of(args.one.account.network.as_deref())? {
        let results = results(args.output_dir.as_deref(), args.data_dir.as_deref(), args.most)?;
        return v2.resume(args.one.job, &args.one.account.key, &results, patience, report);
    }
    let mut account = Account::of(&args.one.account, report)?;
    account.place.take_results_of(args.most);
    let results = Arc::new(results(args.output_dir.as_deref(), args.data_dir.as_deref(), args.most)?);
    let runtime = job::runtime()?;
    let interrupts = runtime.block_on(async { Interrupts::listen(report.clone()) });
    runtime.block_on(async {
        let found = async {
            let client = account.client(report).await?;
            client.keep_with(Arc::clone(&results) as Arc<dyn ResultKeeper>);
            client.job(args.one.job).await
        };
        let place = Some(account.place.name());
        let job = patience.bound(place, found, "the job goes on without this command: try again").await?;
        Ok(follow_and_finish(job, &results, 0.0, place, patience, &interrupts, report).await)
    })
}

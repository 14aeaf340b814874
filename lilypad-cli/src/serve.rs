//! `lilypad provider`, and what `lilypad solver` can be told.

use crate::exit::ExitCode;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand, ValueEnum};
use lilypad_core::http::HttpSolver;
use lilypad_core::market::{ModulePolicy, ModuleRule};
use lilypad_core::model::{Address, Amount, MachineSpec, Rate};
use lilypad_core::provider::{Provider, ProviderConfig};
use lilypad_core::rt::{CancelReason, CancelToken, Clock};
use lilypad_core::signer::Signer;
use lilypad_core::{Error, Result};
use serde_json::json;

use crate::args::parse_label;
use crate::check::{CheckArgs, check};
use crate::executors::ExecutorArgs;
use crate::gpus::{GpuArgs, Offered};
use crate::ground::{Place, play_money};
use crate::interrupt::stop_asked;
use crate::job::{self, pairs};
use crate::key::{self, KeyArgs};
use crate::limits::{ProviderLimits, SolverLimits};
use crate::report::Report;
use crate::settings::{InitArgs, init};
use crate::traces;
use crate::v2::V2Place;
use crate::v2_provider;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  lilypad solver --play-money \"1000 LP\"
  lilypad solver --listen 0.0.0.0:8080 --name solver.example:8080 --keystore solver --store solver.sqlite
  PGPASSWORD=… lilypad solver --listen 10.0.0.7:8080 --keystore solver --store postgres://lilypad@db.example/solver \\
      --files /shared/solver
  AWS_PROFILE=solver lilypad solver --keystore solver --store solver.sqlite --files s3://bucket/solver")]
pub(crate) struct SolverArgs {
    #[command(flatten)]
    pub(crate) key: KeyArgs,
    /// Address to listen on.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
    /// Name, with its port, under which clients reach the solver; may be given several times. Default: the address.
    #[arg(long = "name", value_name = "HOST[:PORT]")]
    pub(crate) names: Vec<String>,
    /// A proxy in front speaks TLS: clients use https.
    #[arg(long)]
    pub(crate) behind_tls: bool,
    /// Proxies in front, each of which adds the address from which it got a request. Without it, what a request says of its
    /// origin is not believed, and everybody behind a proxy shares its limits.
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    pub(crate) proxies: usize,
    /// Header to which the proxies add it.
    #[arg(long, value_name = "HEADER", value_enum, default_value_t, requires = "proxies")]
    pub(crate) forwarded_by: ForwardedBy,
    /// Address at which figures are read (/metrics, /healthz, /readyz). It has no other protection: keep it to yourself.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) metrics: Option<SocketAddr>,
    /// Collector of OpenTelemetry to which spans are sent, such as http://127.0.0.1:4318 (OTLP over HTTP). Default: the environment's
    /// OTEL_EXPORTER_OTLP_ENDPOINT, else none. OTEL_SERVICE_NAME and the other variables of OpenTelemetry hold too.
    #[arg(long, value_name = "URL")]
    pub(crate) otlp: Option<String>,
    /// Play money that each account may have once, such as "1000 LP". Without it accounts have no money.
    #[arg(long, value_name = "AMOUNT")]
    pub(crate) play_money: Option<Amount>,
    /// A mediator that job creators and providers may name, by its address; may be given several times.
    #[arg(long = "mediator", value_name = "ADDRESS")]
    pub(crate) mediators: Vec<Address>,
    /// Origin of web pages that may use the solver, such as https://dapp.example; may be given several times.
    #[arg(long = "origin", value_name = "ORIGIN")]
    pub(crate) origins: Vec<String>,
    /// Where jobs and money are kept over restarts: an SQLite file, made where there is none, or the postgres:// address of a
    /// database that several solver processes share, of which one leads. A password belongs into PGPASSWORD, or the whole
    /// address into LILYPAD_STORE. Default: memory alone.
    #[arg(long, value_name = "FILE|URL")]
    pub(crate) store: Option<String>,
    /// Address at which other solver processes on the same database reach this one. Default: the one that is listened on.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) advertise: Option<SocketAddr>,
    /// Serve job creators and providers of Lilypad v2 too, in a market of their own, without money. Whoever sees the headers of
    /// such a peer can act as it.
    #[arg(long)]
    pub(crate) v2_compat: bool,
    /// Where the files of jobs are kept over restarts: a folder, or what begins so in a bucket of an S3-compatible object store,
    /// whose keys and region are in AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and their like. Processes that share a
    /// database must all see it. Default: FILE.files beside the --store; without one, memory.
    #[arg(long, value_name = "FOLDER|s3://BUCKET/PREFIX")]
    pub(crate) files: Option<PathBuf>,
    /// Where the object store answers. Default: what AWS_ENDPOINT_URL says, else Amazon's.
    #[arg(long, value_name = "URL")]
    pub(crate) files_endpoint: Option<String>,
    /// Folder for large files until they are whole and go to the bucket. Default: FILE.uploads beside the --store; with a
    /// database, in the user's data folder.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) uploads: Option<PathBuf>,
    /// Print one JSON document a line to standard output: the address when it is ready.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) limits: SolverLimits,
}

/// A header that proxies write.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum ForwardedBy {
    #[default]
    XForwardedFor,
    Forwarded,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct ProviderCommand {
    #[command(subcommand)]
    action: Option<ProviderAction>,
    #[command(flatten)]
    run: ProviderArgs,
}

#[derive(Debug, Subcommand)]
enum ProviderAction {
    /// Offer this machine and run jobs: what `lilypad provider` does without a word behind it.
    Run(Box<ProviderArgs>),
    /// Look at what this machine could offer, what is missing, and how to get it.
    Check(Box<CheckArgs>),
    /// Write a file of settings, with each of them explained.
    Init(InitArgs),
}

impl ProviderCommand {
    pub(crate) fn wants_json(&self) -> bool {
        match &self.action {
            None => self.run.json,
            Some(ProviderAction::Run(args)) => args.json,
            Some(ProviderAction::Check(args)) => args.json,
            Some(ProviderAction::Init(args)) => args.json,
        }
    }

    /// True where it goes on until it is stopped.
    pub(crate) fn serves(&self) -> bool {
        matches!(self.action, None | Some(ProviderAction::Run(_)))
    }

    pub(crate) fn start(self, report: &Report) -> Result<ExitCode> {
        match self.action {
            None => provider(self.run, report),
            Some(ProviderAction::Run(args)) => provider(*args, report),
            Some(ProviderAction::Check(args)) => check(&args, report),
            Some(ProviderAction::Init(args)) => init(&args, report),
        }
    }
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  lilypad provider --network http://127.0.0.1:8080
  lilypad provider run --config provider.toml
  lilypad provider --network lab --executor cuda --cuda-device 0
  lilypad provider --network lab --slots 4 --rate \"0.02 LP per 1,000,000,000 work units\" --label region=eu
  lilypad provider --network lab --only author:github.com/lilypad-tech --only repo:github.com/owner/module")]
pub(crate) struct ProviderArgs {
    /// File with settings, as `lilypad provider init` writes it; flags that are typed win over it.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) key: KeyArgs,
    /// Network to offer the machine on: a name or a URL.
    #[arg(long, short = 'n', value_name = "NAME|URL")]
    pub(crate) network: Option<String>,
    #[command(flatten)]
    pub(crate) executors: ExecutorArgs,
    #[command(flatten)]
    pub(crate) gpus: GpuArgs,
    /// How many jobs run at once, as far as the machine holds them.
    #[arg(long, value_name = "COUNT", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(crate) slots: u32,
    /// CPUs to offer, in thousandths. Default: all.
    #[arg(long, visible_alias = "offer-cpu", env = "OFFER_CPU", value_name = "THOUSANDTHS", value_parser = clap::value_parser!(i64).range(1..))]
    pub(crate) cpu: Option<i64>,
    /// Memory to offer, in MB. Default: half of what the machine has.
    #[arg(long, visible_alias = "offer-ram", env = "OFFER_RAM", value_name = "MB", value_parser = clap::value_parser!(i64).range(1..))]
    pub(crate) ram: Option<i64>,
    /// Disk to offer, in MB.
    #[arg(long, value_name = "MB", default_value_t = 10_000, value_parser = clap::value_parser!(i64).range(0..))]
    pub(crate) disk: i64,
    /// Price of work, such as "0.02 LP per 1,000,000,000 work units", or free.
    #[arg(long, value_name = "RATE", default_value = "0.01 LP per 1,000,000,000 work units")]
    pub(crate) rate: Rate,
    /// What is staked on a job, as a multiple of its price cap.
    #[arg(long, value_name = "TIMES", default_value_t = 2)]
    pub(crate) collateral: u64,
    /// Money to set aside as stake, from which jobs lock their collateral. Default: half of what the account has.
    #[arg(long, value_name = "AMOUNT")]
    pub(crate) stake: Option<Amount>,
    /// A label that the machine carries, as NAME=VALUE; may be given several times.
    #[arg(long = "label", value_name = "NAME=VALUE", value_parser = parse_label)]
    pub(crate) labels: Vec<(String, String)>,
    /// Run only modules that such a rule allows (repo:…, author:…, content:…); may be given several times.
    #[arg(long = "only", value_name = "RULE")]
    pub(crate) only: Vec<ModuleRule>,
    /// Never run modules that such a rule names; may be given several times.
    #[arg(long = "never", value_name = "RULE")]
    pub(crate) never: Vec<ModuleRule>,
    /// At a solver of Lilypad v2: host that modules may be fetched from although its address is private; may be given several times.
    #[arg(long, value_name = "HOST", env = "LILYPAD_ALLOW_PRIVATE_HOSTS", value_delimiter = ',')]
    pub(crate) allow_private_host: Vec<String>,
    /// Print one JSON document a line to standard output: what is offered when it is.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) limits: ProviderLimits,
}

fn provider(args: ProviderArgs, report: &Report) -> Result<ExitCode> {
    let _traces = traces::export(None, "lilypad-provider", report)?;
    if let Some(place) = V2Place::of(args.network.as_deref())? {
        return v2_provider::provider(&args, &place, report);
    }
    let place = Place::elsewhere(args.network.as_deref())?;
    let signer: Arc<dyn Signer> = Arc::new(key::signer(&args.key, report)?);
    job::runtime()?.block_on(async {
        let solver = place.solver(&signer, report).await?;
        play_money(&solver, Amount::from(1_u64), report).await?;
        stake(&solver, args.stake, report).await?;
        let chosen = args.executors.of_provider(report).await?;
        let gpus = args.gpus.offered(&chosen, report)?;
        let config = config(&args, gpus, solver.mediators().to_vec())?;
        let (machine, executors) = (config.machine.clone(), chosen.executors);
        let kinds: Vec<&str> = executors.iter().map(|executor| executor.name()).collect();
        let kinds = kinds.join(" and ");
        let api = Arc::new(solver);
        let provider = Provider::new(Arc::clone(&signer), api, executors, Clock::system(), config);
        let running = provider.start().await?;
        report.field(
            "offer",
            format!(
                "{machine_text}, {} jobs at once, {}",
                args.slots,
                args.rate.in_words(),
                machine_text = text(&machine)
            ),
        );
        report.field("state", format!("ready: runs {kinds} jobs until Ctrl-C"));
        report.document(&json!({ "provider": signer.address(), "machine": machine, "rate": args.rate }));
        let stop = CancelToken::new();
        let serving = running.serve(stop.clone());
        until_stopped(
            async {
                serving.await;
                Ok(())
            },
            &stop,
            report,
        )
        .await
    })
}

/// Serves until it ends by itself or is asked to stop, and once more at once.
pub(crate) async fn until_stopped(
    serving: impl Future<Output = Result<()>>,
    stop: &CancelToken,
    report: &Report,
) -> Result<ExitCode> {
    tokio::pin!(serving);
    tokio::select! {
        ended = &mut serving => ended?,
        () = stop_asked() => {
            report.field("state", "stopping: jobs that run are given back; press Ctrl-C again to stop at once");
            stop.cancel(CancelReason::Shutdown);
            tokio::select! {
                ended = &mut serving => ended?,
                () = stop_asked() => {}
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Listens on an address that an option names.
pub(crate) fn listen(address: SocketAddr, option: &str) -> Result<TcpListener> {
    TcpListener::bind(address).map_err(|source| {
        let message = format!("{address} cannot be listened on: {source}");
        Error::new(lilypad_core::ErrorKind::Unavailable, "E_LISTEN", message)
            .with_hint(format!("is another program listening there? name another address with {option}"))
    })
}

/// Sets money aside, where none is yet.
async fn stake(solver: &HttpSolver, wanted: Option<Amount>, report: &Report) -> Result<()> {
    let money = solver.stake_where_short(wanted).await?;
    report.field("stake", format!("{}, {} to spend", money.stake, money.balance));
    Ok(())
}

/// What this machine offers, as it was typed.
pub(crate) fn config(args: &ProviderArgs, gpus: Offered, mediators: Vec<Address>) -> Result<ProviderConfig> {
    let here = ProviderConfig::of_this_machine(mediators);
    let cpu = args.cpu.unwrap_or(here.machine.cpu);
    let ram = args.ram.unwrap_or(here.machine.ram);
    Ok(ProviderConfig {
        machine: MachineSpec {
            gpu: i64::try_from(gpus.specs.len()).unwrap_or(0),
            gpus: (!gpus.specs.is_empty()).then_some(gpus.specs),
            cpu,
            ram,
            disk: args.disk,
        },
        gpu_ids: gpus.ids,
        driver: gpus.driver,
        cuda: gpus.cuda,
        slots: args.slots,
        rate: args.rate,
        labels: pairs(&args.labels, "label", "E_LABEL_TWICE")?,
        network: args.executors.network(),
        collateral_multiple: args.collateral,
        policy: ModulePolicy::of(args.only.iter().cloned(), args.never.iter().cloned()),
        limits: args.limits.limits(),
        ..here
    })
}

pub(crate) fn text(machine: &MachineSpec) -> String {
    let cpus = machine.cpu / 1_000;
    let rest = machine.cpu % 1_000;
    let cpus = if rest == 0 { cpus.to_string() } else { format!("{cpus}.{rest:03}") };
    let gpus = match machine.gpu {
        0 => String::new(),
        1 => ", 1 GPU".to_owned(),
        count => format!(", {count} GPUs"),
    };
    format!("{cpus} CPUs, {} MB of memory{gpus}", machine.ram)
}

//! What can be typed.

use crate::exit::ExitCode;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};
use lilypad_core::Error;
use lilypad_core::market::VerificationClass;
use lilypad_core::model::{Address, Amount, ModuleConfig, Rate};

use crate::executors::ExecutorArgs;
use crate::jobs::{AccountArgs, OneJobArgs, ResumeArgs};
use crate::key::KeyArgs;
use crate::limits::{MostResults, WaitArgs};
use crate::serve::{ProviderCommand, SolverArgs};

const EXAMPLES: &str = "\
Examples:
  lilypad run examples/modules/cowsay -i Message=\"hello, pond\"
  lilypad run examples/modules/mandelbrot -i width=320 --output-dir picture
  lilypad quote examples/modules/mandelbrot
  lilypad run github.com/owner/module:v1.0.0 -i Prompt=\"a frog\" --json
  lilypad module new my-module
  lilypad receipt verify results.receipt.json
  lilypad wallet new

With --json, standard output has one JSON document and nothing else; `events`, `logs`, `solver` and `provider` print one a line.";

/// What stands at the end of every command's help.
const EXIT_CODES: &str = "\
Exit codes: 0 done · 1 our own fault · 2 usage or bad input · 3 authorisation · 4 network · 5 ledger or chain ·
6 the job failed · 7 verification failed · 8 timed out · 9 refused by policy, or no machine fits · 130 cancelled";

/// Run compute jobs on machines that others own, pay only for measured work, get a result you can check.
#[derive(Debug, Parser)]
#[command(name = "lilypad", version, after_help = EXAMPLES, max_term_width = 110)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Nothing is reported to anybody in any case; the older command had this flag.
    #[arg(long, global = true, hide = true)]
    disable_telemetry: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a module and wait for its result.
    ///
    /// Without a network elsewhere it starts a whole one inside this process (ledger, solver, provider), with play money, and
    /// runs the module on it.
    Run(RunArgs),
    /// Show what a job would cost, who would run it, and what keeps the other offers from it.
    ///
    /// Nothing is run or paid.
    Quote(QuoteArgs),
    /// Show where the newest jobs of an account stand.
    #[command(after_help = "Examples:
  lilypad jobs --network lab
  lilypad jobs --json | jq -r '.jobs[].job_id'")]
    Jobs(AccountArgs),
    /// Show where a job stands, and why.
    #[command(after_help = "Examples:
  lilypad status QmdTubbrNkUUTYU9JWqEcSs8Quzc9f7gFFkasQJDVr235r --network lab
  lilypad status QmdTubbrNkUUTYU9JWqEcSs8Quzc9f7gFFkasQJDVr235r --json | jq -r .state")]
    Status(OneJobArgs),
    /// Print what happens to a job, one JSON document a line, until it has ended.
    #[command(after_help = "Examples:
  lilypad events QmdTubbrNkUUTYU9JWqEcSs8Quzc9f7gFFkasQJDVr235r --network lab
  lilypad events QmdTubbrNkUUTYU9JWqEcSs8Quzc9f7gFFkasQJDVr235r --json | jq -r .event")]
    Events(OneJobArgs),
    /// Print what a job writes, as it writes it, until it has ended; with --json one document a line, with its stream and text.
    #[command(after_help = "Examples:
  lilypad logs QmdTubbrNkUUTYU9JWqEcSs8Quzc9f7gFFkasQJDVr235r --network lab
  lilypad logs QmdTubbrNkUUTYU9JWqEcSs8Quzc9f7gFFkasQJDVr235r --json | jq -r 'select(.stream == \"stderr\") | .text'")]
    Logs(OneJobArgs),
    /// Ask to stop a job. What it did until then is paid.
    #[command(after_help = "Examples:
  lilypad cancel QmdTubbrNkUUTYU9JWqEcSs8Quzc9f7gFFkasQJDVr235r --network lab
  lilypad cancel QmdTubbrNkUUTYU9JWqEcSs8Quzc9f7gFFkasQJDVr235r --json | jq -r .state")]
    Cancel(OneJobArgs),
    /// Follow a job that was submitted before to its end, and fetch its results.
    #[command(visible_alias = "download")]
    Resume(ResumeArgs),
    /// Run a solver: match jobs with machines for others, over HTTP.
    Solver(SolverArgs),
    /// Offer this machine on a network and run jobs for money.
    #[command(visible_alias = "resource-provider")]
    Provider(ProviderCommand),
    /// Write, check and look at modules.
    Module(ModuleArgs),
    /// Check receipts.
    Receipt(ReceiptArgs),
    /// Make, import and show the keys that commands sign with.
    Wallet(crate::wallet::WalletArgs),
    /// Name networks and choose the one that commands use.
    Network(crate::networks::NetworkArgs),
}

impl Command {
    pub(crate) fn wants_json(&self) -> bool {
        match self {
            Self::Run(args) => args.json,
            Self::Quote(args) => args.json,
            Self::Jobs(args) => args.json,
            Self::Status(args) | Self::Events(args) | Self::Logs(args) | Self::Cancel(args) => {
                args.account.json
            }
            Self::Resume(args) => args.one.account.json,
            Self::Solver(args) => args.json,
            Self::Provider(args) => args.wants_json(),
            Self::Module(args) => args.command.wants_json(),
            Self::Receipt(ReceiptArgs { command: ReceiptCommand::Verify { json, .. } }) => *json,
            Self::Wallet(args) => args.wants_json(),
            Self::Network(args) => args.wants_json(),
        }
    }

    /// True where one JSON document after another is printed, each on a line.
    pub(crate) fn prints_lines(&self) -> bool {
        match self {
            Self::Events(_) | Self::Logs(_) | Self::Solver(_) => true,
            Self::Provider(args) => args.serves(),
            _ => false,
        }
    }
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  lilypad run examples/modules/cowsay -i Message=\"hello, pond\"
  lilypad run examples/modules/wordcount --inputs-path texts --output-dir counts
  lilypad run examples/modules/forever --timeout 2s
  lilypad run ./my-module -i n=5 --json | jq .cost")]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) job: JobArgs,
    /// Folder for the results; must be new or empty. The receipt is put beside it as DIR.receipt.json.
    #[arg(long, short = 'o', value_name = "DIR")]
    pub(crate) output_dir: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) executors: ExecutorArgs,
    /// Print one JSON document to standard output and nothing else there.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) wait: WaitArgs,
    #[command(flatten)]
    pub(crate) most: MostResults,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  lilypad quote examples/modules/cowsay
  lilypad quote examples/modules/mandelbrot -i width=320 --price-cap \"0.1 LP\"
  lilypad quote ./my-module --label region=eu --json | jq .change

Exit 0 where an offer fits, 9 where none does: the reasons and the fix are printed.")]
pub(crate) struct QuoteArgs {
    #[command(flatten)]
    pub(crate) job: JobArgs,
    /// Print one JSON document to standard output and nothing else there.
    #[arg(long)]
    pub(crate) json: bool,
}

/// A job: what runs, on what, and what it asks of the network.
#[derive(Debug, Args)]
pub(crate) struct JobArgs {
    #[command(flatten)]
    pub(crate) module: ModuleSource,
    #[command(flatten)]
    pub(crate) key: KeyArgs,
    /// Network to work on: a name or a URL. Default: what `lilypad network use` chose, else `local`, a network inside this
    /// process.
    #[arg(long, short = 'n', value_name = "NAME|URL")]
    pub(crate) network: Option<String>,
    /// An input as NAME=VALUE; may be given several times. The value may hold `=`.
    #[arg(short = 'i', long = "input", value_name = "NAME=VALUE", value_parser = parse_input)]
    pub(crate) inputs: Vec<(String, String)>,
    /// Folder that holds the input files. Default: the environment's INPUTS_PATH.
    #[arg(long, value_name = "DIR")]
    pub(crate) inputs_path: Option<PathBuf>,
    /// Folder for results and caches. Default: LILYPAD_DATA_DIR, DATA_DIR, or the user's data folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// How long the program may run, such as 500ms, 2s, 5m, 1h. Default: the module's own limit, or 15m.
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(crate) timeout: Option<Duration>,
    /// Most that the job may cost, such as "0.5 LP". Held while the job runs; the rest comes back. Default: 1 LP.
    #[arg(long, value_name = "AMOUNT")]
    pub(crate) price_cap: Option<Amount>,
    /// Dearest price of work that is taken, such as "0.01 LP per 1,000,000,000 work units". Default: any.
    #[arg(long, value_name = "RATE")]
    pub(crate) max_rate: Option<Rate>,
    /// Most metered instructions that the job may use; the module's own limit holds too.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) max_instructions: Option<u64>,
    /// The one provider that may run the job, by its address. The network in this process makes new addresses each time
    /// unless it gets a --seed.
    #[arg(long, visible_alias = "target", short_alias = 't', value_name = "ADDRESS")]
    pub(crate) provider: Option<Address>,
    /// A label that the machine must carry, as NAME=VALUE; may be given several times.
    #[arg(long = "label", value_name = "NAME=VALUE", value_parser = parse_label)]
    pub(crate) labels: Vec<(String, String)>,
    /// What re-running the job must promise at least: none, tolerance or exact.
    #[arg(long, value_name = "CLASS", default_value = "none")]
    pub(crate) verification: VerificationClass,
    /// Lowest reputation of a provider that is taken, 0 to 1000.
    #[arg(long, value_name = "SCORE", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=1000))]
    pub(crate) min_reputation: u32,
    /// Least that the provider must stake, as a multiple of the price cap.
    #[arg(long, value_name = "TIMES", default_value_t = 0)]
    pub(crate) min_collateral: u64,
    /// Make ids, keys and stamps from this seed: the same seed gives the same event log, counts and receipt.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,
}

/// Where a module is.
#[derive(Debug, Args)]
pub(crate) struct ModuleSource {
    /// A folder, NAME:TAG, github.com/OWNER/REPO:REF, https://HOST[:PORT]/OWNER/REPO:REF, or …@COMMIT.
    module: Option<String>,
    /// The same as MODULE, where that is left out.
    #[arg(
        long,
        value_name = "NAME:TAG",
        env = "MODULE_NAME",
        hide_env_values = true,
        hide_short_help = true
    )]
    module_name: Option<String>,
    /// Repository of the module, where neither is given.
    #[arg(long, value_name = "URL", env = "MODULE_REPO", hide_env_values = true, hide_short_help = true)]
    module_repo: Option<String>,
    /// Tag, branch or commit in that repository.
    #[arg(long, value_name = "REF", env = "MODULE_HASH", hide_env_values = true, hide_short_help = true)]
    module_hash: Option<String>,
    /// The module's file in that repository.
    #[arg(long, value_name = "PATH", env = "MODULE_PATH", hide_env_values = true, hide_short_help = true)]
    module_path: Option<String>,
    /// Host that modules may be fetched from although its address is private; may be given several times.
    #[arg(long, value_name = "HOST", env = "LILYPAD_ALLOW_PRIVATE_HOSTS", value_delimiter = ',')]
    pub(crate) allow_private_host: Vec<String>,
}

impl ModuleSource {
    /// Where others find the module, where that was said beside what is loaded here.
    pub(crate) fn elsewhere(&self) -> Option<ModuleConfig> {
        let (repo, hash) = (self.module_repo.clone()?, self.module_hash.clone()?);
        let path = self.module_path.clone().unwrap_or_else(|| "/lilypad_module.json.tmpl".to_owned());
        Some(ModuleConfig { name: String::new(), repo, hash, path })
    }

    /// The module's name, in the form of the one argument.
    pub(crate) fn reference(&self) -> Result<String, Error> {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        if let Some(module) = given(&self.module).or_else(|| given(&self.module_name)) {
            return Ok(module);
        }
        match (given(&self.module_repo), given(&self.module_hash)) {
            (Some(repo), Some(hash)) => {
                let path = given(&self.module_path);
                let path =
                    path.as_deref().map(|path| path.trim_start_matches('/')).filter(|path| !path.is_empty());
                Ok(format!("{repo}:{hash}") + &path.map(|path| format!("//{path}")).unwrap_or_default())
            }
            (None, None) => Err(Error::invalid("E_MODULE_NONE", "no module is named")
                .with_hint("name a folder, NAME:TAG or github.com/OWNER/REPO:REF")),
            _ => {
                Err(Error::invalid("E_MODULE_NONE", "--module-repo and --module-hash name a module together")
                    .with_hint("give both, or github.com/OWNER/REPO:REF in their place"))
            }
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct ModuleArgs {
    #[command(subcommand)]
    pub(crate) command: ModuleCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ModuleCommand {
    /// Make a folder with a new module in it.
    #[command(after_help = "Examples:
  lilypad module new my-module
  lilypad module new my-module --path modules/mine --kind docker --json")]
    New {
        /// Name of the module: lower-case letters, digits and `-`.
        name: String,
        /// Where to make the folder. Default: ./NAME.
        #[arg(long, value_name = "DIR")]
        path: Option<PathBuf>,
        /// What the module runs.
        #[arg(long, value_enum, default_value_t = Kind::Wasm)]
        kind: Kind,
        /// Print one JSON document to standard output.
        #[arg(long)]
        json: bool,
    },
    /// Look for faults in a module. Exit 2 where there is an error among the findings.
    #[command(after_help = "Examples:
  lilypad module check ./my-module
  lilypad module check github.com/owner/module:v1.0.0 --json | jq .findings")]
    Check {
        #[command(flatten)]
        module: ModuleSource,
        /// Print one JSON document to standard output.
        #[arg(long)]
        json: bool,
    },
    /// Show the job that a module becomes with these inputs. Exit 2 where the network would refuse the module.
    #[command(after_help = "Examples:
  lilypad module render examples/modules/cowsay -i Message=moo
  lilypad module render ./my-module -i Prompt=\"a frog\" --json | jq .job
  lilypad module render ./my-module --raw")]
    Render {
        #[command(flatten)]
        module: ModuleSource,
        /// An input as NAME=VALUE; may be given several times.
        #[arg(short = 'i', long = "input", value_name = "NAME=VALUE", value_parser = parse_input)]
        inputs: Vec<(String, String)>,
        /// Print the parsed module in the wire's v2 JSON.
        #[arg(long, conflicts_with = "raw")]
        json: bool,
        /// Print the rendered text of a template, byte for byte.
        #[arg(long)]
        raw: bool,
    },
    /// Print the JSON Schema of lilypad.toml.
    #[command(after_help = "Example: lilypad module schema > lilypad.schema.json")]
    Schema {
        /// It is JSON in any case.
        #[arg(long)]
        json: bool,
    },
}

impl ModuleCommand {
    fn wants_json(&self) -> bool {
        match self {
            Self::New { json, .. } | Self::Check { json, .. } | Self::Render { json, .. } => *json,
            Self::Schema { json } => *json,
        }
    }
}

/// What a new module runs.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Kind {
    /// A WebAssembly program written in Rust.
    Wasm,
    /// A container image.
    Docker,
}

#[derive(Debug, Args)]
pub(crate) struct ReceiptArgs {
    #[command(subcommand)]
    pub(crate) command: ReceiptCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ReceiptCommand {
    /// Check a receipt offline: both signatures, the arithmetic of its cost, and the results where they are at hand.
    #[command(after_help = "Examples:
  lilypad receipt verify results.receipt.json --results results
  lilypad receipt verify results.receipt.json --json | jq .receipt.body.cost")]
    Verify {
        /// The receipt's JSON file.
        file: PathBuf,
        /// The results folder that the receipt must speak of.
        #[arg(long, value_name = "DIR")]
        results: Option<PathBuf>,
        /// Print one JSON document to standard output.
        #[arg(long)]
        json: bool,
    },
}

/// Reads the command line. Every command's help ends with the exit codes.
pub(crate) fn parse(arguments: &[OsString]) -> Result<Cli, clap::Error> {
    let matches = documented(Cli::command()).try_get_matches_from(arguments)?;
    Cli::from_arg_matches(&matches)
}

fn documented(command: clap::Command) -> clap::Command {
    let said = command.get_after_help().map(|said| format!("{said}\n\n")).unwrap_or_default();
    command.after_help(said + EXIT_CODES).mut_subcommands(documented)
}

/// Prints what clap says and gives its exit code: help and version 0, anything else 2, as JSON where that was asked for.
pub(crate) fn refuse(error: &clap::Error, arguments: &[OsString]) -> ExitCode {
    let asked = arguments.iter().any(|argument| argument == "--json");
    if let (true, Err(error)) = (error.use_stderr(), crate::secret::refuse_key_in_arguments(arguments)) {
        return crate::report::Report::new(asked).failure(&error);
    }
    if let Some(error) = crate::old::explain(error) {
        return crate::report::Report::new(asked).failure(&error);
    }
    if error.use_stderr() && asked {
        let line = in_one_line(error);
        let error = Error::invalid("E_USAGE", line).with_hint("see lilypad --help");
        return crate::report::Report::new(true).failure(&error);
    }
    // A closed pipe is no reason to fail differently.
    let _ = error.print();
    ExitCode::from(if error.use_stderr() { 2 } else { 0 })
}

/// What clap says, without its usage.
pub(crate) fn in_one_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let said: Vec<&str> = text
        .lines()
        .map(str::trim)
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more"))
        .filter(|line| !line.is_empty())
        .collect();
    said.join(" ").trim_start_matches("error: ").to_owned()
}

fn parse_input(text: &str) -> Result<(String, String), String> {
    parse_pair(text).ok_or_else(|| "an input is NAME=VALUE".to_owned())
}

pub(crate) fn parse_label(text: &str) -> Result<(String, String), String> {
    parse_pair(text).ok_or_else(|| "a label is NAME=VALUE, such as region=eu".to_owned())
}

fn parse_pair(text: &str) -> Option<(String, String)> {
    let (name, value) = text.split_once('=').filter(|(name, _)| !name.is_empty())?;
    Some((name.to_owned(), value.to_owned()))
}

pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let seconds: f64 = match (number.parse::<f64>(), unit) {
        (Ok(number), "ms") => number / 1_000.0,
        (Ok(number), "s" | "") => number,
        (Ok(number), "m") => number * 60.0,
        (Ok(number), "h") => number * 3_600.0,
        _ => return Err("a time is a number and a unit: 500ms, 2s, 5m, 1h".to_owned()),
    };
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if !duration.is_zero() && seconds <= 31_536_000.0 => Ok(duration),
        _ => Err("a time is longer than zero and at most a year".to_owned()),
    }
}

#[cfg(test)]
mod tests;

//! The `lilypad` command: argument parsing and printing, nothing else. A library, so that packages of other languages bring the
//! same command.
//!
//! Layout: `args` what can be typed, `old` what the older command called otherwise; one file for each command, `job` what `run` and `quote` have in common, `ground` the network that they work on; `key` and
//! `passphrase` where keys come from, `secret` keys in the wrong place; `limits` how long and how much; `v2` solvers of Lilypad v2; `config` the config folder;
//! `executors` what runs jobs here, `cuda` those on GPUs; `report` what people and programs read; `traces` spans for a collector.

mod args;
mod check;
mod config;
#[cfg(all(feature = "executor-cuda", target_os = "linux"))]
mod cuda;
#[cfg(not(all(feature = "executor-cuda", target_os = "linux")))]
#[path = "cuda_never.rs"]
mod cuda;
mod executors;
mod exit;
mod files;
mod gpus;
mod ground;
mod interrupt;
mod job;
mod jobs;
mod key;
mod limits;
mod module;
mod money;
mod networks;
mod old;
mod passphrase;
mod quote;
mod receipt;
mod report;
mod run;
mod secret;
mod serve;
mod settings;
mod solver;
mod traces;
mod v2;
mod v2_provider;
mod wallet;
mod watch;

use std::ffi::OsString;

use args::Command;
use exit::ExitCode;
use report::Report;

/// Does what was typed, of which the first word is the name of the program, and returns what the process ends with.
///
/// It belongs to a process: it prints, and listens for Ctrl-C.
#[must_use]
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    if let Some(code) = cuda::work(&arguments) {
        return code.number();
    }
    let asked = arguments.iter().any(|argument| argument == "--json");
    let typed = arguments.clone();
    let arguments = match settings::expand(arguments, &<args::Cli as clap::CommandFactory>::command()) {
        Ok(arguments) => arguments,
        Err(error) => return Report::new(asked).failure(&error).number(),
    };
    match args::parse(&arguments) {
        // What was typed is right by itself: the file is not.
        Err(error) if typed != arguments && args::parse(&typed).is_ok() => {
            Report::new(asked).failure(&settings::wrong(&typed, &error))
        }
        Ok(cli) => command(cli),
        Err(error) => args::refuse(&error, &arguments),
    }
    .number()
}

fn command(cli: args::Cli) -> ExitCode {
    let report = Report::new(cli.command.wants_json()).in_lines(cli.command.prints_lines());
    let outcome = match cli.command {
        Command::Run(args) => run::run(args, &report),
        Command::Quote(args) => quote::quote(args, &report),
        Command::Jobs(args) => jobs::list(args, &report),
        Command::Status(args) => jobs::status(args, &report),
        Command::Events(args) => jobs::events(args, &report),
        Command::Logs(args) => jobs::logs(args, &report),
        Command::Cancel(args) => jobs::cancel(args, &report),
        Command::Resume(args) => jobs::resume(args, &report),
        Command::Solver(args) => solver::solver(args, &report),
        Command::Provider(args) => args.start(&report),
        Command::Module(args) => module::module(args, &report),
        Command::Receipt(args) => receipt::receipt(args, &report),
        Command::Wallet(args) => wallet::wallet(args, &report),
        Command::Network(args) => networks::network(args, &report),
    };
    report.close(outcome.unwrap_or_else(|error| report.failure(&error)))
}

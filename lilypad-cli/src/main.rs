//! The `lilypad` command: argument parsing and printing, nothing else.
//!
//! Layout: `args` what can be typed; one file for each command, `job` what `run` and `quote` have in common; `report` what people and programs read.

mod args;
mod interrupt;
mod job;
mod module;
mod quote;
mod receipt;
mod report;
mod run;
mod table;
mod watch;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};
use report::Report;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return args::refuse(&error),
    };
    let report = Report::new(cli.command.wants_json());
    let outcome = match cli.command {
        Command::Run(args) => run::run(args, &report),
        Command::Quote(args) => quote::quote(args, &report),
        Command::Module(args) => module::module(args, &report),
        Command::Receipt(args) => receipt::receipt(args, &report),
    };
    report.close(outcome.unwrap_or_else(|error| report.failure(&error)))
}

//! `lilypad network add | list | use | remove`: names for networks.

use crate::exit::ExitCode;

use clap::{Args, Subcommand};
use lilypad_core::Result;
use lilypad_core::config::{LOCAL, NetworkEntry, NetworkTarget, NetworkUrl};
use lilypad_core::model::Address;
use serde_json::{Value, json};

use crate::config::{networks, resolve};
use crate::report::Report;
use crate::secret::refuse_key;
use lilypad_core::view::Table;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  lilypad network add pond https://solver.example.com
  lilypad network add lab http://127.0.0.1:8080 --solver 0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc
  lilypad network use pond
  lilypad network list --json

`local` is built in: a whole network inside the process. LILYPAD_NETWORK (or NETWORK) in the environment comes before the
one that is chosen here.")]
pub(crate) struct NetworkArgs {
    #[command(subcommand)]
    command: NetworkCommand,
}

#[derive(Debug, Subcommand)]
enum NetworkCommand {
    /// Name a network.
    #[command(after_help = "Examples:
  lilypad network add pond https://solver.example.com
  lilypad network add lab http://127.0.0.1:8080 --solver 0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc --json")]
    Add {
        /// The name: lower-case letters, digits and `-`.
        name: String,
        /// Where its solver answers: https, or http on this machine.
        url: String,
        /// The account of its solver.
        #[arg(long, value_name = "ADDRESS")]
        solver: Option<Address>,
        /// It is a solver of Lilypad v2: `run` and `resume` use it, without money and receipts. It needs --solver and --mediator.
        #[arg(long, requires = "solver", requires = "mediators")]
        v2: bool,
        /// A mediator that jobs at a solver of v2 name, as its providers do; may be given several times.
        #[arg(long = "mediator", value_name = "ADDRESS", requires = "v2")]
        mediators: Vec<Address>,
        /// Take plain http to another machine, which everybody between can read and change; this is remembered.
        #[arg(long)]
        insecure: bool,
        /// Print one JSON document to standard output.
        #[arg(long)]
        json: bool,
    },
    /// Show all networks, and which one commands use.
    #[command(after_help = "Examples:
  lilypad network list
  lilypad network list --json | jq -r .current")]
    List {
        /// Print one JSON document to standard output.
        #[arg(long)]
        json: bool,
    },
    /// Choose the network that commands use.
    #[command(after_help = "Examples:
  lilypad network use pond
  lilypad network use local --json")]
    Use {
        /// A name of the list; `local` is the network inside the process.
        name: String,
        /// Print one JSON document to standard output.
        #[arg(long)]
        json: bool,
    },
    /// Forget a network.
    #[command(after_help = "Example: lilypad network remove pond --json")]
    Remove {
        /// A name of the list.
        name: String,
        /// Print one JSON document to standard output.
        #[arg(long)]
        json: bool,
    },
}

impl NetworkArgs {
    pub(crate) fn wants_json(&self) -> bool {
        match self.command {
            NetworkCommand::Add { json, .. }
            | NetworkCommand::List { json }
            | NetworkCommand::Use { json, .. }
            | NetworkCommand::Remove { json, .. } => json,
        }
    }
}

pub(crate) fn network(args: NetworkArgs, report: &Report) -> Result<ExitCode> {
    match args.command {
        NetworkCommand::Add { name, url, solver, v2, mediators, insecure, .. } => {
            add(&name, &url, (solver, v2.then_some(mediators)), insecure, report)
        }
        NetworkCommand::List { .. } => list(report),
        NetworkCommand::Use { name, .. } => {
            let mut networks = networks()?;
            networks.choose(&name)?;
            networks.save()?;
            report.say(format!("commands use the network `{name}` from now on"));
            tell(report, "chosen", &name)
        }
        NetworkCommand::Remove { name, .. } => {
            let mut networks = networks()?;
            let used = networks.chosen() == name;
            networks.remove(&name)?;
            networks.save()?;
            let then = if used { "; commands use `local` from now on" } else { "" };
            report.say(format!("the network `{name}` is forgotten{then}"));
            tell(report, "removed", &name)
        }
    }
}

fn tell(report: &Report, what: &str, name: &str) -> Result<ExitCode> {
    report.document(&json!({what: name}));
    Ok(ExitCode::SUCCESS)
}

fn add(
    name: &str,
    url: &str,
    (solver, v2): (Option<Address>, Option<Vec<Address>>),
    insecure: bool,
    report: &Report,
) -> Result<ExitCode> {
    refuse_key(name)?;
    refuse_key(url)?;
    let entry = NetworkEntry { url: NetworkUrl::parse(url, insecure)?, solver, v2 };
    let mut networks = networks()?;
    networks.add(name, entry.clone())?;
    networks.save()?;
    if entry.url.is_insecure() {
        report.say(
            "warning: plain http to another machine: everybody between can read and change what is sent",
        );
    }
    report.say(format!("network `{name}`: {}", entry.url));
    report.say(format!("next: lilypad network use {name}"));
    report.document(&json!({"added": entry_json(name, Some(&entry))}));
    Ok(ExitCode::SUCCESS)
}

fn list(report: &Report) -> Result<ExitCode> {
    let networks = networks()?;
    let current = match resolve(None)? {
        NetworkTarget::Local => LOCAL.to_owned(),
        NetworkTarget::Remote { name, entry } => name.unwrap_or_else(|| entry.url.to_string()),
    };
    let all =
        || std::iter::once((LOCAL, None)).chain(networks.iter().map(|(name, entry)| (name, Some(entry))));
    let rows: Vec<Value> = all().map(|(name, entry)| entry_json(name, entry)).collect();
    report.document(&json!({"current": current, "chosen": networks.chosen(), "networks": rows}));
    if report.is_json() {
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new(["", "NAME", "URL", "SOLVER"]);
    for (name, entry) in all() {
        let mark = if name == current { "*" } else { "" };
        let url = entry.map_or_else(|| "inside the process".to_owned(), |entry| entry.url.to_string());
        let solver =
            entry.and_then(|entry| entry.solver).map_or_else(String::new, |solver| solver.to_string());
        let solver =
            if entry.is_some_and(|entry| entry.v2.is_some()) { format!("{solver} (v2)") } else { solver };
        table.row([mark.to_owned(), name.to_owned(), url, solver]);
    }
    for line in table.lines() {
        report.output(format!("{line}\n").as_bytes());
    }
    if current != networks.chosen() {
        report.say(format!("the environment names {current}"));
    }
    Ok(ExitCode::SUCCESS)
}

fn entry_json(name: &str, entry: Option<&NetworkEntry>) -> Value {
    json!({
        "name": name,
        "url": entry.map(|entry| entry.url.as_str()),
        "solver": entry.and_then(|entry| entry.solver),
        "insecure": entry.is_some_and(|entry| entry.url.is_insecure()),
        "v2": entry.is_some_and(|entry| entry.v2.is_some()),
        "mediators": entry.and_then(|entry| entry.v2.as_ref()),
        "built_in": entry.is_none(),
    })
}

//! A job as it was typed: what `lilypad run` and `lilypad quote` have in common.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lilypad_core::client::SubmitOptions;
use lilypad_core::disk;
use lilypad_core::model::{FileLimits, FileSet};
use lilypad_core::module::{LoadOptions, Module, load};
use lilypad_core::network::{Network, NetworkBuilder};
use lilypad_core::{Error, Result};
use tokio::runtime::Runtime;

use crate::args::{JobArgs, ModuleSource};
use crate::report::{Report, printable};

/// A job that can be submitted.
pub(crate) struct Asked {
    source: String,
    pub(crate) module: Module,
    pub(crate) inputs: BTreeMap<String, String>,
    pub(crate) options: SubmitOptions,
}

impl Asked {
    pub(crate) fn of(args: &JobArgs) -> Result<Self> {
        let inputs = inputs(&args.inputs)?;
        let module = open(&args.module, args.data_dir.as_deref())?;
        let inputs_path = args.inputs_path.clone().or_else(|| from_environment("INPUTS_PATH"));
        let options = SubmitOptions {
            price_cap: args.price_cap,
            max_rate: args.max_rate,
            timeout: args.timeout,
            instruction_limit: args.max_instructions,
            files: files(inputs_path.as_deref())?,
            target: args.provider,
            labels: pairs(&args.labels, "label", "E_LABEL_TWICE")?,
            verification: args.verification,
            min_reputation: args.min_reputation,
            min_collateral_multiple: args.min_collateral,
        };
        Ok(Self { source: args.module.reference()?, module, inputs, options })
    }

    /// Says which module it is, and what is odd about it.
    pub(crate) fn tell(&self, report: &Report) -> Result<()> {
        let name = if self.module.name().is_empty() { &self.source } else { self.module.name() };
        report.field("module", format!("{name} ({})", self.module.pin()));
        for warning in &self.module.render(&self.inputs)?.warnings {
            report.field("warning", printable(&warning.to_string()));
        }
        Ok(())
    }
}

/// Refuses what only the network in this process can do.
pub(crate) fn check_remote(args: &JobArgs) -> Result<()> {
    if args.seed.is_none() {
        return Ok(());
    }
    let message = "--seed has no meaning here: keys, ids and stamps of a network elsewhere are its own";
    Err(Error::invalid("E_REMOTE_FLAG", message).with_hint("leave --seed out, or use --network local"))
}

pub(crate) fn runtime() -> Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|source| Error::unexpected("the runtime could not be started").with_source(source))
}

/// The network in this process.
pub(crate) fn network(seed: Option<u64>) -> NetworkBuilder {
    match seed {
        Some(seed) => Network::local().seed(seed),
        None => Network::local(),
    }
}

fn files(folder: Option<&Path>) -> Result<FileSet> {
    folder.map_or_else(|| Ok(FileSet::new()), |folder| disk::read_folder(folder, &FileLimits::default()))
}

pub(crate) fn inputs(given: &[(String, String)]) -> Result<BTreeMap<String, String>> {
    pairs(given, "input", "E_INPUT_TWICE")
}

/// Names with values, each name once.
pub(crate) fn pairs(
    given: &[(String, String)],
    what: &str,
    code: &'static str,
) -> Result<BTreeMap<String, String>> {
    let mut pairs = BTreeMap::new();
    for (name, value) in given {
        if pairs.insert(name.clone(), value.clone()).is_some() {
            return Err(Error::invalid(code, format!("{what} `{}` is given twice", printable(name)))
                .with_hint(format!("give each {what} once"))
                .with("field", name));
        }
    }
    Ok(pairs)
}

pub(crate) fn open(source: &ModuleSource, data_dir: Option<&Path>) -> Result<Module> {
    let options = LoadOptions {
        cache_dir: self::data_dir(data_dir).map(|dir| dir.join("cache")).ok(),
        allow_private_hosts: source.allow_private_host.clone(),
    };
    load(&source.reference()?, &options)
}

pub(crate) use lilypad_core::config::data_dir;

fn from_environment(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

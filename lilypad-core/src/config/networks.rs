//! Networks under names: the file `networks.toml`.
//!
//! ```toml
//! use = "pond"
//!
//! [networks.pond]
//! url = "https://solver.example.com"
//! solver = "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc"
//! ```

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use super::text::{Unread, position, read_text};
use super::{NetworkUrl, name};
use crate::disk::{io_error, write_file};
use crate::error::{Error, ErrorKind, Result};
use crate::model::Address;

/// Name of the file in the config folder.
pub const NETWORKS_FILE: &str = "networks.toml";
/// The network inside the process: built in, and the one that is used where nothing else is said.
pub const LOCAL: &str = "local";
/// Most networks in the file.
pub const MAX_NETWORKS: usize = 100;
/// Largest file that is read, in bytes.
pub const NETWORKS_BYTES: u64 = 64 << 10;

/// Where a network is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkEntry {
    /// Where its solver answers.
    pub url: NetworkUrl,
    /// The account of its solver, where it is known beforehand.
    pub solver: Option<Address>,
    /// The mediators that jobs name, where the solver is one of Lilypad v2; `None` for one of ours.
    pub v2: Option<Vec<Address>>,
}

/// What a name or a URL leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetworkTarget {
    /// A network inside the process.
    Local,
    /// A network elsewhere.
    Remote {
        /// Its name; `None` where it was given by its URL.
        name: Option<String>,
        /// Where it is.
        entry: NetworkEntry,
    },
}

/// The networks that a user has named.
///
/// Reading is strict: an unknown key, a URL that would be refused, a name that is none are errors with their line and
/// column. Writing writes the whole file anew; comments are not kept.
#[derive(Clone, Debug)]
pub struct Networks {
    path: PathBuf,
    chosen: String,
    entries: BTreeMap<String, NetworkEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    r#use: Option<Spanned<String>>,
    #[serde(default)]
    networks: BTreeMap<Spanned<String>, Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    url: Spanned<String>,
    solver: Option<Spanned<String>>,
    #[serde(default)]
    insecure: bool,
    #[serde(default)]
    v2: bool,
    #[serde(default)]
    mediators: Vec<Spanned<String>>,
}

impl Networks {
    /// Reads `networks.toml` of a config folder; where there is none, only `local` is known.
    ///
    /// # Errors
    /// `InvalidInput`: `E_NETWORKS_FILE` with line and column; `E_NETWORKS_LIMIT` above [`NETWORKS_BYTES`] or
    /// [`MAX_NETWORKS`]; `E_PERMISSION`. `Unavailable` (`E_IO`).
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(NETWORKS_FILE);
        match read_text(&path, NETWORKS_BYTES) {
            Ok(text) => Self::parse(path, &text),
            Err(Unread::Io(error)) if error.kind() == io::ErrorKind::NotFound => Self::parse(path, ""),
            Err(Unread::Io(error)) => Err(io_error("read", &path, error)),
            Err(Unread::NoText(why)) => {
                Err(Error::invalid("E_NETWORKS_FILE", format!("{}: {why}", path.display())))
            }
            Err(Unread::TooLong) => {
                Err(limit(&path, format!("more than {NETWORKS_BYTES} bytes"), NETWORKS_BYTES))
            }
        }
    }

    fn parse(path: PathBuf, text: &str) -> Result<Self> {
        let at = |byte: usize, why: &str| place(&path, text, byte, why);
        let table: Table = toml::from_str(text).map_err(|error| {
            let why = error.message().lines().next().unwrap_or("not TOML");
            at(error.span().map_or(0, |span| span.start), why)
        })?;
        if table.networks.len() > MAX_NETWORKS {
            return Err(limit(
                &path,
                format!("{} networks, at most {MAX_NETWORKS}", table.networks.len()),
                MAX_NETWORKS as u64,
            ));
        }
        let mut entries = BTreeMap::new();
        for (name, row) in &table.networks {
            let start = name.span().start;
            check_new_name(name.get_ref()).map_err(|error| at(start, error.message()))?;
            let url = NetworkUrl::parse(row.url.get_ref(), row.insecure)
                .map_err(|error| at(row.url.span().start, error.message()))?;
            let account = |text: &Spanned<String>| {
                text.get_ref().parse::<Address>().map_err(|error| at(text.span().start, error.message()))
            };
            let solver = row.solver.as_ref().map(account).transpose()?;
            let mediators: Vec<Address> = row.mediators.iter().map(account).collect::<Result<_>>()?;
            let v2 = row.v2.then_some(mediators);
            entries.insert(name.get_ref().clone(), NetworkEntry { url, solver, v2 });
        }
        let chosen = match table.r#use {
            Some(name) if name.get_ref() == LOCAL || entries.contains_key(name.get_ref()) => {
                name.into_inner()
            }
            Some(name) => return Err(at(name.span().start, "`use` names no network of this file")),
            None => LOCAL.to_owned(),
        };
        Ok(Self { path, chosen, entries })
    }

    /// The file, which may not be there yet.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The name of the network that is used where none is named.
    #[must_use]
    pub fn chosen(&self) -> &str {
        &self.chosen
    }

    /// All named networks by their names; `local` is not among them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &NetworkEntry)> {
        self.entries.iter().map(|(name, entry)| (name.as_str(), entry))
    }

    /// What a name or a URL leads to; `None` is the network that was chosen with [`Networks::choose`], else `local`.
    ///
    /// # Errors
    /// `NotFound` (`E_NETWORK_UNKNOWN`); those of [`NetworkUrl::parse`].
    pub fn resolve(&self, name_or_url: Option<&str>) -> Result<NetworkTarget> {
        let given = name_or_url.unwrap_or(&self.chosen);
        if given == LOCAL {
            return Ok(NetworkTarget::Local);
        }
        if let Some(entry) = self.entries.get(given) {
            return Ok(NetworkTarget::Remote { name: Some(given.to_owned()), entry: entry.clone() });
        }
        if given.contains("://") {
            let url = NetworkUrl::parse(given, false)?;
            return Ok(NetworkTarget::Remote {
                name: None,
                entry: NetworkEntry { url, solver: None, v2: None },
            });
        }
        Err(self.unknown(given))
    }

    /// Adds a network; [`Networks::save`] keeps it.
    ///
    /// # Errors
    /// `InvalidInput` (`E_NETWORK_NAME`, `E_NETWORKS_LIMIT`); `Conflict` (`E_NETWORK_EXISTS`).
    pub fn add(&mut self, name: &str, entry: NetworkEntry) -> Result<()> {
        check_new_name(name)?;
        if self.entries.contains_key(name) {
            return Err(Error::new(
                ErrorKind::Conflict,
                "E_NETWORK_EXISTS",
                format!("there is a network `{name}` already"),
            )
            .with_hint(format!("choose another name, or remove it first: lilypad network remove {name}")));
        }
        if self.entries.len() >= MAX_NETWORKS {
            return Err(limit(
                &self.path,
                format!("{MAX_NETWORKS} networks already, the most there may be"),
                MAX_NETWORKS as u64,
            ));
        }
        self.entries.insert(name.to_owned(), entry);
        Ok(())
    }

    /// Takes a network's name away; where it was chosen, `local` is chosen then. [`Networks::save`] keeps it.
    ///
    /// # Errors
    /// `NotFound` (`E_NETWORK_UNKNOWN`); `InvalidInput` (`E_NETWORK_NAME`) for `local`.
    pub fn remove(&mut self, name: &str) -> Result<NetworkEntry> {
        if name == LOCAL {
            return Err(built_in());
        }
        let entry = self.entries.remove(name).ok_or_else(|| self.unknown(name))?;
        if self.chosen == name {
            LOCAL.clone_into(&mut self.chosen);
        }
        Ok(entry)
    }

    /// Chooses the network that is used where none is named. [`Networks::save`] keeps it.
    ///
    /// # Errors
    /// `NotFound` (`E_NETWORK_UNKNOWN`).
    pub fn choose(&mut self, name: &str) -> Result<()> {
        if name != LOCAL && !self.entries.contains_key(name) {
            return Err(self.unknown(name));
        }
        name.clone_into(&mut self.chosen);
        Ok(())
    }

    /// Writes the file in one step.
    ///
    /// # Errors
    /// Those of [`write_file`].
    pub fn save(&self) -> Result<()> {
        write_file(&self.path, self.to_toml().as_bytes())
    }

    /// Names, URLs and addresses hold nothing that TOML's strings would have to escape.
    fn to_toml(&self) -> String {
        let mut text =
            format!("# Written by `lilypad network`; comments are not kept.\nuse = \"{}\"\n", self.chosen);
        for (name, entry) in &self.entries {
            text += &format!("\n[networks.{name}]\nurl = \"{}\"\n", entry.url);
            if let Some(solver) = entry.solver {
                text += &format!("solver = \"{solver}\"\n");
            }
            if entry.url.is_insecure() {
                text += "insecure = true\n";
            }
            if let Some(mediators) = &entry.v2 {
                let mediators: Vec<String> = mediators.iter().map(|one| format!("\"{one}\"")).collect();
                text += &format!("v2 = true\nmediators = [{}]\n", mediators.join(", "));
            }
        }
        text
    }

    fn unknown(&self, given: &str) -> Error {
        let what = if name::is_name(given) { format!("`{given}`") } else { "of that name".to_owned() };
        let known: Vec<&str> =
            std::iter::once(LOCAL).chain(self.entries.keys().map(String::as_str)).collect();
        let known = if known.len() > 16 {
            "see lilypad network list".to_owned()
        } else {
            format!("known are {}", known.join(", "))
        };
        Error::new(ErrorKind::NotFound, "E_NETWORK_UNKNOWN", format!("there is no network {what}"))
            .with_hint(format!("{known}; add one: lilypad network add NAME URL"))
            .with("field", "network")
    }
}

fn check_new_name(text: &str) -> Result<()> {
    if text == LOCAL {
        return Err(built_in());
    }
    name::check("network", "E_NETWORK_NAME", text)
}

fn built_in() -> Error {
    Error::invalid("E_NETWORK_NAME", "`local` is built in: it is always there and always inside the process")
        .with_hint("choose another name")
}

fn limit(path: &Path, what: String, limit: u64) -> Error {
    Error::invalid("E_NETWORKS_LIMIT", format!("{}: {what}", path.display()))
        .with_hint("remove networks that are not used: lilypad network remove NAME")
        .with("limit", limit)
}

/// A fault at a byte of the file.
fn place(path: &Path, text: &str, byte: usize, why: &str) -> Error {
    let (line, column) = position(text, byte);
    Error::invalid("E_NETWORKS_FILE", format!("{}: line {line}, column {column}: {why}", path.display()))
        .with_hint("mend the line, or remove the file and add the networks again")
        .with("path", path.display())
        .with("line", line)
        .with("column", column)
}

//! The address of a module in a git repository.

use std::fmt;

use crate::error::{Error, Result};

use super::CommitId;
use super::rules::{self, broken};

/// The v2 template: the file that a module has at its root.
pub const TEMPLATE_FILE: &str = "lilypad_module.json.tmpl";

const SHORT_HOST: &str = "github.com";
const SHORT_OWNER: &str = "Lilypad-Tech";
const SHORT_PREFIX: &str = "lilypad-module-";

/// A module in a git repository: host, owner, repository, ref or commit, and where in the tree it lies.
///
/// At least one of [`GitRef::name`] and [`GitRef::commit`] is there. All parts obey the rules of
/// [`ModuleRef`](super::ModuleRef), however the value was made.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GitRef {
    host: String,
    port: Option<u16>,
    owner: String,
    repo: String,
    name: Option<String>,
    commit: Option<CommitId>,
    path: String,
}

impl GitRef {
    pub(super) fn parse(text: &str) -> Result<Self> {
        let (schemed, rest) = strip_scheme(text)?;
        let (rest, path) = match rest.split_once("//") {
            Some((_, "")) => return Err(broken(text, "a path must follow `//`")),
            Some((rest, path)) => (rest, rules::check_path(text, path)?),
            None => (rest, String::new()),
        };
        let (address, revision) = split_revision(text, rest)?;
        let (name, commit) = parse_revision(text, revision)?;
        let Place { host, port, owner, repo } = Place::parse(text, address, schemed)?;
        Ok(Self { host, port, owner, repo, name, commit, path })
    }

    /// Reads the wire's module fields, as in `ModuleConfig`.
    ///
    /// # Errors
    /// `InvalidInput`: `E_MODULE_REF`, `E_GIT_SCHEME`, or `E_MODULE_PATH` where the path is not a plain one.
    pub fn from_wire(repo: &str, hash: &str, path: &str) -> Result<Self> {
        rules::check_text(repo)?;
        rules::check_text(hash)?;
        let (schemed, rest) = strip_scheme(repo)?;
        if !schemed {
            return Err(Error::invalid(
                "E_GIT_SCHEME",
                "the repository of a module must start with https://",
            ));
        }
        let (name, commit) = match hash.parse() {
            Ok(commit) => (None, Some(commit)),
            Err(_) => (Some(rules::check_ref(hash, hash)?), None),
        };
        let path = rules::check_wire_path(path)?;
        let path = if path == TEMPLATE_FILE { String::new() } else { path.to_owned() };
        let Place { host, port, owner, repo } = Place::parse(repo, rest, true)?;
        Ok(Self { host, port, owner, repo, name, commit, path })
    }

    /// The wire's module fields: repository, hash (the commit where pinned, else the ref as typed) and path with its
    /// leading slash.
    ///
    /// ```
    /// use lilypad_core::module::GitRef;
    /// let fields = ("https://github.com/owner/repo", "v1", "/lilypad_module.json.tmpl");
    /// let git = GitRef::from_wire(fields.0, fields.1, fields.2)?;
    /// assert_eq!(git.to_wire(), (fields.0.to_owned(), fields.1.to_owned(), fields.2.to_owned()));
    /// # Ok::<(), lilypad_core::Error>(())
    /// ```
    #[must_use]
    pub fn to_wire(&self) -> (String, String, String) {
        let hash = match (&self.commit, &self.name) {
            (Some(commit), _) => commit.to_string(),
            (None, Some(name)) => name.clone(),
            (None, None) => String::new(),
        };
        let path = if self.path.is_empty() {
            format!("/{TEMPLATE_FILE}")
        } else if is_module_file(&self.path) {
            format!("/{}", self.path)
        } else {
            format!("/{}/{TEMPLATE_FILE}", self.path)
        };
        (self.repo_url(), hash, path)
    }

    /// The https address of the repository, without a trailing slash.
    #[must_use]
    pub fn repo_url(&self) -> String {
        format!("https://{}/{}/{}", self.authority(), self.owner, self.repo)
    }

    /// Host in lower case; an IPv6 address stands in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, 443 where none was given.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(443)
    }

    /// Host, with the port where it is not 443.
    #[must_use]
    pub fn authority(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.clone(),
        }
    }

    /// Owner of the repository.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// Name of the repository.
    #[must_use]
    pub fn repo(&self) -> &str {
        &self.repo
    }

    /// Tag or branch; only a label where a commit is given too.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The commit that the reference is pinned to.
    #[must_use]
    pub fn commit(&self) -> Option<CommitId> {
        self.commit
    }

    /// Folder or file in the repository, without a leading slash; empty for the root.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The same module, pinned to `commit`.
    #[must_use]
    pub fn pinned(mut self, commit: CommitId) -> Self {
        self.commit = Some(commit);
        self
    }

    fn short_name(&self) -> Option<&str> {
        let ours = self.host == SHORT_HOST && self.port.is_none() && self.owner == SHORT_OWNER;
        self.repo.strip_prefix(SHORT_PREFIX).filter(|name| ours && rules::is_name(name))
    }
}

impl fmt::Display for GitRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.short_name() {
            Some(name) => f.write_str(name)?,
            None => {
                let plain = self.port.is_none() && self.host.contains('.') && !self.host.starts_with('[');
                let scheme = if plain { "" } else { "https://" };
                write!(f, "{scheme}{}/{}/{}", self.authority(), self.owner, self.repo)?;
            }
        }
        if let Some(name) = &self.name {
            write!(f, ":{name}")?;
        }
        if let Some(commit) = &self.commit {
            write!(f, "@{commit}")?;
        }
        if !self.path.is_empty() {
            write!(f, "//{}", self.path)?;
        }
        Ok(())
    }
}

/// True where a path in a repository names the module's file and not its folder.
fn is_module_file(path: &str) -> bool {
    [".tmpl", ".toml", ".json"].iter().any(|end| path.ends_with(end))
}

struct Place {
    host: String,
    port: Option<u16>,
    owner: String,
    repo: String,
}

impl Place {
    fn parse(text: &str, address: &str, schemed: bool) -> Result<Self> {
        if !schemed && !address.contains('/') {
            let repo = format!("{SHORT_PREFIX}{}", rules::check_name(text, "module name", address)?);
            let (host, owner) = (SHORT_HOST.to_owned(), SHORT_OWNER.to_owned());
            return Ok(Self {
                host,
                port: None,
                owner,
                repo: rules::check_name(text, "module name", &repo)?,
            });
        }
        let parts: Vec<&str> = address.splitn(4, '/').collect();
        let [authority, owner, repo] = parts[..] else {
            return Err(broken(text, "an address is host/owner/repo, no part more and no part less"));
        };
        let (host, port) = rules::check_authority(text, authority, schemed)?;
        let owner = rules::check_name(text, "owner", owner)?;
        let repo = rules::check_name(text, "repository", repo)?;
        Ok(Self { host, port, owner, repo })
    }
}

/// Takes `https://` off; true where it was there.
fn strip_scheme(text: &str) -> Result<(bool, &str)> {
    let Some((scheme, rest)) = text.split_once(':') else { return Ok((false, text)) };
    let scheme_like = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    if !scheme_like || !rest.starts_with(['/', ':']) {
        return Ok((false, text));
    }
    match rest.strip_prefix("//") {
        Some(rest) if scheme.eq_ignore_ascii_case("https") => Ok((true, rest)),
        _ => {
            let shown: String = scheme.chars().take(20).collect();
            Err(Error::invalid(
                "E_GIT_SCHEME",
                format!("scheme `{shown}` is refused, modules come over https only"),
            )
            .with_hint("write https://host/owner/repo:ref")
            .with("field", "module"))
        }
    }
}

/// Cuts `address:ref` or `address@commit` at the end of the address.
fn split_revision<'a>(text: &str, rest: &'a str) -> Result<(&'a str, &'a str)> {
    let start = skip_port(rest);
    let tail = rest.get(start..).unwrap_or_default();
    let Some(at) = tail.find([':', '@']) else {
        return Err(broken(text, "the ref is missing"));
    };
    if rest.get(..start).is_some_and(|head| head.contains('@')) || is_user_info(tail, at) {
        return Err(broken(text, "user names and passwords are not accepted"));
    }
    Ok(rest.split_at(start.saturating_add(at)))
}

/// The index behind `host:port` or `[address]:port` where there is a port or an address in brackets, else 0.
fn skip_port(rest: &str) -> usize {
    let bracket = if rest.starts_with('[') { rest.find(']').map_or(0, |at| at.saturating_add(1)) } else { 0 };
    let slash = rest.find('/').unwrap_or(0);
    let port = rest.get(bracket..slash).and_then(|part| part.split_once(':')).map(|(_, port)| port);
    match port {
        Some(port) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => slash,
        _ => bracket,
    }
}

/// True for `user@host/…`, `user:password@host/…` and `git@host:owner/repo`, where `at` is the first `:` or `@`.
fn is_user_info(tail: &str, at: usize) -> bool {
    let head = tail.get(..at).unwrap_or_default();
    let Some(sign) = tail.find('@') else { return false };
    let behind = tail.get(sign..).unwrap_or_default().trim_start_matches('@');
    !head.contains('/') && behind.contains(['/', ':'])
}

/// Reads `:name`, `:commit`, `@commit` or `:name@commit`.
fn parse_revision(text: &str, revision: &str) -> Result<(Option<String>, Option<CommitId>)> {
    let (name, pin) = match revision.rsplit_once('@') {
        Some((name, pin)) if pin.len() == 40 && pin.parse::<CommitId>().is_ok() => (name, Some(pin.parse()?)),
        Some((name, pin)) if name.is_empty() || looks_like_commit(pin) => {
            return Err(broken(text, "a commit after `@` has 40 hex digits"));
        }
        _ => (revision, None),
    };
    let name = match name.strip_prefix(':') {
        None if name.is_empty() && pin.is_some() => return Ok((None, pin)),
        None => return Err(broken(text, "a commit after `@` has 40 hex digits")),
        Some(name) => rules::check_ref(text, name)?,
    };
    match (name.parse(), pin) {
        (Ok(commit), None) => Ok((None, Some(commit))),
        (_, pin) => Ok((Some(name), pin)),
    }
}

fn looks_like_commit(pin: &str) -> bool {
    (7..=64).contains(&pin.len()) && pin.bytes().all(|b| b.is_ascii_hexdigit())
}

//! The server's side of git's protocol version 2: its refs, and the pack of one commit.

use std::io::{self, Read};

use crate::error::{Error, ErrorKind, Result};
use crate::module::suggest;
use crate::module::{CommitId, GitRef};

use super::GitPolicy;
use super::egress::{self, Resolve};
use super::http::Http;
use super::packet::{Packet, Packets, Request, line, refused};
use super::site::Site;
use super::transport::Checked;

/// Most refs that are read to name near ones.
const MAX_REFS: usize = 20_000;

/// A repository on a server that was asked what it can do.
#[derive(Debug)]
pub(super) struct Remote {
    http: Http,
    site: Site,
    filters: bool,
}

impl Remote {
    pub(super) fn connect(git: &GitRef, policy: &GitPolicy, resolve: &Resolve, site: &Site) -> Result<Self> {
        let addresses = egress::checked_addresses(git, policy, resolve, site)?;
        let mut http = Http::new(site, Checked(addresses), policy)?;
        let mut packets = Packets::new(http.advertisement()?, site);
        let mut lines = Vec::new();
        // Some servers announce the service first, as version 0 does.
        loop {
            match packets.packet()? {
                Packet::Flush if lines.is_empty() => {}
                Packet::Flush => break,
                Packet::Data(text) if line(text).starts_with(b"# service=") => {}
                Packet::Data(text) if lines.len() < 64 => lines.push(line(text).to_vec()),
                _ => return Err(site.protocol("its list of capabilities is too long")),
            }
            if lines.first().is_some_and(|first| first != b"version 2") {
                return Err(site.protocol("it does not speak version 2 of git's protocol"));
            }
        }
        packets.finish()?;
        if lines.iter().any(|line| line.starts_with(b"object-format=") && line != b"object-format=sha1") {
            return Err(Error::unsupported("E_GIT_FORMAT", format!("{} does not use SHA-1 ids", site.url))
                .with_hint("keep the module in a repository with SHA-1 ids"));
        }
        let filters = lines.iter().any(|line| {
            line.strip_prefix(b"fetch=")
                .is_some_and(|can| can.split(|b| *b == b' ').any(|word| word == b"filter"))
        });
        Ok(Self { http, site: site.clone(), filters })
    }

    /// The commit that a tag or branch points to: a tag wins over a branch of the same name.
    pub(super) fn resolve(&self, name: &str) -> Result<CommitId> {
        let candidates = if name == "HEAD" || name.starts_with("refs/") {
            vec![name.to_owned()]
        } else {
            vec![format!("refs/tags/{name}"), format!("refs/heads/{name}")]
        };
        let refs = self.refs(&candidates)?;
        let find = |wanted: &String| refs.iter().find(|(name, _)| name == wanted).map(|(_, commit)| *commit);
        match candidates.iter().find_map(find) {
            Some(commit) => Ok(commit),
            None => Err(self.no_ref(name)),
        }
    }

    fn no_ref(&self, name: &str) -> Error {
        let message = format!("{} has no tag or branch {name:?}", self.site.url);
        let error = Error::new(ErrorKind::NotFound, "E_GIT_REF", message)
            .with("repo", &self.site.url)
            .with("ref", name);
        let all = match self.refs(&["refs/tags/".to_owned(), "refs/heads/".to_owned()]) {
            Ok(all) => all,
            Err(_) => return error.with_hint("look at the tags of the repository"),
        };
        let plain = |name: &String| {
            name.splitn(3, '/').nth(2).filter(|name| !name.contains(char::is_control)).map(str::to_owned)
        };
        let names: Vec<String> = all.iter().filter_map(|(name, _)| plain(name)).collect();
        if name.len() >= 7 && name.bytes().all(|b| b.is_ascii_hexdigit()) {
            return error.with_hint("give all 40 digits of a commit");
        }
        match (suggest::hint(name, names.iter().map(String::as_str)), names.last()) {
            (Some(hint), _) => error.with_hint(hint),
            (None, Some(last)) => error.with_hint(format!("it has {} others, such as `{last}`", names.len())),
            (None, None) => error.with_hint("it has none at all"),
        }
    }

    /// Refs that start with one of `prefixes`; tags peeled to what they tag.
    fn refs(&self, prefixes: &[String]) -> Result<Vec<(String, CommitId)>> {
        let mut request = Request::command("ls-refs");
        request.line("peel");
        for prefix in prefixes {
            request.line(&format!("ref-prefix {prefix}"));
        }
        let mut packets = Packets::new(self.http.command(&request.finish())?, &self.site);
        let mut refs = Vec::new();
        loop {
            match packets.packet()? {
                Packet::Flush => break,
                Packet::Delimiter => return Err(self.site.protocol("a list of refs has sections")),
                Packet::Data(text) if refs.len() < MAX_REFS => refs.extend(parse_ref(line(text))),
                Packet::Data(_) => {}
            }
        }
        packets.finish()?;
        Ok(refs)
    }

    /// Asks for one commit, its trees and its files of at most `largest` bytes; gives the pack.
    pub(super) fn pack(&self, commit: CommitId, largest: u64) -> Result<Pack<impl Read + use<>>> {
        let mut request = Request::command("fetch");
        for text in ["no-progress", "ofs-delta", "deepen 1"] {
            request.line(text);
        }
        if self.filters {
            request.line(&format!("filter blob:limit={largest}"));
        }
        request.line(&format!("want {commit}"));
        request.line("done");
        let mut packets = Packets::new(self.http.command(&request.finish())?, &self.site);
        loop {
            match packets.packet()? {
                Packet::Data(text) if line(text) == b"packfile" => break,
                Packet::Flush => return Err(self.site.protocol("it holds no pack")),
                Packet::Data(_) | Packet::Delimiter => {}
            }
        }
        Ok(Pack { packets, site: self.site.clone(), left: Vec::new(), at: 0, done: false })
    }

    /// True where the server leaves out large files when asked to.
    pub(super) fn filters(&self) -> bool {
        self.filters
    }
}

/// `<hex> <name>[ peeled:<hex>][ …]`; a line that is not of this form is no ref that can be fetched.
fn parse_ref(line: &[u8]) -> Option<(String, CommitId)> {
    let text = std::str::from_utf8(line).ok()?;
    let mut words = text.split(' ');
    let (id, name) = (words.next()?, words.next()?);
    let id = words.find_map(|word| word.strip_prefix("peeled:")).unwrap_or(id);
    Some((name.to_owned(), id.parse().ok()?))
}

/// The bytes of a pack, taken out of the side band.
#[derive(Debug)]
pub(super) struct Pack<R> {
    packets: Packets<R>,
    site: Site,
    left: Vec<u8>,
    at: usize,
    done: bool,
}

impl<R: Read> Pack<R> {
    fn fill(&mut self) -> Result<()> {
        while self.at >= self.left.len() && !self.done {
            match self.packets.packet()? {
                Packet::Data([1, data @ ..]) => {
                    self.left.clear();
                    self.left.extend_from_slice(data);
                    self.at = 0;
                }
                Packet::Data([2, ..]) => {}
                Packet::Data([3, message @ ..]) => return Err(refused(&self.site, message)),
                Packet::Flush => self.done = true,
                _ => return Err(self.site.protocol("its side band is broken")),
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Pack<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.fill().map_err(io::Error::other)?;
        let left = self.left.get(self.at..).unwrap_or_default();
        let amount = left.len().min(into.len());
        if let (Some(into), Some(from)) = (into.get_mut(..amount), left.get(..amount)) {
            into.copy_from_slice(from);
        }
        self.at = self.at.saturating_add(amount);
        Ok(amount)
    }
}

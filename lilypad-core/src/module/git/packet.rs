//! git's framing: packets with four hex digits of length in front.

use std::io::Read;

use crate::error::{Error, ErrorKind, Result};

use super::site::Site;

/// Longest payload that the protocol allows.
const MAX_PAYLOAD: usize = 65_516;

/// One packet.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Packet<'a> {
    /// `0000`: the end of a message.
    Flush,
    /// `0001`: the end of a section. `0002`, the end of a response, is never sent over http.
    Delimiter,
    /// A payload.
    Data(&'a [u8]),
}

/// Reads packets.
#[derive(Debug)]
pub(super) struct Packets<R> {
    reader: R,
    site: Site,
    payload: Vec<u8>,
}

impl<R: Read> Packets<R> {
    pub(super) fn new(reader: R, site: &Site) -> Self {
        Self { reader, site: site.clone(), payload: Vec::new() }
    }

    /// The next packet; the server's `ERR` becomes an error.
    pub(super) fn packet(&mut self) -> Result<Packet<'_>> {
        let mut head = [0; 4];
        self.reader.read_exact(&mut head).map_err(|error| broken(&self.site, error))?;
        let length = std::str::from_utf8(&head)
            .ok()
            .filter(|text| text.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|text| usize::from_str_radix(text, 16).ok());
        match length {
            Some(0) => return Ok(Packet::Flush),
            Some(1) => return Ok(Packet::Delimiter),
            Some(length @ 4..) if length - 4 <= MAX_PAYLOAD => self.payload.resize(length - 4, 0),
            _ => return Err(self.site.protocol("a packet has a wrong length")),
        }
        self.reader.read_exact(&mut self.payload).map_err(|error| broken(&self.site, error))?;
        if let Some(message) = self.payload.strip_prefix(b"ERR ") {
            return Err(refused(&self.site, message));
        }
        Ok(Packet::Data(&self.payload))
    }

    /// Checks that the answer ends here, which leaves the connection ready for the next request.
    pub(super) fn finish(mut self) -> Result<()> {
        match self.reader.read(&mut [0]) {
            Ok(0) => Ok(()),
            Ok(_) => Err(self.site.protocol("bytes follow its end")),
            Err(error) => Err(self.site.io(error)),
        }
    }
}

fn broken(site: &Site, error: std::io::Error) -> Error {
    if error.kind() == std::io::ErrorKind::UnexpectedEof && site.budget.stopped().is_none() {
        return site.protocol("it ends too early");
    }
    site.io(error)
}

/// The error for the server's own words; control characters are dropped from them.
pub(super) fn refused(site: &Site, message: &[u8]) -> Error {
    let words: String =
        String::from_utf8_lossy(message).chars().filter(|c| !c.is_control()).take(200).collect();
    if words.contains("not our ref") {
        return Error::new(ErrorKind::NotFound, "E_GIT_REF", format!("{} has no such commit", site.url))
            .with_hint("check the commit; one that no branch or tag reaches may be gone")
            .with("repo", &site.url);
    }
    site.protocol(format_args!("the server says {words:?}"))
}

/// A payload without the line feed at its end.
pub(super) fn line(payload: &[u8]) -> &[u8] {
    payload.strip_suffix(b"\n").unwrap_or(payload)
}

/// A request in the making.
#[derive(Debug, Default)]
pub(super) struct Request(Vec<u8>);

impl Request {
    pub(super) fn command(name: &str) -> Self {
        let mut request = Self::default();
        request.line(&format!("command={name}"));
        request.line(concat!("agent=git/lilypad-", env!("CARGO_PKG_VERSION")));
        request.line("object-format=sha1");
        request.0.extend_from_slice(b"0001");
        request
    }

    pub(super) fn line(&mut self, text: &str) {
        self.0.extend_from_slice(format!("{:04x}{text}\n", text.len().saturating_add(5)).as_bytes());
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        self.0.extend_from_slice(b"0000");
        self.0
    }
}

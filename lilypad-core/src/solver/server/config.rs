//! How a solver is served.

use std::path::PathBuf;
use std::time::Duration;

use super::super::Leader;
use super::forwarded::ForwardedHeader;
use super::spool::Limits;
use super::v2::V2Config;
use crate::error::{Error, Result};
use crate::model::{Address, Amount};
use crate::solver::SolverConfig;
use crate::solver::intake::both;
use crate::wire::body_limit;

/// How a solver is served over HTTP.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// The names, with ports, under which clients reach the server (`solver.example`, `127.0.0.1:8080`). A request that was
    /// signed for another name, or comes to one, is refused. Empty takes the address that is listened on.
    pub names: Vec<String>,
    /// True where a proxy in front speaks TLS, so that clients use `https`.
    pub behind_tls: bool,
    /// Mediators that job creators and providers may name. Empty names the solver itself, which judges nothing: both sides must
    /// name somebody.
    pub mediators: Vec<Address>,
    /// Play money that each account may ask for once; `None` on a network with real money.
    pub play_money: Option<Amount>,
    /// Most bytes of a JSON body.
    pub max_json: usize,
    /// Most bytes of an archive in one body; larger ones are uploaded in parts.
    pub max_archive: usize,
    /// The folder in which uploads wait until they are whole, over restarts too, made where there is none; `None` has them in
    /// memory.
    pub uploads: Option<PathBuf>,
    /// Most bytes of the uploads of one account that wait.
    pub upload_account_bytes: u64,
    /// Most bytes of all uploads that wait; in memory at most 512 MiB.
    pub upload_bytes: u64,
    /// How long an upload waits for its next part.
    pub upload_age: Duration,
    /// How long a client may take to send the headers of a request, and how long a connection may be idle.
    pub header_timeout: Duration,
    /// How long a client may take to send a body, beside a second for each mebibyte.
    pub body_timeout: Duration,
    /// How long a client may take to read 16 KiB of what it is sent, or all where it is less; then it is cut off.
    pub write_timeout: Duration,
    /// Most connections at once.
    pub max_connections: usize,
    /// Most connections at once of one network address; not counted behind [`proxies`](Self::proxies).
    pub address_connections: usize,
    /// Most streams of events at once of one account.
    pub account_streams: usize,
    /// Most requests of one network address in [`rate_window`](Self::rate_window).
    pub address_requests: u32,
    /// Most requests of one account in [`rate_window`](Self::rate_window).
    pub account_requests: u32,
    /// The window of both rates.
    pub rate_window: Duration,
    /// Origins of web pages that may use the interface (`https://dapp.example`).
    pub origins: Vec<String>,
    /// How many proxies stand in front, each of which adds the address from which it got a request. Without any, what a
    /// request says of its origin is not believed.
    pub proxies: usize,
    /// Where the proxies write it.
    pub forwarded: ForwardedHeader,
    /// This process, where it leads others on a shared database: it takes connections that they pass on with its key, and
    /// believes what they say of the client.
    pub leader: Option<Leader>,
    /// How peers of Lilypad v2 are served; `None` serves none. **Their headers can be replayed by whoever sees them**, so what
    /// they offer meets only what others of them offer, without money.
    pub v2_compat: Option<V2Config>,
}

impl Default for ServerConfig {
    /// Real money, JSON of 1 MiB, archives of 16 MiB, uploads of 1 GiB for an account and 8 GiB in all for an hour, headers in
    /// 5 s, bodies in 20 s, readers that wait 20 s, 4,096 connections, 512 of an address, 256 streams of an account, 600
    /// requests of an address and 300 of an account in 10 s, no pages, no proxies, no v2 peers.
    fn default() -> Self {
        Self {
            names: Vec::new(),
            behind_tls: false,
            mediators: Vec::new(),
            play_money: None,
            max_json: 1 << 20,
            max_archive: 16 << 20,
            uploads: None,
            upload_account_bytes: 1 << 30,
            upload_bytes: 8 << 30,
            upload_age: Duration::from_secs(3_600),
            header_timeout: Duration::from_secs(5),
            body_timeout: Duration::from_secs(20),
            write_timeout: Duration::from_secs(20),
            max_connections: 4_096,
            address_connections: 512,
            account_streams: 256,
            address_requests: 600,
            account_requests: 300,
            rate_window: Duration::from_secs(10),
            origins: Vec::new(),
            proxies: 0,
            forwarded: ForwardedHeader::default(),
            leader: None,
            v2_compat: None,
        }
    }
}

impl ServerConfig {
    /// How much may wait until it is whole.
    pub(super) fn upload_limits(&self, solver: &SolverConfig) -> Limits {
        let all = if self.uploads.is_some() { self.upload_bytes } else { self.upload_bytes.min(512 << 20) };
        let one = body_limit(&solver.result_limits).max(body_limit(&both(&solver.job_limits)));
        Limits { one, account: self.upload_account_bytes, all, age: self.upload_age }
    }

    pub(super) fn check(&self) -> Result<()> {
        let refuse = |field: &str, why: &str| {
            Err(Error::invalid("E_SERVER_CONFIG", format!("{field} {why}")).with("field", field))
        };
        if self.max_connections == 0 || self.address_connections == 0 || self.account_streams == 0 {
            return refuse("max_connections, address_connections and account_streams", "must be at least 1");
        }
        if self.header_timeout.is_zero() || self.body_timeout.is_zero() || self.write_timeout.is_zero() {
            return refuse("header_timeout, body_timeout and write_timeout", "must be above zero");
        }
        if self.rate_window.is_zero() || self.address_requests == 0 || self.account_requests == 0 {
            return refuse("rate_window, address_requests and account_requests", "must be above zero");
        }
        if self.origins.iter().any(|origin| origin == "*") {
            return refuse("origins", "must name each origin: `*` lets every page in");
        }
        self.v2_compat.as_ref().map_or(Ok(()), V2Config::check)
    }
}

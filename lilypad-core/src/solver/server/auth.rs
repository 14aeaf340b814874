//! Who asks: a request is signed by an account or its delegate, for this server, for this very thing, once.

use std::net::IpAddr;
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, header};
use bytes::Bytes;

use super::kept::NoncePlace;
use super::listen::{CameBy, Peer};
use super::{State, forwarded};
use crate::error::{Error, ErrorKind, Result};
use crate::rt::{crash_point, within};
use crate::trace::span;
use crate::wire::auth::{AuthHeaders, BodyDigest, Caller, GrantAction, RequestTarget, Scheme};

/// Bytes that a client must send in each second beyond the time that every body has.
const BYTES_PER_SECOND: u64 = 1 << 20;

/// A request whose sender is known.
pub(super) struct Asked {
    pub(super) caller: Caller,
    pub(super) body: Bytes,
    pub(super) headers: HeaderMap,
}

impl Asked {
    /// True where the body says that it is JSON.
    pub(super) fn is_json(&self) -> bool {
        self.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes() == b"application/json")
    }
}

impl State {
    /// Checks a signed request: the cheap checks, the rates, the signature, the body, and that it is new.
    pub(super) async fn asked(&self, request: Request, action: GrantAction, most: usize) -> Result<Asked> {
        self.asked_one(request, &[action], most).await
    }

    /// The same for what any of these actions allows.
    pub(super) async fn asked_one(
        &self,
        request: Request,
        actions: &[GrantAction],
        most: usize,
    ) -> Result<Asked> {
        let (parts, body) = request.into_parts();
        self.count_address(&parts)?;
        let target = self.target(&parts)?;
        let headers = parts.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        let headers = AuthHeaders::read(headers)?;
        let account = headers.claimed_account();
        let checked = self.0.verifier.check(headers, target, self.now())?;
        lock(&self.0.accounts).count(account, self.now())?;
        let proven = checked.prove()?;
        let body = self.read(&parts, body, most).await?;
        let caller = {
            let mut nonces = lock(&self.0.nonces);
            let caller = proven.accept(BodyDigest::of(&body), &mut *nonces, self.now())?;
            if let Some(place) = parts.extensions.get::<NoncePlace>() {
                place.set(nonces.place);
            }
            caller
        };
        crash_point("solver.asked");
        let allowed = actions.iter().map(|action| caller.require(*action));
        let refused = allowed.reduce(|first, next| first.or(next));
        refused.unwrap_or(Ok(()))?;
        span::account(caller.account);
        self.0.heard.note(caller.account, self.solver().clock());
        Ok(Asked { caller, body, headers: parts.headers })
    }

    /// Reads an unsigned request, which anybody may make.
    pub(super) async fn open(&self, request: Request, most: usize) -> Result<Bytes> {
        let (parts, body) = request.into_parts();
        self.count_address(&parts)?;
        self.named(&parts.headers, &parts.extensions)?;
        self.read(&parts, body, most).await
    }

    fn now(&self) -> crate::rt::Timestamp {
        self.solver().clock().now()
    }

    fn count_address(&self, parts: &Parts) -> Result<()> {
        let Some(Peer(peer)) = parts.extensions.get::<Peer>().copied() else {
            return Err(Error::unexpected("a request came over no connection"));
        };
        self.count(self.address_of(peer.ip(), &parts.headers))
    }

    /// The network address that counts as the sender's.
    pub(super) fn address_of(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let config = self.config();
        network(forwarded::client(peer, headers, config.proxies, config.forwarded))
    }

    /// Counts a request of a network address.
    pub(super) fn count(&self, address: IpAddr) -> Result<()> {
        lock(&self.0.addresses).count(address, self.now())
    }

    /// What is asked of whom, as the client must have signed it.
    fn target(&self, parts: &Parts) -> Result<RequestTarget> {
        let host = self.named(&parts.headers, &parts.extensions)?;
        let scheme = if self.config().behind_tls { Scheme::Https } else { Scheme::Http };
        let query = parts.uri.query().unwrap_or_default();
        RequestTarget::new(scheme, parts.method.as_str(), host, parts.uri.path(), query)
    }

    /// The name under which the request came, where it is one of this server's: a page whose own name leads here all at once
    /// is no page of ours.
    pub(super) fn named<'a>(&self, headers: &'a HeaderMap, about: &Extensions) -> Result<&'a str> {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let came_by = about.get::<CameBy>().map(|CameBy(names)| names.iter());
        let mut names = self.0.names.iter().chain(came_by.into_iter().flatten());
        if !names.any(|name| name.eq_ignore_ascii_case(host)) {
            let shown: String = host.chars().take(80).collect();
            return Err(Error::new(
                ErrorKind::Unauthorized,
                "E_HOST",
                format!("this server is not called {shown:?}"),
            )
            .with_hint(format!("it answers to {}", self.0.names.join(" and "))));
        }
        Ok(host)
    }

    /// Reads a body, within its limits of size and time.
    pub(super) async fn read(&self, parts: &Parts, body: Body, most: usize) -> Result<Bytes> {
        let said = parts.headers.get(header::CONTENT_LENGTH);
        let said = said.and_then(|length| length.to_str().ok()).and_then(|length| length.parse::<u64>().ok());
        let limit = u64::try_from(most).unwrap_or(u64::MAX);
        if let Some(said) = said.filter(|said| *said > limit) {
            return Err(too_large(limit).with("got", said));
        }
        let slowly = Duration::from_secs(said.unwrap_or(limit) / BYTES_PER_SECOND);
        let time = self.config().body_timeout.saturating_add(slowly);
        match within(time, axum::body::to_bytes(body, most)).await {
            Some(Ok(bytes)) => Ok(bytes),
            Some(Err(_)) if said.is_none() => Err(too_large(limit)),
            Some(Err(_)) => Err(Error::invalid("E_BODY_INCOMPLETE", "the body ended before it was complete")
                .with_hint("send it again")),
            None => Err(Error::new(
                ErrorKind::Timeout,
                "E_BODY_SLOW",
                format!("the body was not complete after {} s", time.as_secs()),
            )
            .with_hint("send it faster, or less of it")),
        }
    }
}

fn too_large(limit: u64) -> Error {
    Error::invalid(super::answer::TOO_LARGE, format!("the body has more than {limit} bytes"))
        .with_hint("send less")
        .with("limit", limit)
}

/// One address of IPv4; of IPv6 the network, of which one user has as many addresses as they like.
pub(super) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        address => address,
    }
}

pub(super) fn lock<T>(mutex: &std::sync::Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

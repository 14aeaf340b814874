//! One request, signed anew for each try.

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Method, RequestBuilder, Response};
use tracing::{Instrument, Span};

use super::address::Address;
use super::failure::{not_a_solver, unanswered, version_refused};
use super::retry::again;
use super::{HttpOptions, HttpSolver, names};
use crate::error::{Error, ErrorKind, Result, Retry};
use crate::trace::{self, span};
use crate::wire::Body;
use crate::wire::auth::{RequestEnvelope, RequestParts, sign_request};
use crate::wire::routes::Route;

/// Most bytes of a JSON answer.
pub(super) const MOST_JSON: usize = 4 << 20;

pub(super) fn http(options: &HttpOptions) -> Result<reqwest::Client> {
    // Somebody else may have installed one already: any will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .connect_timeout(options.connect_timeout)
        .dns_resolver(names::within_half(options.connect_timeout))
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("lilypad/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|source| Error::unexpected("the HTTP client could not be made").with_source(source))
}

/// A `GET` that anybody may make, of something small: it takes no longer than a connection may.
pub(super) async fn plain(
    http: &reqwest::Client,
    base: &Address,
    path: &str,
    options: &HttpOptions,
) -> Result<Bytes> {
    again(options, || async {
        let time = options.request_timeout.min(options.connect_timeout);
        answered(base, http.get(base.of(path)).timeout(time), MOST_JSON).await
    })
    .await
}

impl HttpSolver {
    pub(crate) async fn get<T: Body>(&self, path: &str) -> Result<T> {
        read(&self.0.base, &self.call(Method::GET, path, Bytes::new(), "", MOST_JSON).await?)
    }

    pub(super) async fn post<T: Body>(&self, path: &str, body: Bytes, kind: &'static str) -> Result<T> {
        read(&self.0.base, &self.call(Method::POST, path, body, kind, MOST_JSON).await?)
    }

    /// A request with its answer's bytes.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
        kind: &'static str,
        most: usize,
    ) -> Result<Bytes> {
        again(&self.0.options, || self.try_call(&method, path, &body, kind, most)).await
    }

    /// A request that is tried once.
    pub(super) async fn once<T: Body>(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
        kind: &'static str,
    ) -> Result<T> {
        read(&self.0.base, &self.try_call(&method, path, &body, kind, MOST_JSON).await?)
    }

    async fn try_call(
        &self,
        method: &Method,
        path: &str,
        body: &Bytes,
        kind: &'static str,
        most: usize,
    ) -> Result<Bytes> {
        let span = span::request(method.as_str(), Route::template(path));
        let sent = async {
            let inner = &self.0;
            let moved = u64::try_from(body.len().max(most.saturating_sub(MOST_JSON))).unwrap_or(u64::MAX);
            let time = inner.options.request_timeout.saturating_add(Duration::from_secs(moved >> 20));
            let request = self.signed(method, path, body).await?.timeout(time);
            let request = if kind.is_empty() { request } else { request.header(CONTENT_TYPE, kind) };
            answered(&inner.base, request.body(body.clone()), most).await
        };
        sent.instrument(span.clone()).await.inspect_err(|error| span::failed(&span, error.code()))
    }

    /// A request with the headers that prove who sends it; good once.
    pub(super) async fn signed(&self, method: &Method, path: &str, body: &[u8]) -> Result<RequestBuilder> {
        let inner = &self.0;
        let parts = RequestParts::new(inner.base.target(method.as_str(), path)?, body);
        let envelope = RequestEnvelope::new(parts, inner.info.address, inner.options.clock.now())?;
        let headers = sign_request(envelope, inner.signer.as_ref(), inner.domain).await?;
        let request = inner.http.request(method.clone(), inner.base.of(path));
        let request = match trace::current() {
            Some(parent) => request.header(trace::HEADER, parent.to_string()),
            None => request,
        };
        Ok(headers.into_iter().fold(request, |request, (name, value)| request.header(name, value)))
    }
}

async fn answered(base: &Address, request: RequestBuilder, most: usize) -> Result<Bytes> {
    let response = request.send().await.map_err(|error| unanswered(base, error))?;
    let status = response.status();
    span::status(&Span::current(), status.as_u16());
    let pause = retry_after(&response);
    let bytes = all(base, response, if status.is_success() { most } else { MOST_JSON }).await?;
    if status.is_success() {
        return Ok(bytes);
    }
    Err(refused(base, status, &bytes, pause))
}

/// The error that an answer speaks of.
pub(super) fn refused(
    base: &Address,
    status: reqwest::StatusCode,
    bytes: &[u8],
    pause: Option<Duration>,
) -> Error {
    let error = Error::from_body(bytes).unwrap_or_else(|_| match status {
        reqwest::StatusCode::UPGRADE_REQUIRED => version_refused(base),
        _ => not_a_solver(base, &format!("it answers with status {}", status.as_u16())),
    });
    match pause {
        Some(pause) => error.with_retry(Retry::After(pause)),
        None if matches!(status.as_u16(), 502..=504) && error.kind() == ErrorKind::Protocol => {
            error.with_retry(Retry::After(Duration::ZERO))
        }
        None => error,
    }
}

pub(super) fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// The whole answer, within bounds.
pub(super) async fn all(base: &Address, mut response: Response, most: usize) -> Result<Bytes> {
    let mut bytes = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(|error| unanswered(base, error))? {
        if bytes.len().saturating_add(piece.len()) > most {
            return Err(not_a_solver(base, &format!("its answer has more than {most} bytes")));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes.into())
}

pub(super) fn read<T: Body>(base: &Address, bytes: &[u8]) -> Result<T> {
    T::from_body(bytes).map_err(|error| not_a_solver(base, error.message()))
}

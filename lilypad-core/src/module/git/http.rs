//! Two requests that git needs over https: without redirects, proxies, cookies or credentials.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use ureq::http::{Response, StatusCode, header};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::unversioned::transport::{Connector, RustlsConnector};
use ureq::{Agent, Body};

use crate::error::{Error, ErrorKind, Result, Retry};

use super::GitPolicy;
use super::egress::denied;
use super::site::Site;
use super::transport::{Checked, Dial};

const ADVERTISEMENT: &str = "info/refs?service=git-upload-pack";
const USER_AGENT: &str = concat!("git/lilypad-", env!("CARGO_PKG_VERSION"));

/// An https client for one repository.
#[derive(Debug)]
pub(super) struct Http {
    agent: Agent,
    base: String,
    site: Site,
}

impl Http {
    pub(super) fn new(site: &Site, addresses: Checked, policy: &GitPolicy) -> Result<Self> {
        let roots = RootCerts::Specific(Arc::new(roots(policy, site)?));
        let tls = TlsConfig::builder()
            .root_certs(roots)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let config = Agent::config_builder()
            .https_only(true)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .user_agent(USER_AGENT)
            .max_response_header_size(16 << 10)
            .tls_config(tls)
            .build();
        let connector = Dial(Arc::clone(&site.budget)).chain(RustlsConnector::default());
        let agent = Agent::with_parts(config, connector, addresses);
        Ok(Self { agent, base: site.url.clone(), site: site.clone() })
    }

    /// The first request: what the server can do.
    pub(super) fn advertisement(&mut self) -> Result<impl Read + use<>> {
        let mut response = self.get().map_err(|error| self.failed(error))?;
        if response.status().is_redirection() && self.is_same_with_suffix(&response) {
            self.base.push_str(".git");
            response = self.on_kept(|| self.get())?;
        }
        self.body(response, "application/x-git-upload-pack-advertisement")
    }

    /// A command of protocol version 2.
    pub(super) fn command(&self, body: &[u8]) -> Result<impl Read + use<>> {
        let response = self.on_kept(|| {
            self.agent
                .post(format!("{}/git-upload-pack", self.base))
                .header("Git-Protocol", "version=2")
                .header(header::CONTENT_TYPE, "application/x-git-upload-pack-request")
                .header(header::ACCEPT, "application/x-git-upload-pack-result")
                .send(body)
        })?;
        self.body(response, "application/x-git-upload-pack-result")
    }

    fn get(&self) -> std::result::Result<Response<Body>, ureq::Error> {
        self.agent.get(format!("{}/{ADVERTISEMENT}", self.base)).header("Git-Protocol", "version=2").call()
    }

    /// A request that may go over the connection of the one before, which the server may be closing at this moment without
    /// having said so: then it goes over a new one, once. All requests here only read.
    fn on_kept(
        &self,
        send: impl Fn() -> std::result::Result<Response<Body>, ureq::Error>,
    ) -> Result<Response<Body>> {
        match send() {
            Err(ureq::Error::Io(error)) if is_closed(&error) && self.site.budget.stopped().is_none() => {
                send()
            }
            answer => answer,
        }
        .map_err(|error| self.failed(error))
    }

    /// Some hosts answer `owner/repo` with a redirect to `owner/repo.git` on themselves; nothing else is followed.
    fn is_same_with_suffix(&self, response: &Response<Body>) -> bool {
        location(response).is_some_and(|target| target == format!("{}.git/{ADVERTISEMENT}", self.base))
    }

    fn body(&self, response: Response<Body>, media_type: &str) -> Result<impl Read + use<>> {
        self.check_status(&response)?;
        let got = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if got != Some(media_type) {
            return Err(self.site.protocol("this is not git over https"));
        }
        Ok(response.into_body().into_reader())
    }

    fn check_status(&self, response: &Response<Body>) -> Result<()> {
        let status = response.status();
        if status == StatusCode::OK {
            return Ok(());
        }
        if status.is_redirection() {
            let target: String = location(response).unwrap_or("nowhere").chars().take(120).collect();
            let message =
                format!("{} redirects to {target:?}, and redirects are not followed", self.site.url);
            return Err(denied(&self.site, message).with_hint("name the repository where it lies now"));
        }
        if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND) {
            return Err(self.site.no_repository());
        }
        if status == StatusCode::TOO_MANY_REQUESTS {
            let wait = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
            let wait = Duration::from_secs(wait.and_then(|wait| wait.parse().ok()).unwrap_or(60));
            let message = format!("{} asks to wait {} s", self.site.authority, wait.as_secs());
            return Err(Error::new(ErrorKind::RateLimited, "E_GIT_RATE", message)
                .with_retry(Retry::After(wait))
                .with("host", &self.site.authority));
        }
        if status.is_server_error() {
            return Err(self.site.unreachable(format_args!("the server answers {status}")));
        }
        Err(self.site.protocol(format_args!("status {status}")))
    }

    fn failed(&self, error: ureq::Error) -> Error {
        if let Some(stop) = self.site.budget.stopped() {
            return self.site.stopped(stop);
        }
        match error {
            ureq::Error::Rustls(error) => self.site.tls(error),
            ureq::Error::Tls(why) => self.site.tls(why),
            ureq::Error::Io(error) => {
                match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
                    Some(error) => self.site.tls(error),
                    None => self.site.unreachable(&error).with_source(error),
                }
            }
            ureq::Error::Protocol(error) => self.site.protocol(error),
            ureq::Error::LargeResponseHeader(..) => self.site.protocol("its headers are too long"),
            error => self.site.unreachable(&error).with_source(error),
        }
    }
}

/// True where the other side closed the connection before it answered.
fn is_closed(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
}

fn location(response: &Response<Body>) -> Option<&str> {
    response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok())
}

/// The system's certificates (or those of `SSL_CERT_FILE` and `SSL_CERT_DIR`) and the policy's.
fn roots(policy: &GitPolicy, site: &Site) -> Result<Vec<Certificate<'static>>> {
    let system = rustls_native_certs::load_native_certs();
    let mut roots: Vec<_> =
        system.certs.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect();
    for pem in &policy.extra_root_certificates {
        let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem).filter_map(|read| read.ok()).collect();
        if certificates.is_empty() {
            return Err(Error::invalid("E_GIT_CERTIFICATE", "an extra root certificate is not PEM")
                .with("field", "extra_root_certificates"));
        }
        roots.extend(certificates.iter().map(|certificate| Certificate::from_der(certificate).to_owned()));
    }
    if roots.is_empty() {
        return Err(site.tls("this machine has no root certificates"));
    }
    Ok(roots)
}

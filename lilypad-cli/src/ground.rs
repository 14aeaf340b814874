//! The network that a command works on: one in this process, or one that is reached over HTTP.

use std::sync::Arc;
use std::time::Duration;

use lilypad_core::client::Client;
use lilypad_core::config::NetworkTarget;
use lilypad_core::http::{HttpOptions, HttpSolver, WaitListener};
use lilypad_core::model::Amount;
use lilypad_core::network::{Network, NetworkBuilder};
use lilypad_core::signer::Signer;
use lilypad_core::{Error, Result};

use crate::key::{self, KeyArgs};
use crate::limits::MostResults;
use crate::report::Report;
use crate::{config, v2};

/// A network that is not reached yet. Made before Ctrl-C is listened for: a key may need a passphrase.
pub(crate) enum Plan {
    Local,
    Remote { place: Place, signer: Arc<dyn Signer> },
}

/// Where a network is.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    name: String,
    url: String,
    options: HttpOptions,
}

/// A network that can be used.
pub(crate) enum Ground {
    Local(Box<Network>),
    Remote(Client),
}

/// Says that a request is tried again later, where a person would notice.
#[derive(Debug)]
pub(crate) struct Waits(Report);

impl Waits {
    pub(crate) fn new(report: Report) -> Self {
        Self(report)
    }
}

impl WaitListener for Waits {
    fn waits(&self, error: &Error, pause: Duration) {
        if pause >= Duration::from_secs(1) {
            self.0.field("waiting", format!("{:.0} s, then again: {}", pause.as_secs_f64(), error.message()));
        }
    }
}

impl Place {
    /// The place of a network that must be elsewhere.
    pub(crate) fn elsewhere(name_or_url: Option<&str>) -> Result<Self> {
        match config::resolve(name_or_url)? {
            NetworkTarget::Remote { name, entry } if entry.v2.is_some() => {
                Err(v2::refused(&name.unwrap_or_default()))
            }
            NetworkTarget::Remote { name, entry } => Ok(Self::of(name, &entry)),
            NetworkTarget::Local => Err(Error::invalid(
                "E_NETWORK_LOCAL",
                "the network in this process is gone when this command ends",
            )
            .with_hint("name a network with --network NAME|URL, or choose one with `lilypad network use`")),
        }
    }

    /// Lets results be so large.
    pub(crate) fn take_results_of(&mut self, most: MostResults) {
        self.options.limits = most.limits();
    }

    /// What it is called, or where it is.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    fn of(name: Option<String>, entry: &lilypad_core::config::NetworkEntry) -> Self {
        let url = entry.url.as_str().to_owned();
        let options =
            HttpOptions { insecure: entry.url.is_insecure(), solver: entry.solver, ..HttpOptions::default() };
        Self { name: name.unwrap_or_else(|| url.clone()), url, options }
    }

    /// The solver there, called in the name of this key.
    pub(crate) async fn solver(&self, signer: &Arc<dyn Signer>, report: &Report) -> Result<HttpSolver> {
        let options =
            HttpOptions { on_wait: Some(Arc::new(Waits::new(report.clone()))), ..self.options.clone() };
        let solver =
            HttpSolver::connect(&self.url, Arc::clone(signer), options).await.map_err(|error| match error
                .code()
            {
                "E_NOT_A_SOLVER" => error.with_hint(
                    "check the address; a solver of Lilypad v2 is added with `lilypad network add NAME URL --v2` (docs/v2.md)",
                ),
                _ => error,
            })?;
        report.field(
            "network",
            format!("{} (solver {})", self.name, lilypad_core::wire::JobCreatorApi::identity(&solver).0),
        );
        report.field("account", signer.address().to_string());
        Ok(solver)
    }
}

impl Plan {
    pub(crate) fn of(name_or_url: Option<&str>, key: &KeyArgs, report: &Report) -> Result<Self> {
        match config::resolve(name_or_url)? {
            NetworkTarget::Local => Ok(Self::Local),
            NetworkTarget::Remote { name, entry } if entry.v2.is_some() => {
                Err(v2::refused(&name.unwrap_or_default()))
            }
            NetworkTarget::Remote { name, entry } => {
                let signer = Arc::new(key::signer(key, report)?);
                Ok(Self::Remote { place: Place::of(name, &entry), signer })
            }
        }
    }

    /// Lets results from elsewhere be so large.
    pub(crate) fn take_results_of(&mut self, most: MostResults) {
        if let Self::Remote { place, .. } = self {
            place.take_results_of(most);
        }
    }

    /// What the network elsewhere is called.
    pub(crate) fn network(&self) -> Option<&str> {
        match self {
            Self::Local => None,
            Self::Remote { place, .. } => Some(place.name()),
        }
    }

    /// True for the network in this process.
    pub(crate) fn is_local(&self) -> bool {
        matches!(self, Self::Local)
    }

    /// Reaches the network; on one with play money an account that lacks some asks for it.
    pub(crate) async fn reach(
        self,
        local: NetworkBuilder,
        needed: Amount,
        report: &Report,
    ) -> Result<Ground> {
        let (place, signer) = match self {
            Self::Local => return Ok(Ground::Local(Box::new(local.start().await?))),
            Self::Remote { place, signer } => (place, signer),
        };
        let solver = place.solver(&signer, report).await?;
        play_money(&solver, needed, report).await?;
        Ok(Ground::Remote(Client::at(solver, signer)))
    }
}

/// Asks for play money where an account lacks money and the network gives some.
pub(crate) async fn play_money(solver: &HttpSolver, needed: Amount, report: &Report) -> Result<()> {
    if let (Some(money), Some(amount)) = (solver.ask_where_short(needed).await?, solver.play_money()) {
        report.field("money", format!("{amount} of play money once; {} to spend", money.balance));
    }
    Ok(())
}

impl Ground {
    pub(crate) fn client(&self) -> &Client {
        match self {
            Self::Local(network) => network.client(),
            Self::Remote(client) => client,
        }
    }

    pub(crate) async fn leave(self) {
        if let Self::Local(network) = self {
            network.shutdown().await;
        }
    }
}

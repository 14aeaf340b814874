//! The solver over HTTP on reqwest.
//!
//! Layout: `address` where the solver is, `names` how it is looked up; `version` whether both can speak with each other; `request`
//! one signed request, `retry` when it is tried again; `failure` what went wrong, in words; `creator` and `provider` the solver's two
//! faces; `download` and `upload` archives; `stream` events; `report` what a provider tells by the way; `v2` a solver of Lilypad v2,
//! as a job creator calls it, `probe` how good the way to a solver is, `v2_offer` its jobs, `v2_provider` as a provider does.

mod address;
mod creator;
mod download;
mod failure;
mod names;
mod probe;
mod provider;
mod report;
mod request;
mod retry;
mod stream;
mod upload;
mod v2;
mod v2_offer;
mod v2_provider;
mod version;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use address::Address as Base;

pub use probe::Probe;
pub use retry::WaitListener;
pub use v2::{V2Options, V2Outcome, V2Solver};
pub use v2_offer::V2Job;

use crate::error::{Error, Result};
use crate::model::{Address, Amount, DealId, FileLimits, ResourceOfferId};
use crate::rt::Clock;
use crate::signer::{Domain, Signed, Signer};
use crate::wire::{Body, JobList, JobStatus, Money, OfferProposal, SolverInfo, Sum, routes};

/// How a client speaks to a solver.
#[derive(Clone, Debug)]
pub struct HttpOptions {
    /// How long to wait for a connection.
    pub connect_timeout: Duration,
    /// How long one request may take, beside a second for each mebibyte that is sent or fetched.
    pub request_timeout: Duration,
    /// How often a request is tried at most, where trying again can help.
    pub attempts: u32,
    /// How long is waited at most before a request is tried for the last time. A solver that asks for a longer pause is not waited for.
    pub patience: Duration,
    /// Who is told of each such pause.
    pub on_wait: Option<Arc<dyn WaitListener>>,
    /// True where plain `http` may leave this machine.
    pub insecure: bool,
    /// The account that the solver must have; `None` believes what it says of itself.
    pub solver: Option<Address>,
    /// Most that the results of a job may hold that are fetched, and the files of a deal.
    pub limits: FileLimits,
    /// The clock that requests are stamped with.
    pub clock: Clock,
}

impl Default for HttpOptions {
    /// 10 s to connect, 30 s for a request, 5 attempts within 60 s, plain `http` only to this machine, any solver, 128 MiB in 2,000
    /// files, the machine's clock.
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            attempts: 5,
            patience: Duration::from_secs(60),
            on_wait: None,
            insecure: false,
            solver: None,
            limits: FileLimits { files: 2_000, bytes: 128 << 20 },
            clock: Clock::system(),
        }
    }
}

/// A solver on another machine, called in the name of one account. Clones share connections.
#[derive(Clone)]
pub struct HttpSolver(Arc<Inner>);

struct Inner {
    base: Base,
    http: reqwest::Client,
    signer: Arc<dyn Signer>,
    info: SolverInfo,
    domain: Domain,
    options: HttpOptions,
    /// What was offered and not taken back: offered again after a break in the connection.
    offers: Mutex<HashMap<ResourceOfferId, Signed<OfferProposal>>>,
    reports: Mutex<HashMap<DealId, report::Sender>>,
}

impl fmt::Debug for HttpSolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpSolver").field("url", &self.0.base.to_string()).finish_non_exhaustive()
    }
}

impl HttpSolver {
    /// Asks the solver at `url` (`https://solver.example`) who it is.
    ///
    /// # Errors
    /// `InvalidInput` (`E_NETWORK_URL`, `E_NETWORK_INSECURE`); `Unavailable` (`E_SOLVER_DOWN`, `E_DNS`, `E_TLS`); `Protocol`
    /// (`E_NOT_A_SOLVER`) where something else answers; `VersionMismatch` (`E_SOLVER_VERSION`) where client and solver are too far
    /// apart; `VerificationFailed` (`E_OTHER_SOLVER`) where it is another one.
    pub async fn connect(url: &str, signer: Arc<dyn Signer>, options: HttpOptions) -> Result<Self> {
        let base = Base::read(url, options.insecure)?;
        let http = request::http(&options)?;
        let info = version::info(&base, &request::plain(&http, &base, routes::SOLVER, &options).await?)?;
        if let Some(wanted) = options.solver.filter(|wanted| *wanted != info.address) {
            let message = format!("the solver at {base} is {}, not {wanted}", info.address);
            return Err(Error::new(crate::error::ErrorKind::VerificationFailed, "E_OTHER_SOLVER", message)
                .with_hint("check the address of the solver"));
        }
        let domain = Domain { chain_id: info.chain_id };
        Ok(Self(Arc::new(Inner {
            base,
            http,
            signer,
            info,
            domain,
            options,
            offers: Mutex::default(),
            reports: Mutex::default(),
        })))
    }

    /// The solver's address on the web.
    #[must_use]
    pub fn url(&self) -> String {
        self.0.base.to_string()
    }

    /// The mediators that it knows.
    #[must_use]
    pub fn mediators(&self) -> &[Address] {
        &self.0.info.mediators
    }

    /// Play money that each account may have once; `None` on a network with real money.
    #[must_use]
    pub fn play_money(&self) -> Option<Amount> {
        self.0.info.play_money
    }

    /// The clock that requests are stamped with.
    pub(crate) fn clock(&self) -> &Clock {
        &self.0.options.clock
    }

    /// The solver's version.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.0.info.version
    }

    /// What this account has on the solver's ledger.
    ///
    /// # Errors
    /// What the solver says, or why it cannot be reached.
    pub async fn money(&self) -> Result<Money> {
        self.get(routes::ACCOUNT).await
    }

    /// Where this account's newest jobs stand, newest first, at most 100.
    ///
    /// # Errors
    /// What the solver says, or why it cannot be reached.
    pub async fn jobs(&self) -> Result<Vec<JobStatus>> {
        let JobList { jobs } = self.get(routes::JOBS).await?;
        Ok(jobs)
    }

    /// Asks for this account's play money; a second time gives nothing more.
    ///
    /// # Errors
    /// `Unsupported` (`E_NO_PLAY_MONEY`) on a network with real money.
    pub async fn ask_for_play_money(&self) -> Result<Money> {
        self.move_money("play-money", "{}".to_owned()).await
    }

    /// Asks for play money where the account has less than `needed` to spend and the network gives some; `None` where there was
    /// nothing to ask for.
    ///
    /// # Errors
    /// What the solver says, or why it cannot be reached.
    pub async fn ask_where_short(&self, needed: Amount) -> Result<Option<Money>> {
        if self.play_money().is_none() || self.money().await?.balance >= needed {
            return Ok(None);
        }
        self.ask_for_play_money().await.map(Some)
    }

    /// Sets money aside as stake, from which deals lock their collateral.
    ///
    /// # Errors
    /// `InsufficientFunds` (`E_FUNDS`); `Conflict` (`E_STAKE_CHANGED`) where the stake changes meanwhile.
    pub async fn stake(&self, amount: Amount) -> Result<Money> {
        self.move_stake("stake", amount, |before| before.checked_add(amount)).await
    }

    /// Sets so much aside as stake as is missing to `wanted`; where nothing is wanted and none is set aside, half of what the
    /// account has.
    ///
    /// # Errors
    /// As [`HttpSolver::stake`].
    pub async fn stake_where_short(&self, wanted: Option<Amount>) -> Result<Money> {
        let money = self.money().await?;
        let half = money.balance.mul_div_floor(Amount::from(1_u64), Amount::from(2_u64)).unwrap_or_default();
        let missing = match wanted {
            Some(wanted) => wanted.checked_sub(money.stake).unwrap_or_default(),
            None if money.stake.is_zero() => half,
            None => Amount::ZERO,
        };
        if missing.is_zero() { Ok(money) } else { self.stake(missing).await }
    }

    /// Begins to take stake back that no deal has locked; it can be claimed once the ledger's time for that is over.
    ///
    /// # Errors
    /// What the ledger says, where so much is not free; `Conflict` (`E_STAKE_CHANGED`) where the stake changes meanwhile.
    pub async fn unstake(&self, amount: Amount) -> Result<Money> {
        self.move_stake("unstake", amount, |before| before.checked_sub(amount)).await
    }

    /// Turns stake that was taken back into money to spend, where its time is over.
    ///
    /// # Errors
    /// What the ledger says, where there is none yet.
    pub async fn claim_unbonded(&self) -> Result<Money> {
        self.move_money("claim", "{}".to_owned()).await
    }

    /// Moves stake once, also where an answer is lost and the request is made again.
    async fn move_stake(
        &self,
        action: &str,
        amount: Amount,
        after: impl FnOnce(Amount) -> Option<Amount>,
    ) -> Result<Money> {
        let before = self.money().await?.stake;
        match self.move_money(action, Sum { amount, stake: Some(before) }.to_body()?).await {
            Err(changed) if changed.code() == "E_STAKE_CHANGED" => {
                let money = self.money().await?;
                if after(before) == Some(money.stake) { Ok(money) } else { Err(changed) }
            }
            moved => moved,
        }
    }

    async fn move_money(&self, action: &str, body: String) -> Result<Money> {
        self.post(&format!("{}/{action}", routes::ACCOUNT), body.into(), "application/json").await
    }
}

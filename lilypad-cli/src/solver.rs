//! `lilypad solver`: the matching service, alone or one of several processes on one database.

use crate::exit::ExitCode;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use lilypad_core::model::Address;
use lilypad_core::rt::{CancelReason, CancelToken, Clock};
use lilypad_core::settlement::{LedgerConfig, MemorySettlement};
use lilypad_core::signer::{Domain, LocalSigner, Signer};
use lilypad_core::solver::server::{ForwardedHeader, Relay, Server, ServerConfig};
use lilypad_core::solver::store::{PostgresStore, SqliteStore, Store, postgres};
use lilypad_core::solver::{Leader, Solver, SolverConfig};
use lilypad_core::{Error, Result};
use serde_json::{Value, json};

use crate::files::{Files, Place};
use crate::interrupt::stop_asked;
use crate::job;
use crate::key;
use crate::report::Report;
use crate::serve::{ForwardedBy, SolverArgs, listen};
use crate::traces;

/// Where a store is named that must not be seen in the list of processes.
const STORE: &str = "LILYPAD_STORE";
/// How long what a process began while it led may take to end.
const STEP_DOWN: Duration = Duration::from_secs(1);

/// A pause before a database is tried again that was there before.
const AGAIN: Duration = Duration::from_secs(1);

/// Where everything is kept.
pub(crate) enum Kept {
    Memory,
    File(String),
    Database(String),
}

/// A solver that is ready to be served.
struct Opened {
    solver: Solver,
    ledger: MemorySettlement,
    /// Where what is uploaded in parts waits; `None` for memory.
    uploads: Option<PathBuf>,
}

/// What all servers of this process have in common.
struct Role {
    args: SolverArgs,
    account: Address,
    listener: TcpListener,
    operators: Option<TcpListener>,
    files: Files,
}

pub(crate) fn solver(args: SolverArgs, report: &Report) -> Result<ExitCode> {
    let _traces = traces::export(args.otlp.as_deref(), "lilypad-solver", report)?;
    let kept = kept(args.store.as_deref())?;
    let place = Place::of(&args, &kept)?;
    let key = match key::signer(&args.key, report) {
        // What is in memory only is gone with the process: a key for it may be too.
        Err(error)
            if error.code() == "E_NO_KEY" && args.play_money.is_some() && matches!(kept, Kept::Memory) =>
        {
            report.field("key", "none was found: one for this run is used");
            LocalSigner::random()?
        }
        key => key?,
    };
    let listener = listen(args.listen, "--listen")?;
    let operators = args.metrics.map(|address| listen(address, "--metrics")).transpose()?;
    let account = key.address();
    let runtime = job::runtime()?;
    let files = runtime.block_on(place.reach(account))?;
    let role = Role { args, account, listener, operators, files };
    role.config().check()?;
    runtime.block_on(async {
        match kept {
            Kept::Memory => {
                let server = role.server(role.fleeting(), None)?;
                role.say(report)?;
                report
                    .field("note", "jobs and money are kept in memory: they are gone when this process ends");
                role.ready(report)?;
                serve(server, report).await
            }
            Kept::File(file) => {
                let server = role.server(role.open(SqliteStore::open(&file)?).await?, None)?;
                role.say(report)?;
                report.field("store", file);
                role.ready(report)?;
                serve(server, report).await
            }
            Kept::Database(url) => lead_in_turn(&role, &url, report).await,
        }
    })
}

/// Waits to lead and passes connections on meanwhile, leads, and waits again where another took over.
async fn lead_in_turn(role: &Role, url: &str, report: &Report) -> Result<ExitCode> {
    let me = Leader::new(role.advertised()?.to_string())?;
    let mut told = false;
    loop {
        let mut standing = match PostgresStore::stand(url, me.clone()) {
            // It was there before: who runs it will bring it back.
            Err(error) if told && error.code() == "E_STORE" => {
                report.field("store", error.message());
                tokio::select! {
                    () = tokio::time::sleep(AGAIN) => continue,
                    () = stop_asked() => return Ok(ExitCode::SUCCESS),
                }
            }
            standing => standing?,
        };
        let relay = Relay::new(copy(&role.listener)?, &role.args.names, &me, standing.leaders())?;
        if !std::mem::replace(&mut told, true) {
            role.say(report)?;
            report.field(
                "store",
                "a database that solver processes share; this one is reached at its own address",
            );
            role.ready(report)?;
        }
        report.field("state", "waits to lead; passes connections on to the process that does");
        let relaying = relay.serve(CancelToken::new());
        tokio::pin!(relaying);
        let store = tokio::select! {
            store = standing.won() => store?,
            relayed = &mut relaying => return relayed.map(|()| ExitCode::SUCCESS),
            () = stop_asked() => return Ok(ExitCode::SUCCESS),
        };
        let opened = match role.open(store).await {
            Err(error) if error.code() == "E_STORE" => {
                report.field("store", error.message());
                continue;
            }
            opened => opened?,
        };
        let solver = opened.solver.clone();
        let server = role.server(opened, Some(me.clone()))?;
        report.field("state", "leads");
        let stop = CancelToken::new();
        let serving = server.serve(stop.clone());
        tokio::pin!(serving);
        tokio::select! {
            served = &mut serving => return served.map(|()| ExitCode::SUCCESS),
            () = solver.stopped() => {
                report.field("state", "leads no more: its session with the database is over");
                stop.cancel(CancelReason::Shutdown);
                // What still runs can save nothing, so nothing that it says would count.
                let _ = tokio::time::timeout(STEP_DOWN, &mut serving).await;
            }
            () = stop_asked() => return end(report, &stop, serving).await,
        }
    }
}

async fn serve(server: Server, report: &Report) -> Result<ExitCode> {
    let stop = CancelToken::new();
    let serving = server.serve(stop.clone());
    tokio::pin!(serving);
    tokio::select! {
        served = &mut serving => served.map(|()| ExitCode::SUCCESS),
        () = stop_asked() => end(report, &stop, serving).await,
    }
}

/// Ends in good order, or at once where that is asked for.
async fn end(
    report: &Report,
    stop: &CancelToken,
    serving: Pin<&mut impl Future<Output = Result<()>>>,
) -> Result<ExitCode> {
    report.field("state", "stopping: no new connections; press Ctrl-C again to stop at once");
    stop.cancel(CancelReason::Shutdown);
    tokio::select! {
        served = serving => served.map(|()| ExitCode::SUCCESS),
        () = stop_asked() => Ok(ExitCode::SUCCESS),
    }
}

/// What keeps jobs and money: as the option says, else as the environment does.
fn kept(named: Option<&str>) -> Result<Kept> {
    let told = std::env::var(STORE).ok().filter(|told| !told.is_empty());
    match (named, told) {
        (Some(named), _) if has_password(named) => {
            Err(Error::invalid("E_STORE_URL", "the address of the database has a password in it")
                .with_hint(format!(
                    "everybody on this machine sees what a command was given: put the password into PGPASSWORD, or the \
                     address into {STORE}"
                ))
                .with("field", "store"))
        }
        (Some(named), _) => place(named.to_owned()),
        (None, Some(told)) => place(told),
        (None, None) => Ok(Kept::Memory),
    }
}

fn place(named: String) -> Result<Kept> {
    if postgres::is_address(&named) {
        return Ok(Kept::Database(named));
    }
    // What was got may hold a password: it is not shown.
    if named.contains("://") {
        return Err(Error::invalid("E_STORE_URL", "the store is at an address of a kind that is not known")
            .with_hint("name an SQLite file, or a database as postgres://USER@HOST/DATABASE")
            .with("field", "store"));
    }
    Ok(Kept::File(named))
}

fn has_password(address: &str) -> bool {
    let login = address.split_once("://").and_then(|(_, rest)| rest.split('/').next()?.rsplit_once('@'));
    login.is_some_and(|(login, _)| login.contains(':'))
}

impl Role {
    fn config(&self) -> SolverConfig {
        self.args.limits.solver()
    }

    /// A solver whose book ends with this process.
    fn fleeting(&self) -> Opened {
        let (clock, rules) = (Clock::system(), LedgerConfig::default());
        let ledger = MemorySettlement::with_clock(self.account, clock.clone(), rules);
        let money = Arc::new(ledger.clone());
        let solver = Solver::new(self.account, Domain::local(), clock, money, self.config());
        Opened { solver, ledger, uploads: None }
    }

    /// The solver that is kept in a store. Its files are opened after the store, so that a name that is wrong leaves no folder.
    async fn open(&self, store: impl Store + 'static) -> Result<Opened> {
        let (clock, rules) = (Clock::system(), LedgerConfig::default());
        let (files, uploads) = self.files.open()?;
        let (store, domain) = (Arc::new(store), Domain::local());
        let opened = Solver::open(store, files, self.account, domain, clock, rules, self.config());
        let (solver, ledger) = opened.await?;
        Ok(Opened { solver, ledger, uploads })
    }

    fn server(&self, opened: Opened, leader: Option<Leader>) -> Result<Server> {
        let (args, Opened { solver, ledger, uploads }) = (&self.args, opened);
        let config = ServerConfig {
            names: args.names.clone(),
            behind_tls: args.behind_tls,
            mediators: args.mediators.clone(),
            play_money: args.play_money,
            uploads,
            origins: args.origins.clone(),
            proxies: args.proxies,
            forwarded: match args.forwarded_by {
                ForwardedBy::XForwardedFor => ForwardedHeader::XForwardedFor,
                ForwardedBy::Forwarded => ForwardedHeader::Forwarded,
            },
            leader,
            v2_compat: args.v2_compat.then(|| args.limits.v2()),
            ..args.limits.server()
        };
        let server = Server::new(solver, ledger, copy(&self.listener)?, config)?;
        Ok(match &self.operators {
            Some(listener) => server.with_metrics(copy(listener)?),
            None => server,
        })
    }

    /// The address under which other processes reach this one.
    fn advertised(&self) -> Result<SocketAddr> {
        let address = match self.args.advertise {
            Some(address) => address,
            None => address(&self.listener)?,
        };
        if address.ip().is_unspecified() {
            return Err(Error::invalid(
                "E_ADVERTISE",
                format!("{address} is no address at which others reach this process"),
            )
            .with_hint("say with --advertise at which address they do")
            .with("field", "advertise"));
        }
        Ok(address)
    }

    fn say(&self, report: &Report) -> Result<()> {
        if let Some(figures) = self.figures()? {
            report.field("figures", figures);
        }
        report.field("solver", self.account.to_string());
        report.field("listening", self.url()?);
        if self.args.v2_compat {
            report.field(
                "v2",
                "its peers are served, without money; whoever sees their headers can act as them",
            );
        }
        Ok(())
    }

    /// Says to programs that requests are answered.
    fn ready(&self, report: &Report) -> Result<()> {
        let mut ready = json!({ "url": self.url()?, "solver": self.account });
        if let Some(figures) = self.figures()? {
            ready["metrics"] = Value::from(figures);
        }
        report.document(&ready);
        Ok(())
    }

    fn url(&self) -> Result<String> {
        Ok(format!("http://{}", address(&self.listener)?))
    }

    fn figures(&self) -> Result<Option<String>> {
        let address = self.operators.as_ref().map(address).transpose()?;
        Ok(address.map(|address| format!("http://{address}/metrics")))
    }
}

fn address(listener: &TcpListener) -> Result<SocketAddr> {
    listener.local_addr().map_err(|source| Error::unexpected("a listener has no address").with_source(source))
}

/// The same listener once more: a process waits on it and leads on it in turn.
fn copy(listener: &TcpListener) -> Result<TcpListener> {
    listener.try_clone().map_err(|source| Error::unexpected("a listener cannot be kept").with_source(source))
}

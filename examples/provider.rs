//! A provider inside a program of one's own: `share` is all of it. The rest is a network on which it can be seen at work.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::Arc;

use lilypad_core::client::{Client, SubmitOptions};
use lilypad_core::executor::wasm::WasmExecutor;
use lilypad_core::http::{HttpOptions, HttpSolver};
use lilypad_core::model::Amount;
use lilypad_core::module;
use lilypad_core::provider::{Provider, ProviderConfig};
use lilypad_core::rt::{CancelReason, CancelToken, Clock};
use lilypad_core::settlement::MemorySettlement;
use lilypad_core::signer::{Domain, LocalSigner, Signer};
use lilypad_core::solver::server::{Server, ServerConfig};
use lilypad_core::solver::{Solver, SolverConfig};
use lilypad_core::{Error, Result};

/// Shares this machine until `shutdown` asks to stop.
async fn share(url: &str, signer: Arc<dyn Signer>, shutdown: CancelToken) -> Result<()> {
    let solver = HttpSolver::connect(url, signer.clone(), HttpOptions::default()).await?;
    solver.ask_where_short(Amount::from_lp(1)).await?;
    solver.stake_where_short(None).await?;
    let config = ProviderConfig::of_this_machine(solver.mediators().to_vec());
    let executors = vec![Arc::new(WasmExecutor::new()?) as _];
    let provider = Provider::new(signer, Arc::new(solver), executors, Clock::system(), config);
    provider.start().await?.serve(shutdown).await;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<()> {
    let (url, stop) = (network()?, CancelToken::new());
    let sharing = tokio::spawn({
        let (url, stop, signer) = (url.clone(), stop.clone(), key()?);
        async move { share(&url, signer, stop).await }
    });

    // Somebody else's job, on this machine.
    let creator = key()?;
    let solver = HttpSolver::connect(&url, creator.clone(), HttpOptions::default()).await?;
    solver.ask_where_short(Amount::from_lp(1)).await?;
    let client = Client::at(solver, creator);
    let cowsay = module::load("examples/modules/cowsay", &module::LoadOptions::default())?;
    let inputs = BTreeMap::from([("Message".to_owned(), "hello, neighbour".to_owned())]);
    let result = client.run(&cowsay, &inputs, SubmitOptions::default()).await?;
    print!("{}", result.stdout());
    println!("earned {}", result.cost());

    stop.cancel(CancelReason::Shutdown);
    sharing.await.map_err(|error| Error::unexpected(error.to_string()))?
}

fn key() -> Result<Arc<dyn Signer>> {
    Ok(Arc::new(LocalSigner::random()?))
}

/// A solver with play money on this machine, and where it is.
fn network() -> Result<String> {
    let (account, clock) = (key()?.address(), Clock::system());
    let ledger = MemorySettlement::new(account);
    let settlement = Arc::new(ledger.clone());
    let solver = Solver::new(account, Domain::local(), clock, settlement, SolverConfig::default());
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| Error::unexpected(error.to_string()))?;
    let config = ServerConfig { play_money: Some(Amount::from_lp(1_000)), ..ServerConfig::default() };
    let server = Server::new(solver, ledger, listener, config)?;
    let url = format!("http://{}", server.local_addr()?);
    tokio::spawn(server.serve(CancelToken::new()));
    Ok(url)
}

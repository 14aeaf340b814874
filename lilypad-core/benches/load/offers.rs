//! How many offers a solver takes, beside signed requests that only read.

use std::time::{Duration, Instant};

use lilypad_core::http::HttpSolver;
use lilypad_core::market::OfferTerms;
use lilypad_core::model::{MachineSpec, ResourceOffer, ServiceConfig};
use lilypad_core::signer::{Domain, Signed};
use lilypad_core::wire::{OfferProposal, ProviderApi};

use crate::peers::{Figures, World, key};

/// Providers that offer at once.
const PROVIDERS: u16 = 8;
/// Offers of each.
const EACH: i64 = 250;

pub(crate) async fn run(world: &World) -> Figures {
    let mut solvers = Vec::new();
    for number in 0..PROVIDERS {
        solvers.push((number, world.solver(&key(100 + number)).await));
    }
    let reads = all(&solvers, read).await;
    let offers = all(&solvers, offer).await;
    let count = f64::from(PROVIDERS) * EACH as f64;
    let each = |time: Duration| count / time.as_secs_f64();
    println!(
        "  {:<10} {:>6.0} offers/s accepted, {:.2} of {:.0} signed reads/s",
        world.name,
        each(offers),
        each(offers) / each(reads),
        each(reads)
    );
    vec![("offers/s", each(offers)), ("signed reads/s", each(reads))]
}

/// How long it takes until all have asked all that they ask.
async fn all<F>(solvers: &[(u16, HttpSolver)], ask: impl Fn(u16, HttpSolver) -> F) -> Duration
where
    F: Future<Output = ()> + Send + 'static,
{
    let start = Instant::now();
    let tasks: Vec<_> =
        solvers.iter().map(|(number, solver)| tokio::spawn(ask(*number, solver.clone()))).collect();
    for task in tasks {
        task.await.expect("no panic");
    }
    start.elapsed()
}

async fn read(_number: u16, solver: HttpSolver) {
    for _ in 0..EACH {
        solver.money().await.expect("money");
    }
}

async fn offer(number: u16, solver: HttpSolver) {
    let signer = key(100 + number);
    let (address, _) = ProviderApi::identity(&solver);
    for index in 0..EACH {
        let offer = ResourceOffer {
            index,
            created_at: lilypad_core::rt::Clock::system().now(),
            resource_provider: signer.address().to_string(),
            spec: MachineSpec { cpu: 1_000, ram: 1_000, ..MachineSpec::default() },
            trusted_parties: ServiceConfig {
                solver: address.to_string(),
                mediator: Some(vec![address.to_string()]),
                ..ServiceConfig::default()
            },
            ..ResourceOffer::default()
        };
        let terms = OfferTerms { executors: vec!["wasm".to_owned()], ..OfferTerms::default() };
        let signed = Signed::sign(OfferProposal { offer, terms }, signer.as_ref(), Domain::local()).await;
        solver.offer(signed.expect("a signature")).await.expect("an offer that is taken");
    }
}

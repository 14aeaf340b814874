//! What else a restart must get right: machines that are busy, time that is left, stores of others.

use std::sync::Arc;
use std::time::Duration;

use super::world::{World, config};
use crate::error::ErrorKind;
use crate::model::{Address, AgreementState, Outcome};
use crate::rt::Clock;
use crate::settlement::LedgerConfig;
use crate::signer::Domain;
use crate::solver::store::Store;
use crate::solver::{Solver, SolverConfig};
use crate::wire::{JobCreatorApi, JobEventKind, ProviderApi, ProviderMessage};

async fn funded() -> World {
    let world = World::new();
    let (first, _) = world.open(usize::MAX).await.unwrap();
    world.fund(&first.ledger).await.unwrap();
    world
}

#[tokio::test]
async fn a_machine_that_is_busy_is_not_sold_again() {
    let world = funded().await;
    let (before, _) = world.open(usize::MAX).await.unwrap();
    before.solver.submit(world.job.clone()).await.unwrap();
    before.offer(&world).await.unwrap();
    assert_eq!(before.status(&world).await.unwrap().state, AgreementState::DealAgreed);
    drop(before);

    let (after, _) = world.open(usize::MAX).await.unwrap();
    // The provider hears of its deal again, before it makes its offer again.
    let mut inbox = after.solver.connect(world.provider()).await.unwrap();
    let Ok(ProviderMessage::Deal(notice)) = inbox.try_recv() else { panic!("no deal") };
    assert_eq!(notice.job.body.bundle, world.job.body.bundle);
    after.solver.offer(world.offer.clone()).await.unwrap();
    let other = after.solver.submit(world.another_job("two")).await.unwrap();
    let waits = after.solver.status(other).await.unwrap();
    assert_eq!(waits.state, AgreementState::DealNegotiating, "{waits:?}");
    after.solver.deliver(notice.deal_id, world.result(notice.deal_id, Outcome::Exited(0))).await.unwrap();
    assert_eq!(after.solver.status(other).await.unwrap().state, AgreementState::DealAgreed);
    assert_eq!(after.solver.result(world.id()).await.unwrap().results.len(), 1);
}

#[tokio::test]
async fn a_job_waits_for_what_is_left_of_its_time_and_a_grace() {
    let world = funded().await;
    let (before, _) = world.open(usize::MAX).await.unwrap();
    before.solver.submit(world.job.clone()).await.unwrap();
    drop(before);
    // 30 s to find an offer: 12 s are over, then 28 s.
    for (gone, left) in [(12, 18), (16, 10)] {
        world.hand.advance(Duration::from_secs(gone));
        let (after, _) = world.open(usize::MAX).await.unwrap();
        if gone == 12 {
            continue;
        }
        for _ in 0..left {
            assert_eq!(after.status(&world).await.unwrap().state, AgreementState::DealNegotiating);
            after.second(&world).await.unwrap();
        }
        assert_eq!(after.status(&world).await.unwrap().state, AgreementState::TimeoutMatch);
    }
}

#[tokio::test]
async fn a_solver_whose_store_fails_takes_no_more_requests_and_shows_nothing_that_is_not_safe() {
    let world = funded().await;
    let (running, store) = world.open(2).await.unwrap();
    running.solver.submit(world.job.clone()).await.unwrap();
    let log = running.solver.book().job(world.id()).unwrap().log.clone();
    let seen = log.events();
    assert_eq!(store.left(), 0);
    assert!(matches!(seen.last().unwrap().kind, JobEventKind::Waiting { .. }));
    assert!(running.offer(&world).await.is_ok(), "an offer is not saved");
    assert_eq!(log.events(), seen, "the deal that could not be saved is not shown");
    let solver = &running.solver;
    let refused = [
        solver.status(world.id()).await.unwrap_err(),
        solver.submit(world.another_job("two")).await.unwrap_err(),
        solver.cancel(world.id()).await.unwrap_err(),
        solver.watch(world.id()).await.unwrap_err(),
        solver.connect(world.provider()).await.unwrap_err(),
        solver.offer(world.offer.clone()).await.unwrap_err(),
    ];
    for error in refused {
        assert_eq!((error.kind(), error.code()), (ErrorKind::Unavailable, "E_STORE"));
    }
}

#[tokio::test]
async fn a_store_is_one_solvers_and_what_the_book_forgets_it_forgets_too() {
    let world = funded().await;
    let (running, _) = world.open(usize::MAX).await.unwrap();
    running.solver.submit(world.job.clone()).await.unwrap();
    running.solver.cancel(world.id()).await.unwrap();
    drop(running);
    let open = |address: Address, most: usize| {
        let store = Arc::new(world.store.clone()) as Arc<dyn Store>;
        let config = SolverConfig { max_ended_jobs: most, ..config() };
        let clock = Clock::from(world.hand.clone());
        Solver::open(store, address, Domain::local(), clock, LedgerConfig::default(), config)
    };
    assert_eq!(open(Address::new([9; 20]), 9).await.unwrap_err().code(), "E_STORE_OWNER");
    assert_eq!(world.store.load().unwrap().jobs.len(), 1);
    let own = world.job.body.offer.trusted_parties.solver.parse().unwrap();
    let (solver, _) = open(own, 1).await.unwrap();
    assert_eq!(solver.status(world.id()).await.unwrap().state, AgreementState::JobOfferCancelled);
    let two = solver.submit(world.another_job("two")).await.unwrap();
    solver.cancel(two).await.unwrap();
    let jobs = world.store.load().unwrap().jobs;
    assert_eq!(jobs.iter().map(|job| job.id).collect::<Vec<_>>(), [two]);
    assert_eq!(solver.status(world.id()).await.unwrap_err().code(), "E_JOB_UNKNOWN");
}

//! What else a restart must get right: machines that are busy, time that is left, stores of others.

use std::sync::Arc;
use std::time::Duration;

use super::world::{World, config};
use crate::error::ErrorKind;
use crate::model::{Address, AgreementState, Outcome};
use crate::rt::Clock;
use crate::settlement::LedgerConfig;
use crate::signer::Domain;
use crate::solver::files::MemoryFiles;
use crate::solver::store::{Batch, Part, Store, Write};
use crate::solver::{Solver, SolverConfig};
use crate::wire::{JobCreatorApi, JobEventKind, ProviderApi, ProviderMessage, pack_job, pack_result};

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
    let Ok(ProviderMessage::Deal { deal_id }) = inbox.try_recv() else { panic!("no deal") };
    let notice = after.solver.notice(deal_id).await.unwrap();
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

/// Whoever has seen what its creator signed could hand it in again.
#[tokio::test]
async fn a_job_that_ended_and_was_forgotten_is_not_taken_again_after_a_restart() {
    let world = funded().await;
    let none = SolverConfig { max_ended_jobs: 0, ..config() };
    let store: Arc<dyn Store> = Arc::new(world.store.clone());
    let before = world.open_with(Arc::clone(&store), none.clone()).await.unwrap();
    before.solver.submit(world.job.clone()).await.unwrap();
    before.solver.cancel(world.id()).await.unwrap();
    assert_eq!(before.status(&world).await.unwrap_err().code(), "E_JOB_UNKNOWN");
    drop(before);
    let after = world.open_with(Arc::clone(&store), none.clone()).await.unwrap();
    assert_eq!(after.solver.submit(world.job.clone()).await.unwrap_err().code(), "E_JOB_OVER");
    drop(after);
    // Once it is too old to be taken its id is not needed any more.
    world.hand.advance(config().offer_age + Duration::from_secs(1));
    let later = world.open_with(Arc::clone(&store), none).await.unwrap();
    assert_eq!(later.solver.submit(world.job.clone()).await.unwrap_err().code(), "E_OFFER_TIME");
    assert_eq!(store.load().unwrap().ended.len(), 1);
    let mut new = world.another_job("new").body;
    new.offer.created_at = later.solver.0.clock.now();
    later.solver.submit(world.sign(new)).await.unwrap();
    assert_eq!(store.load().unwrap().ended, []);
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
        Solver::open(
            store,
            Arc::clone(&world.files),
            address,
            Domain::local(),
            clock,
            LedgerConfig::default(),
            config,
        )
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

#[tokio::test]
async fn files_that_an_older_program_kept_in_the_store_are_put_away() {
    let world = funded().await;
    let (before, _) = world.open(usize::MAX).await.unwrap();
    before.solver.submit(world.job.clone()).await.unwrap();
    before.offer(&world).await.unwrap();
    let deal = before.status(&world).await.unwrap().deal_id.unwrap();
    let result = world.result(deal, Outcome::Exited(0));
    before.solver.deliver(deal, result.clone()).await.unwrap();
    drop(before);

    // What such a program wrote: whole archives, and nothing of where they are.
    let mut batch = Batch::default();
    let saved = world.store.load().unwrap().jobs.remove(0);
    let mut document: serde_json::Value = serde_json::from_str(&saved.document).unwrap();
    let fields = document.as_object_mut().unwrap();
    for field in ["inputs_id", "proposal", "delivered"] {
        assert!(fields.remove(field).is_some(), "{field}");
    }
    let document = document.to_string();
    batch.push(Write::Job { id: saved.id, seq: saved.seq, ended: saved.ended, document });
    for (part, bytes) in [(Part::Proposal, pack_job(&world.job)), (Part::Result, pack_result(&result))] {
        batch.push(Write::Archive { job: saved.id, part, bytes: bytes.unwrap() });
    }
    world.store.save(batch).unwrap();
    for (id, _) in world.files.list().await.unwrap() {
        world.files.remove(id).await.unwrap();
    }

    let (after, _) = world.open(usize::MAX).await.unwrap();
    let kept = world.files.list().await.unwrap();
    assert_eq!(kept.len(), 2);
    let small = world.store.load().unwrap().jobs.remove(0);
    let length = |bytes: Option<bytes::Bytes>| bytes.unwrap().len() as u64;
    let rows = length(small.proposal) + length(small.result);
    assert!(rows < kept.iter().map(|(_, length)| length).sum(), "the rows do not have the files any more");
    assert_eq!(after.solver.notice(deal).await.unwrap().job.body.files, world.job.body.files);
    assert_eq!(after.solver.result(world.id()).await.unwrap().results, result.results);
    drop(after);

    // From then on they must be where the solver's files are, and nothing else is there for long.
    let stray = crate::wire::ArchiveId::of(b"stray");
    world.files.put(stray, &bytes::Bytes::from_static(b"stray").into()).await.unwrap();
    let (again, _) = world.open(usize::MAX).await.unwrap();
    assert_eq!(world.files.list().await.unwrap(), kept);
    world.accept(&again.solver).await.unwrap();
    tokio::task::yield_now().await;
    assert_eq!(world.files.list().await.unwrap(), [], "who accepted a result holds it");
    drop(again);
    world.open(usize::MAX).await.unwrap();
}

#[tokio::test]
async fn a_solver_whose_files_are_elsewhere_does_not_start_and_touches_nothing() {
    let world = funded().await;
    let (before, _) = world.open(usize::MAX).await.unwrap();
    before.solver.submit(world.job.clone()).await.unwrap();
    drop(before);
    let mut other = World::new();
    (other.files, other.store) = (Arc::new(MemoryFiles::new()), world.store.clone());
    let stray = crate::wire::ArchiveId::of(b"of another solver");
    other.files.put(stray, &bytes::Bytes::from_static(b"of another solver").into()).await.unwrap();
    let error = other.open(usize::MAX).await.err().unwrap();
    assert_eq!((error.code(), error.fault()), ("E_FILES_MISSING", crate::error::Fault::User));
    assert_eq!(other.files.list().await.unwrap().len(), 1);
    world.open(usize::MAX).await.unwrap();
}

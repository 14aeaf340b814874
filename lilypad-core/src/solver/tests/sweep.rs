//! A job is cut off after every single save, goes on from what was saved, and ends as if nothing had happened.

use super::world::{Running, Seen, World};
use crate::error::{Error, ErrorKind, Fault, Result};
use crate::model::{AgreementState, Amount, Outcome};
use crate::wire::{JobCreatorApi, ProviderApi};

/// What happens to the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Story {
    Accepted,
    NotJudged,
    CancelledWaiting,
    CancelledRunning,
    CancelledTooLate,
    CancelUnanswered,
    NoOffer,
    ProviderSilent,
    RanTooLong,
    GivenBack,
}

const STORIES: [(Story, AgreementState); 10] = [
    (Story::Accepted, AgreementState::ResultsAccepted),
    (Story::NotJudged, AgreementState::TimeoutDownload),
    (Story::CancelledWaiting, AgreementState::JobOfferCancelled),
    (Story::CancelledRunning, AgreementState::JobOfferCancelled),
    (Story::CancelledTooLate, AgreementState::ResultsAccepted),
    (Story::CancelUnanswered, AgreementState::TimeoutExecution),
    (Story::NoOffer, AgreementState::TimeoutMatch),
    (Story::ProviderSilent, AgreementState::TimeoutExecution),
    (Story::RanTooLong, AgreementState::TimeoutExecution),
    (Story::GivenBack, AgreementState::JobOfferCancelled),
];

/// Plays the creator and the provider until the job has ended, or the solver is gone.
pub(super) async fn play(
    story: Story,
    world: &World,
    running: &Running,
    seen: &mut Seen,
) -> Result<AgreementState> {
    let solver = &running.solver;
    if seen.submitted {
        running.status(world).await?;
    }
    solver.submit(world.job.clone()).await?;
    seen.submitted = true;
    for turn in 0..300 {
        let status = running.status(world).await?;
        assert!(turn < 299, "{story:?} does not end: {status:?}");
        seen.events = solver.book().job(world.id())?.log.events();
        seen.state = Some(status.state);
        match status.state {
            AgreementState::DealNegotiating => match story {
                Story::CancelledWaiting => solver.cancel(world.id()).await?,
                Story::NoOffer => running.second(world).await?,
                _ => running.offer(world).await?,
            },
            AgreementState::DealAgreed => run(story, world, running, seen).await?,
            AgreementState::ResultsSubmitted => match story {
                Story::NotJudged => running.second(world).await?,
                _ => world.accept(solver).await?,
            },
            over => return Ok(over),
        }
    }
    Err(Error::unexpected("it did not end"))
}

async fn run(story: Story, world: &World, running: &Running, seen: &mut Seen) -> Result<()> {
    let solver = &running.solver;
    assert!(!seen.delivered, "{story:?}: a result that was acknowledged is lost");
    let deal = running.status(world).await?.deal_id.unwrap();
    solver.started(deal, "fake");
    let outcome = match story {
        Story::ProviderSilent => return running.second(world).await,
        Story::GivenBack => {
            let why = Error::new(ErrorKind::Unavailable, "E_BUSY", "no").with_fault(Fault::Provider);
            return solver.refuse(deal, why).await;
        }
        Story::CancelUnanswered => {
            solver.cancel(world.id()).await?;
            return running.second(world).await;
        }
        Story::RanTooLong if !solver.book().job(world.id())?.overdue => {
            return running.second(world).await;
        }
        Story::RanTooLong => Outcome::TimedOut,
        Story::CancelledRunning => {
            solver.cancel(world.id()).await?;
            Outcome::Cancelled
        }
        Story::CancelledTooLate => {
            solver.cancel(world.id()).await?;
            Outcome::Exited(0)
        }
        _ => Outcome::Exited(0),
    };
    solver.deliver(deal, world.result(deal, outcome.clone())).await?;
    seen.delivered = true;
    // Who did not hear the answer asks again.
    let again = solver.deliver(deal, world.result(deal, outcome)).await;
    again.or_else(|error| if error.code() == "E_DEAL_OVER" { Ok(()) } else { Err(error) })
}

/// Plays with a solver that is cut off after each of `cuts` saves in turn; gives back how the job ended, the money, and
/// whether the last of the cuts came before the end.
async fn with_cuts(story: Story, cuts: &[usize]) -> (AgreementState, Vec<Amount>, bool) {
    let world = World::new();
    let (first, _) = world.open(usize::MAX).await.unwrap();
    world.fund(&first.ledger).await.unwrap();
    drop(first);
    let mut seen = Seen::default();
    let mut cut_off = false;
    for saves in cuts.iter().copied().chain([usize::MAX]) {
        let what = format!("{story:?} cut off after {cuts:?} saves, now {saves}");
        let before = std::mem::take(&mut seen.events);
        let (running, store) = match world.open(saves).await {
            Ok(running) => running,
            Err(error) => {
                assert!(saves < usize::MAX, "{what}: {error}");
                seen.events = before;
                continue;
            }
        };
        let ended = play(story, &world, &running, &mut seen).await;
        // What a client has read stands in the log that it reads on from, at the same places.
        let log = running.solver.book().job(world.id()).map(|job| job.log.events()).unwrap_or_default();
        assert!(log.len() >= before.len() && log[..before.len()] == before[..], "{what}: {before:?} {log:?}");
        seen.events = log;
        match ended {
            Ok(state) => {
                check_log(&what, &seen);
                let status = running.status(&world).await.unwrap();
                assert_eq!(status.receipt.is_some(), state == AgreementState::ResultsAccepted, "{what}");
                return (state, world.money(&running.ledger).await, cut_off);
            }
            Err(error) => {
                assert_eq!(store.left(), 0, "{what}: {error}");
                assert!(
                    ["E_STORE", "E_LEDGER_STOPPED", "E_UNEXPECTED"].contains(&error.code()),
                    "{what}: {error}"
                );
                cut_off = saves == *cuts.last().unwrap();
            }
        }
    }
    panic!("{story:?} {cuts:?}: it has not ended");
}

fn check_log(what: &str, seen: &Seen) {
    for (place, event) in seen.events.iter().enumerate() {
        assert_eq!(event.seq, place as u64, "{what}");
    }
    let finals = seen.events.iter().filter(|event| event.kind.is_final()).count();
    assert_eq!(finals, 1, "{what}: {:?}", seen.events);
}

#[tokio::test]
async fn every_story_ends_the_same_wherever_it_is_cut_off() {
    for (story, end) in STORIES {
        let (state, money, _) = with_cuts(story, &[usize::MAX]).await;
        assert_eq!(state, end, "{story:?}");
        let mut places = 0;
        for saves in 0.. {
            let (state, again, cut_off) = with_cuts(story, &[saves]).await;
            assert_eq!((state, &again), (end, &money), "{story:?} cut off after {saves} saves");
            if !cut_off {
                break;
            }
            places += 1;
        }
        assert!(places >= 3, "{story:?}: {places} places are too few to be true");
    }
}

#[tokio::test]
async fn a_restart_may_be_cut_off_too() {
    for (story, end) in STORIES {
        let (_, money, _) = with_cuts(story, &[usize::MAX]).await;
        for saves in 0..14 {
            for more in 0..4 {
                let (state, again, _) = with_cuts(story, &[saves, more]).await;
                assert_eq!(
                    (state, &again),
                    (end, &money),
                    "{story:?} cut off after {saves} and {more} saves"
                );
            }
        }
    }
}

//! T46: a crowd of fresh keys offers machines, and those who have something to lose find their places and their jobs.

use std::sync::Arc;

use super::world::{World, config, sign};
use crate::market::OfferTerms;
use crate::model::{AgreementState, Amount, MachineSpec, ResourceOffer};
use crate::signer::{LocalSigner, Signer as _};
use crate::solver::{OfferQuota, SolverConfig};
use crate::wire::{JobCreatorApi as _, OfferProposal, ProviderApi as _};

/// Fresh keys, and how many machines each of them offers.
const KEYS: u64 = 10_000;
const EACH: i64 = 10;
/// Places for newcomers.
const PLACES: usize = 100;

fn key(number: u64) -> LocalSigner {
    let mut bytes = [7; 32];
    bytes[24..].copy_from_slice(&number.to_be_bytes());
    LocalSigner::from_bytes(&bytes).unwrap()
}

/// What a key offers: a machine like the world's, with these terms.
fn offer(world: &World, signer: &LocalSigner, index: i64, terms: &OfferTerms) -> OfferProposal {
    let resource_provider = signer.address().to_string();
    let offer = ResourceOffer { index, resource_provider, ..world.offer.body.offer.clone() };
    OfferProposal { offer, terms: terms.clone() }
}

fn quotas(offers: OfferQuota) -> SolverConfig {
    SolverConfig { offers, ..config() }
}

#[tokio::test]
async fn a_crowd_of_fresh_keys_gets_its_places_and_no_more() {
    let world = World::new();
    let quota = OfferQuota { newcomers: PLACES, stake: Amount::from_wei(1_000), ..OfferQuota::default() };
    let running = world.open_with(Arc::new(world.store.clone()), quotas(quota)).await.unwrap();
    world.fund(&running.ledger).await.unwrap();
    // Theirs cost nobody anything: no collateral, and a machine that is too small for the job.
    let small = MachineSpec { cpu: 1, ram: 1, ..MachineSpec::default() };
    let terms = OfferTerms { collateral_multiple: 0, ..world.offer.body.terms.clone() };
    let (mut taken, mut refused) = (0, 0);
    for number in 0..KEYS {
        let signer = key(number);
        let mut body = offer(&world, &signer, 0, &terms);
        body.offer.spec = small.clone();
        let signed = sign(body, &signer);
        for index in 0..EACH {
            let mut one = signed.clone();
            one.body.offer.index = index;
            if index == 0 || taken < PLACES {
                one = sign(one.body, &signer);
            }
            match running.solver.offer(one).await {
                Ok(_) => taken += 1,
                Err(error) => {
                    assert_eq!(error.code(), "E_OFFERS", "{error}");
                    refused += 1;
                }
            }
        }
    }
    assert_eq!((taken, refused), (PLACES, KEYS as usize * EACH as usize - PLACES));
    // Who has staked is in, gets the job, and is paid for it.
    running.offer(&world).await.unwrap();
    let id = running.solver.submit(world.job.clone()).await.unwrap();
    let status = running.solver.status(id).await.unwrap();
    assert_eq!(status.state, AgreementState::DealAgreed);
}

/// A solver with two places for newcomers, and three for one provider.
async fn small(world: &World) -> super::world::Running {
    let quota =
        OfferQuota { newcomers: 2, of_one: 3, stake: Amount::from_wei(3_000), ..OfferQuota::default() };
    let running = world.open_with(Arc::new(world.store.clone()), quotas(quota)).await.unwrap();
    world.fund(&running.ledger).await.unwrap();
    running
}

#[tokio::test]
async fn a_place_that_is_left_is_anothers_and_a_machine_takes_its_own_again() {
    let world = World::new();
    let running = small(&world).await;
    let terms = OfferTerms { collateral_multiple: 0, ..world.offer.body.terms.clone() };
    let [first, second, third] = [1, 2, 3].map(key);
    let of = |signer: &LocalSigner, index: i64| sign(offer(&world, signer, index, &terms), signer);
    let left = running.solver.offer(of(&first, 0)).await.unwrap();
    running.solver.offer(of(&second, 0)).await.unwrap();
    let refused = running.solver.offer(of(&third, 0)).await.unwrap_err();
    assert_eq!((refused.code(), refused.retry().is_retryable()), ("E_OFFERS", true));
    assert!(refused.hint().is_some_and(|hint| hint.contains("stake")), "{refused}");
    // The same machine with more memory is still one machine.
    let mut larger = offer(&world, &second, 0, &terms);
    larger.offer.spec.ram = 2_000;
    running.solver.offer(sign(larger, &second)).await.unwrap();
    assert_eq!(running.solver.offer(of(&third, 0)).await.unwrap_err().code(), "E_OFFERS");
    running.solver.withdraw(left).await.unwrap();
    running.solver.offer(of(&third, 0)).await.unwrap();
}

#[tokio::test]
async fn a_provider_has_as_many_offers_as_its_stake_carries() {
    let world = World::new();
    let running = small(&world).await;
    // It has 9,000 wei staked, which make three offers of an established provider.
    for index in 0..3 {
        running.solver.offer(world.another_offer(index)).await.unwrap();
    }
    let refused = running.solver.offer(world.another_offer(3)).await.unwrap_err();
    assert_eq!((refused.code(), refused.message().contains("3 offers")), ("E_OFFERS", true), "{refused}");
    // None of them took a newcomer's place.
    let terms = OfferTerms { collateral_multiple: 0, ..world.offer.body.terms.clone() };
    for number in 1..=2 {
        let signer = key(number);
        running.solver.offer(sign(offer(&world, &signer, 0, &terms), &signer)).await.unwrap();
    }
}

#[tokio::test]
async fn collateral_that_nobody_has_is_not_promised() {
    let world = World::new();
    let running = small(&world).await;
    let signer = key(1);
    let promised = offer(&world, &signer, 0, &world.offer.body.terms);
    let refused = running.solver.offer(sign(promised, &signer)).await.unwrap_err();
    assert_eq!(refused.code(), "E_OFFER_STAKE");
    // It took nobody's place.
    let terms = OfferTerms { collateral_multiple: 0, ..world.offer.body.terms.clone() };
    for number in 2..=3 {
        let signer = key(number);
        running.solver.offer(sign(offer(&world, &signer, 0, &terms), &signer)).await.unwrap();
    }
}

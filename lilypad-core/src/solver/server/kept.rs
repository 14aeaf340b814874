//! What a server must not forget: which nonces were used, and what was spent under grants.
//!
//! Both are in memory at once, and wait for the next save of anything, which is whole with them: what a request changes is safe no
//! sooner than its nonce. A request is answered once its nonce is safe; its lock is held by nobody who waits for a disk.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::{Request, State as Shared};
use axum::middleware::Next;
use axum::response::Response;

use super::super::Solver;
use super::super::store::Write;
use super::{State, answer};
use crate::error::Result;
use crate::model::{Address, Amount};
use crate::rt::crash_point;
use crate::wire::auth::{GrantUse, Nonce, NonceBook, NonceMemory, SpendingBook};

/// Most nonces that are remembered: each request of the last minutes has one.
const NONCES: usize = 1_000_000;
/// Most grants whose spending is counted.
const GRANTS: usize = 100_000;

/// Used nonces, in memory and in the solver's store.
#[derive(Debug)]
pub(super) struct KeptNonces {
    book: NonceBook,
    solver: Solver,
    /// The second of the last clearing.
    cleared: u64,
    /// The place of the last one, for those who wait until it is safe.
    pub(super) place: u64,
}

impl NonceMemory for KeptNonces {
    fn remember(&mut self, signer: Address, nonce: Nonce, until: u64, now: u64) -> Result<()> {
        self.book.remember(signer, nonce, until, now)?;
        self.place = self.solver.keep(Write::Nonce { signer, nonce, until });
        if now > self.cleared {
            self.cleared = now;
            self.solver.keep(Write::ForgetNonces(now.saturating_sub(1)));
        }
        Ok(())
    }
}

/// What was spent under grants, in memory and in the solver's store.
#[derive(Debug)]
pub(super) struct KeptSpending {
    book: SpendingBook,
    solver: Solver,
}

impl KeptSpending {
    /// Counts what is about to be spent: what it is spent on is safe no sooner.
    pub(super) fn spend(&mut self, grant: &GrantUse, amount: Amount, now: u64) -> Result<()> {
        self.book.spend(grant, amount, now)?;
        self.keep(grant);
        self.solver.keep(Write::ForgetGrants(now));
        Ok(())
    }

    /// Takes back what was not spent after all.
    pub(super) fn give_back(&mut self, grant: &GrantUse, amount: Amount) {
        self.book.give_back(grant.id, amount);
        self.keep(grant);
    }

    fn keep(&self, grant: &GrantUse) {
        let spent = self.book.spent(grant.id);
        self.solver.keep(Write::Grant { id: grant.id, spent, expires: grant.expires });
    }
}

/// The place of the nonce of the request that is answered; 0 for one without.
#[derive(Clone, Debug, Default)]
pub(super) struct NoncePlace(Arc<AtomicU64>);

impl NoncePlace {
    pub(super) fn set(&self, place: u64) {
        self.0.store(place, Ordering::Relaxed);
    }
}

/// Answers a request once its nonce is safe.
pub(super) async fn settled(Shared(state): Shared<State>, mut request: Request, next: Next) -> Response {
    let place = NoncePlace::default();
    request.extensions_mut().insert(place.clone());
    let response = next.run(request).await;
    match state.solver().safe(place.0.load(Ordering::Relaxed)).await {
        Ok(()) => {
            crash_point("solver.answering");
            response
        }
        Err(error) => answer::failed(&error),
    }
}

/// What is remembered of those who asked before the solver started again.
pub(super) fn remembered(solver: &Solver) -> Result<(KeptNonces, KeptSpending, HashSet<Address>)> {
    let visitors = solver.visitors();
    let now = solver.clock().now().as_millis() / 1_000;
    let mut nonces = NonceBook::new(NONCES);
    for known in visitors.nonces.iter().filter(|known| known.until >= now) {
        nonces.remember(known.signer, known.nonce, known.until, 0)?;
    }
    let mut spending = SpendingBook::new(GRANTS);
    for known in visitors.grants.iter().filter(|known| known.expires > now) {
        spending.restore(known.id, known.spent, known.expires, now)?;
    }
    let nonces = KeptNonces { book: nonces, solver: solver.clone(), cleared: 0, place: 0 };
    let spending = KeptSpending { book: spending, solver: solver.clone() };
    Ok((nonces, spending, visitors.given))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::rt::{Clock, ManualClock, Timestamp};
    use crate::settlement::LedgerConfig;
    use crate::signer::Domain;
    use crate::solver::SolverConfig;
    use crate::solver::files::MemoryFiles;
    use crate::solver::store::{MemoryStore, Store};
    use crate::wire::auth::GrantId;

    async fn open(store: &MemoryStore, seconds: u64) -> (KeptNonces, KeptSpending, HashSet<Address>) {
        let clock = Clock::from(ManualClock::new(Timestamp(seconds * 1_000)));
        let (store, address) = (Arc::new(store.clone()) as Arc<dyn Store>, Address::new([1; 20]));
        let (ledger, config) = (LedgerConfig::default(), SolverConfig::default());
        let opened = Solver::open(
            store,
            Arc::new(MemoryFiles::new()),
            address,
            Domain::local(),
            clock,
            ledger,
            config,
        )
        .await;
        let (solver, ledger) = opened.unwrap();
        ledger.fund(Address::new([7; 20]), Amount::from_wei(1)).unwrap();
        remembered(&solver).unwrap()
    }

    #[tokio::test]
    async fn a_restart_forgets_no_nonce_no_spending_and_no_gift() {
        let store = MemoryStore::new();
        let (signer, nonce) = (Address::new([2; 20]), Nonce::new([3; 16]));
        let grant = GrantUse { id: GrantId::new([4; 32]), max_spend: Amount::from_wei(10), expires: 5_000 };
        let (mut nonces, mut spending, given) = open(&store, 1_000).await;
        assert!(given.is_empty());
        nonces.remember(signer, nonce, 1_090, 1_000).unwrap();
        spending.spend(&grant, Amount::from_wei(9), 1_000).unwrap();
        spending.give_back(&grant, Amount::from_wei(2));
        // They wait in line until something is saved.
        assert!(store.load().unwrap().nonces.is_empty());
        nonces.solver.safe(nonces.place + 3).await.unwrap();

        let (mut nonces, mut spending, given) = open(&store, 1_030).await;
        assert!(given.contains(&Address::new([7; 20])));
        assert_eq!(nonces.remember(signer, nonce, 1_090, 1_030).unwrap_err().code(), "E_NONCE_USED");
        let error = spending.spend(&grant, Amount::from_wei(4), 1_030).unwrap_err();
        assert_eq!(error.code(), "E_GRANT_SPENT");
        spending.spend(&grant, Amount::from_wei(3), 1_030).unwrap();
        nonces.solver.safe(2).await.unwrap();

        // What nothing can carry any more is not kept.
        let (mut nonces, mut spending, _) = open(&store, 6_000).await;
        nonces.remember(signer, Nonce::new([5; 16]), 6_090, 6_000).unwrap();
        let other = GrantUse { id: GrantId::new([5; 32]), expires: 9_000, ..grant };
        spending.spend(&other, Amount::from_wei(1), 6_000).unwrap();
        nonces.solver.safe(4).await.unwrap();
        let saved = store.load().unwrap();
        assert_eq!((saved.nonces.len(), saved.grants.len()), (1, 1));
    }
}

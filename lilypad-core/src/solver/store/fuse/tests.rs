//! Small changes that wait for the next save: in the same batch as what came after them, waited for by whoever must.

use super::*;
use crate::model::Address;
use crate::solver::store::MemoryStore;
use crate::wire::auth::Nonce;

/// A store whose batches end when the test says so.
#[derive(Debug, Default)]
struct Held {
    memory: MemoryStore,
    begun: Mutex<Vec<Begun>>,
}

struct Begun(Batch, Done);

impl std::fmt::Debug for Begun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Held {
    /// Ends the oldest batch that was begun.
    fn end(&self, how: impl FnOnce(&MemoryStore, Batch) -> Result<()>) {
        let Begun(batch, done) = lock(&self.begun).remove(0);
        done(how(&self.memory, batch));
    }

    fn begun(&self) -> Vec<usize> {
        lock(&self.begun).iter().map(|Begun(batch, _)| batch.writes().len()).collect()
    }
}

impl Store for Held {
    fn load(&self) -> Result<Saved> {
        self.memory.load()
    }

    fn save(&self, batch: Batch) -> Result<()> {
        self.memory.save(batch)
    }

    fn begin(&self, batch: Batch, done: Done) {
        lock(&self.begun).push(Begun(batch, done));
    }
}

fn nonce(number: u8) -> Write {
    Write::Nonce { signer: Address::new([1; 20]), nonce: Nonce::new([number; 16]), until: 9 }
}

fn owner() -> Batch {
    Write::Owner("me".to_owned()).into()
}

/// Lets the future go as far as it comes.
async fn starts(future: std::pin::Pin<&mut impl Future<Output = Result<()>>>) -> bool {
    tokio::select! {
        biased;
        _ = future => false,
        () = std::future::ready(()) => true,
    }
}

#[tokio::test]
async fn the_next_save_takes_along_what_is_in_line() {
    let store = MemoryStore::new();
    let fuse = Fuse::new(Arc::new(store.clone()));
    let place = fuse.put_in_line(nonce(1));
    assert!(store.load().unwrap().nonces.is_empty());
    fuse.save(owner()).unwrap();
    assert_eq!(store.load().unwrap().nonces.len(), 1);
    fuse.safe(place).await.unwrap();
    assert_eq!(fuse.times().count(), 1, "one batch for both");
}

#[tokio::test]
async fn who_waits_saves_what_nobody_took_along_and_waits_for_what_somebody_did() {
    let held = Arc::new(Held::default());
    let fuse = Fuse::new(held.clone());
    let (first, second) = (fuse.put_in_line(nonce(1)), fuse.put_in_line(nonce(2)));
    let mut waiting = std::pin::pin!(fuse.safe(second));
    assert!(starts(waiting.as_mut()).await);
    assert_eq!(held.begun(), [2], "both in one batch");
    // The first is in it: there is nothing more to save.
    let mut also = std::pin::pin!(fuse.safe(first));
    assert!(starts(also.as_mut()).await);
    // While the disk works, others come in and are begun too.
    let third = fuse.put_in_line(nonce(3));
    let mut later = std::pin::pin!(fuse.safe(third));
    assert!(starts(later.as_mut()).await);
    assert_eq!(held.begun(), [2, 1]);
    held.end(|store, batch| store.save(batch));
    waiting.await.unwrap();
    also.await.unwrap();
    assert!(starts(later.as_mut()).await, "its own batch has not ended");
    held.end(|store, batch| store.save(batch));
    later.await.unwrap();
    assert_eq!(held.load().unwrap().nonces.len(), 3);
}

#[tokio::test]
async fn who_gives_up_waiting_keeps_nobody_waiting() {
    let held = Arc::new(Held::default());
    let fuse = Fuse::new(held.clone());
    let place = fuse.put_in_line(nonce(1));
    {
        let mut gone = std::pin::pin!(fuse.safe(place));
        assert!(starts(gone.as_mut()).await);
    }
    let mut waiting = std::pin::pin!(fuse.safe(place));
    assert!(starts(waiting.as_mut()).await);
    assert_eq!(held.begun(), [1], "it is saved once");
    held.end(|store, batch| store.save(batch));
    waiting.await.unwrap();
}

#[tokio::test]
async fn after_a_failure_nothing_is_safe_that_came_with_it_or_later() {
    let held = Arc::new(Held::default());
    let fuse = Fuse::new(held.clone());
    let first = fuse.put_in_line(nonce(1));
    let mut failing = std::pin::pin!(fuse.safe(first));
    assert!(starts(failing.as_mut()).await);
    let second = fuse.put_in_line(nonce(2));
    let mut later = std::pin::pin!(fuse.safe(second));
    assert!(starts(later.as_mut()).await);
    held.end(|_, _| Err(failed("the disk is gone")));
    held.end(|store, batch| store.save(batch));
    assert_eq!(failing.await.unwrap_err().code(), "E_STORE");
    assert_eq!(later.await.unwrap_err().code(), "E_STORE");
    assert_eq!(fuse.save(owner()).unwrap_err().code(), "E_STORE");
    // What comes now is kept by nobody, and takes no memory.
    let third = fuse.put_in_line(nonce(3));
    assert_eq!(fuse.safe(third).await.unwrap_err().code(), "E_STORE");
    assert!(lock(&fuse.line).waiting.is_empty());
}

#[test]
fn a_batch_that_does_not_fit_takes_no_nonce_along() {
    let store = MemoryStore::new();
    let fuse = Fuse::new(Arc::new(store.clone()));
    fuse.put_in_line(nonce(1));
    let job = crate::model::JobId(crate::model::Cid::of_block(b"nobody's"));
    let stray = Write::Event { job, seq: 0, event: "{}".to_owned() };
    assert_eq!(fuse.save(stray.into()).unwrap_err().code(), "E_STORE");
    assert_eq!(store.load().unwrap().nonces.len(), 1);
}

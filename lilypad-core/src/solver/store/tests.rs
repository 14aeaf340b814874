//! Every store against the same suite.

use std::sync::Arc;

use bytes::Bytes;

use super::*;
use crate::model::{Address, Amount, Cid, JobId};
use crate::rt::Timestamp;
use crate::settlement::{Command, Entry};
use crate::wire::auth::{GrantId, Nonce};

/// Opens one store again and again: what it gives is always the same store.
trait Shelf {
    fn open(&mut self) -> Arc<dyn Store>;
}

impl Shelf for MemoryStore {
    fn open(&mut self) -> Arc<dyn Store> {
        Arc::new(self.clone())
    }
}

#[cfg(feature = "store-sqlite")]
impl Shelf for tempfile::TempDir {
    fn open(&mut self) -> Arc<dyn Store> {
        Arc::new(SqliteStore::open(self.path().join("solver.sqlite")).unwrap())
    }
}

#[cfg(feature = "store-postgres")]
impl Shelf for postgres_server::Fresh {
    fn open(&mut self) -> Arc<dyn Store> {
        Arc::new(PostgresStore::open(self.url()).unwrap())
    }
}

fn job(name: &str) -> JobId {
    JobId(Cid::of_block(name.as_bytes()))
}

fn row(name: &str, seq: u64, ended: Option<u64>, document: &str) -> Write {
    Write::Job { id: job(name), seq, ended, document: document.to_owned() }
}

fn event(name: &str, seq: u64) -> Write {
    Write::Event { job: job(name), seq, event: format!("event {seq} of {name}") }
}

fn archive(name: &str, part: Part, bytes: &'static [u8]) -> Write {
    Write::Archive { job: job(name), part, bytes: Bytes::from_static(bytes) }
}

fn command(number: u64) -> Write {
    let by = Address::new([7; 20]);
    let command = Command::Deposit { account: by, amount: Amount::MAX };
    Write::Command(Entry { number, by, at: Timestamp(number * 10), command })
}

fn batch(writes: impl IntoIterator<Item = Write>) -> Batch {
    let mut batch = Batch::default();
    writes.into_iter().for_each(|write| batch.push(write));
    batch
}

fn keeps_what_was_saved(shelf: &mut dyn Shelf) {
    let store = shelf.open();
    assert_eq!(store.load().unwrap(), Saved::default());
    store.save(batch([])).unwrap();
    store.save(batch([Write::Owner("me".into()), row("b", 2, None, "{}"), event("b", 0)])).unwrap();
    store
        .save(batch([row("a", 1, None, "{}"), archive("a", Part::Proposal, b"files"), event("a", 0)]))
        .unwrap();
    store.save(batch([row("a", 1, Some(4), "{1}"), event("a", 1), event("a", 2)])).unwrap();
    store.save(batch([archive("a", Part::Proposal, b""), archive("a", Part::Result, &[0, 255])])).unwrap();
    store.save(command(1).into()).unwrap();
    store.save(command(2).into()).unwrap();
    let before = store.load().unwrap();
    drop(store);
    let saved = shelf.open().load().unwrap();
    assert_eq!(saved, before);
    assert_eq!(saved.owner.as_deref(), Some("me"));
    assert_eq!(saved.journal.iter().map(|entry| entry.number).collect::<Vec<_>>(), [1, 2]);
    let [a, b] = &saved.jobs[..] else { panic!("two jobs: {saved:?}") };
    assert_eq!((a.id, a.seq, a.ended, a.document.as_str()), (job("a"), 1, Some(4), "{1}"));
    assert_eq!((a.proposal.as_deref(), a.result.as_deref()), (Some(&b""[..]), Some(&[0, 255][..])));
    assert_eq!(a.events, ["event 0 of a", "event 1 of a", "event 2 of a"]);
    assert_eq!((b.id, b.ended, b.events.len(), b.proposal.is_some()), (job("b"), None, 1, false));
}

fn saves_whole_or_not_at_all(shelf: &mut dyn Shelf) {
    let store = shelf.open();
    store.save(batch([row("a", 1, None, "{}"), event("a", 0), command(1)])).unwrap();
    let before = store.load().unwrap();
    for bad in [command(1), event("nobody", 0), event("a", 0), archive("nobody", Part::Result, b"")] {
        let error = store.save(batch([row("a", 1, Some(1), "changed"), command(2), bad])).unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Unavailable, "E_STORE"));
        assert_eq!(store.load().unwrap(), before);
    }
    store.save(command(2).into()).unwrap();
    drop(store);
    assert_eq!(shelf.open().load().unwrap().journal.len(), 2);
}

fn forgets_what_it_is_told_to(shelf: &mut dyn Shelf) {
    let store = shelf.open();
    store.save(batch([row("a", 1, Some(1), "{}"), event("a", 0), archive("a", Part::Result, b"x")])).unwrap();
    let nonce = |byte: u8, until| Write::Nonce {
        signer: Address::new([1; 20]),
        nonce: Nonce::new([byte; 16]),
        until,
    };
    let grant = |byte: u8, expires| Write::Grant {
        id: GrantId::new([byte; 32]),
        spent: Amount::from_wei(u128::from(byte)),
        expires,
    };
    store.save(batch([nonce(1, 10), nonce(2, 11), grant(1, 10), grant(2, 11)])).unwrap();
    store.save(batch([grant(2, 12), Write::ForgetNonces(10), Write::ForgetGrants(10)])).unwrap();
    let saved = store.load().unwrap();
    assert_eq!(saved.nonces.iter().map(|nonce| nonce.until).collect::<Vec<_>>(), [11]);
    assert_eq!(saved.grants.iter().map(|grant| grant.expires).collect::<Vec<_>>(), [12]);
    let ended = |name, created| Write::Ended { id: job(name), created: Timestamp(created) };
    store.save(batch([ended("b", 20), ended("c", 21), ended("b", 20), ended("d", 22)])).unwrap();
    store.save(Write::ForgetEnded(Timestamp(21)).into()).unwrap();
    assert_eq!(store.load().unwrap().ended, [(Timestamp(21), job("c")), (Timestamp(22), job("d"))]);
    store.save(Write::ForgetJob(job("a")).into()).unwrap();
    assert_eq!(store.load().unwrap().jobs, []);
    // Nothing of it is left for one that comes again.
    store.save(batch([row("a", 2, None, "{}"), event("a", 0)])).unwrap();
    let again = store.load().unwrap().jobs.remove(0);
    assert_eq!((again.events.len(), again.result), (1, None));
}

fn takes_many_at_once(shelf: &mut dyn Shelf) {
    let store = shelf.open();
    std::thread::scope(|scope| {
        for thread in 0..8_u64 {
            let store = Arc::clone(&store);
            scope.spawn(move || {
                for turn in 0..25 {
                    store.save(command(thread * 25 + turn + 1).into()).unwrap();
                }
            });
        }
        // A batch that is refused takes none of those along that are saved beside it.
        let store = Arc::clone(&store);
        scope.spawn(move || (0..25).for_each(|_| assert!(store.save(event("nobody", 0).into()).is_err())));
    });
    assert_eq!(store.load().unwrap().journal.len(), 200);
}

macro_rules! conformance {
    ($($test:ident)+) => {
        mod memory {
            $(#[test]
            fn $test() {
                super::$test(&mut super::MemoryStore::new());
            })+
        }

        #[cfg(feature = "store-sqlite")]
        mod sqlite_file {
            $(#[test]
            fn $test() {
                super::$test(&mut tempfile::tempdir().unwrap());
            })+
        }

        #[cfg(feature = "store-postgres")]
        mod postgres_database {
            $(#[test]
            fn $test() {
                if let Some(mut database) = super::postgres_server::fresh(concat!("postgres ", stringify!($test))) {
                    super::$test(&mut database);
                }
            })+
        }
    };
}

conformance! {
    keeps_what_was_saved
    saves_whole_or_not_at_all
    forgets_what_it_is_told_to
    takes_many_at_once
}

#[cfg(feature = "store-postgres")]
mod postgres_only;
#[cfg(feature = "store-postgres")]
pub(in crate::solver) mod postgres_server;
#[cfg(feature = "store-sqlite")]
mod sqlite_only;

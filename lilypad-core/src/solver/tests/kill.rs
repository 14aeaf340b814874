//! A solver in a process of its own that is killed at every save, and started again on the same file.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::sweep::{Story, play};
use super::world::{Seen, World};
use crate::error::Result;
use crate::solver::files::FolderFiles;
use crate::solver::store::tests::postgres_server::fresh;
use crate::solver::store::{Batch, PostgresStore, Saved, SqliteStore, Store, postgres};

/// Where the other process finds its store, and the save at which it dies: `before 3`, `after 3`, or `never 0`.
const STORE: &str = "LILYPAD_KILL_STORE";
const MOMENT: &str = "LILYPAD_KILL_MOMENT";
const FILES: &str = "LILYPAD_KILL_FILES";
const STORY: &str = "LILYPAD_KILL_STORY";
const CHILD: &str = "solver::tests::kill::child";

/// A store at which the process dies without a word: nothing is flushed, nothing is dropped.
#[derive(Debug)]
struct Deadly {
    store: Arc<dyn Store>,
    after: bool,
    left: AtomicUsize,
}

impl Store for Deadly {
    fn load(&self) -> Result<Saved> {
        self.store.load()
    }

    fn save(&self, batch: Batch) -> Result<()> {
        let last = self.left.fetch_sub(1, Ordering::SeqCst) == 0;
        if last && !self.after {
            std::process::abort();
        }
        let saved = self.store.save(batch);
        if last {
            std::process::abort();
        }
        saved
    }
}

const STORIES: [Story; 4] =
    [Story::Accepted, Story::CancelledRunning, Story::ProviderSilent, Story::RanTooLong];

/// The other process; does nothing where it was not started as one.
#[test]
fn child() {
    let Ok(path) = std::env::var(STORE) else { return };
    let moment = std::env::var(MOMENT).unwrap();
    let story = STORIES[std::env::var(STORY).unwrap().parse::<usize>().unwrap()];
    let (when, left) = moment.split_once(' ').unwrap();
    let left = if when == "never" { usize::MAX } else { left.parse().unwrap() };
    let store: Arc<dyn Store> = if postgres::is_address(&path) {
        // The server may not have noticed yet that the process before is dead.
        let me = crate::solver::Leader { address: String::new(), key: String::new() };
        let mut standing = PostgresStore::stand(&path, me).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        Arc::new(runtime.block_on(standing.won()).unwrap())
    } else {
        Arc::new(SqliteStore::open(&path).unwrap())
    };
    let store = Arc::new(Deadly { store, after: when == "after", left: AtomicUsize::new(left) });
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (state, money, commands) = runtime.block_on(async {
        let mut world = World::new();
        world.files = Arc::new(FolderFiles::open(std::env::var(FILES).unwrap()).unwrap());
        let running = world.open_on(Arc::clone(&store) as Arc<dyn Store>).await.unwrap();
        world.fund(&running.ledger).await.unwrap();
        let state = play(story, &world, &running, &mut Seen::default()).await.unwrap();
        let (money, commands) = (world.money(&running.ledger).await, store.load().unwrap().journal.len());
        drop(running);
        // Started once more it has no file that no job names.
        let _again = world.open_on(Arc::clone(&store) as Arc<dyn Store>).await.unwrap();
        (state, money, format!("{commands} {:?}", world.files.list().await.unwrap()))
    });
    println!("\nENDED {state} {money:?} {commands}");
}

/// Runs the other process; its last word where it came to its end.
fn life((store, files): (&str, &Path), story: usize, moment: &str) -> Option<String> {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", CHILD, "--nocapture", "--test-threads=1"])
        .env(STORE, store)
        .env(FILES, files)
        .env(MOMENT, moment)
        .env(STORY, story.to_string())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let ended = text.lines().find(|line| line.starts_with("ENDED")).map(str::to_owned);
    let panicked = String::from_utf8_lossy(&output.stderr).contains("panicked");
    assert!(!panicked, "{moment}: {text}{}", String::from_utf8_lossy(&output.stderr));
    ended
}

/// Kills a process at every save of a story and lets another go on. `open` gives a new store each time, by the address under
/// which a process finds it. The number of kills.
fn kill_everywhere<T>(story: usize, open: impl Fn(&str) -> (String, T)) -> usize {
    let name = STORIES[story];
    let (store, _kept) = open("whole");
    let folder = tempfile::tempdir().unwrap();
    let files = |name: &str| folder.path().join(name.replace(' ', "-"));
    let whole = life((&store, &files("whole")), story, "never 0").unwrap();
    let mut kills = 0;
    for when in ["before", "after"] {
        // The owner and the money of both sides come first.
        for save in 0.. {
            let (store, _kept) = open(&format!("{when}{save}"));
            let moment = format!("{when} {save}");
            if let Some(ended) = life((&store, &files(&moment)), story, &moment) {
                assert_eq!(ended, whole, "it was not killed");
                break;
            }
            kills += 1;
            let again = life((&store, &files(&moment)), story, "never 0").unwrap();
            assert_eq!(again, whole, "{name:?} killed {moment}");
        }
    }
    kills
}

#[test]
fn a_process_that_is_killed_at_any_save_goes_on_as_if_nothing_had_happened() {
    let mut kills = 0;
    for story in 0..STORIES.len() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        kills += kill_everywhere(story, |name| (path(name), ()));
    }
    assert!(kills > 60, "{kills} kills are too few to be true");
}

#[test]
fn a_process_that_is_killed_goes_on_from_a_shared_database() {
    let test = "a_process_that_is_killed_goes_on_from_a_shared_database";
    if fresh(test).is_none() {
        return;
    }
    let kills = kill_everywhere(0, |_| {
        let database = fresh(test).unwrap();
        (database.url().to_owned(), database)
    });
    assert!(kills > 12, "{kills} kills are too few to be true");
}

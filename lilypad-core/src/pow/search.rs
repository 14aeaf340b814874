//! Looks for a nonce, within bounds, and can go on where it stopped.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use crate::rt::{CancelReason, CancelToken, Stopwatch};

use super::{Puzzle, Word, keccak, threads};

/// Nonces that a thread takes at a time: some milliseconds, after which it looks whether it is to stop.
const STRIDE: u64 = 4_096;

/// A search for the first nonce that solves a puzzle, from a start. Plain settings; [`Search::run`] looks.
///
/// What it finds does not depend on the number of threads: it is the first nonce at or after the start that will do.
#[derive(Clone, Copy, Debug)]
#[must_use = "call `run`"]
pub struct Search {
    puzzle: Puzzle,
    start: Word,
    threads: usize,
    hashes: u64,
    time: Option<Duration>,
}

/// Why a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SearchEnd {
    /// A nonce was found.
    Found,
    /// As many hashes as were allowed were tried.
    Hashes,
    /// Its time was up.
    Time,
    /// It was asked to stop.
    Cancelled(CancelReason),
}

/// How a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// The first nonce that solves the puzzle, where one was found.
    pub nonce: Option<Word>,
    /// The first nonce that was not tried, or that comes after the one found: start there to go on.
    pub next: Word,
    /// Hashes made. Where a nonce was found, threads that were further on have made more than those before it.
    pub hashes: u64,
    /// Real time that it took.
    pub elapsed: Duration,
    /// Why it ended.
    pub end: SearchEnd,
}

impl Search {
    /// A search from 0, with all cores, without bounds.
    pub fn new(puzzle: Puzzle) -> Self {
        Self { puzzle, start: Word::from(0), threads: threads::cores(), hashes: u64::MAX, time: None }
    }

    /// Starts at this nonce; after 2^256 − 1 comes 0.
    pub fn start(mut self, nonce: Word) -> Self {
        self.start = nonce;
        self
    }

    /// Looks with so many threads; in a browser always with one.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads.clamp(1, threads::MOST);
        self
    }

    /// Tries at most so many nonces.
    pub fn hashes(mut self, hashes: u64) -> Self {
        self.hashes = hashes;
        self
    }

    /// Takes no longer than this, and some milliseconds.
    pub fn time(mut self, time: Duration) -> Self {
        self.time = Some(time);
        self
    }

    /// Looks until a nonce is found, a bound is met or `cancel` asks to stop. Blocks the caller's thread.
    #[must_use]
    pub fn run(&self, cancel: &CancelToken) -> Found {
        let watch = Stopwatch::start();
        let board = Board {
            taken: AtomicU64::new(0),
            hashes: AtomicU64::new(0),
            found: AtomicU64::new(u64::MAX),
            stopped: AtomicUsize::new(0),
        };
        threads::run(self.threads, || {
            // `None` cannot be: the work is always done.
            let _ = keccak::with(&self.puzzle.challenge, |hasher| self.look(hasher, &board, &watch, cancel));
        });
        self.ended(&board, &watch, cancel)
    }

    fn look(&self, hasher: &keccak::Hasher, board: &Board, watch: &Stopwatch, cancel: &CancelToken) {
        let top = self.puzzle.difficulty.top();
        loop {
            if cancel.is_cancelled() || self.time.is_some_and(|time| watch.elapsed() >= time) {
                board.stopped.store(1, Ordering::Release);
                return;
            }
            let Some((from, to)) = board.take(self.hashes) else { return };
            for offset in from..to {
                let nonce = self.start.wrapping_add(offset);
                if hasher.below(nonce, top).is_some_and(|hash| hash < self.puzzle.difficulty) {
                    board.found.fetch_min(offset, Ordering::AcqRel);
                    board.hashes.fetch_add(offset - from + 1, Ordering::Relaxed);
                    return;
                }
            }
            board.hashes.fetch_add(to - from, Ordering::Relaxed);
        }
    }

    fn ended(&self, board: &Board, watch: &Stopwatch, cancel: &CancelToken) -> Found {
        let offset = Some(board.found.load(Ordering::Acquire)).filter(|found| *found != u64::MAX);
        // Every stride that was taken was tried to its end, so all before the next one are done.
        let tried = offset.map_or_else(|| board.taken.load(Ordering::Acquire), |found| found + 1);
        let end = match offset {
            Some(_) => SearchEnd::Found,
            None if board.stopped.load(Ordering::Acquire) == 0 => SearchEnd::Hashes,
            None => cancel.reason().map_or(SearchEnd::Time, SearchEnd::Cancelled),
        };
        Found {
            nonce: offset.map(|offset| self.start.wrapping_add(offset)),
            next: self.start.wrapping_add(tried),
            hashes: board.hashes.load(Ordering::Acquire),
            elapsed: watch.elapsed(),
            end,
        }
    }
}

/// What the threads of a search share. Offsets are counted from its start.
struct Board {
    /// Up to here, nonces are given out.
    taken: AtomicU64,
    hashes: AtomicU64,
    /// The first nonce that was found.
    found: AtomicU64,
    /// Not 0 once a thread has stopped for time, or because it was asked to.
    stopped: AtomicUsize,
}

impl Board {
    /// The next stride; `None` where nothing is left, or where an earlier nonce was found.
    fn take(&self, most: u64) -> Option<(u64, u64)> {
        let mut from = self.taken.load(Ordering::Acquire);
        loop {
            if from >= most || self.found.load(Ordering::Acquire) < from {
                return None;
            }
            let to = from.saturating_add(STRIDE).min(most);
            match self.taken.compare_exchange_weak(from, to, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return Some((from, to)),
                Err(now) => from = now,
            }
        }
    }
}

//! The proof of work of `LilypadPow`: a nonce whose keccak hash, together with a challenge, is below a target.
//!
//! Layout: `word` the 256-bit numbers of the contract; `keccak` the hash of a challenge and a nonce; `search` looks for a
//! nonce within bounds, and can go on where it stopped; `native` and `browser` are twins that look with all cores or one.
//!
//! A [`Puzzle`] is what the contract's `generateChallenge` gives: 32 bytes and a difficulty. A nonce solves it where
//! `keccak256(challenge ‖ nonce as 32 bytes, big-endian)` is below the difficulty, both read as big-endian numbers.
//!
//! ```
//! use lilypad_core::pow::{Puzzle, Search, Word};
//! use lilypad_core::rt::CancelToken;
//!
//! // About one nonce in 256 will do.
//! let puzzle = Puzzle { challenge: [7; 32], difficulty: Word::MAX.shifted_right(8) };
//! let found = Search::new(puzzle).hashes(100_000).run(&CancelToken::new());
//! let nonce = found.nonce.expect("one in 256");
//! assert!(puzzle.solved_by(nonce));
//! # assert_eq!(found.next, nonce.wrapping_add(1));
//! ```

mod keccak;
mod search;
#[cfg(test)]
mod tests;
#[cfg(target_family = "wasm")]
#[path = "browser.rs"]
mod threads;
#[cfg(not(target_family = "wasm"))]
#[path = "native.rs"]
mod threads;
mod word;

pub use search::{Found, Search, SearchEnd};
pub use word::Word;

/// What a nonce is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Puzzle {
    /// The contract's challenge, which holds the moment, the window, the sender and the node.
    pub challenge: [u8; 32],
    /// The hash must be below it: the smaller it is, the more work.
    pub difficulty: Word,
}

impl Puzzle {
    /// The hash of the challenge and a nonce.
    ///
    /// ```
    /// use lilypad_core::pow::{Puzzle, Word};
    /// let puzzle = Puzzle { challenge: [0; 32], difficulty: Word::MAX };
    /// assert_eq!(puzzle.hash(Word::from(0)).to_be_bytes()[..4], [0xad, 0x32, 0x28, 0xb6]);
    /// ```
    #[must_use]
    pub fn hash(&self, nonce: Word) -> Word {
        keccak::hash(&self.challenge, nonce)
    }

    /// True where the contract takes this nonce as an answer.
    #[must_use]
    pub fn solved_by(&self, nonce: Word) -> bool {
        self.hash(nonce) < self.difficulty
    }
}

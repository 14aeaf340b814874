//! Keccak-256 of a challenge and a nonce: 64 bytes, which are one block.

use keccak::{Fn1600, Keccak};

use super::Word;

/// Lanes of the state that hold a block.
const RATE: usize = 17;

/// Hashes many nonces of one challenge.
pub(super) struct Hasher {
    challenge: [u64; 4],
    permute: Fn1600,
}

impl Hasher {
    fn state(&self, nonce: Word) -> [u64; 25] {
        let mut state = [0; 25];
        let (challenge, rest) = state.split_at_mut(4);
        challenge.copy_from_slice(&self.challenge);
        for (lane, bytes) in rest.iter_mut().zip(nonce.to_be_bytes().as_chunks::<8>().0) {
            *lane = u64::from_le_bytes(*bytes);
        }
        // Keccak's padding, not SHA-3's: a 1 after the message, a 1 at the end of the block.
        state[8] = 1;
        state[RATE - 1] |= 1 << 63;
        (self.permute)(&mut state);
        state
    }

    /// The hash, where its highest 64 bits are not above `most`: nearly all hashes end here.
    pub(super) fn below(&self, nonce: Word, most: u64) -> Option<Word> {
        let state = self.state(nonce);
        (state[0].swap_bytes() <= most).then(|| digest(&state))
    }
}

fn digest(state: &[u64; 25]) -> Word {
    let mut bytes = [0; 32];
    for (to, lane) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(state) {
        *to = lane.to_le_bytes();
    }
    Word::from_be_bytes(bytes)
}

/// Gives `work` a hasher: which code is fastest here is found out once for all nonces.
pub(super) fn with<T>(challenge: &[u8; 32], work: impl FnOnce(&Hasher) -> T) -> Option<T> {
    let mut lanes = [0; 4];
    for (lane, bytes) in lanes.iter_mut().zip(challenge.as_chunks::<8>().0) {
        *lane = u64::from_le_bytes(*bytes);
    }
    let mut done = None;
    Keccak::new().with_f1600(|permute| done = Some(work(&Hasher { challenge: lanes, permute })));
    done
}

pub(super) fn hash(challenge: &[u8; 32], nonce: Word) -> Word {
    // The closure is always called.
    with(challenge, |hasher| digest(&hasher.state(nonce))).unwrap_or(Word::MAX)
}

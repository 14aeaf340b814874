//! The vectors of the reference (A.8), the contract's rule against a hash made another way, and the bounds.

use std::time::Duration;

use proptest::prelude::*;
use sha3::{Digest, Keccak256};

use super::*;
use crate::rt::{CancelReason, CancelToken};

/// Challenge, nonce, hash.
const VECTORS: [[&str; 3]; 4] = [
    [
        "fee0189632650f971536773d9a1b206be28e51d05ba0cb69822a510c51fb6fd3",
        "72370055773322622139731865630429942408293740416025352524660990004945723953319",
        "443192418834346142200278491975317489603423531200023451519802250835435",
    ],
    [
        "2e4ca2481a7be8a4eb273f51f6a0c2fdd087b6b8c454f8b01ef0a3363a2af5b1",
        "43422033463993573283839119378257965444976244249615211514796594002967424872419",
        "966523245404442851743534066101454470539015745906990078402535205323382",
    ],
    [
        "cdcb7ff1ccb65cdd1661b2a6b5fa1ffdacf19a54a27f4952cb6644886067f17c",
        "43422033463993573283839119378257965444976244249615211514796594002967433208574",
        "1225814827806205369719164951622401381020286900751508648540622349987995",
    ],
    [
        "41d8a811d0fac25ae964f2a66b72a75ef56e380193b4b9315c95e9f376b3520c",
        "14474011154664524427946373126085988481658748083205070504932198000989144913512",
        "1245769273639839946721104142883832711130622692430288604267098849208328",
    ],
];

fn challenge(text: &str) -> [u8; 32] {
    hex::decode(text).unwrap().try_into().unwrap()
}

fn word(text: &str) -> Word {
    text.parse().unwrap()
}

fn easy(difficulty: Word) -> Search {
    Search::new(Puzzle { challenge: [9; 32], difficulty })
}

fn run(search: Search) -> Found {
    search.run(&CancelToken::new())
}

#[test]
fn hashes_are_those_of_the_reference() {
    for [given, nonce, hash] in VECTORS {
        let puzzle = Puzzle { challenge: challenge(given), difficulty: word(hash) };
        assert_eq!(puzzle.hash(word(nonce)).to_string(), hash);
        // The contract wants less than the difficulty, not as much.
        assert!(!puzzle.solved_by(word(nonce)));
        assert!(Puzzle { difficulty: word(hash).wrapping_add(1), ..puzzle }.solved_by(word(nonce)));
    }
}

#[test]
fn the_answers_of_the_reference_are_found_from_where_its_workers_began() {
    for [given, nonce, hash] in VECTORS {
        let puzzle = Puzzle { challenge: challenge(given), difficulty: word(hash).wrapping_add(1) };
        let mut bytes = word(nonce).to_be_bytes();
        bytes[31] &= 0x0f;
        bytes[30] = 0;
        let found = run(Search::new(puzzle).start(Word::from_be_bytes(bytes)).hashes(1 << 17));
        assert_eq!(found.nonce, Some(word(nonce)), "{found:?}");
        assert_eq!(found.end, SearchEnd::Found);
    }
}

#[test]
fn the_first_difficulty_of_the_contract_is_read() {
    let difficulty = word("555460709263765739036470010701196062214039696708679004195670928130048");
    let mut bytes = [0; 32];
    bytes[3..7].copy_from_slice(&[0x14, 0x9a, 0x6a, 0x30]);
    assert_eq!(difficulty.to_be_bytes(), bytes);
    assert!(Puzzle { challenge: [0; 32], difficulty }.hash(Word::from(0)) > difficulty);
}

#[test]
fn what_is_found_does_not_depend_on_the_threads() {
    let difficulty = Word::MAX.shifted_right(12);
    let one = run(easy(difficulty).threads(1));
    let first =
        (0..).map(Word::from).find(|nonce| Puzzle { challenge: [9; 32], difficulty }.solved_by(*nonce));
    assert_eq!(one.nonce, first);
    for threads in [2, 3, 8] {
        assert_eq!(run(easy(difficulty).threads(threads)).nonce, first);
    }
}

#[test]
fn a_search_goes_on_where_it_stopped() {
    let difficulty = Word::MAX.shifted_right(12);
    let at_once = run(easy(difficulty));
    let (mut start, mut tries) = (Word::from(0), 0);
    let found = loop {
        let part = run(easy(difficulty).start(start).threads(2).hashes(100));
        tries += 1;
        if part.nonce.is_some() {
            break part;
        }
        assert_eq!((part.end, part.hashes, part.next), (SearchEnd::Hashes, 100, start.wrapping_add(100)));
        start = part.next;
    };
    assert_eq!(found.nonce, at_once.nonce);
    assert!(tries > 1);
}

#[test]
fn bounds_end_a_search_that_finds_nothing() {
    let hopeless = || easy(Word::from(0));
    let none = run(hopeless().hashes(0));
    assert_eq!((none.end, none.hashes, none.next), (SearchEnd::Hashes, 0, Word::from(0)));
    let counted = run(hopeless().start(Word::MAX).hashes(10_000));
    assert_eq!((counted.end, counted.hashes, counted.next), (SearchEnd::Hashes, 10_000, Word::from(9_999)));
    let timed = run(hopeless().time(Duration::ZERO));
    assert_eq!((timed.end, timed.hashes), (SearchEnd::Time, 0));
    let cancel = CancelToken::new();
    cancel.cancel(CancelReason::Shutdown);
    assert_eq!(hopeless().run(&cancel).end, SearchEnd::Cancelled(CancelReason::Shutdown));
}

#[test]
fn a_search_without_end_stops_when_it_is_asked_to() {
    let cancel = CancelToken::new();
    let found = std::thread::scope(|scope| {
        let search = scope.spawn(|| easy(Word::from(0)).threads(2).run(&cancel));
        cancel.cancel(CancelReason::Cancelled);
        search.join().unwrap()
    });
    assert_eq!(found.end, SearchEnd::Cancelled(CancelReason::Cancelled));
    assert_eq!(found.next, Word::from(found.hashes), "no nonce is left out");
}

#[test]
fn a_number_that_cannot_be_read_is_refused() {
    let too_large = "115792089237316195423570985008687907853269984665640564039457584007913129639936";
    for text in ["", "0x", "-1", "+1", "1_0", "1a", "0xg", " 1", too_large] {
        assert_eq!(text.parse::<Word>().unwrap_err().code(), "E_NUMBER", "{text:?}");
    }
}

proptest! {
    #[test]
    fn the_hash_is_keccak_256_of_both(challenge: [u8; 32], nonce: [u8; 32]) {
        let expected = Keccak256::new().chain_update(challenge).chain_update(nonce).finalize();
        let puzzle = Puzzle { challenge, difficulty: Word::MAX };
        prop_assert_eq!(puzzle.hash(Word::from_be_bytes(nonce)).to_be_bytes().to_vec(), expected.to_vec());
    }
}

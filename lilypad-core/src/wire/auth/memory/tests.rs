//! Nothing is forgotten too early, by a full book, a restart or a clock that jumps.

use super::super::tests::{ACCOUNT, SESSION, key};
use super::*;
use crate::signer::Signer;

fn nonce(number: u8) -> Nonce {
    Nonce::new([number; 16])
}

#[test]
fn nonces_are_kept_to_the_last_second_and_each_signer_has_its_own() {
    let (one, other) = (key(ACCOUNT).address(), key(SESSION).address());
    let mut book = NonceBook::new(8);
    book.remember(one, nonce(1), 190, 100).unwrap();
    book.remember(other, nonce(1), 190, 100).unwrap();
    for now in [100, 150, 190] {
        let error = book.remember(one, nonce(1), 190, now).unwrap_err();
        assert_eq!((error.code(), error.kind()), ("E_NONCE_USED", ErrorKind::Unauthorized));
    }
    book.remember(one, nonce(2), 300, 191).unwrap();
    assert_eq!(book.len(), 1);
}

#[test]
fn a_full_book_refuses_rather_than_forgets() {
    let signer = key(ACCOUNT).address();
    let mut book = NonceBook::new(2);
    book.remember(signer, nonce(1), 190, 100).unwrap();
    book.remember(signer, nonce(2), 200, 100).unwrap();
    let error = book.remember(signer, nonce(3), 200, 110).unwrap_err();
    assert_eq!((error.code(), error.kind()), ("E_NONCE_FULL", ErrorKind::Unavailable));
    assert_eq!(error.retry(), Retry::After(Duration::from_secs(81)));
    assert_eq!(book.remember(signer, nonce(1), 190, 110).unwrap_err().code(), "E_NONCE_USED");
    book.remember(signer, nonce(3), 281, 191).unwrap();
    assert_eq!(book.len(), 2);
    assert_eq!(NonceBook::new(0).remember(signer, nonce(1), 9, 1).unwrap_err().code(), "E_NONCE_FULL");
}

#[test]
fn a_clock_that_jumps_ahead_and_back_revives_nothing() {
    let signer = key(ACCOUNT).address();
    let mut book = NonceBook::new(8);
    book.remember(signer, nonce(1), 190, 100).unwrap();
    book.remember(signer, nonce(2), 5_090, 5_000).unwrap();
    let error = book.remember(signer, nonce(1), 190, 100).unwrap_err();
    assert_eq!((error.code(), error.kind()), ("E_NONCE_FORGOTTEN", ErrorKind::Unavailable));
}

#[test]
fn a_restart_takes_nothing_that_was_taken_before() {
    let signer = key(ACCOUNT).address();
    let started = 1_000;
    let mut refused = 0;
    // Every request that a server could have taken in the last second before: all skews, all lifetimes.
    for created in started - 30..=started + 30 {
        for lifetime in 1..=120_u64 {
            let until = created + lifetime + 30;
            for now in [started, started + 30, until] {
                let mut book = NonceBook::restarted(8, started);
                assert!(book.remember(signer, nonce(1), until, now).is_err(), "{created} {lifetime} {now}");
                refused += 1;
            }
        }
    }
    assert!(refused > 20_000);
    let mut book = NonceBook::restarted(8, started);
    let usual = |now: u64| now + 60 + 30;
    assert_eq!(
        book.remember(signer, nonce(1), usual(started + 90), started + 90).unwrap_err().code(),
        "E_NONCE_FORGOTTEN"
    );
    book.remember(signer, nonce(1), usual(started + 91), started + 91).unwrap();
}

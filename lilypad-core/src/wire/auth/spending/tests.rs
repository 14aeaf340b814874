//! No grant spends more than it allows, whatever the order, the limits and the clock.

use super::*;

fn grant(id: u8, max_spend: Amount, expires: u64) -> GrantUse {
    GrantUse { id: GrantId::new([id; 32]), max_spend, expires }
}

#[test]
fn spending_stops_at_the_wei() {
    let mut book = SpendingBook::new(8);
    let ten = grant(1, Amount::from_wei(10), 200);
    assert_eq!(book.spend(&ten, Amount::from_wei(4), 100).unwrap(), Amount::from_wei(6));
    let error = book.spend(&ten, Amount::from_wei(7), 100).unwrap_err();
    assert_eq!((error.code(), error.kind()), ("E_GRANT_SPENT", ErrorKind::Unauthorized));
    assert_eq!(book.spend(&ten, Amount::from_wei(6), 100).unwrap(), Amount::ZERO);
    assert_eq!(book.spend(&ten, Amount::from_wei(1), 100).unwrap_err().code(), "E_GRANT_SPENT");
    assert_eq!(book.spend(&ten, Amount::MAX, 100).unwrap_err().code(), "E_GRANT_SPENT");
    book.give_back(ten.id, Amount::from_wei(3));
    assert_eq!(book.spent(ten.id), Amount::from_wei(7));
    book.give_back(ten.id, Amount::MAX);
    assert_eq!(book.spent(ten.id), Amount::ZERO);
    let all = grant(2, Amount::MAX, 200);
    book.spend(&all, Amount::MAX, 100).unwrap();
    assert_eq!(book.spend(&all, Amount::from_wei(1), 100).unwrap_err().code(), "E_GRANT_SPENT");
    let none = grant(3, Amount::ZERO, 200);
    assert_eq!(book.spend(&none, Amount::from_wei(1), 100).unwrap_err().code(), "E_GRANT_SPENT");
}

#[test]
fn expired_grants_are_forgotten_and_stay_refused() {
    let mut book = SpendingBook::new(1);
    let one = grant(1, Amount::from_wei(10), 200);
    book.spend(&one, Amount::from_wei(10), 199).unwrap();
    assert_eq!(book.spend(&one, Amount::ZERO, 200).unwrap_err().code(), "E_GRANT_EXPIRED");
    let full = book.spend(&grant(2, Amount::MAX, 900), Amount::ZERO, 150).unwrap_err();
    assert_eq!((full.code(), full.kind()), ("E_GRANT_BOOK_FULL", ErrorKind::Unavailable));
    assert_eq!(full.retry(), Retry::After(Duration::from_secs(50)));
    book.spend(&grant(2, Amount::MAX, 900), Amount::from_wei(1), 200).unwrap();
    // The clock is set back: what was forgotten cannot be spent again.
    assert_eq!(book.spend(&one, Amount::from_wei(1), 100).unwrap_err().code(), "E_GRANT_EXPIRED");
}

#[test]
fn a_book_can_be_put_back() {
    let mut book = SpendingBook::new(8);
    let ten = grant(1, Amount::from_wei(10), 200);
    book.spend(&ten, Amount::from_wei(9), 100).unwrap();
    let mut again = SpendingBook::new(8);
    for (id, spent, expires) in book.entries() {
        again.restore(id, spent, expires, 110).unwrap();
    }
    assert_eq!(again.spend(&ten, Amount::from_wei(2), 110).unwrap_err().code(), "E_GRANT_SPENT");
    again.spend(&ten, Amount::from_wei(1), 110).unwrap();
}

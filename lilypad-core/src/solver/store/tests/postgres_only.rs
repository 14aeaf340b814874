//! What is true of a database that processes share.

use super::postgres_server::fresh;
use super::*;
use crate::solver::Leader;

fn me(name: &str) -> Leader {
    Leader { address: format!("{name}:8080"), key: format!("key of {name}") }
}

/// The session that has the lock of whoever leads.
const END_THE_LEADER: &str = "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted \
    and database = (select oid from pg_database where datname = current_database())";

#[test]
fn one_process_leads_on_a_database() {
    let Some(database) = fresh("one_process_leads_on_a_database") else { return };
    let first = PostgresStore::open(database.url()).unwrap();
    assert_eq!(PostgresStore::open(database.url()).unwrap_err().code(), "E_STORE_LOCKED");
    drop(first);
    PostgresStore::open(database.url()).unwrap();
}

#[tokio::test]
async fn who_waits_leads_when_the_leader_ends() {
    let Some(database) = fresh("who_waits_leads_when_the_leader_ends") else { return };
    let mut first = PostgresStore::stand(database.url(), me("first")).unwrap();
    let leader = first.won().await.unwrap();
    leader.save(command(1).into()).unwrap();
    let mut second = PostgresStore::stand(database.url(), me("second")).unwrap();
    let mut third = PostgresStore::stand(database.url(), me("third")).unwrap();
    drop(leader);
    let (next, won) = tokio::select! {
        store = second.won() => (store.unwrap(), "second"),
        store = third.won() => (store.unwrap(), "third"),
    };
    assert_eq!(next.load().unwrap().journal.len(), 1);
    let standing = if won == "second" { &third } else { &second };
    // The other is told; it waits on.
    while standing.leaders().current() != Some(me(won)) {
        tokio::task::yield_now().await;
    }
    next.save(command(2).into()).unwrap();
    drop(next);
}

#[tokio::test]
async fn a_leader_whose_session_is_ended_saves_nothing_more() {
    let Some(database) = fresh("a_leader_whose_session_is_ended_saves_nothing_more") else { return };
    let old = PostgresStore::stand(database.url(), me("old")).unwrap().won().await.unwrap();
    old.save(command(1).into()).unwrap();
    let mut standing = PostgresStore::stand(database.url(), me("new")).unwrap();
    database.run(END_THE_LEADER);
    let new = standing.won().await.unwrap();
    new.save(command(2).into()).unwrap();
    for number in [3, 4] {
        assert_eq!(old.save(command(number).into()).unwrap_err().code(), "E_STORE");
    }
    assert!(old.lost().unwrap().is_cancelled());
    assert_eq!(new.load().unwrap().journal.len(), 2);
}

/// Nothing is asked of it, and it finds out all the same.
#[tokio::test]
async fn an_idle_leader_notices_that_it_leads_no_more() {
    let Some(database) = fresh("an_idle_leader_notices_that_it_leads_no_more") else { return };
    let store = PostgresStore::open(database.url()).unwrap();
    database.run(END_THE_LEADER);
    store.lost().unwrap().cancelled().await;
    assert_eq!(store.save(command(1).into()).unwrap_err().code(), "E_STORE");
}

#[test]
fn a_database_of_a_newer_program_is_refused_and_left_alone() {
    let Some(database) = fresh("a_database_of_a_newer_program_is_refused_and_left_alone") else { return };
    drop(PostgresStore::open(database.url()).unwrap());
    database.run("update store_version set version = 99");
    let error = PostgresStore::open(database.url()).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unsupported, "E_STORE_VERSION"));
    assert!(error.message().contains("99"), "{error}");
}

#[test]
fn what_is_no_database_is_refused_without_its_password() {
    let error = PostgresStore::open("mysql://me:secret@host/x").unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidInput, "E_STORE_URL"));
    assert!(!format!("{error} {error:?}").contains("secret"));
    let error = PostgresStore::open("postgres://me:secret@127.0.0.1:1/x").unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unavailable, "E_STORE"));
    assert!(!format!("{error} {error:?}").contains("secret"));
    assert_eq!(PostgresStore::stand("postgres://127.0.0.1:1/x", me("a")).unwrap_err().code(), "E_STORE");
}

//! What is true of a file alone.

use super::*;

#[test]
fn a_file_of_a_newer_program_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("solver.sqlite");
    drop(SqliteStore::open(&path).unwrap());
    let file = rusqlite::Connection::open(&path).unwrap();
    file.pragma_update(None, "user_version", 99).unwrap();
    drop(file);
    let error = SqliteStore::open(&path).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unsupported, "E_STORE_VERSION"));
    assert!(error.message().contains("99"), "{error}");
}

#[test]
fn a_file_belongs_to_one_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("solver.sqlite");
    let first = SqliteStore::open(&path).unwrap();
    assert_eq!(SqliteStore::open(&path).unwrap_err().code(), "E_STORE_LOCKED");
    drop(first);
    SqliteStore::open(&path).unwrap();
}

#[test]
fn what_is_no_store_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("solver.sqlite");
    std::fs::write(&path, b"this is no database, and long enough to be one").unwrap();
    assert_eq!(SqliteStore::open(&path).unwrap_err().code(), "E_STORE");
    assert_eq!(SqliteStore::open(folder.path().join("none/solver.sqlite")).unwrap_err().code(), "E_STORE");
}

/// It holds inputs and results in the clear.
#[cfg(unix)]
#[test]
fn only_its_owner_may_read_a_file_and_what_sqlite_keeps_beside_it() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("solver.sqlite")).unwrap();
    let modes = std::fs::read_dir(folder.path()).unwrap().map(|entry| {
        let entry = entry.unwrap();
        (entry.file_name(), entry.metadata().unwrap().permissions().mode() & 0o777)
    });
    let modes: Vec<_> = modes.collect();
    assert!(modes.len() > 1 && modes.iter().all(|(_, mode)| *mode == 0o600), "{modes:?}");
    drop(store);
}

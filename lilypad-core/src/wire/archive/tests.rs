//! Rules of archives: what is written, what comes back, what is refused.

mod hostile;

use bytes::Bytes;
use proptest::prelude::*;

use super::header::{BLOCK, FILE, FOLDER, PAX, header, sum_again};
use super::pax::path_record;
use super::*;
use crate::error::Error;
use crate::model::FileSet;

/// An entry as any writer may make it.
fn entry(kind: u8, name: &str, content: &[u8]) -> Vec<u8> {
    let mut bytes = header(kind, "", name, content.len() as u64).to_vec();
    bytes.extend(content);
    bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
    bytes
}

/// An entry whose header was changed and summed again.
fn changed(kind: u8, name: &str, content: &[u8], change: impl FnOnce(&mut [u8; BLOCK])) -> Vec<u8> {
    let mut bytes = entry(kind, name, content);
    let block = bytes.first_chunk_mut().unwrap();
    change(block);
    sum_again(block);
    bytes
}

fn archive(entries: &[Vec<u8>]) -> Bytes {
    [entries.concat(), vec![0; 2 * BLOCK]].concat().into()
}

fn read(bytes: impl Into<Bytes>) -> crate::Result<FileSet> {
    read_archive(&bytes.into(), &FileLimits { files: 10, bytes: 1_000 })
}

/// The code and the message of a refusal.
fn refusal(bytes: impl Into<Bytes>) -> String {
    match read(bytes) {
        Ok(files) => panic!("read as {files:?}"),
        Err(error) => said(&error),
    }
}

fn said(error: &Error) -> String {
    format!("{} {}", error.code(), error.message())
}

fn set(paths: &[&str]) -> FileSet {
    FileSet::from_files(paths.iter().map(|path| ((*path).to_owned(), (*path).to_owned()))).unwrap()
}

#[test]
fn what_is_written_is_as_documented() {
    let bytes = write_archive(&set(&["b", "a/c"])).unwrap();
    assert_eq!(bytes.len(), 6 * BLOCK);
    let block = &bytes[..BLOCK];
    assert_eq!(block[..3], *b"a/c");
    assert_eq!(block[100..124], *b"0000644\x000000000\x000000000\0");
    assert_eq!(block[124..148], *b"00000000003\x0000000000000\0");
    assert_eq!(block[156..157], *b"0");
    assert_eq!(block[257..265], *b"ustar\x0000");
    assert_eq!(bytes[BLOCK..BLOCK + 4], *b"a/c\0");
    assert_eq!(bytes[4 * BLOCK..], [0; 2 * BLOCK]);
}

#[test]
fn long_paths_take_a_prefix_or_a_record() {
    let fits = format!("{}/{}", "p".repeat(155), "n".repeat(100));
    let not = format!("{}/{}", "p".repeat(156), "n".repeat(100));
    let name = "n".repeat(101);
    let letters = "é".repeat(512);
    for (path, blocks) in [(&fits, 4), (&not, 6), (&name, 6), (&letters, 8)] {
        let files = FileSet::from_files([(path.as_str(), "x")]).unwrap();
        let bytes = write_archive(&files).unwrap();
        assert_eq!(bytes.len(), blocks * BLOCK, "{path}");
        assert_eq!(read(bytes).unwrap(), files);
    }
}

#[test]
fn a_record_counts_its_own_digits() {
    for length in 1..=1_024 {
        let record = path_record(&"x".repeat(length));
        assert_eq!(record.split_once(' ').unwrap().0.parse(), Ok(record.len()), "{length}");
    }
}

#[test]
fn folders_and_what_is_ignored_leave_only_the_files() {
    let owned = changed(FILE, "./a/b", b"moo", |block| {
        block[100..124].copy_from_slice(b"0006755\x000001750\x000001750\0");
        block[265..269].copy_from_slice(b"root");
    });
    let bytes = archive(&[
        entry(FOLDER, ".", b""),
        entry(FOLDER, "a", b""),
        owned,
        entry(FOLDER, "empty/", b""),
        entry(PAX, "PaxHeaders/c", b"13 mtime=1.5\n20 SCHILY.xattr.a=b\n9 size=1\n"),
        entry(FILE, "a/c", b"x"),
    ]);
    let files = FileSet::from_files([("a/b", "moo"), ("a/c", "x")]).unwrap();
    assert_eq!(read(bytes).unwrap(), files);
    assert!(read(archive(&[])).unwrap().is_empty());
}

#[test]
fn a_little_after_the_end_is_ignored() {
    let good = write_archive(&set(&["a"])).unwrap();
    let with = |padding: usize, junk: &[u8]| [&good[..], &vec![0; padding], junk].concat();
    for bytes in [with(0, b"{}\n"), with(10_240, b""), with(PADDING, &[b'x'; JUNK])] {
        assert_eq!(read(bytes).unwrap(), set(&["a"]));
    }
    for bytes in [with(PADDING + 1, b""), with(0, &[b'x'; JUNK + 1]), with(BLOCK, &good)] {
        let said = refusal(bytes);
        assert!(said.contains("bytes after its end; at most 65536 zeros and 16 others"), "{said}");
    }
}

#[test]
fn nothing_is_larger_than_the_limit_says() {
    let path = |at: usize| format!("{at:02}{}", "é".repeat(511));
    let files = FileSet::from_files((0..10).map(|at| (path(at), "x"))).unwrap();
    let most = archive_limit(&FileLimits { files: 10, bytes: 10 });
    assert!(write_archive(&files).unwrap().len() as u64 <= most, "{most}");
    assert_eq!(archive_limit(&FileLimits { files: usize::MAX, bytes: u64::MAX }), u64::MAX);
}

fn some_set() -> impl Strategy<Value = FileSet> {
    let part = prop_oneof!["[a-c]", "\\PC{1,40}", "[a-z]{60,120}"];
    let path = prop::collection::vec(part, 1..6).prop_map(|parts| parts.join("/"));
    let content = prop::collection::vec(any::<u8>(), 0..1_200);
    prop::collection::vec((path, content), 0..8).prop_map(|files| {
        let mut set = FileSet::new();
        for (path, content) in files {
            // Not every random path is one that a set takes.
            set.insert(path, content).ok();
        }
        set
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_is_written_comes_back(files in some_set()) {
        let limits = FileLimits { files: files.len(), bytes: files.total_bytes() };
        let bytes = write_archive(&files).unwrap();
        prop_assert!(bytes.len() as u64 <= archive_limit(&limits));
        prop_assert_eq!(read_archive(&bytes, &limits).unwrap(), files);
    }
}

//! Content ids of results, beside the plain hash that they are made of.

use criterion::Criterion;
use lilypad_core::model::{FileSet, file_content_id};
use sha2::{Digest, Sha256};

use crate::pair::pair;

pub(crate) fn all(criterion: &mut Criterion) {
    let picture = bytes(1 << 20);
    pair(
        criterion,
        "content id of a file of 1 MiB",
        ("SHA-256 of the same bytes", || Sha256::digest(&picture)),
        ("content id", || file_content_id(&picture)),
    );

    let files: Vec<(String, Vec<u8>)> =
        (0..100).map(|at| (format!("outputs/{at}.txt"), bytes(1_000 + at))).collect();
    let mut results = FileSet::new();
    for (path, bytes) in &files {
        results.insert(path.clone(), bytes.clone()).expect("a plain path");
    }
    pair(
        criterion,
        "content id of a results folder of 100 files",
        ("SHA-256 of each file", || files.iter().map(|(_, bytes)| Sha256::digest(bytes)).collect::<Vec<_>>()),
        ("content id", || results.content_id().expect("a small set")),
    );
}

fn bytes(count: usize) -> Vec<u8> {
    (0..count).map(|at| (at % 251) as u8).collect()
}

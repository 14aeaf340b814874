//! Ids of offers and results, beside the plain hash that they are made of.

use criterion::Criterion;
use lilypad_core::model::{DealPricing, FileSet, JobOffer, MachineSpec, file_content_id};
use sha2::{Digest, Sha256};

use crate::pair::pair;

pub(crate) fn all(criterion: &mut Criterion) {
    let offer = offer();
    pair(
        criterion,
        "id of a job offer",
        ("serde_json and SHA-256", || Sha256::digest(serde_json::to_vec(&offer).expect("plain data"))),
        ("id", || offer.id().expect("plain data")),
    );

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

fn offer() -> JobOffer {
    let inputs = (0..5).map(|at| (format!("Input{at}"), "a prompt <with> & marks ".repeat(10)));
    JobOffer {
        nonce: "V1StGXR8_Z5jdHi6B-myT".to_owned(),
        job_creator: "0x742d35cc6634c0532925a3b844bc9e7595f8b3c9".to_owned(),
        spec: MachineSpec { cpu: 1_000, ram: 2_000, ..MachineSpec::default() },
        inputs: Some(inputs.collect()),
        pricing: DealPricing::default(),
        ..JobOffer::default()
    }
}

fn bytes(count: usize) -> Vec<u8> {
    (0..count).map(|at| (at % 251) as u8).collect()
}

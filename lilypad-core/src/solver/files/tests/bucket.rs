//! A bucket of its own at the object store that `LILYPAD_S3` names: one that asks nobody who he is.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::s3::S3Files;

/// A bucket for one test.
pub(in crate::solver) struct Bucket {
    pub(super) endpoint: String,
    pub(super) name: String,
}

impl Bucket {
    /// `None`, with a word, where there is no store.
    pub(in crate::solver) async fn new(test: &str) -> Option<Self> {
        static COUNTER: AtomicUsize = AtomicUsize::new(0);
        let Ok(endpoint) = std::env::var("LILYPAD_S3") else {
            println!("SKIP {test} on S3: LILYPAD_S3 is not set");
            return None;
        };
        let count = COUNTER.fetch_add(1, Ordering::Relaxed);
        let bucket = Self { endpoint, name: format!("lilypad-{}-{count}", std::process::id()) };
        bucket.call(reqwest::Method::PUT, "", Vec::new()).await;
        Some(bucket)
    }

    pub(in crate::solver) async fn files(&self) -> S3Files {
        let url = format!("s3://{}/some/solver", self.name);
        S3Files::open_as(&url, &self.endpoint, "testing", "testing").await.unwrap()
    }

    pub(super) async fn call(&self, method: reqwest::Method, path: &str, body: Vec<u8>) -> Vec<u8> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let url = format!("{}/{}{path}", self.endpoint, self.name);
        let answer = reqwest::Client::new().request(method, url).body(body).send().await.unwrap();
        answer.error_for_status().unwrap().bytes().await.unwrap().to_vec()
    }
}

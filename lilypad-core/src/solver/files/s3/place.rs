//! Where a bucket is.

use std::fmt;

use object_store::path::Path;

use crate::error::{Error, Result};
use crate::wire::ArchiveId;

/// Most bytes of an address.
const LENGTH: usize = 800;

/// A bucket, and what the names of the solver's objects begin with in it.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) bucket: String,
    prefix: Path,
    /// Where the store answers, in words.
    pub(super) host: String,
}

impl Place {
    /// Reads `s3://BUCKET[/PREFIX]`, at Amazon's unless it is said where.
    pub(super) fn read(url: &str) -> Result<Self> {
        let rest = url.strip_prefix("s3://").filter(|_| url.len() <= LENGTH);
        let rest = rest.ok_or_else(|| wrong("this is no address of a bucket"))?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        if !(3..=255).contains(&bucket.len())
            || !bucket.bytes().all(is_name)
            || bucket.starts_with('.')
            || bucket.contains("..")
        {
            return Err(wrong("this address names no bucket"));
        }
        let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
        // A slash more would be dropped without a word.
        let prefix = Some(prefix).filter(|prefix| !prefix.starts_with('/'));
        let strange = || wrong("the path in the bucket has an empty or strange part");
        let prefix = prefix.and_then(|prefix| Path::parse(prefix).ok()).ok_or_else(strange)?;
        Ok(Self { bucket: bucket.to_owned(), prefix, host: "Amazon S3".to_owned() })
    }

    /// Where whole archives are.
    pub(super) fn kept(&self) -> Path {
        self.prefix.clone().join("kept")
    }

    /// Where is noted what is being sent.
    pub(super) fn uploads(&self) -> Path {
        self.prefix.clone().join("uploads")
    }

    pub(super) fn archive(&self, id: ArchiveId) -> Path {
        self.kept().join(id.to_string())
    }

    pub(super) fn upload(&self, name: &str) -> Path {
        self.uploads().join(name)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.prefix)
    }
}

/// True for what is the address of a bucket, and no path of a folder.
#[must_use]
pub fn is_address(text: &str) -> bool {
    text.starts_with("s3://")
}

pub(super) fn wrong(why: &str) -> Error {
    Error::invalid("E_FILES_PLACE", why)
        .with_hint("write s3://BUCKET/PREFIX; keys belong into the environment (AWS_ACCESS_KEY_ID…)")
        .with("field", "files")
}

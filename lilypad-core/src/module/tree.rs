//! Trees that are not on a disk: a set of files in memory.

use bytes::Bytes;

use super::Tree;
use crate::error::{Error, Result};
use crate::model::FileSet;

impl Tree for FileSet {
    fn read(&self, path: &str, limit: u64) -> Result<Option<Bytes>> {
        let Some(bytes) = self.get(path) else { return Ok(None) };
        if bytes.len() as u64 > limit {
            return Err(too_large(path, limit, bytes.len() as u64));
        }
        Ok(Some(bytes.clone()))
    }
}

/// The error for a file above its limit, the same from every tree.
pub(crate) fn too_large(path: &str, limit: u64, got: u64) -> Error {
    Error::invalid("E_MODULE_TOO_LARGE", format!("`{path}` has {got} bytes, the limit is {limit}"))
        .with("path", path)
        .with("limit", limit)
        .with("got", got)
}

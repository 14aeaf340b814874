//! Programs that were prepared lately, so that the next job with the same program starts at once.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use crate::error::Result;

use super::engine::{Compiled, Wasmi};
use super::meter;

/// Most programs that are kept.
const MAX_PROGRAMS: usize = 32;
/// Most bytes of all kept programs together, metered.
const MAX_BYTES: usize = 64 << 20;

/// Programs by the hash of what they were made from, the latest used first.
#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<VecDeque<Entry>>);

#[derive(Debug)]
struct Entry {
    key: [u8; 32],
    bytes: usize,
    program: Arc<Compiled>,
}

impl Cache {
    /// The prepared program of a file: from the cache, or made by the meter and the engine from what `binary` gives.
    pub(super) fn get(
        &self,
        engine: &Wasmi,
        file: &[u8],
        binary: impl FnOnce() -> Result<Vec<u8>>,
    ) -> Result<Arc<Compiled>> {
        let key: [u8; 32] = Sha256::digest(file).into();
        if let Some(program) = self.find(&key) {
            return Ok(program);
        }
        let metered = meter::instrument(&binary()?)?;
        let bytes = metered.bytes.len();
        let program = Arc::new(engine.compile(metered)?);
        self.keep(Entry { key, bytes, program: Arc::clone(&program) });
        Ok(program)
    }

    fn find(&self, key: &[u8; 32]) -> Option<Arc<Compiled>> {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = entries.iter().position(|entry| entry.key == *key)?;
        let entry = entries.remove(at)?;
        let program = Arc::clone(&entry.program);
        entries.push_front(entry);
        Some(program)
    }

    fn keep(&self, entry: Entry) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|other| other.key != entry.key);
        entries.push_front(entry);
        let mut bytes = 0_usize;
        entries.retain(|entry| {
            bytes = bytes.saturating_add(entry.bytes);
            bytes <= MAX_BYTES
        });
        entries.truncate(MAX_PROGRAMS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_prepared_once_and_forgotten_when_others_are_newer() {
        let (cache, engine) = (Cache::default(), Wasmi::new().unwrap());
        let program = |name: &str| {
            let mut made = false;
            let text = format!("(module (func (export \"{name}\")))");
            let binary = || {
                made = true;
                Ok(wat::parse_str(&text).unwrap())
            };
            cache.get(&engine, text.as_bytes(), binary).unwrap();
            made
        };
        assert!(program("a"));
        assert!(!program("a"));
        for other in 0..MAX_PROGRAMS {
            assert!(program(&format!("other {other}")));
        }
        assert!(program("a"));
    }
}

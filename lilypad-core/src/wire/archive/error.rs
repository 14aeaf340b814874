//! What is said of an archive or an entry that is refused.

use crate::error::Error;

/// Most characters of a name that are shown.
const SHOWN: usize = 80;

/// The archive as a whole is not one.
#[cold]
pub(super) fn bad_archive(why: impl AsRef<str>) -> Error {
    Error::invalid("E_ARCHIVE", format!("the archive {}", why.as_ref()))
}

/// One entry is not allowed.
#[cold]
pub(super) fn bad_entry(name: &[u8], why: impl AsRef<str>) -> Error {
    // A name from outside: cut before it is decoded, and printed so that it cannot steer a terminal.
    let start = name.get(..SHOWN * 4).unwrap_or(name);
    let shown: String = String::from_utf8_lossy(start).chars().take(SHOWN).collect();
    let shown = format!("{shown:?}");
    Error::invalid("E_ARCHIVE_ENTRY", format!("archive entry {shown} {}", why.as_ref())).with("entry", shown)
}

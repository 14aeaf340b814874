//! The path of a request, as sent, where it means one thing only.

use super::malformed;
use super::percent::decode;
use crate::error::Result;

/// Most bytes of a path.
const MOST_BYTES: usize = 2048;

/// Refuses every path that servers and proxies on the way may read in different ways.
pub(super) fn check(path: &str) -> Result<()> {
    let refuse = |why: &str| malformed("path", path, why);
    if path.len() > MOST_BYTES {
        return Err(refuse("is longer than 2,048 bytes"));
    }
    let Some(rest) = path.strip_prefix('/') else {
        return Err(refuse("does not start with /"));
    };
    let last = rest.split('/').count().saturating_sub(1);
    for (at, segment) in rest.split('/').enumerate() {
        if segment.is_empty() && at != last {
            return Err(refuse("has an empty segment (//)"));
        }
        if matches!(segment, "." | "..") {
            return Err(refuse("has a segment . or ..").with_hint("resolve the path before it is signed"));
        }
        let text = decode(segment, may_stand).map_err(|why| refuse(&why))?;
        if text.contains(['/', '\\', '%']) || text.chars().any(char::is_control) {
            return Err(refuse("hides a slash, a backslash, a % or a control character in percent-encoding"));
        }
    }
    Ok(())
}

/// RFC 3986's `pchar` without `;`, which some servers take for the start of parameters.
fn may_stand(byte: u8) -> bool {
    matches!(byte, b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b'=' | b':' | b'@')
}

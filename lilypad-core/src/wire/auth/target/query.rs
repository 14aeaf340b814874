//! The query of a request: parameters in one order.

use std::collections::BTreeMap;

use super::malformed;
use super::percent::decode;
use crate::error::Result;

/// Most bytes of a query.
const MOST_BYTES: usize = 4096;
/// Most parameters in a query.
const MOST_PARAMETERS: usize = 64;

/// The parameters sorted by decoded name and value, each spelled as sent; no query and an empty one are the same.
pub(super) fn canonical(query: &str) -> Result<String> {
    let refuse = |why: &str| malformed("query", query, why);
    if query.is_empty() {
        return Ok(String::new());
    }
    if query.len() > MOST_BYTES {
        return Err(refuse("is longer than 4,096 bytes"));
    }
    if query.split('&').count() > MOST_PARAMETERS {
        return Err(refuse("has more than 64 parameters"));
    }
    let mut parameters = Vec::new();
    let mut latest = BTreeMap::new();
    for piece in query.split('&') {
        let (name, value) = piece.split_once('=').ok_or_else(|| refuse("has a parameter without ="))?;
        let name = decode(name, may_stand).map_err(|why| refuse(&why))?;
        let value = decode(value, may_stand).map_err(|why| refuse(&why))?;
        if name.is_empty() {
            return Err(refuse("has a parameter without a name"));
        }
        // A server may take the first or the last of several: sorting must not change which one that is.
        if latest.insert(name.clone(), value.clone()).is_some_and(|before| before > value) {
            return Err(refuse("repeats a name with values out of order").with_hint("sort its values"));
        }
        parameters.push((name, value, piece));
    }
    // Stable: equal pairs stay as sent.
    parameters.sort_by(|one, other| (&one.0, &one.1).cmp(&(&other.0, &other.1)));
    Ok(parameters.iter().map(|(_, _, piece)| *piece).collect::<Vec<_>>().join("&"))
}

/// RFC 3986's query without `+` (a blank or a plus), `;` (once a separator), `?`, `&` and `=`.
fn may_stand(byte: u8) -> bool {
    matches!(byte, b'!' | b'$' | b'\'' | b'(' | b')' | b'*' | b',' | b':' | b'@' | b'/')
}

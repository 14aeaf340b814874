//! The authority of a request: host and port, in one form.

use std::net::Ipv6Addr;

use super::{Scheme, malformed};
use crate::error::Result;

/// Most bytes of an authority: a host name of 253, a colon, a port of 5 digits.
const MOST_BYTES: usize = 259;

/// Lower-case, without the scheme's own port.
pub(super) fn canonical(text: &str, scheme: Scheme) -> Result<String> {
    let refuse = |why: &str| {
        Err(malformed("authority", text, why).with_hint("write host or host:port, as in the request's URL"))
    };
    if text.len() > MOST_BYTES {
        return refuse("is longer than 259 bytes");
    }
    let lower = text.to_ascii_lowercase();
    let (host, port) = match lower.rsplit_once(':') {
        // Inside of brackets a colon belongs to the address.
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (lower.as_str(), None),
    };
    if let Err(why) = check_host(host) {
        return refuse(why);
    }
    match port {
        None => Ok(host.to_owned()),
        Some(port) if !is_port(port) => refuse("has a port that is not a number from 1 to 65535"),
        Some(port) if port == scheme.port() => Ok(host.to_owned()),
        Some(port) => Ok(format!("{host}:{port}")),
    }
}

fn is_port(text: &str) -> bool {
    let digits = !text.is_empty() && text.len() <= 5 && text.bytes().all(|digit| digit.is_ascii_digit());
    digits && !text.starts_with('0') && text.parse::<u16>().is_ok()
}

fn check_host(host: &str) -> Result<(), &'static str> {
    if let Some(inner) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return match inner.parse::<Ipv6Addr>() {
            Ok(address) if address.to_string() == inner => Ok(()),
            _ => Err("has an IPv6 address that is not in the form of RFC 5952"),
        };
    }
    if host.is_empty() || host.len() > 253 {
        return Err("has no host name of 1 to 253 bytes");
    }
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    if host.split('.').all(label) { Ok(()) } else { Err("has a host name with an empty, long or odd label") }
}

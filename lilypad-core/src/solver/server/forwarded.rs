//! Whose request it is where proxies stand in front: what they say counts only where the operator says that they are there.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;

/// Which header the proxies in front of a server write. Only this one is read: they do not clear the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For: client, proxy`.
    #[default]
    XForwardedFor,
    /// `Forwarded: for=client, for=proxy` (RFC 7239).
    Forwarded,
}

/// The address of a request that came from `peer` through `proxies` proxies, each of which has added the address from which
/// it got the request. Where fewer have, or one of them says no address, it is the peer's.
pub(super) fn client(peer: IpAddr, headers: &HeaderMap, proxies: usize, header: ForwardedHeader) -> IpAddr {
    let Some(back) = proxies.checked_sub(1) else { return peer };
    let (name, read): (_, fn(&str) -> Option<IpAddr>) = match header {
        ForwardedHeader::XForwardedFor => ("x-forwarded-for", address),
        ForwardedHeader::Forwarded => ("forwarded", of_element),
    };
    // Several headers are one list. What stands left of our proxies' entries was written by anybody.
    let values = headers.get_all(name).iter().map(|value| value.to_str().unwrap_or_default());
    let entries: Vec<&str> = values.flat_map(|value| value.split(',')).collect();
    let entry = entries.len().checked_sub(back.saturating_add(1)).and_then(|place| entries.get(place));
    entry.and_then(|entry| read(entry)).unwrap_or(peer)
}

/// The `for` of an element such as `for="[2001:db8::1]:4711";proto=https`.
fn of_element(element: &str) -> Option<IpAddr> {
    element.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then(|| address(value.trim().trim_matches('"')))?
    })
}

/// An address with or without a port, of IPv6 with or without brackets.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn seen(proxies: usize, header: ForwardedHeader, lines: &[(&'static str, &str)]) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        client("192.0.2.9".parse().unwrap(), &headers, proxies, header).to_string()
    }

    #[test]
    fn only_what_our_own_proxies_added_counts() {
        use ForwardedHeader::XForwardedFor as Plain;
        let spoofed = [("x-forwarded-for", "203.0.113.1, 198.51.100.7"), ("x-forwarded-for", "192.0.2.8")];
        let expected = ["192.0.2.9", "192.0.2.8", "198.51.100.7", "203.0.113.1", "192.0.2.9", "192.0.2.9"];
        for (proxies, expected) in expected.into_iter().enumerate() {
            assert_eq!(seen(proxies, Plain, &spoofed), expected, "{proxies} proxies");
        }
        assert_eq!(seen(usize::MAX, Plain, &spoofed), "192.0.2.9");
        // The other header, and those of single makers, are anybody's.
        for name in ["forwarded", "x-real-ip", "true-client-ip"] {
            assert_eq!(seen(1, Plain, &[(name, "203.0.113.1")]), "192.0.2.9");
        }
        assert_eq!(seen(1, ForwardedHeader::Forwarded, &spoofed), "192.0.2.9");
    }

    #[test]
    fn the_spellings_of_rfc_7239_and_of_proxies_are_read() {
        // The first four are examples of RFC 7239, section 4 and 6.
        let cases = [
            ("forwarded", "for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60"),
            ("forwarded", "For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
            ("forwarded", "for=192.0.2.43, for=198.51.100.17", "198.51.100.17"),
            ("forwarded", "for=\"_gazonk\"", "192.0.2.9"),
            ("forwarded", "for=unknown", "192.0.2.9"),
            ("forwarded", "for=\"192.0.2.43:47011\"", "192.0.2.43"),
            ("x-forwarded-for", "2001:db8::1", "2001:db8::1"),
            ("x-forwarded-for", "[2001:db8::1]:80", "2001:db8::1"),
            ("x-forwarded-for", "198.51.100.7:80", "198.51.100.7"),
            ("x-forwarded-for", "198.51.100.7,", "192.0.2.9"),
            ("x-forwarded-for", "", "192.0.2.9"),
            ("x-forwarded-for", "nonsense", "192.0.2.9"),
        ];
        for (name, value, expected) in cases {
            let header =
                if name == "forwarded" { ForwardedHeader::Forwarded } else { ForwardedHeader::XForwardedFor };
            assert_eq!(seen(1, header, &[(name, value)]), expected, "{name}: {value}");
        }
    }
}

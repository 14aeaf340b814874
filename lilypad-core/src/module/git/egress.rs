//! Which hosts and addresses may be reached, decided once for a fetch: what is checked is what is connected to.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Fault, Result, Retry};
use crate::module::GitRef;

use super::GitPolicy;
use super::site::Site;

/// How names become addresses.
pub(super) type Resolve = Arc<dyn Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync>;

/// The system's resolver.
pub(super) fn system_resolver() -> Resolve {
    Arc::new(|host| Ok((host, 0).to_socket_addrs()?.map(|address| address.ip()).collect()))
}

/// What can be said of a host without asking anybody.
pub(super) fn check_host(git: &GitRef, policy: &GitPolicy, site: &Site) -> Result<()> {
    if policy.allow_hosts.as_ref().is_some_and(|list| !is_listed(git, list)) {
        return Err(denied(site, format!("host {} is not on the list of allowed hosts", git.authority()))
            .with_hint("ask for it to be added to allow_hosts in the git policy"));
    }
    if is_disguised_address(git.host()) {
        return Err(denied(site, format!("host {} is a number, not a name", git.host()))
            .with_hint("write the name of the host"));
    }
    Ok(())
}

fn is_listed(git: &GitRef, list: &[String]) -> bool {
    list.iter().any(|entry| entry == git.host() || *entry == git.authority())
}

/// Looks the host up once and gives the addresses that may be connected to.
pub(super) fn checked_addresses(
    git: &GitRef,
    policy: &GitPolicy,
    resolve: &Resolve,
    site: &Site,
) -> Result<Vec<SocketAddr>> {
    let addresses = look_up(git.host(), resolve, site)?;
    if !is_listed(git, &policy.allow_private_hosts) {
        // One private address among public ones is how names are turned against the inside of a network.
        if let Some(address) = addresses.iter().find(|address| !is_public(**address)) {
            let message = format!("host {} has the address {address}, which is not a public one", git.host());
            return Err(
                denied(site, message).with_hint("add the host to allow_private_hosts if you run it yourself")
            );
        }
    }
    Ok(addresses.into_iter().map(|address| SocketAddr::new(address, git.port())).collect())
}

fn look_up(host: &str, resolve: &Resolve, site: &Site) -> Result<Vec<IpAddr>> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = bare.parse() {
        return Ok(vec![address]);
    }
    let (resolve, name) = (Arc::clone(resolve), host.to_owned());
    let answer = site.budget.wait_for(move || resolve(&name)).map_err(|stop| site.stopped(stop))?;
    let not_found = || {
        Error::new(ErrorKind::Unavailable, "E_GIT_HOST", format!("host {host} is not found"))
            .with_hint("check the name of the host and that this machine is online")
            .with_fault(Fault::Network)
            .with_retry(Retry::Never)
            .with("host", host)
    };
    match answer {
        Ok(addresses) if !addresses.is_empty() => Ok(addresses),
        Ok(_) => Err(not_found()),
        Err(source) => Err(not_found().with_source(source)),
    }
}

/// The error for what the policy does not allow to reach.
pub(super) fn denied(site: &Site, message: String) -> Error {
    Error::new(ErrorKind::Rejected, "E_EGRESS_DENIED", message)
        .with_fault(Fault::User)
        .with("repo", &site.url)
}

/// True for hosts that some systems read as an IPv4 address although they do not look like one
/// (`2130706433`, `0x7f.1`, `0177.0.0.1`).
fn is_disguised_address(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or_default();
    let hex = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let number = digits(last) || hex.is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
    number && host.parse::<Ipv4Addr>().is_err()
}

/// True for addresses of the public Internet; what embeds an IPv4 address is judged by that one.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !match a {
        0 | 10 | 127 | 224.. => true,
        100 => (64..128).contains(&b),
        169 => b == 254,
        172 => (16..32).contains(&b),
        192 => b == 168 || (b == 0 && matches!(c, 0 | 2)) || (b == 88 && c == 99),
        198 => matches!(b, 18 | 19) || (b == 51 && c == 100),
        203 => b == 0 && c == 113,
        _ => false,
    }
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(inner) = address.to_ipv4_mapped() {
        return is_public_v4(inner);
    }
    let [a, b, c, d, e, f, g, h] = address.segments();
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match (a, b) {
        // NAT64, 6to4; Teredo, the special block around it and the documentation blocks are never right.
        (0x0064, 0xff9b) => [c, d, e, f] == [0; 4] && v4(g, h),
        (0x2002, _) => v4(b, c),
        (0x2001, 0x0000..=0x01ff | 0x0db8) | (0x3fff, 0x0000..=0x0fff) => false,
        _ => a & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disguised_addresses() {
        for host in ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0x7f.0x1", "1.2.3.4.5", "127.0.0.01"]
        {
            assert!(is_disguised_address(host), "{host}");
        }
        for host in ["127.0.0.1", "github.com", "a1", "1a.example", "0x7g", "[::1]"] {
            assert!(!is_disguised_address(host), "{host}");
        }
    }

    #[test]
    fn private_addresses() {
        #[rustfmt::skip]
        let refused = [
            "0.0.0.0", "10.1.2.3", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.0.1", "169.254.169.254",
            "172.16.0.1", "172.31.255.255", "192.168.1.1", "192.0.0.8", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.51.100.7",
            "203.0.113.9", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
            "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "fc00::1", "fd12:3456::1", "fe80::1", "fec0::1",
            "ff02::1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::808:808", "2002:7f00:1::", "2002:a9fe:a9fe::1",
            "2001::1", "2001:db8::1", "3fff::1", "100::1", "5f00::1",
        ];
        for address in refused {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        #[rustfmt::skip]
        let public = [
            "1.1.1.1", "100.63.0.1", "100.128.0.1", "140.82.121.4", "172.15.0.1", "172.32.0.1", "192.1.1.1", "198.20.0.1",
            "::ffff:8.8.8.8", "2606:50c0:8000::153", "2a00:1450::1", "64:ff9b::808:808", "2002:808:808::1", "2001:4860::8888",
        ];
        for address in public {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }
}

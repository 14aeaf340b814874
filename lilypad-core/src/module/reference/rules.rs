//! What each part of a module's name may hold.

use std::net::Ipv6Addr;

use crate::error::{Error, Result};

const MAX_TEXT: usize = 2_048;
const MAX_NAME: usize = 100;
const MAX_REF: usize = 255;
const MAX_PATH: usize = 1_024;
const MAX_DEPTH: usize = 16;
const MAX_HOST: usize = 253;
const MAX_LABEL: usize = 63;

/// The error for a name that breaks a rule.
pub(super) fn broken(text: &str, rule: &str) -> Error {
    let shown = shown(text);
    Error::invalid("E_MODULE_REF", format!("module {shown:?} is refused: {rule}"))
        .with_hint("write cowsay:v0.0.4, github.com/owner/repo:ref or ./folder")
        .with("field", "module")
}

/// The start of a text, without what may be a user name and a password.
fn shown(text: &str) -> String {
    match text.rsplit_once('@') {
        Some((_, host)) if host.contains(['/', ':']) => format!("…@{host}").chars().take(80).collect(),
        _ => text.chars().take(80).collect(),
    }
}

/// What holds for every name, folders too.
pub(super) fn check_text(text: &str) -> Result<()> {
    if text.is_empty() {
        return Err(broken(text, "it is empty"));
    }
    if text.len() > MAX_TEXT {
        return Err(broken(text, &format!("it has {} bytes, the limit is {MAX_TEXT}", text.len())));
    }
    if text.chars().any(char::is_control) {
        return Err(broken(text, "control characters are not accepted"));
    }
    if text.starts_with('-') {
        return Err(broken(text, "it must not start with `-`"));
    }
    Ok(())
}

/// True for a plain owner, repository or module name.
pub(super) fn is_name(name: &str) -> bool {
    name_rule(name).is_none()
}

/// Checks an owner, repository or module name.
pub(super) fn check_name(text: &str, what: &str, name: &str) -> Result<String> {
    match name_rule(name) {
        Some(rule) => Err(broken(text, &format!("the {what} {rule}"))),
        None => Ok(name.to_owned()),
    }
}

fn name_rule(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        Some("is empty")
    } else if name.len() > MAX_NAME {
        Some("has more than 100 bytes")
    } else if name.starts_with(['.', '-']) {
        Some("must not start with `.` or `-`")
    } else if !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')) {
        Some("may hold only letters, digits, `-`, `_` and `.`")
    } else {
        None
    }
}

/// Checks a tag or branch by git's own rules, in ASCII only.
pub(super) fn check_ref(text: &str, name: &str) -> Result<String> {
    let rule = if name.is_empty() {
        "the ref is missing"
    } else if name.len() > MAX_REF {
        "the ref has more than 255 bytes"
    } else if !name.bytes().all(|b| b.is_ascii_graphic()) {
        "the ref may hold only visible ASCII characters"
    } else if name.contains(['~', '^', ':', '?', '*', '[', '\\']) {
        "the ref must not hold any of ~ ^ : ? * [ \\"
    } else if name.contains("..") || name.contains("@{") || name == "@" {
        "the ref must not hold `..` or `@{`"
    } else if name.starts_with('-') || name.ends_with('.') {
        "the ref must not start with `-` or end with `.`"
    } else if name.split('/').any(|part| part.is_empty() || part.starts_with('.') || part.ends_with(".lock"))
    {
        "no part of the ref may be empty, start with `.` or end with `.lock`"
    } else {
        return Ok(name.to_owned());
    };
    Err(broken(text, rule))
}

/// Checks `host`, `host:port` or `[address]:port`; gives the host in lower case and the port where it is not 443.
pub(super) fn check_authority(text: &str, authority: &str, schemed: bool) -> Result<(String, Option<u16>)> {
    if authority.contains('@') {
        return Err(broken(text, "user names and passwords are not accepted"));
    }
    if let Some((address, rest)) = authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        let address: Ipv6Addr =
            address.parse().map_err(|_| broken(text, "what stands in brackets is not an IPv6 address"))?;
        let port = match rest {
            "" => None,
            rest => check_port(text, rest.strip_prefix(':').unwrap_or_default())?,
        };
        return Ok((format!("[{address}]"), port));
    }
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, check_port(text, port)?),
        None => (authority, None),
    };
    check_host(text, host)?;
    if !schemed && !host.contains('.') {
        return Err(broken(
            text,
            "the host is missing or has no dot (with a host of one word, write https:// first)",
        ));
    }
    Ok((host.to_ascii_lowercase(), port))
}

fn check_port(text: &str, port: &str) -> Result<Option<u16>> {
    let digits = !port.starts_with('0') && port.bytes().all(|b| b.is_ascii_digit());
    match port.parse::<u16>() {
        Ok(443) if digits => Ok(None),
        Ok(port) if digits => Ok(Some(port)),
        _ => Err(broken(text, "a port is a number from 1 to 65535")),
    }
}

fn check_host(text: &str, host: &str) -> Result<()> {
    let rule = if host.is_empty() {
        "the host is missing"
    } else if !host.is_ascii() || host.to_ascii_lowercase().split('.').any(|label| label.starts_with("xn--"))
    {
        "international host names are not accepted, they can look like others"
    } else if host.len() > MAX_HOST || host.split('.').any(|label| label.len() > MAX_LABEL) {
        "the host is too long"
    } else if !host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.')) {
        "a host may hold only letters, digits, `-` and `.`"
    } else if host.split('.').any(|label| label.is_empty() || label.starts_with('-') || label.ends_with('-'))
    {
        "no part of the host may be empty or start or end with `-`"
    } else {
        return Ok(());
    };
    Err(broken(text, rule))
}

/// Checks a path in a repository that was typed after `//`; a slash at its end is dropped.
pub(super) fn check_path(text: &str, path: &str) -> Result<String> {
    let path = path.strip_suffix('/').unwrap_or(path);
    match path_rule(path) {
        Some(rule) => Err(broken(text, &format!("the path {rule}"))),
        None => Ok(path.to_owned()),
    }
}

/// Checks a path that came with a wire's module fields; gives it without its one leading slash.
pub(super) fn check_wire_path(path: &str) -> Result<&str> {
    let path = path.strip_prefix('/').unwrap_or(path);
    check_tree_path(path).map(|()| path)
}

/// Checks a path that is read from a module's tree.
///
/// # Errors
/// `InvalidInput` (`E_MODULE_PATH`).
pub(crate) fn check_tree_path(path: &str) -> Result<()> {
    let Some(rule) = path_rule(path) else { return Ok(()) };
    let shown: String = path.chars().take(80).collect();
    Err(Error::invalid("E_MODULE_PATH", format!("module path {shown:?} is refused: it {rule}"))
        .with_hint("give a plain relative path such as modules/cowsay/lilypad.toml")
        .with("field", "path"))
}

fn path_rule(path: &str) -> Option<&'static str> {
    if path.is_empty() {
        Some("is empty")
    } else if path.len() > MAX_PATH {
        Some("has more than 1,024 bytes")
    } else if path.contains('\\') || path.chars().any(char::is_control) {
        Some("must not hold a backslash, NUL or another control character")
    } else if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
        Some("must be relative, without `.`, `..` or empty parts")
    } else if path.split('/').count() > MAX_DEPTH {
        Some("must be at most 16 levels deep")
    } else {
        None
    }
}

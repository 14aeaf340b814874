//! The line with which one process of a solver passes a connection on to another: who the client is, and under which names it
//! came.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use crate::error::{Error, Result};
use crate::rt::within;

/// How every such line begins. No request does.
const START: &str = "LILYPAD-RELAY/1 ";
/// Most bytes of a line.
const MOST: usize = 2_048;
/// Most names under which a process is reached.
const NAMES: usize = 16;
/// A pause before it is looked again whether the rest of a line is there.
const PAUSE: Duration = Duration::from_millis(5);

/// A connection as its client began it.
#[derive(Clone, Debug)]
pub(super) struct Came {
    pub(super) client: SocketAddr,
    /// The names of the process that passed it on; none where the client came by itself.
    pub(super) names: Arc<[String]>,
}

/// Names in the form of the line.
///
/// # Errors
/// `InvalidInput` (`E_SERVER_CONFIG`).
#[cfg(feature = "store-postgres")]
pub(super) fn names(names: &[String]) -> Result<String> {
    let fine = |name: &String| {
        !name.is_empty()
            && name.len() <= 100
            && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',')
    };
    if names.len() > NAMES || !names.iter().all(fine) {
        let message = format!("names must be at most {NAMES}, of at most 100 letters each, without commas");
        return Err(Error::invalid("E_SERVER_CONFIG", message).with("field", "names"));
    }
    Ok(names.join(","))
}

#[cfg(feature = "store-postgres")]
pub(super) fn line(key: &str, client: SocketAddr, names: &str) -> String {
    format!("{START}{key} {client} {names}\r\n")
}

/// Who is at the other end of a connection, where others with this key may pass connections on.
///
/// # Errors
/// `Unauthorized` (`E_RELAY`) for a line that is none or shows another key; `Timeout` (`E_RELAY`) for one that does not end.
pub(super) async fn read(
    stream: &mut TcpStream,
    peer: SocketAddr,
    key: &str,
    time: Duration,
) -> Result<Came> {
    match within(time, look(stream, peer, key)).await {
        Some(came) => came,
        None => Err(refused("nothing came in time")),
    }
}

async fn look(stream: &mut TcpStream, peer: SocketAddr, key: &str) -> Result<Came> {
    let broken = |error: std::io::Error| refused(&error.to_string());
    let mut bytes = [0; MOST];
    let mut known = 0;
    loop {
        let count = stream.peek(&mut bytes).await.map_err(broken)?;
        let here = bytes.get(..count).unwrap_or_default();
        let begun = here.get(..START.len().min(count)).unwrap_or_default();
        if count == 0 || !START.as_bytes().starts_with(begun) {
            return Ok(Came { client: peer, names: Arc::default() });
        }
        if let Some(end) = here.iter().position(|byte| *byte == b'\n') {
            let mut line = vec![0; end + 1];
            stream.read_exact(&mut line).await.map_err(broken)?;
            return parse(&line, key).ok_or_else(|| refused("its first line is not one of ours"));
        }
        if count == MOST {
            return Err(refused("its first line is too long"));
        }
        // What is there stays there, so waiting for more tells nothing.
        if count == known {
            within(PAUSE, std::future::pending::<()>()).await;
        }
        known = count;
    }
}

fn parse(line: &[u8], key: &str) -> Option<Came> {
    let line = std::str::from_utf8(line).ok()?.strip_suffix("\r\n")?.strip_prefix(START)?;
    let mut words = line.split(' ');
    let (shown, client, names) = (words.next()?, words.next()?, words.next()?);
    if words.next().is_some() || !same(shown, key) {
        return None;
    }
    let names: Vec<String> = names.split(',').take(NAMES).map(str::to_owned).collect();
    Some(Came { client: client.parse().ok()?, names: names.into() })
}

/// Takes as long wherever two keys differ.
fn same(one: &str, other: &str) -> bool {
    let differ = one.bytes().zip(other.bytes()).fold(0, |all, (one, other)| all | (one ^ other));
    one.len() == other.len() && !one.is_empty() && differ == 0
}

fn refused(why: &str) -> Error {
    Error::new(crate::error::ErrorKind::Unauthorized, "E_RELAY", format!("a connection is not taken: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_line_with_the_key_counts() {
        let client: SocketAddr = "[2001:db8::1]:4000".parse().unwrap();
        let good = line("k3y", client, "a.example,b:1");
        let came = parse(good.as_bytes(), "k3y").unwrap();
        assert_eq!((came.client, &came.names[..]), (client, &["a.example".to_owned(), "b:1".to_owned()][..]));
        for bad in [
            line("k3z", client, "a"),
            line("", client, "a"),
            line("k3y4", client, "a"),
            "LILYPAD-RELAY/1 k3y nobody a\r\n".to_owned(),
            "LILYPAD-RELAY/1 k3y 1.2.3.4:5\r\n".to_owned(),
            "LILYPAD-RELAY/1 k3y 1.2.3.4:5 a b\r\n".to_owned(),
            "LILYPAD-RELAY/1 k3y 1.2.3.4:5 a\n".to_owned(),
            "\r\n".to_owned(),
        ] {
            assert!(parse(bad.as_bytes(), "k3y").is_none(), "{bad}");
        }
        // Without a key nobody passes anything on.
        assert!(parse(line("", client, "a").as_bytes(), "").is_none());
    }

    #[test]
    fn a_name_cannot_break_the_line() {
        for bad in ["", "a b", "a,b", "a\r\nb", "ä"] {
            assert_eq!(names(&[bad.to_owned()]).unwrap_err().code(), "E_SERVER_CONFIG", "{bad:?}");
        }
        assert!(names(&vec!["a".to_owned(); NAMES + 1]).is_err());
    }
}

//! The place of a solver process that waits to lead: it passes every connection on to the one that leads.
//!
//! A client may use any process of a solver. Requests are not read here: the leader checks signatures, counts and answers, as if
//! the client had come to it. A line before the first request says who the client is (`preface`).

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use super::super::lead::{Leader, Leaders};
use super::{listen, preface};
use crate::error::{Error, ErrorKind, Fault, Result, Retry};
use crate::rt::{CancelToken, spawn, within};
use crate::wire::Body;

/// How long the leader may take to take a connection.
const REACH: Duration = Duration::from_secs(5);
/// When to try again while nobody leads.
const AGAIN: Duration = Duration::from_secs(1);
/// How long a client that gets no further may take to read so.
const PARTING: Duration = Duration::from_secs(2);
/// Most bytes of a request that gets no further.
const UNREAD: usize = 64 << 10;
/// Most connections at once.
const CONNECTIONS: usize = 4_096;

/// Passes connections on to whoever leads.
#[derive(Debug)]
pub struct Relay {
    listener: std::net::TcpListener,
    names: Arc<str>,
    own: String,
    leaders: Leaders,
}

impl Relay {
    /// A relay on `listener`, which clients reach under `names`; empty takes the address that is listened on. `me` is the
    /// process that it stands in for: what is said to lead at its address led before.
    ///
    /// # Errors
    /// `Unavailable` (`E_LISTEN`) where the listener is none; `InvalidInput` (`E_SERVER_CONFIG`) for a name that is none.
    pub fn new(
        listener: std::net::TcpListener,
        names: &[String],
        me: &Leader,
        leaders: Leaders,
    ) -> Result<Self> {
        let address = listener.local_addr().map_err(listen::failed)?.to_string();
        let names = if names.is_empty() { address } else { preface::names(names)? };
        Ok(Self { listener, names: names.into(), own: me.address.clone(), leaders })
    }

    /// Passes connections on until `stop`; those that are under way go on for as long as both ends keep them. Must be called on
    /// a tokio runtime.
    ///
    /// # Errors
    /// `Unavailable` (`E_LISTEN`) where the listener cannot be used.
    pub async fn serve(self, stop: CancelToken) -> Result<()> {
        let listener = listen::ready(self.listener)?;
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        while let Some(((client, peer), place)) = listen::next(&listener, &places, &stop).await {
            let leader = self.leaders.current().filter(|leader| leader.address != self.own);
            let names = Arc::clone(&self.names);
            spawn(async move {
                pass_on(client, peer, leader, &names).await;
                drop(place);
            });
        }
        Ok(())
    }
}

async fn pass_on(mut client: TcpStream, peer: SocketAddr, leader: Option<Leader>, names: &str) {
    let _ = client.set_nodelay(true);
    let reached = match &leader {
        Some(leader) => reach(leader, peer, names).await,
        None => Err("nobody leads yet".to_owned()),
    };
    match reached {
        // How a connection ends is the affair of its ends.
        Ok(mut leader) => drop(tokio::io::copy_bidirectional(&mut client, &mut leader).await),
        Err(why) => {
            tracing::warn!(%why, "a connection gets no further");
            within(PARTING, refuse(client, &why)).await;
        }
    }
}

async fn reach(leader: &Leader, client: SocketAddr, names: &str) -> std::result::Result<TcpStream, String> {
    let reached = within(REACH, async {
        let mut stream = TcpStream::connect(&leader.address).await?;
        stream.set_nodelay(true)?;
        stream.write_all(preface::line(&leader.key, client, names).as_bytes()).await?;
        std::io::Result::Ok(stream)
    });
    match reached.await {
        Some(reached) => reached.map_err(|error| format!("the leading process does not answer: {error}")),
        None => Err(format!("the leading process did not answer in {} s", REACH.as_secs())),
    }
}

/// Says that it goes on in a moment.
async fn refuse(mut client: TcpStream, why: &str) {
    let error = Error::new(ErrorKind::Unavailable, "E_NO_LEADER", format!("the solver changes over: {why}"))
        .with_fault(Fault::Solver)
        .with_retry(Retry::After(AGAIN))
        .with_hint("try again in a moment; nothing that was acknowledged is lost");
    let body = error.to_body().unwrap_or_default();
    let head = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nretry-after: {}\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n",
        AGAIN.as_secs(),
        body.len(),
    );
    // A connection that is closed on unread bytes takes the answer along.
    let mut unread = vec![0; UNREAD];
    let _ = client.read(&mut unread).await;
    let _ = client.write_all(head.as_bytes()).await;
    let _ = client.write_all(body.as_bytes()).await;
    let _ = client.shutdown().await;
    let mut left = UNREAD;
    while let Ok(got @ 1..) = client.read(&mut unread).await {
        left = left.saturating_sub(got);
        if left == 0 {
            break;
        }
    }
}

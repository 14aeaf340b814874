//! A wire between a client and a solver that breaks, or changes a byte, where a test says so.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What happens to the body of one request or answer.
#[derive(Clone, Copy, Debug)]
pub(super) enum Harm {
    /// The answer stops after so many bytes.
    CutAnswer(usize),
    /// The byte at this place of the answer is another one.
    ChangeAnswer(usize),
    /// The request stops after so many bytes.
    CutRequest(usize),
}

/// A request that was harmed or could have been: what it asked, and how many bytes of its body and of the answer's passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Passed {
    pub(super) line: String,
    pub(super) range: Option<String>,
    pub(super) sent: usize,
    pub(super) answered: usize,
}

/// The wire: each request whose first line holds the word meets the next harm.
#[derive(Clone, Debug)]
pub(super) struct Wire {
    word: &'static str,
    harms: Arc<Mutex<VecDeque<Harm>>>,
    passed: Arc<Mutex<Vec<Passed>>>,
}

impl Wire {
    /// A wire, and the address at which it is reached: it begins once [`Wire::lead`] says where it ends.
    pub(super) async fn new(
        word: &'static str,
        harms: impl IntoIterator<Item = Harm>,
    ) -> (Self, TcpListener, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let harms = Arc::new(Mutex::new(harms.into_iter().collect()));
        (Self { word, harms, passed: Arc::default() }, listener, address)
    }

    pub(super) fn lead(&self, listener: TcpListener, to: String) {
        let wire = self.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (wire, to) = (wire.clone(), to.clone());
                tokio::spawn(async move {
                    let _ = wire.carry(client, &to).await;
                });
            }
        });
    }

    pub(super) fn passed(&self) -> Vec<Passed> {
        self.passed.lock().unwrap().clone()
    }

    pub(super) fn harms_left(&self) -> usize {
        self.harms.lock().unwrap().len()
    }

    /// Carries one request and its answer; the server is told to close the connection after it.
    async fn carry(&self, mut client: TcpStream, to: &str) -> std::io::Result<()> {
        let mut server = TcpStream::connect(to).await?;
        let (head, mut sent) = head(&mut client).await?;
        let head = head.replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n");
        let line = head.lines().next().unwrap_or_default().to_owned();
        let is_ours = line.contains(self.word);
        let harm = if is_ours { self.harms.lock().unwrap().pop_front() } else { None };
        let length = field(&head, "content-length").and_then(|length| length.parse().ok()).unwrap_or(0_usize);
        let most = if let Some(Harm::CutRequest(most)) = harm { most.min(length) } else { length };
        server.write_all(head.as_bytes()).await?;
        read_to(&mut client, &mut sent, most).await?;
        server.write_all(&sent).await?;
        let mut passed =
            Passed { line, range: field(&head, "range").map(str::to_owned), sent: sent.len(), answered: 0 };
        if most == length {
            let (head, mut body) = self::head(&mut server).await?;
            client.write_all(head.as_bytes()).await?;
            let length =
                field(&head, "content-length").and_then(|length| length.parse().ok()).unwrap_or(usize::MAX);
            let most = if let Some(Harm::CutAnswer(most)) = harm { most.min(length) } else { length };
            // A stream of events has no length and is passed on as it comes.
            if most == usize::MAX {
                client.write_all(&body).await?;
                tokio::io::copy(&mut server, &mut client).await?;
                return Ok(());
            }
            read_to(&mut server, &mut body, most).await?;
            if let Some(Harm::ChangeAnswer(at)) = harm {
                body[at] ^= 1;
            }
            passed.answered = body.len();
            if is_ours {
                self.passed.lock().unwrap().push(passed);
            }
            client.write_all(&body).await?;
        } else if is_ours {
            self.passed.lock().unwrap().push(passed);
        }
        client.shutdown().await
    }
}

fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (found, value) = line.split_once(": ")?;
        found.eq_ignore_ascii_case(name).then_some(value)
    })
}

/// The head of a message, and what of its body came with it.
async fn head(stream: &mut TcpStream) -> std::io::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let body = bytes.split_off(at + 4);
            return Ok((String::from_utf8_lossy(&bytes).into_owned(), body));
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// Reads on until there are `most` bytes.
async fn read_to(stream: &mut TcpStream, bytes: &mut Vec<u8>, most: usize) -> std::io::Result<()> {
    while bytes.len() < most {
        if stream.read_buf(bytes).await? == 0 {
            break;
        }
    }
    bytes.truncate(most);
    Ok(())
}

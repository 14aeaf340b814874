//! A solver that lies: a real one, and something in front of it that changes what it says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use lilypad_core::wire::ArchiveId;

/// What becomes of a whole answer's body; the path says what was asked.
type Lie = dyn Fn(&str, Vec<u8>) -> Vec<u8> + Send + Sync;

/// Something in front of a solver. It must be one of the solver's names.
pub(crate) struct Proxy {
    pub(crate) authority: String,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    solver: Mutex<String>,
    lie: Mutex<Option<Arc<Lie>>>,
    /// Leaves the digest of what it changes as it was.
    clumsy: Mutex<bool>,
    /// A text in a stream of events, and the one of the same length in its place.
    event: Mutex<Option<(String, String)>>,
}

impl Proxy {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (authority, shared) = (listener.local_addr().unwrap().to_string(), Arc::<Shared>::default());
        let own = Arc::clone(&shared);
        std::thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&own);
                std::thread::spawn(move || shared.pass_on(connection));
            }
        });
        Self { authority, shared }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.authority)
    }

    /// Passes on to the solver at this URL from now on.
    pub(crate) fn stand_before(&self, url: &str) {
        url.strip_prefix("http://").unwrap().clone_into(&mut self.shared.solver.lock().unwrap());
    }

    /// Lies like this from now on.
    pub(crate) fn lie(&self, lie: impl Fn(&str, Vec<u8>) -> Vec<u8> + Send + Sync + 'static) {
        *self.shared.lie.lock().unwrap() = Some(Arc::new(lie));
    }

    /// Whether it leaves the digest of what it changes as it was.
    pub(crate) fn be_clumsy(&self, clumsy: bool) {
        *self.shared.clumsy.lock().unwrap() = clumsy;
    }

    /// Lies in events from now on.
    pub(crate) fn lie_in_events(&self, said: &str, instead: &str) {
        assert_eq!(said.len(), instead.len());
        *self.shared.event.lock().unwrap() = Some((said.to_owned(), instead.to_owned()));
    }

    /// Says what the solver says from now on.
    pub(crate) fn be_honest(&self) {
        *self.shared.lie.lock().unwrap() = None;
        *self.shared.event.lock().unwrap() = None;
    }
}

impl Shared {
    /// One request and its answer: the connection ends then.
    fn pass_on(&self, connection: TcpStream) -> Option<()> {
        let mut client = BufReader::new(connection);
        let (mut head, mut length) = (Vec::new(), 0);
        loop {
            let mut line = String::new();
            client.read_line(&mut line).ok().filter(|read| *read > 0)?;
            let header = line.to_ascii_lowercase();
            if let Some(text) = header.strip_prefix("content-length:") {
                length = text.trim().parse().ok()?;
            }
            if header == "\r\n" {
                break;
            }
            head.push(line);
        }
        let mut body = vec![0; length];
        client.read_exact(&mut body).ok()?;
        let path = head.first()?.split(' ').nth(1)?.to_owned();
        let mut solver = TcpStream::connect(self.solver.lock().unwrap().as_str()).ok()?;
        let head = head.concat() + "connection: close\r\n\r\n";
        solver.write_all(&[head.as_bytes(), &body].concat()).ok()?;
        let (mut answer, client) = (BufReader::new(solver), client.get_mut());
        if path.ends_with("/events") || path.ends_with("/messages") {
            return self.stream(&mut answer, client);
        }
        let mut whole = Vec::new();
        answer.read_to_end(&mut whole).ok()?;
        let end = whole.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
        let said = whole.split_off(end);
        let lie = self.lie.lock().unwrap().clone();
        let told = lie.map_or_else(|| said.clone(), |lie| lie(&path, said.clone()));
        let head = String::from_utf8(whole).ok()?;
        // A liar that is caught by the digest alone would be a poor one.
        let digest = |bytes: &[u8]| ArchiveId::of(bytes).etag();
        let head = match *self.clumsy.lock().unwrap() {
            true => head,
            false => head.replace(&digest(&said), &digest(&told)),
        };
        let head = head
            .replace(&format!("content-length: {}", said.len()), &format!("content-length: {}", told.len()));
        client.write_all(&[head.as_bytes(), &told].concat()).ok()
    }

    fn stream(&self, answer: &mut impl BufRead, client: &mut TcpStream) -> Option<()> {
        loop {
            let mut line = Vec::new();
            answer.read_until(b'\n', &mut line).ok().filter(|read| *read > 0)?;
            if let Some((said, instead)) = self.event.lock().unwrap().as_ref() {
                line = replaced(&line, said.as_bytes(), instead.as_bytes());
            }
            client.write_all(&line).ok()?;
        }
    }
}

/// Every place of a text, changed.
pub(crate) fn replaced(bytes: &[u8], said: &[u8], instead: &[u8]) -> Vec<u8> {
    let (mut at, mut changed) = (0, Vec::new());
    while at < bytes.len() {
        if bytes[at..].starts_with(said) {
            changed.extend_from_slice(instead);
            at += said.len();
        } else {
            changed.push(bytes[at]);
            at += 1;
        }
    }
    changed
}

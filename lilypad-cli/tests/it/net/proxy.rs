//! A relay between a wire and the solver, for what no wire does: it takes its time, asks everything twice and late, and keeps
//! answers back.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::{Field, PORT};

/// The port on which relays listen on the solver's side of a wire.
pub(super) const RELAY: u16 = 8081;
/// Most bytes of a request that is asked twice.
const MOST: usize = 8 << 20;

/// What a relay does, and what it saw.
#[derive(Debug, Default)]
pub(super) struct Relay {
    /// How late everything comes, each way.
    pub(super) late: Duration,
    /// Of so many requests one loses its answer, and each is asked again once it has been answered; none for 0.
    pub(super) twice: usize,
    /// Bytes that went through, both ways.
    pub(super) bytes: AtomicUsize,
    pub(super) connections: AtomicUsize,
    pub(super) requests: AtomicUsize,
    /// Requests whose answer was kept back.
    pub(super) kept_back: AtomicUsize,
    /// Each request, by its first line, and what it came to when it was asked again.
    pub(super) second: Mutex<Vec<(String, String)>>,
}

impl Field {
    /// Puts a relay before the solver on the wire of an end, which uses it from now on.
    pub(super) fn relay(&self, end: &str, relay: Relay) -> Arc<Relay> {
        let relay = Arc::new(relay);
        let own = Arc::clone(&relay);
        let address: SocketAddr = format!("10.77.{}.1:{RELAY}", self.number(end)).parse().unwrap();
        self.listen(address, move |client| {
            own.connections.fetch_add(1, Ordering::SeqCst);
            if own.twice > 0 { own.ask(client) } else { own.pass(client) }
        });
        self.user.lilypad(&["network", "remove", end]).ends_with(0);
        self.user.lilypad(&["network", "add", end, &format!("http://{address}"), "--insecure"]).ends_with(0);
        relay
    }

    /// Takes connections in the solver's namespace, each in a thread of its own.
    pub(super) fn listen(&self, address: SocketAddr, serve: impl Fn(TcpStream) + Send + Sync + 'static) {
        let (listening, ready) = mpsc::channel();
        let (space, serve) = (format!("/run/netns/{}", self.space("s")), Arc::new(serve));
        std::thread::spawn(move || {
            // Threads that this one starts are where it is.
            let space = std::fs::File::open(space).unwrap();
            move_into_link_name_space(space.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
            let listener = TcpListener::bind(address).unwrap();
            listening.send(()).unwrap();
            for client in listener.incoming().map_while(Result::ok) {
                let serve = Arc::clone(&serve);
                std::thread::spawn(move || serve(client));
            }
        });
        ready.recv().unwrap();
    }
}

/// A connection to the solver itself; `None` where it is gone.
pub(super) fn solver() -> Option<TcpStream> {
    let solver = TcpStream::connect(("127.0.0.1", PORT)).ok()?;
    solver.set_nodelay(true).unwrap();
    Some(solver)
}

impl Relay {
    /// Passes everything on, late.
    fn pass(self: &Arc<Self>, client: TcpStream) {
        client.set_nodelay(true).unwrap();
        let Some(solver) = solver() else { return };
        let ways = [(client.try_clone().unwrap(), solver.try_clone().unwrap()), (solver, client)];
        for (from, to) in ways {
            let (sender, waiting) = mpsc::channel::<(Instant, Vec<u8>)>();
            let relay = Arc::clone(self);
            std::thread::spawn(move || relay.take_in(from, &sender));
            std::thread::spawn(move || give_out(to, &waiting));
        }
    }

    fn take_in(&self, mut from: TcpStream, sender: &mpsc::Sender<(Instant, Vec<u8>)>) {
        let mut buffer = vec![0; 16 << 10];
        while let Ok(read) = from.read(&mut buffer) {
            self.bytes.fetch_add(read, Ordering::SeqCst);
            let piece = (Instant::now() + self.late, buffer[..read].to_vec());
            if sender.send(piece).is_err() || read == 0 {
                return;
            }
        }
    }

    /// Asks what the client asks, passes the answer on or keeps it back, and asks once more.
    fn ask(&self, mut client: TcpStream) {
        let Some(request) = request(&mut client) else { return };
        let number = self.requests.fetch_add(1, Ordering::SeqCst);
        let line = String::from_utf8_lossy(&request).lines().next().unwrap_or_default().to_owned();
        let is_stream =
            line.starts_with("GET ") && (line.contains("/messages ") || line.contains("/events "));
        let keeps_back = number % self.twice == self.twice - 1;
        let Some(mut solver) = solver() else { return };
        solver.write_all(&request).unwrap();
        let mut answer = vec![0; 16 << 10];
        let mut passed = 0;
        while let Ok(read) = solver.read(&mut answer) {
            // A stream is broken off; what is none loses its answer.
            if read == 0 || (is_stream && keeps_back && passed > 0) {
                break;
            }
            passed += read;
            if (is_stream || !keeps_back) && client.write_all(&answer[..read]).is_err() {
                break;
            }
        }
        if keeps_back {
            self.kept_back.fetch_add(1, Ordering::SeqCst);
        }
        let _ = (client.shutdown(Shutdown::Both), solver.shutdown(Shutdown::Both));
        // Others were asked meanwhile.
        std::thread::sleep(Duration::from_millis(300));
        let Some(mut late) = self::solver() else { return };
        let _ = late.write_all(&request);
        let mut answer = String::new();
        if late.read_to_string(&mut answer).is_err() {
            // The solver is being stopped.
            return;
        }
        self.second.lock().unwrap().push((line, answer));
    }
}

fn give_out(mut to: TcpStream, waiting: &mpsc::Receiver<(Instant, Vec<u8>)>) {
    while let Ok((due, piece)) = waiting.recv() {
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        if piece.is_empty() || to.write_all(&piece).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}

/// One whole request, made the only one of its connection; `None` where none came.
pub(super) fn request(client: &mut impl Read) -> Option<Vec<u8>> {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte).ok()?;
        request.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&request).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.map_or(0, |length| length.parse().unwrap());
    assert!(length <= MOST, "{head}");
    let end = request.len() - 2;
    request.splice(end..end, *b"connection: close\r\n");
    let begin = request.len();
    request.resize(begin + length, 0);
    client.read_exact(&mut request[begin..]).ok()?;
    Some(request)
}

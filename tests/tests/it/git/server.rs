//! `git http-backend` behind a few lines of https on the loopback, with a log and a hook for bad behaviour.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::repository::git;

type Stream = StreamOwned<ServerConnection, TcpStream>;

/// What came over a connection.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) body: Vec<u8>,
}

impl Request {
    /// `fetch`, `ls-refs`, or `advertisement` for the request before them.
    pub(super) fn command(&self) -> &str {
        let body = std::str::from_utf8(&self.body).unwrap_or_default();
        let command = body.split_once("command=").and_then(|(_, rest)| rest.lines().next());
        command.unwrap_or("advertisement")
    }
}

/// Takes a connection over; gives back whether it did.
type Hook = dyn Fn(&Request, &mut Stream) -> bool + Send + Sync;

#[derive(Clone)]
pub(super) struct Server(Arc<State>);

struct State {
    port: u16,
    root: PathBuf,
    certificate: String,
    accepted: AtomicUsize,
    log: Mutex<Vec<String>>,
    hook: Mutex<Option<Arc<Hook>>>,
}

impl Server {
    pub(super) fn start(root: &Path) -> Self {
        std::fs::create_dir_all(root).unwrap();
        let names = ["127.0.0.1", "localhost", "git.example"].map(str::to_owned);
        let signed = rcgen::generate_simple_self_signed(names).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signed.signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![signed.cert.der().clone()], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self(Arc::new(State {
            port: listener.local_addr().unwrap().port(),
            root: root.to_owned(),
            certificate: signed.cert.pem(),
            accepted: AtomicUsize::new(0),
            log: Mutex::default(),
            hook: Mutex::default(),
        }));
        let (config, handler) = (Arc::new(config), server.clone());
        std::thread::spawn(move || {
            for socket in listener.incoming().map_while(Result::ok) {
                handler.0.accepted.fetch_add(1, Ordering::SeqCst);
                let (config, handler) = (Arc::clone(&config), handler.clone());
                std::thread::spawn(move || {
                    handler.serve(StreamOwned::new(ServerConnection::new(config).unwrap(), socket));
                });
            }
        });
        server
    }

    pub(super) fn port(&self) -> u16 {
        self.0.port
    }

    pub(super) fn certificate(&self) -> &[u8] {
        self.0.certificate.as_bytes()
    }

    /// How many connections were opened.
    pub(super) fn accepted(&self) -> usize {
        self.0.accepted.load(Ordering::SeqCst)
    }

    /// The commands that were asked, oldest first; forgets them.
    pub(super) fn take_log(&self) -> Vec<String> {
        std::mem::take(&mut self.0.log.lock().unwrap())
    }

    /// Lets `hook` answer instead of git where it wants to.
    pub(super) fn hook(&self, hook: impl Fn(&Request, &mut Stream) -> bool + Send + Sync + 'static) {
        *self.0.hook.lock().unwrap() = Some(Arc::new(hook));
    }

    pub(super) fn unhook(&self) {
        *self.0.hook.lock().unwrap() = None;
    }

    /// What git answers, as a whole HTTP answer.
    pub(super) fn answer(&self, request: &Request) -> Vec<u8> {
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let mut child = git(&self.0.root)
            .arg("http-backend")
            .env("GIT_PROJECT_ROOT", &self.0.root)
            .env("GIT_HTTP_EXPORT_ALL", "1")
            .env("GIT_PROTOCOL", "version=2")
            .env("REQUEST_METHOD", &request.method)
            .env("PATH_INFO", path)
            .env("QUERY_STRING", query)
            .env("CONTENT_TYPE", "application/x-git-upload-pack-request")
            .env("CONTENT_LENGTH", request.body.len().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // git may end before it has read everything.
        let _ = child.stdin.take().unwrap().write_all(&request.body);
        let output = child.wait_with_output().unwrap().stdout;
        let end = output.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let head = String::from_utf8_lossy(&output[..end]).into_owned();
        let status = head.lines().find_map(|line| line.strip_prefix("Status: ")).unwrap_or("200 OK");
        let body = &output[end + 4..];
        let mut answer =
            format!("HTTP/1.1 {status}\r\n{head}\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
        answer.extend_from_slice(body);
        answer
    }

    fn serve(&self, stream: Stream) {
        let mut stream = BufReader::new(stream);
        while let Some(request) = read_request(&mut stream) {
            self.0.log.lock().unwrap().push(request.command().to_owned());
            let hook = self.0.hook.lock().unwrap().clone();
            let taken = hook.is_some_and(|hook| hook(&request, stream.get_mut()));
            if taken || stream.get_mut().write_all(&self.answer(&request)).is_err() {
                // Closing without what a broken client still sends would be a reset.
                stream.get_mut().conn.send_close_notify();
                let _ = stream.get_mut().flush();
                return;
            }
        }
    }
}

fn read_request(stream: &mut BufReader<Stream>) -> Option<Request> {
    let mut line = String::new();
    stream.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split(' ').map(str::to_owned);
    let (method, target) = (words.next()?, words.next()?);
    let mut length = 0;
    loop {
        let mut header = String::new();
        stream.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(": ") else { break };
        assert!(!name.eq_ignore_ascii_case("authorization") && !name.eq_ignore_ascii_case("cookie"));
        if name.eq_ignore_ascii_case("content-length") {
            length = value.parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some(Request { method, target, body })
}

/// An answer with a status, headers and a body.
pub(super) fn plain(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let mut answer =
        format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    answer.extend_from_slice(body);
    answer
}

/// The head of an answer with a pack whose end is not known.
pub(super) const PACK_HEAD: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-result\r\n\r\n000dpackfile\n";

/// Bytes of a pack in the side band.
pub(super) fn band(bytes: &[u8]) -> Vec<u8> {
    let mut packet = format!("{:04x}\u{1}", bytes.len() + 5).into_bytes();
    packet.extend_from_slice(bytes);
    packet
}

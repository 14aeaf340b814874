//! Solver processes: real ones of the command, each on a port of this machine.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// A public development key: it holds nothing anywhere.
const SOLVER_KEY: &str = "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6";
/// More than any part asks.
const NO_LIMIT: &str = "4000000000";

/// Processes on one store; the first leads. They end when this is dropped.
pub(crate) struct Processes {
    children: Vec<Child>,
    pub(crate) urls: Vec<String>,
    /// Where the figures of the first are read.
    pub(crate) figures: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Processes {
    /// Starts so many on a database, or one on a file.
    pub(crate) async fn start(database: Option<String>, count: usize) -> Self {
        // On a disk, not in memory: the folder of the build.
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
        let file = folder.path().join("solver.sqlite").to_string_lossy().into_owned();
        let store = database.unwrap_or(file);
        let (mut children, mut urls, mut figures) = (Vec::new(), Vec::new(), None);
        for _ in 0..count {
            let mut command = Command::new(env!("CARGO_BIN_EXE_lilypad"));
            command
                .args(["solver", "--json", "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0"])
                .args(["--play-money", "1000000000 LP"])
                .args(["--address-requests", NO_LIMIT, "--account-requests", NO_LIMIT])
                .arg("--files")
                .arg(folder.path().join("files"))
                .env("LILYPAD_PRIVATE_KEY", SOLVER_KEY)
                .env("LILYPAD_STORE", &store)
                .stdout(Stdio::piped())
                .stderr(Stdio::piped());
            let mut child = command.spawn().expect("a process");
            let ready = ready(&mut child);
            let of = |name: &str| ready[name].as_str().unwrap_or_default().to_owned();
            // The second one waits while the first leads.
            if children.is_empty() && store.starts_with("postgres") {
                leads(&mut child);
            } else {
                drop(child.stderr.take());
            }
            let page = of("metrics");
            let address = page.trim_start_matches("http://").trim_end_matches("/metrics").parse();
            figures = figures.or(address.ok());
            urls.push(of("url"));
            children.push(child);
        }
        Self { children, urls, figures: figures.expect("figures"), _folder: folder }
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The document in which a process says that it is ready.
fn ready(child: &mut Child) -> Value {
    let mut text = String::new();
    let mut lines = BufReader::new(child.stdout.take().expect("an output")).lines();
    let ready = lines.find_map(|line| {
        text.push_str(&line.expect("a line"));
        serde_json::from_str(&text).ok()
    });
    ready.expect("a process that gets ready")
}

/// Waits until a process says that it leads; what it says later is read by nobody in particular.
fn leads(child: &mut Child) {
    let mut lines = BufReader::new(child.stderr.take().expect("an error output")).lines();
    let led = lines
        .any(|line| line.is_ok_and(|line| line.trim_start().starts_with("state") && line.ends_with("leads")));
    assert!(led, "a process ended before it led");
    std::thread::spawn(move || lines.for_each(drop));
}

//! Solver, providers and job creator on machines of their own, as far as the network knows: each in its own network
//! namespace of Linux, with a wire to the solver that tests cut, make slow, or let lose what it carries.
//!
//! Layout: `cut` wires that carry nothing, or one way only; `slow` wires that are slow and lossy; `twice` what comes twice and
//! out of order; `trust` names that are not known and certificates that are not to be believed; `proxy` a relay of our own
//! for what wires cannot do. The kernel may have no netem: delay is the relay's part then.

mod cut;
mod proxy;
mod slow;
mod trust;
mod twice;

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use proxy::RELAY;
use serde_json::Value;

use crate::http::{CREATOR_KEY, Role, SOLVER_KEY};
use crate::tool::{Outcome, User, skipped};

/// The port on which the solver listens on all its wires.
const PORT: u16 = 8080;
/// What every account is given.
const GIVEN: u128 = 1_000 * 10_u128.pow(18);

/// Which way something goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    ToSolver,
    FromSolver,
}

/// A solver in the midst of wires, one to each of the others. Everything is gone with it.
struct Field {
    user: User,
    tag: String,
    ends: Vec<String>,
    solver: Option<Role>,
}

impl Field {
    /// Namespaces for a solver and these others, who find it as the network of their name; `None` where this machine has none
    /// to give, which is said under the name of the test.
    fn new(test: &str, ends: &[&str]) -> Option<Self> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let tag = format!("lp{}x{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let ends = ends.iter().map(|end| (*end).to_owned()).collect();
        let field = Self { user: User::new(), tag, ends, solver: None };
        match field.lay() {
            Ok(()) => Some(field),
            Err(why) => {
                skipped(test, &format!("no network namespaces can be made here: {why}"));
                None
            }
        }
    }

    /// Makes the namespaces and the wires between them.
    fn lay(&self) -> Result<(), String> {
        let solver = self.space("s");
        run("ip", &["netns", "add", &solver])?;
        run("ip", &["-n", &solver, "link", "set", "lo", "up"])?;
        for (at, end) in self.ends.iter().enumerate() {
            let (space, own, far) = (self.space(end), self.wire(end), self.far(end));
            run("ip", &["netns", "add", &space])?;
            run("ip", &["-n", &space, "link", "set", "lo", "up"])?;
            run(
                "ip",
                &["-n", &solver, "link", "add", &own, "type", "veth", "peer", "name", &far, "netns", &space],
            )?;
            for (space, wire, host) in [(&solver, &own, 1), (&space, &far, 2)] {
                run("ip", &["-n", space, "address", "add", &format!("10.77.{at}.{host}/24"), "dev", wire])?;
                run("ip", &["-n", space, "link", "set", wire, "up"])?;
            }
            let url = format!("http://10.77.{at}.1:{PORT}");
            self.user.lilypad(&["network", "add", end, &url, "--insecure"]).ends_with(0);
        }
        // What drops packets is needed too.
        self.at("s", "iptables", &["-S"])
    }

    fn space(&self, end: &str) -> String {
        format!("{}{end}", self.tag)
    }

    /// The solver's side of the wire to this end.
    fn wire(&self, end: &str) -> String {
        format!("{}s{}", self.tag, self.number(end))
    }

    /// The other side of it.
    fn far(&self, end: &str) -> String {
        format!("{}e{}", self.tag, self.number(end))
    }

    fn number(&self, end: &str) -> usize {
        self.ends.iter().position(|known| known == end).unwrap()
    }

    /// Calls a tool in a namespace.
    fn at(&self, end: &str, tool: &str, args: &[&str]) -> Result<(), String> {
        run("ip", &[&["netns", "exec", &self.space(end), tool], args].concat())
    }

    /// The same call in a namespace.
    fn inside(&self, end: &str, call: &Command) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.space(end)]).arg(call.get_program()).args(call.get_args());
        command.env_clear().envs(call.get_envs().filter_map(|(name, value)| Some((name, value?))));
        if let Some(folder) = call.get_current_dir() {
            command.current_dir(folder);
        }
        command
    }

    /// Starts the solver, on a store: the same again where it ran before.
    fn start_solver(&mut self, more: &[&str]) {
        drop(self.solver.take());
        let store = self.user.path("solver.sqlite");
        let listen = format!("0.0.0.0:{PORT}");
        let mut call = self.user.command(&["solver", "--listen", &listen, "--play-money", "1000 LP"]);
        call.arg("--store").arg(store).args(more);
        for at in 0..self.ends.len() {
            for port in [PORT, RELAY] {
                call.arg("--name").arg(format!("10.77.{at}.1:{port}"));
            }
        }
        self.solver = Some(Role::begin_call(&mut self.inside("s", &call), Some(SOLVER_KEY)));
    }

    /// Starts a provider at an end.
    fn provider(&self, end: &str, key: &str) -> Role {
        let call = self.user.command(&["provider", "--network", end, "--ram", "2000", "--cpu", "4000"]);
        Role::begin_call(&mut self.inside(end, &call), Some(key))
    }

    /// A call in the name of the job creator.
    fn creator(&self, end: &str, args: &[&str]) -> Command {
        let mut command = self.inside(end, &self.user.command(&[args, &["--network", end]].concat()));
        command.env("LILYPAD_PRIVATE_KEY", CREATOR_KEY);
        command
    }

    fn ask(&self, end: &str, args: &[&str]) -> Outcome {
        Outcome::of(self.creator(end, args).output().unwrap())
    }

    /// Pulls a wire out of the solver, or puts it back.
    fn plug(&self, end: &str, there: bool) {
        let state = if there { "up" } else { "down" };
        run("ip", &["-n", &self.space("s"), "link", "set", &self.wire(end), state]).unwrap();
    }

    /// Lets a wire lose what goes one way: each packet with this chance, in hundredths.
    fn lose(&self, end: &str, way: Way, percent: u32) {
        let wire = match way {
            Way::ToSolver => self.wire(end),
            Way::FromSolver => self.far(end),
        };
        let chance = format!("{:.2}", f64::from(percent) / 100.0);
        let some = ["-m", "statistic", "--mode", "random", "--probability", &chance];
        let some = if percent < 100 { &some[..] } else { &[] };
        let rule = [&["-A", "INPUT", "-i", &wire], some, &["-j", "DROP"]].concat();
        self.at(if way == Way::ToSolver { "s" } else { end }, "iptables", &rule).unwrap();
    }

    /// Makes a wire slow: so many bits in a second, each way.
    fn narrow(&self, end: &str, rate: &str) {
        let narrow = ["root", "tbf", "rate", rate, "burst", "4kb", "latency", "1s"];
        for (space, wire) in [("s", self.wire(end)), (end, self.far(end))] {
            self.at(space, "tc", &[&["qdisc", "add", "dev", &wire], &narrow[..]].concat()).unwrap();
        }
    }

    /// Lets the wire of an end carry everything again.
    fn heal(&self, end: &str) {
        for space in ["s", end] {
            self.at(space, "iptables", &["-F", "INPUT"]).unwrap();
        }
    }

    /// What an account has in all, in wei, and what of it is locked.
    fn money(&self, end: &str, key: &str) -> (u128, u128) {
        let mut call = self.creator(end, &["wallet", "balance", "--json"]);
        let money = Outcome::of(call.env("LILYPAD_PRIVATE_KEY", key).output().unwrap()).ends_with(0).json();
        let wei = |name: &str| money[name].as_str().unwrap().parse::<u128>().unwrap();
        let locked = wei("locked");
        (wei("balance") + wei("stake") + locked, locked)
    }

    /// Where a job stands.
    fn status(&self, end: &str, job: &str) -> Value {
        self.ask(end, &["status", job, "--json"]).ends_with(0).json()
    }

    /// What has happened to a job that has ended, kind by kind.
    fn events(&self, end: &str, job: &str) -> Vec<Value> {
        let events = self.ask(end, &["events", job]).ends_with(0).stdout;
        events.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// How many offers a job creator sees.
    fn offers(&self, end: &str) -> usize {
        // Without any it is an error, and the quote is shown all the same.
        let quote = self.ask(end, &["quote", "examples/modules/cowsay", "--json"]).json();
        quote["offers"].as_array().unwrap().len()
    }
}

impl Drop for Field {
    fn drop(&mut self) {
        drop(self.solver.take());
        let ends = self.ends.iter().map(String::as_str);
        for end in ends.chain(["s"]) {
            let _ = run("ip", &["netns", "delete", &self.space(end)]);
            let _ = std::fs::remove_dir_all(format!("/etc/netns/{}", self.space(end)));
        }
    }
}

/// Calls a tool; what it says where it fails.
fn run(tool: &str, args: &[&str]) -> Result<(), String> {
    let output = Command::new(tool).args(args).output().map_err(|error| format!("{tool}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(format!("{tool} {}: {said}", args.join(" ")))
}

/// What a run came to, where it must succeed.
fn accepted(run: Outcome) -> (String, u128) {
    let done = run.ends_with(0).json();
    assert_eq!((&done["state"], &done["receipt_verified"]), (&"ResultsAccepted".into(), &true.into()));
    (done["job_id"].as_str().unwrap().to_owned(), done["cost"].as_str().unwrap().parse().unwrap())
}

//! `lilypad provider check`: what this machine could offer, what is missing, and how to get it.

use std::path::Path;
use std::sync::Arc;

use clap::Args;
use lilypad_core::gpu;
use lilypad_core::http::HttpSolver;
use lilypad_core::model::{Amount, grouped};
use lilypad_core::signer::Signer;
use lilypad_core::{Error, Result};
use serde_json::{Value, json};

use crate::executors::ExecutorArgs;
use crate::exit::ExitCode;
use crate::ground::Place;
use crate::job;
use crate::key::{self, KeyArgs};
use crate::report::Report;

/// What the command ends with where a finding is an error.
const NOT_READY: u8 = 4;
/// Least bytes of disk that jobs should find.
const LEAST_DISK: u64 = 5 << 30;
/// A clock that is further off than this makes a solver refuse requests; so many seconds are worth a word.
const CLOCK_ERROR: u64 = 60;
const CLOCK_WARNING: u64 = 3;
/// How to get an engine.
const GET_DOCKER: &str = "install one (Debian and Ubuntu: `apt-get install docker.io`), start it (`systemctl start docker`), and let this \
    user use it (`usermod -aG docker $USER`, then log in again); DOCKER_HOST or --docker-socket names another socket";
/// Kilobytes in a second under which results of a few MiB take minutes.
const SLOW: f64 = 100_000.0;

#[derive(Debug, Args)]
#[command(after_help = "Looks and changes nothing. Ends with 4 where a finding is an error, else with 0.

Examples:
  lilypad provider check
  lilypad provider check --network lab
  lilypad provider check --json | jq -r '.findings[] | select(.severity != \"ok\") | .fix'")]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    key: KeyArgs,
    /// Network that the machine shall be offered on: a name or a URL. Default: the chosen one; without one, only the machine is
    /// looked at.
    #[arg(long, short = 'n', value_name = "NAME|URL")]
    network: Option<String>,
    #[command(flatten)]
    executors: ExecutorArgs,
    /// Print one JSON document to standard output and nothing else there.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Severity {
    Ok,
    Warning,
    Error,
}

impl Severity {
    fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug)]
struct Finding {
    what: &'static str,
    severity: Severity,
    message: String,
    /// What to do about it.
    fix: String,
}

/// All that was found, told as it is found.
struct Findings<'a> {
    report: &'a Report,
    all: Vec<Finding>,
}

impl Findings<'_> {
    fn ok(&mut self, what: &'static str, message: impl Into<String>) {
        self.add(what, Severity::Ok, message.into(), String::new());
    }

    fn warn(&mut self, what: &'static str, message: impl Into<String>, fix: impl Into<String>) {
        self.add(what, Severity::Warning, message.into(), fix.into());
    }

    fn error(&mut self, what: &'static str, message: impl Into<String>, fix: impl Into<String>) {
        self.add(what, Severity::Error, message.into(), fix.into());
    }

    /// What went wrong, with its own hint where it has one.
    fn failed(&mut self, what: &'static str, severity: Severity, error: &Error, fix: &str) {
        let fix = error.hint().map_or_else(|| fix.to_owned(), str::to_owned);
        self.add(what, severity, error.message().to_owned(), fix);
    }

    fn add(&mut self, what: &'static str, severity: Severity, message: String, fix: String) {
        self.report.field(severity.name(), format!("{what}: {message}"));
        if !fix.is_empty() {
            self.report.field("", format!("  fix: {fix}"));
        }
        self.all.push(Finding { what, severity, message, fix });
    }

    fn count(&self, severity: Severity) -> usize {
        self.all.iter().filter(|finding| finding.severity == severity).count()
    }

    fn document(&self) -> Value {
        let findings: Vec<Value> = self
            .all
            .iter()
            .map(|finding| {
                json!({
                    "name": finding.what,
                    "severity": finding.severity.name(),
                    "message": finding.message,
                    "fix": finding.fix,
                })
            })
            .collect();
        json!({
            "findings": findings,
            "errors": self.count(Severity::Error),
            "warnings": self.count(Severity::Warning),
        })
    }
}

pub(crate) fn check(args: &CheckArgs, report: &Report) -> Result<ExitCode> {
    let mut found = Findings { report, all: Vec::new() };
    found.ok("wasm", "WebAssembly jobs run in this program; nothing has to be installed");
    let signer = signer(&args.key, report, &mut found);
    job::runtime()?.block_on(async {
        let containers = containers(&args.executors, &mut found).await;
        gpus(containers, &mut found);
        disk(&mut found);
        match place(args.network.as_deref()) {
            Ok(Some(place)) => solver(&place, signer, report, &mut found).await,
            Ok(None) => found.warn(
                "network",
                "no network is named: only this machine was looked at",
                "name one with --network NAME|URL, or choose one with `lilypad network use`",
            ),
            Err(error) => found.failed("network", Severity::Error, &error, ""),
        }
    });
    let errors = found.count(Severity::Error);
    report.say(match errors {
        0 => "This machine can serve jobs: lilypad provider".to_owned(),
        1 => "1 finding is an error".to_owned(),
        more => format!("{more} findings are errors"),
    });
    report.document(&found.document());
    Ok(if errors == 0 { ExitCode::SUCCESS } else { ExitCode::from(NOT_READY) })
}

fn signer(args: &KeyArgs, report: &Report, found: &mut Findings<'_>) -> Option<Arc<dyn Signer>> {
    match key::signer(args, report) {
        Ok(signer) => {
            found.ok("key", format!("jobs are run in the name of {}", signer.address()));
            Some(Arc::new(signer))
        }
        Err(error) => {
            found.failed("key", Severity::Error, &error, "make one with `lilypad wallet new`");
            None
        }
    }
}

/// True where containers run and can be given NVIDIA's GPUs.
async fn containers(args: &ExecutorArgs, found: &mut Findings<'_>) -> Option<bool> {
    let docker = match args.container_engine(None).await {
        Ok(docker) => docker,
        Err(error) => {
            let severity = if args.asks_for_containers() { Severity::Error } else { Severity::Warning };
            let fix = match error.code() {
                "E_DOCKER" => GET_DOCKER,
                _ => error.hint().unwrap_or_default(),
            };
            found.add("docker", severity, error.message().to_owned(), fix.to_owned());
            return None;
        }
    };
    found.ok("docker", docker.about());
    if docker.runtime().contains("runsc") {
        found.ok("confinement", "containers run under gVisor, which has a kernel of its own for them");
    } else {
        found.warn(
            "confinement",
            format!("containers share this machine's kernel (runtime {})", docker.runtime()),
            "install gVisor (runsc) and name it to the engine, or take only modules that you trust with --only",
        );
    }
    if !docker.measures_exactly() {
        found.warn(
            "metering",
            "CPU time of containers is asked for once a second, and not read from the kernel",
            "run the provider as root on the engine's machine, with the engine's cgroup driver `cgroupfs`",
        );
    }
    Some(docker.gives_gpus())
}

fn gpus(containers: Option<bool>, found: &mut Findings<'_>) {
    let survey = gpu::survey();
    for warning in &survey.warnings {
        found.warn("gpu", warning.clone(), "see to the driver: nvidia-smi shows what it says");
    }
    if survey.gpus.is_empty() {
        match survey.silent {
            0 => found.ok("gpu", "this machine has no GPU: it serves jobs without"),
            cards => found.warn(
                "gpu",
                format!(
                    "cards of NVIDIA are there and its driver is not: {cards}; jobs without a GPU are served"
                ),
                "install NVIDIA's driver and start the machine again",
            ),
        }
        return;
    }
    for gpu in &survey.gpus {
        let what = format!("{} ({})", crate::gpus::in_words(&gpu.spec), gpu.id);
        match gpu.trouble() {
            Some(why) => found.warn("gpu", format!("{what} is not offered: {why}"), ""),
            None => found.ok("gpu", what),
        }
    }
    if let Some(driver) = survey.driver {
        let cuda = survey.cuda.map_or_else(String::new, |cuda| format!(", runs CUDA {cuda}"));
        found.ok("driver", format!("NVIDIA {driver}{cuda}"));
    }
    match containers {
        Some(true) => found.ok("toolkit", "the engine can give containers NVIDIA's GPUs"),
        Some(false) => found.warn(
            "toolkit",
            "the engine does not say that it can give containers a GPU: none is offered unless --gpu names it",
            "install nvidia-container-toolkit, then `nvidia-ctk runtime configure --runtime=docker`, and start the engine again",
        ),
        None => found.warn("toolkit", "jobs get GPUs in containers, and no engine runs them", "start a Docker engine"),
    }
}

fn disk(found: &mut Findings<'_>) {
    let folder = match job::data_dir(None) {
        Ok(folder) => folder,
        Err(error) => return found.failed("disk", Severity::Error, &error, ""),
    };
    // The folder itself may not be there yet.
    let there = folder.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"));
    match free_bytes(there) {
        Some(bytes) if bytes < LEAST_DISK => found.warn(
            "disk",
            format!("{} MiB are free under {}", grouped(bytes >> 20), folder.display()),
            "make room, or put LILYPAD_DATA_DIR on another disk: images and results need some GiB",
        ),
        Some(bytes) => found.ok("disk", format!("{} GiB are free under {}", bytes >> 30, folder.display())),
        None => found.warn("disk", format!("how much is free under {} is not known", folder.display()), ""),
    }
}

#[cfg(unix)]
fn free_bytes(path: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(path).ok()?;
    stat.f_bavail.checked_mul(stat.f_frsize)
}

#[cfg(not(unix))]
fn free_bytes(_path: &Path) -> Option<u64> {
    None
}

/// The network that is named or chosen; `None` where none is.
fn place(network: Option<&str>) -> Result<Option<Place>> {
    match Place::elsewhere(network) {
        Err(error) if error.code() == "E_NETWORK_LOCAL" && network.is_none() => Ok(None),
        place => place.map(Some),
    }
}

async fn solver(place: &Place, signer: Option<Arc<dyn Signer>>, report: &Report, found: &mut Findings<'_>) {
    let Some(signer) = signer else { return };
    let solver = match place.solver(&signer, report).await {
        Ok(solver) => solver,
        Err(error) => return found.failed("network", Severity::Error, &error, ""),
    };
    found.ok("network", format!("{} answers, version {}", place.name(), solver.version()));
    match solver.probe().await {
        Ok(probe) => way(&probe, found),
        Err(error) => found.failed("way", Severity::Warning, &error, ""),
    }
    money(&solver, found).await;
}

fn way(probe: &lilypad_core::http::Probe, found: &mut Findings<'_>) {
    let delay = probe.delay.as_secs_f64() * 1e3;
    let said =
        format!("{delay:.1} ms to the solver, {:.0} kB/s of a small document", probe.bytes_per_second / 1e3);
    if probe.bytes_per_second < SLOW {
        found.warn(
            "way",
            said,
            "results of some MiB will take long: use a better line, or a solver that is nearer",
        );
    } else {
        found.ok("way", said);
    }
    let Some(ahead) = probe.clock_ahead else { return };
    let (off, side) = (ahead.unsigned_abs(), if ahead < 0 { "behind" } else { "ahead of" });
    let fix = "set the clock by NTP, such as `timedatectl set-ntp true`";
    match off {
        CLOCK_ERROR.. => found.error("clock", format!("this machine is {off} s {side} the solver"), fix),
        CLOCK_WARNING.. => found.warn("clock", format!("this machine is {off} s {side} the solver"), fix),
        _ => found.ok("clock", "agrees with the solver's"),
    }
}

async fn money(solver: &HttpSolver, found: &mut Findings<'_>) {
    let money = match solver.money().await {
        Ok(money) => money,
        Err(error) => return found.failed("stake", Severity::Warning, &error, ""),
    };
    let said = format!("{} staked, {} to spend", money.stake, money.balance);
    if !money.stake.is_zero() {
        found.ok("stake", said);
    } else if money.balance.is_zero() && solver.play_money().is_none() {
        found.error("stake", said, "pay money in for this account: jobs lock a part of a provider's stake");
    } else if solver.play_money().is_some_and(|play| play > Amount::ZERO) || !money.balance.is_zero() {
        found.ok("stake", format!("{said}; `lilypad provider` sets half of it aside"));
    } else {
        found.warn("stake", said, "set money aside with `lilypad wallet stake AMOUNT`");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_off_is_told_by_how_much_and_to_which_side() {
        let report = Report::new(true);
        let probe = |clock_ahead| lilypad_core::http::Probe {
            delay: std::time::Duration::from_millis(3),
            bytes_per_second: 1e6,
            clock_ahead: Some(clock_ahead),
        };
        for (ahead, severity, word) in [
            (0, Severity::Ok, "agrees"),
            (-4, Severity::Warning, "4 s behind"),
            (600, Severity::Error, "600 s ahead of"),
        ] {
            let mut found = Findings { report: &report, all: Vec::new() };
            way(&probe(ahead), &mut found);
            let clock = found.all.iter().find(|finding| finding.what == "clock").unwrap();
            assert_eq!(clock.severity, severity);
            assert!(clock.message.contains(word), "{}", clock.message);
        }
    }
}

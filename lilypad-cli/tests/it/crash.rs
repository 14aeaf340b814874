//! Solver, provider and job creator as three processes, each killed at every moment that has a name, three times.
//!
//! Whatever dies, and whenever: no job that was acknowledged is lost, each is paid once, and each has one final event.

use std::process::{Child, Stdio};

use serde_json::Value;

use crate::http::{CREATOR_KEY, PROVIDER_KEY, Role, SOLVER_KEY, creator};
use crate::tool::{Outcome, User, repository};

const TIMES: usize = 3;
const SOLVER: [&str; 10] = [
    "solver.submitted",
    "solver.reserved",
    "solver.held",
    "solver.agreed",
    "solver.delivered",
    "solver.counted",
    "solver.recorded",
    "solver.countersigned",
    "solver.paid",
    "solver.accepted",
];
const PROVIDER: [&str; 6] = [
    "provider.offered",
    "provider.told",
    "provider.started",
    "provider.ran",
    "provider.signed",
    "provider.delivered",
];
const CLIENT: [&str; 6] = [
    "client.signed",
    "client.submitted",
    "client.agreed",
    "client.fetched",
    "client.kept",
    "client.accepted",
];

/// A network of three processes on one file, each of which can be told where to die.
struct Field {
    user: User,
    listen: String,
    solver: Option<Role>,
    provider: Option<Role>,
    /// The jobs that were acknowledged.
    jobs: Vec<String>,
}

impl Field {
    fn new() -> Self {
        let user = User::new();
        let mut field =
            Self { user, listen: "127.0.0.1:0".to_owned(), solver: None, provider: None, jobs: Vec::new() };
        field.start_solver(None);
        let url = field.solver.as_ref().unwrap().ready["url"].as_str().unwrap().to_owned();
        url.strip_prefix("http://").unwrap().clone_into(&mut field.listen);
        field.start_provider(None);
        field
    }

    fn url(&self) -> String {
        format!("http://{}", self.listen)
    }

    fn start_solver(&mut self, crash: Option<&str>) {
        drop(self.solver.take());
        let store = self.user.path("solver.sqlite");
        let args = ["solver", "--listen", &self.listen, "--store", store.to_str().unwrap()];
        let args = [&args[..], &["--play-money", "1000 LP"]].concat();
        self.solver = Some(Role::start_to_crash(&self.user, Some(SOLVER_KEY), &args, crash));
    }

    fn start_provider(&mut self, crash: Option<&str>) {
        drop(self.provider.take());
        let url = self.url();
        let args = ["provider", "--network", &url, "--ram", "2000"];
        let role = Role::start_to_crash(&self.user, Some(PROVIDER_KEY), &args, crash);
        self.provider = Some(role);
    }

    /// A client with a job of a second or less.
    fn run(&self, crash: Option<&str>) -> Child {
        let mut command =
            self.user.command(&["run", "examples/modules/cowsay", "--json", "--network", &self.url()]);
        command.env("LILYPAD_PRIVATE_KEY", CREATOR_KEY).stdout(Stdio::piped()).stderr(Stdio::piped());
        if let Some(crash) = crash {
            command.env("LILYPAD_CRASH_AT", crash);
        }
        command.spawn().unwrap()
    }

    fn ask(&self, args: &[&str]) -> Outcome {
        creator(&self.user, &[args, &["--network", &self.url()]].concat())
    }

    /// A client that must come to its result although another dies.
    fn succeeds(&mut self, client: Child) {
        let done = Outcome::of(client.wait_with_output().unwrap()).ends_with(0).json();
        assert_eq!((&done["state"], &done["receipt_verified"]), (&"ResultsAccepted".into(), &true.into()));
        self.jobs.push(done["job_id"].as_str().unwrap().to_owned());
    }

    fn money(&self, key: &str) -> Value {
        let url = self.url();
        let mut command = self.user.command(&["wallet", "balance", "--json", "--network", &url]);
        Outcome::of(command.env("LILYPAD_PRIVATE_KEY", key).output().unwrap()).ends_with(0).json()
    }

    /// What an account has in all, in wei.
    fn worth(&self, key: &str) -> u128 {
        let money = self.money(key);
        let wei = |name: &str| money[name].as_str().unwrap().parse::<u128>().unwrap();
        assert_eq!(wei("locked"), 0, "no job runs: {money}");
        wei("balance") + wei("stake")
    }

    /// What must hold when everything is over.
    fn settles(&self, least: usize) {
        assert!(self.jobs.len() >= least, "{} jobs are too few to be true", self.jobs.len());
        let mut paid = 0;
        for job in &self.jobs {
            let status = self.ask(&["status", job, "--json"]).ends_with(0).json();
            assert_eq!(status["state"], "ResultsAccepted", "{status}");
            paid += status["cost"].as_str().unwrap().parse::<u128>().unwrap();
            let events = self.ask(&["events", job]).ends_with(0).stdout;
            let ends = events.lines().filter(|line| line.contains("\"results_accepted\"")).count();
            assert_eq!(ends, 1, "{events}");
            assert!(events.lines().last().unwrap().contains("\"results_accepted\""), "{events}");
        }
        let given = 1_000 * 10_u128.pow(18);
        assert!(paid > 0);
        assert_eq!(self.worth(CREATOR_KEY), given - paid, "each job is paid once");
        assert_eq!(self.worth(PROVIDER_KEY), given + paid, "each job is paid once");
    }
}

#[test]
fn a_solver_that_is_killed_anywhere_loses_no_job_and_pays_once() {
    let mut field = Field::new();
    for crash in SOLVER.into_iter().flat_map(|crash| [crash; TIMES]) {
        field.start_solver(Some(crash));
        let client = field.run(None);
        assert!(field.solver.take().unwrap().died(), "{crash} was not reached");
        field.start_solver(None);
        field.succeeds(client);
    }
    field.settles(SOLVER.len() * TIMES);
}

#[test]
fn a_provider_that_is_killed_anywhere_is_paid_once_for_each_job() {
    let mut field = Field::new();
    for crash in PROVIDER.into_iter().flat_map(|crash| [crash; TIMES]) {
        drop(field.provider.take());
        let client = field.run(None);
        let url = field.url();
        let args = ["provider", "--network", &url, "--ram", "2000"];
        let dying = Role::start_to_crash(&field.user, Some(PROVIDER_KEY), &args, Some(crash));
        assert!(dying.died(), "{crash} was not reached");
        field.start_provider(None);
        field.succeeds(client);
    }
    field.settles(PROVIDER.len() * TIMES);
}

#[test]
fn a_client_that_is_killed_anywhere_finds_its_job_and_its_results_again() {
    let mut field = Field::new();
    for crash in CLIENT.into_iter().flat_map(|crash| [crash; TIMES]) {
        let client = field.run(Some(crash)).wait_with_output().unwrap();
        assert_eq!(client.status.code(), None, "{crash} was not reached");
        let newest = field.ask(&["jobs", "--json"]).ends_with(0).json()["jobs"][0]["job_id"].clone();
        if crash == "client.signed" {
            // Nothing was sent: there is nothing to find.
            assert!(newest.is_null(), "{crash}: {newest}");
            continue;
        }
        let job = newest.as_str().unwrap().to_owned();
        let resumed = field.ask(&["resume", &job, "--json"]).ends_with(0).json();
        assert_eq!((&resumed["state"], &resumed["exit_code"]), (&"ResultsAccepted".into(), &0.into()));
        assert!(resumed["stdout"].as_str().unwrap().contains("ribbit"), "{crash}: {resumed}");
        let folder = resumed["output_dir"].as_str().unwrap();
        assert!(std::path::Path::new(folder).join("stdout").is_file(), "{crash}");
        field.jobs.push(job);
    }
    field.settles((CLIENT.len() - 1) * TIMES);
}

/// Nobody who builds the command gets these moments without asking for them by name.
#[test]
fn no_other_feature_brings_moments_to_die_at() {
    let manifest = |name: &str| std::fs::read_to_string(repository().join(name).join("Cargo.toml")).unwrap();
    let named = |text: &str| text.lines().filter(|line| line.contains("crash-points")).count();
    assert_eq!(named(&manifest("lilypad-core")), 1, "it is named where it is defined");
    assert_eq!(named(&manifest("lilypad-cli")), 1, "it is named where it is defined");
}

//! A disk that is full, and in [`failing`] one that fails (T54), under a solver that keeps its jobs: it says so in one line, nothing
//! that was acknowledged is lost, and started again on a good disk it goes on.

mod failing;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::http::{CREATOR_KEY, PROVIDER_KEY, Role, SOLVER_KEY, creator};
use crate::tool::{Outcome, User, skipped};

const GIVEN: u128 = 1_000 * 10_u128.pow(18);

/// A solver on a store, with a provider.
struct Kept {
    user: User,
    store: PathBuf,
    listen: String,
    solver: Option<Role>,
}

impl Kept {
    fn new(user: User, store: &Path) -> Self {
        Self { user, store: store.to_owned(), listen: "127.0.0.1:0".to_owned(), solver: None }
    }

    /// Starts the solver; false where it ended before it was ready.
    fn start(&mut self, env: &[(&str, String)]) -> bool {
        drop(self.solver.take());
        let mut call = self.user.command(&["solver", "--listen", &self.listen, "--play-money", "1000 LP"]);
        call.arg("--store").arg(&self.store).envs(env.iter().cloned());
        let role = Role::begin_or_end(&mut call, Some(SOLVER_KEY));
        if let Some(url) = role.ready["url"].as_str() {
            url.strip_prefix("http://").unwrap().clone_into(&mut self.listen);
            self.solver = Some(role);
        }
        self.solver.is_some()
    }

    fn url(&self) -> String {
        format!("http://{}", self.listen)
    }

    fn provider(&self) -> Role {
        let url = self.url();
        Role::start(&self.user, Some(PROVIDER_KEY), &["provider", "--network", &url, "--ram", "2000"])
    }

    fn ask(&self, args: &[&str]) -> Outcome {
        creator(&self.user, &[args, &["--network", &self.url(), "--json"]].concat())
    }

    fn run(&self) -> Outcome {
        self.ask(&["run", "examples/modules/cowsay"])
    }

    fn status(&self, job: &str) -> Value {
        self.ask(&["status", job]).ends_with(0).json()
    }

    /// What an account has in all.
    fn worth(&self, key: &str) -> u128 {
        let url = self.url();
        let mut call = self.user.command(&["wallet", "balance", "--json", "--network", &url]);
        let money = Outcome::of(call.env("LILYPAD_PRIVATE_KEY", key).output().unwrap()).ends_with(0).json();
        ["balance", "stake"].iter().map(|name| money[name].as_str().unwrap().parse::<u128>().unwrap()).sum()
    }

    /// Each job that was told to be accepted is, and is paid once; every other job is paid once or not at all.
    fn is_whole(&self, told: &[String]) {
        for job in told {
            assert_eq!(self.status(job)["state"], "ResultsAccepted", "{job}");
        }
        let jobs = self.ask(&["jobs"]).ends_with(0).json()["jobs"].as_array().unwrap().clone();
        assert!(told.iter().all(|job| jobs.iter().any(|known| known["job_id"] == job.as_str())));
        let cost = |job: &Value| job["cost"].as_str().map_or(0, |cost| cost.parse::<u128>().unwrap());
        let paid: u128 = jobs.iter().map(cost).sum();
        assert_eq!(self.worth(CREATOR_KEY), GIVEN - paid);
        assert_eq!(self.worth(PROVIDER_KEY), GIVEN + paid);
    }
}

fn accepted(outcome: &Outcome) -> Option<String> {
    if outcome.code != Some(0) {
        return None;
    }
    Some(outcome.json()["job_id"].as_str().unwrap().to_owned())
}

/// A small disk; gone with this.
struct Disk(PathBuf);

impl Disk {
    fn new(test: &str, user: &User) -> Option<Self> {
        let path = user.path("disk");
        fs::create_dir(&path).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"]).arg(&path);
        if !mount.output().is_ok_and(|output| output.status.success()) {
            skipped(test, "this user may not mount a small disk");
            return None;
        }
        Some(Self(path))
    }

    /// Takes all the room that is left, or gives it back.
    fn fill(&self, full: bool) {
        let filler = self.0.join("filler");
        if full {
            assert!(fs::write(filler, vec![0; 4 << 20]).is_err(), "there is room for everything");
        } else {
            fs::remove_file(filler).unwrap();
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).output();
    }
}

#[test]
fn a_solver_whose_disk_is_full_says_so_and_goes_on_when_it_has_room() {
    let user = User::new();
    let test = "a_solver_whose_disk_is_full_says_so_and_goes_on_when_it_has_room";
    let Some(disk) = Disk::new(test, &user) else { return };
    let mut kept = Kept::new(user, &disk.0.join("solver.sqlite"));
    assert!(kept.start(&[]));
    let provider = kept.provider();
    let mut told = vec![accepted(&kept.run()).unwrap()];
    disk.fill(true);
    let mut refused = 0;
    // What the store has room for in its own file may still go through.
    for _ in 0..40 {
        let outcome = kept.run();
        if let Some(job) = accepted(&outcome) {
            told.push(job);
            continue;
        }
        let lines: Vec<&str> = outcome.stderr.lines().filter(|line| line.starts_with("error: ")).collect();
        assert_eq!(lines.len(), 1, "{}", outcome.stderr);
        assert!(lines[0].contains("the solver") && lines[0].contains("full"), "{}", lines[0]);
        assert_eq!(outcome.json()["error"]["fault"], "Solver", "{}", outcome.stdout);
        refused += 1;
        if refused == 3 {
            break;
        }
    }
    assert_eq!(refused, 3);
    drop(provider);
    disk.fill(false);
    assert!(kept.start(&[]));
    let _provider = kept.provider();
    told.push(accepted(&kept.run()).expect("it goes on"));
    kept.is_whole(&told);
}

//! Several solver processes on one PostgreSQL database: one leads, any may be used, and one may be killed.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lilypad_core::client::{Client, SubmitOptions};
use lilypad_core::http::{HttpOptions, HttpSolver};
use lilypad_core::model::{AgreementState, Amount, DealId, JobId};
use lilypad_core::module::{self, Module};
use lilypad_core::signer::{LocalSigner, Signer};
use sqlx::Connection;
use sqlx::postgres::PgConnection;
use tokio::sync::Notify;

use crate::database::Database;
use crate::http::{PROVIDER_KEY, Role, SOLVER_KEY};
use crate::tool::{Outcome, User, repository, skipped};

/// A public development key: it holds nothing anywhere.
const SECOND_PROVIDER_KEY: &str = "0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a";
/// What every account is given.
const GIVEN: &str = "1000 LP";
/// Tries that outlast a change of the leader.
const ATTEMPTS: u32 = 60;

/// A database of its own.
pub(crate) async fn database(test: &str) -> Option<Database> {
    let database = Database::new("lilypad_cluster").await;
    if database.is_none() {
        skipped(test, "LILYPAD_POSTGRES is not set");
    }
    database
}

impl Database {
    async fn count(&self, sql: &'static str) -> i64 {
        let mut connection = PgConnection::connect(&self.url()).await.unwrap();
        sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
    }

    async fn text(&self, sql: &'static str) -> String {
        let mut connection = PgConnection::connect(&self.url()).await.unwrap();
        sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
    }
}

/// A solver process; `listen` is where it was before, or any port.
fn solver(user: &User, database: &Database, listen: &str) -> (Role, String) {
    let mut command = user.command(&["solver", "--listen", listen, "--play-money", GIVEN]);
    command.args(["--match-timeout", "10m", "--address-requests", "1000000"]);
    command.env("LILYPAD_STORE", database.url());
    command.arg("--files").arg(user.path("files"));
    let role = Role::begin_call(&mut command, Some(SOLVER_KEY));
    let url = role.ready["url"].as_str().unwrap().to_owned();
    (role, url)
}

fn provider(user: &User, key: &str, url: &str) -> Role {
    let machine = ["--slots", "8", "--cpu", "64000", "--ram", "64000"];
    Role::start(user, Some(key), &[&["provider", "--network", url], &machine[..]].concat())
}

pub(crate) async fn reach(url: &str, signer: &Arc<dyn Signer>) -> HttpSolver {
    let options = HttpOptions { attempts: ATTEMPTS, ..HttpOptions::default() };
    HttpSolver::connect(url, Arc::clone(signer), options).await.unwrap()
}

/// What one client saw of its job.
struct Seen {
    job: JobId,
    deal: DealId,
    cost: Amount,
    left: Amount,
}

async fn use_it(url: String, module: Arc<Module>, number: usize) -> Seen {
    let signer: Arc<dyn Signer> = Arc::new(LocalSigner::random().unwrap());
    let solver = reach(&url, &signer).await;
    solver.ask_for_play_money().await.unwrap();
    let client = Client::at(solver.clone(), signer);
    let inputs = BTreeMap::from([("Message".to_owned(), format!("client {number}"))]);
    let options = SubmitOptions { price_cap: Some("1 LP".parse().unwrap()), ..SubmitOptions::default() };
    let job = client.submit(&module, &inputs, options).await.unwrap();
    let result = job.wait().await.unwrap();
    assert!(result.stdout().contains(&format!("< client {number} >")), "{}", result.stdout());
    result.receipt().verify().unwrap();
    let status = job.status().await.unwrap();
    assert_eq!(status.state, AgreementState::ResultsAccepted);
    let left = solver.money().await.unwrap().balance;
    Seen { job: result.job_id(), deal: result.deal_id(), cost: result.cost(), left }
}

/// All money of an account.
async fn has(url: &str, key: &str) -> Amount {
    let signer: Arc<dyn Signer> = Arc::new(LocalSigner::from_hex(key).unwrap());
    let money = reach(url, &signer).await.money().await.unwrap();
    assert_eq!(money.locked, Amount::ZERO, "nothing is open any more");
    money.balance.checked_add(money.stake).unwrap()
}

/// 200 clients at once on two processes; the one that leads is killed in the midst of it and comes back, then the other.
#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_clients_on_two_processes_of_which_the_leader_is_killed() {
    const CLIENTS: usize = 200;
    const KILLS: [usize; 2] = [40, 110];
    let test = "two_hundred_clients_on_two_processes_of_which_the_leader_is_killed";
    let Some(database) = database(test).await else { return };
    let user = User::new();
    let begun = ["127.0.0.1:0"; 2].map(|listen| solver(&user, &database, listen));
    let urls = begun.each_ref().map(|(_, url)| url.clone());
    let mut processes = begun.map(|(role, _)| Some(role));
    let providers = [provider(&user, PROVIDER_KEY, &urls[0]), provider(&user, SECOND_PROVIDER_KEY, &urls[1])];
    let cowsay =
        module::load(repository().join("examples/modules/cowsay").to_str().unwrap(), &Default::default());
    let cowsay = Arc::new(cowsay.unwrap());
    let (done, one_more) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    let clients = (0..CLIENTS).map(|number| {
        let (url, cowsay) = (urls[number % 2].clone(), Arc::clone(&cowsay));
        let (done, one_more) = (Arc::clone(&done), Arc::clone(&one_more));
        tokio::spawn(async move {
            let seen = use_it(url, cowsay, number).await;
            done.fetch_add(1, Ordering::SeqCst);
            one_more.notify_one();
            seen
        })
    });
    let clients: Vec<_> = clients.collect();
    for (which, after) in KILLS.into_iter().enumerate() {
        while done.load(Ordering::SeqCst) < after && !clients.iter().all(|client| client.is_finished()) {
            one_more.notified().await;
        }
        let address = urls[which].strip_prefix("http://").unwrap();
        assert_eq!(
            database.text("select address from leader").await,
            address,
            "it leads before it is killed"
        );
        processes[which].take().unwrap().kill();
        processes[which] = Some(solver(&user, &database, address).0);
    }
    let mut seen = Vec::new();
    for client in clients {
        seen.push(client.await.unwrap());
    }
    let all = |count: usize| i64::try_from(count).unwrap();
    let (jobs, deals): (HashSet<_>, HashSet<_>) = seen.iter().map(|seen| (seen.job, seen.deal)).unzip();
    assert_eq!((jobs.len(), deals.len()), (CLIENTS, CLIENTS), "each job has a deal of its own");
    // In the database: no job twice, each at its one end, and each deal agreed and paid once.
    assert_eq!(database.count("select count(*) from job").await, all(CLIENTS));
    let ends = "select count(*) from event where event::jsonb ->> 'event' = 'results_accepted'";
    assert_eq!(database.count(ends).await, all(CLIENTS));
    let jobs_with_ends =
        "select count(distinct job) from event where event::jsonb ->> 'event' = 'results_accepted'";
    assert_eq!(database.count(jobs_with_ends).await, all(CLIENTS));
    // To the wei: what clients paid is what providers got.
    let given: Amount = GIVEN.parse().unwrap();
    let mut paid = Amount::ZERO;
    for seen in &seen {
        assert!(seen.cost > Amount::ZERO);
        assert_eq!(seen.left, given.checked_sub(seen.cost).unwrap());
        paid = paid.checked_add(seen.cost).unwrap();
    }
    let mut got = Amount::ZERO;
    for key in [PROVIDER_KEY, SECOND_PROVIDER_KEY] {
        got = got.checked_add(has(&urls[0], key).await).unwrap();
    }
    let got = got.checked_sub(given).and_then(|got| got.checked_sub(given));
    assert_eq!(got, Some(paid));
    drop((providers, processes));
    database.drop().await;
}

#[test]
fn a_password_is_not_taken_from_the_command_line() {
    let user = User::new();
    let outcome =
        user.lilypad(&["solver", "--store", "postgres://me:hunter2@127.0.0.1:1/solver"]).ends_with(2);
    assert!(
        outcome.stderr.contains("PGPASSWORD") && !outcome.stderr.contains("hunter2"),
        "{}",
        outcome.stderr
    );
}

/// It is taken for no file, and may hold a password.
#[test]
fn an_address_of_another_kind_is_no_store() {
    let user = User::new();
    let mut command = user.command(&["solver", "--listen", "127.0.0.1:0"]);
    command.env("LILYPAD_PRIVATE_KEY", SOLVER_KEY).env("LILYPAD_STORE", "mysql://me:hunter2@host/solver");
    let outcome = Outcome::of(command.output().unwrap()).ends_with(2);
    assert!(
        outcome.stderr.contains("postgres://") && !outcome.stderr.contains("hunter2"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn a_store_that_cannot_be_opened_leaves_no_folder() {
    let user = User::new();
    let store = user.path("nowhere/solver.sqlite");
    let mut command =
        user.command(&["solver", "--listen", "127.0.0.1:0", "--store", store.to_str().unwrap()]);
    let outcome = Outcome::of(command.env("LILYPAD_PRIVATE_KEY", SOLVER_KEY).output().unwrap()).ends_with(4);
    assert!(outcome.stderr.contains("store"), "{}", outcome.stderr);
    assert!(!user.path("nowhere").exists());
}

#[test]
fn processes_that_share_a_database_are_told_to_share_a_folder() {
    let user = User::new();
    let outcome = user.lilypad(&["solver", "--store", "postgres://me@127.0.0.1:1/solver"]).ends_with(2);
    assert!(outcome.stderr.contains("--files"), "{}", outcome.stderr);
}

#[test]
fn a_database_that_is_not_there_is_named() {
    let user = User::new();
    let mut command = user.command(&[
        "solver",
        "--listen",
        "127.0.0.1:0",
        "--store",
        "postgres://me@127.0.0.1:1/solver",
        "--files",
        "/nowhere",
    ]);
    let outcome = Outcome::of(command.env("LILYPAD_PRIVATE_KEY", SOLVER_KEY).output().unwrap());
    assert!(
        outcome.code != Some(0) && outcome.stderr.contains("is the database running"),
        "{}",
        outcome.stderr
    );
}

//! Archives that are fetched over connections that break, and from a solver that changes them.

use std::path::PathBuf;
use std::sync::Mutex;

use super::wire::{Harm, Wire};
use super::*;
use crate::client::ResultKeeper;
use crate::model::JobId;
use crate::signer::Receipt;
use crate::wire::StoredFiles;

/// A solver behind a wire, with a job that has ended with a result of some 300 KB that nobody has fetched yet.
async fn with_result(harms: &[Harm], attempts: u32) -> (Served, Wire, HttpSolver, JobId, CancelToken) {
    let (wire, listener, address) = Wire::new("/result ", harms.iter().copied()).await;
    let served = serve_with(ServerConfig { names: vec![address.clone()], ..ServerConfig::default() });
    wire.lead(listener, served.url.strip_prefix("http://").unwrap().to_owned());
    let served = Served { url: format!("http://{address}"), ..served };
    let stop = CancelToken::new();
    drop(served.provider(&stop).await);
    served.solver(&key(2)).await;
    let options = HttpOptions { attempts, ..HttpOptions::default() };
    let solver = HttpSolver::connect(&served.url, key(2), options).await.unwrap();
    let orders = module(&["bytes 300000 outputs/big"]);
    // Handed in without a client that waits for the result and accepts it.
    let client = Client::at(solver.clone(), key(2));
    let job = client.sign(&orders, SubmitOptions::default()).await.unwrap();
    let id = solver.submit(job).await.unwrap();
    let mut events = solver.watch(id).await.unwrap();
    while let Some(event) = events.next().await {
        if matches!(event.kind, JobEventKind::ResultsSubmitted { .. }) {
            break;
        }
    }
    (served, wire, solver, id, stop)
}

#[tokio::test]
async fn a_result_is_fetched_over_a_connection_that_breaks_and_no_byte_of_it_twice() {
    let harms = [0, 1, 70_000, 65_536, 100_000].map(Harm::CutAnswer);
    let (served, wire, solver, id, stop) = with_result(&harms, 4).await;
    let result = solver.result(id).await.unwrap();
    assert_eq!(result.results.content_id().unwrap(), result.receipt.body.data_id);
    let passed = wire.passed();
    assert_eq!((passed.len(), wire.harms_left()), (harms.len() + 1, 0), "{passed:?}");
    let mut at = 0;
    for passed in passed {
        // What did not begin was not asked for by its range.
        let range = (at > 0).then(|| format!("bytes={at}-"));
        assert_eq!(passed.range, range);
        at += passed.answered;
    }
    assert_eq!(at, crate::wire::pack_result(&result).unwrap().len());
    stop.cancel(CancelReason::Shutdown);
    served.end().await;
}

#[tokio::test]
async fn a_byte_that_was_changed_on_the_way_is_fetched_again() {
    let harms = [Harm::CutAnswer(100_000), Harm::ChangeAnswer(50_000)];
    let (served, wire, solver, id, stop) = with_result(&harms, 4).await;
    let result = solver.result(id).await.unwrap();
    assert_eq!(result.results.content_id().unwrap(), result.receipt.body.data_id);
    let ranges: Vec<_> = wire.passed().into_iter().map(|passed| passed.range).collect();
    assert_eq!(ranges, [None, Some("bytes=100000-".to_owned()), None]);
    stop.cancel(CancelReason::Shutdown);
    served.end().await;
}

#[tokio::test]
async fn a_solver_that_lies_about_a_byte_is_named_in_one_line() {
    let harms = [Harm::ChangeAnswer(600), Harm::ChangeAnswer(200_000)];
    let (served, _wire, solver, id, stop) = with_result(&harms, 2).await;
    let error = solver.result(id).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code(), error.fault()),
        (ErrorKind::VerificationFailed, "E_DOWNLOAD_HASH", Fault::Solver)
    );
    assert!(error.to_string().contains(&served.url) && !error.to_string().contains('\n'), "{error}");
    // Nothing was accepted, and the right bytes can still be had.
    assert_eq!(solver.status(id).await.unwrap().state, AgreementState::ResultsSubmitted);
    solver.result(id).await.unwrap();
    stop.cancel(CancelReason::Shutdown);
    served.end().await;
}

/// Keeps results in a folder, through the disk.
#[derive(Debug)]
struct Keeper {
    folder: PathBuf,
    in_memory: Mutex<Option<bool>>,
}

impl ResultKeeper for Keeper {
    fn keep(&self, _: JobId, results: &StoredFiles, _: &Receipt) -> crate::error::Result<()> {
        *self.in_memory.lock().unwrap() = Some(results.in_memory().is_some());
        results.write_folder(&self.folder.join("results"))
    }

    fn on_the_way(&self) -> Option<PathBuf> {
        Some(self.folder.clone())
    }

    fn kept(&self, _: JobId) -> Option<FileSet> {
        None
    }
}

#[tokio::test]
async fn a_result_goes_to_the_disk_as_it_comes_over_a_connection_that_breaks_and_changes_bytes() {
    let harms = [Harm::CutAnswer(70_000), Harm::ChangeAnswer(100_000), Harm::CutAnswer(200_000)];
    let (served, wire, solver, id, stop) = with_result(&harms, 4).await;
    let folder = tempfile::tempdir().unwrap();
    let keeper = Arc::new(Keeper { folder: folder.path().to_owned(), in_memory: Mutex::new(None) });
    let client = Client::at(solver.clone(), key(2));
    client.keep_with(Arc::clone(&keeper) as Arc<dyn ResultKeeper>);
    let result = client.job(id).await.unwrap().wait().await.unwrap();
    let ranges: Vec<_> = wire.passed().into_iter().map(|passed| passed.range).collect();
    // What was changed is fetched anew, from its beginning.
    assert_eq!(ranges, [None, Some("bytes=70000-".to_owned()), None, Some("bytes=200000-".to_owned())]);
    assert_eq!(*keeper.in_memory.lock().unwrap(), Some(false));
    let limits = crate::model::FileLimits::default();
    let written = crate::disk::read_folder(&folder.path().join("results"), &limits).unwrap();
    assert_eq!(written.content_id().unwrap(), result.data_id());
    // All files are named, and those that the program printed are in memory.
    let lengths: Vec<_> = written.iter().map(|(path, bytes)| (path, bytes.len() as u64)).collect();
    assert_eq!(result.lengths().collect::<Vec<_>>(), lengths);
    let here: Vec<_> = result.files().iter().map(|(path, _)| path).collect();
    assert_eq!(here, ["exitCode", "stderr", "stdout"]);
    assert!(result.files().iter().all(|(path, bytes)| written.get(path) == Some(bytes)));
    // Nothing is left of what was on the way.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    assert_eq!(solver.status(id).await.unwrap().state, AgreementState::ResultsAccepted);
    stop.cancel(CancelReason::Shutdown);
    served.end().await;
}

#[tokio::test]
async fn a_result_that_has_no_place_on_the_disk_is_not_accepted() {
    let (served, _wire, solver, id, stop) = with_result(&[], 2).await;
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("nowhere");
    let keeper = Arc::new(Keeper { folder: nowhere, in_memory: Mutex::new(None) });
    let client = Client::at(solver.clone(), key(2));
    client.keep_with(Arc::clone(&keeper) as Arc<dyn ResultKeeper>);
    let error = client.job(id).await.unwrap().wait().await.unwrap_err();
    assert_eq!(error.code(), "E_PATH_NOT_FOUND", "{error}");
    assert_eq!(*keeper.in_memory.lock().unwrap(), None);
    assert_eq!(solver.status(id).await.unwrap().state, AgreementState::ResultsSubmitted);
    stop.cancel(CancelReason::Shutdown);
    served.end().await;
}

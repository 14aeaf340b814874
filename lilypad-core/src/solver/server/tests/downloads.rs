//! Archives that are fetched over connections that break, and from a solver that changes them.

use super::wire::{Harm, Wire};
use super::*;
use crate::model::JobId;

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

//! A client that gives up waiting: each limit on its own, and the job goes on.

use super::*;
use crate::client::{JobResult, WaitLimits};

const HOUR: Duration = Duration::from_secs(3_600);

/// A wait that has begun, as far as the job has come.
async fn begun(wait: &mut (impl Future<Output = Result<JobResult>> + Unpin)) {
    for _ in 0..100 {
        tokio::select! {
            biased;
            end = &mut *wait => panic!("it is over already: {end:?}"),
            () = tokio::task::yield_now() => {}
        }
    }
}

/// Waits within limits of an hour for each part but one, until that one is met.
async fn given_up(job: &Job, hand: &ManualClock, limits: WaitLimits, code: &str) {
    let least = limits.matching.min(limits.execution).min(limits.total);
    let mut wait = Box::pin(job.wait_within(limits));
    begun(&mut wait).await;
    hand.advance(least - Duration::from_millis(1));
    begun(&mut wait).await;
    hand.advance(Duration::from_millis(1));
    let error = wait.await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Timeout, code), "{error}");
    assert!(!job.status().await.unwrap().state.is_terminal(), "the job goes on");
}

#[tokio::test]
async fn each_limit_ends_the_waiting_and_not_the_job() {
    let (builder, hand) = network();
    let patient = SolverConfig { match_timeout: HOUR, ..SolverConfig::default() };
    let network = builder.solver(patient).start().await.unwrap();
    let limits = WaitLimits { matching: HOUR, execution: HOUR, download: HOUR, total: HOUR };
    let short = Duration::from_secs(7);
    let nowhere = SubmitOptions {
        labels: BTreeMap::from([("region".to_owned(), "moon".to_owned())]),
        ..SubmitOptions::default()
    };
    let lonely = submit(&network, &["work 1"], nowhere).await;
    given_up(&lonely, &hand, WaitLimits { matching: short, ..limits }, "E_WAIT_MATCH").await;
    given_up(&lonely, &hand, WaitLimits { total: short, ..limits }, "E_WAIT_TOTAL").await;
    // The time of one part does not count for the next.
    let job = submit(&network, &["work 5", "wait"], SubmitOptions::default()).await;
    until(&job, |kind| matches!(kind, JobEventKind::Started { .. })).await;
    given_up(&job, &hand, WaitLimits { execution: short, ..limits }, "E_WAIT_EXECUTION").await;
    job.cancel().await.unwrap();
    let result = job.wait_within(limits).await.unwrap();
    assert_eq!((result.outcome(), result.instruction_count()), (&Outcome::Cancelled, 5));
    network.shutdown().await;
}

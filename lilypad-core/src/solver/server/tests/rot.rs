//! A byte that changes where the solver keeps its files: whoever fetches them is told that the solver is at fault.

use super::*;
use crate::solver::files::FolderFiles;
#[cfg(feature = "store-s3")]
use crate::solver::files::tests::bucket::Bucket;
use crate::wire::ArchiveId;

/// Runs a job, changes a byte of its result where it lies, and fetches it.
async fn a_changed_byte_is_the_solvers_fault<F>(files: F, flip: impl AsyncFn(ArchiveId, usize))
where
    F: FileStore + Clone + 'static,
{
    let kept = (MemoryStore::new(), files);
    let served = serve_kept(&kept, "127.0.0.1:0").await;
    let stop = CancelToken::new();
    let provider = served.provider(&stop).await;
    let solver = served.solver(&key(2)).await;
    let client = Client::at(solver.clone(), key(2));
    let job = client.sign(&module(&["bytes 300000 outputs/big"]), SubmitOptions::default()).await.unwrap();
    let id = solver.submit(job).await.unwrap();
    let mut events = solver.watch(id).await.unwrap();
    while let Some(event) = events.next().await {
        if matches!(event.kind, JobEventKind::ResultsSubmitted { .. }) {
            break;
        }
    }
    // The job's own archive is small.
    let (result, length) =
        kept.1.list().await.unwrap().into_iter().max_by_key(|(_, length)| *length).unwrap();
    assert!(length > 300_000);
    flip(result, 123_456).await;
    let error = client.job(id).await.unwrap().wait().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code(), error.fault()),
        (ErrorKind::VerificationFailed, "E_DOWNLOAD_HASH", Fault::Solver)
    );
    assert!(error.to_string().contains(&served.url) && error.hint().is_some(), "{error}");
    assert_eq!(
        solver.status(id).await.unwrap().state,
        AgreementState::ResultsSubmitted,
        "nothing is accepted"
    );
    // Once the operator has put it right, the job comes to its end.
    flip(result, 123_456).await;
    let result = client.job(id).await.unwrap().wait().await.unwrap();
    assert_eq!(result.files().get("outputs/big").unwrap().len(), 300_000);
    assert_eq!(solver.status(id).await.unwrap().state, AgreementState::ResultsAccepted);
    stop.cancel(CancelReason::Shutdown);
    provider.await.unwrap();
    served.end().await;
}

#[tokio::test]
async fn a_byte_that_changes_in_the_solvers_folder_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let files = FolderFiles::open(folder.path()).unwrap();
    a_changed_byte_is_the_solvers_fault(files, async |id, at| {
        let path = folder.path().join("kept").join(id.to_string());
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[at] ^= 1;
        std::fs::write(&path, bytes).unwrap();
    })
    .await;
}

#[cfg(feature = "store-s3")]
#[tokio::test]
async fn a_byte_that_changes_in_the_solvers_bucket_is_found() {
    let Some(bucket) = Bucket::new("a_byte_that_changes_in_the_solvers_bucket_is_found").await else {
        return;
    };
    let files = bucket.files().await;
    a_changed_byte_is_the_solvers_fault(files.clone(), async |id, at| files.flip(id, at).await).await;
}

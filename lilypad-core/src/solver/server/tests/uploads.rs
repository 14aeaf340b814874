//! Large archives in parts: over connections that break, over a restart, within quotas, for their owner alone.

use bytes::Bytes;
use reqwest::Method;

use super::wire::{Harm, Wire};
use super::*;
use crate::model::DealId;
use crate::wire::{ArchiveId, Body, UPLOAD_PART, UploadState, routes};

/// Some bytes that are everywhere different.
fn bytes(length: usize) -> Bytes {
    (0..length).map(|at| (at ^ (at >> 8) ^ (at >> 16)) as u8).collect::<Vec<_>>().into()
}

/// A part of an upload, sent once.
async fn part(
    solver: &HttpSolver,
    whole: &Bytes,
    at: usize,
    end: usize,
) -> crate::error::Result<UploadState> {
    let path = routes::upload_part(ArchiveId::of(whole), at as u64, whole.len() as u64);
    let answer = solver.call(Method::PUT, &path, whole.slice(at..end), "application/octet-stream", 1 << 20);
    UploadState::from_body(&answer.await?)
}

#[tokio::test]
async fn a_job_with_large_files_is_handed_in_over_a_connection_that_breaks() {
    let whole = 3 * UPLOAD_PART + 100_000;
    let harms = [
        Harm::CutRequest(0),
        Harm::CutRequest(UPLOAD_PART / 2),
        // The part has come, and its answer does not.
        Harm::CutAnswer(0),
        Harm::CutRequest(UPLOAD_PART - 1),
    ];
    let (wire, listener, address) = Wire::new("PUT ", harms).await;
    let served = serve_with(ServerConfig { names: vec![address.clone()], ..ServerConfig::default() });
    wire.lead(listener, served.url.strip_prefix("http://").unwrap().to_owned());
    let served = Served { url: format!("http://{address}"), ..served };
    served.solver(&key(2)).await;
    let options = HttpOptions { attempts: 4, ..HttpOptions::default() };
    let solver = HttpSolver::connect(&served.url, key(2), options).await.unwrap();
    let mut files = module(&["print done", "work 7"]).bundle().clone();
    files.insert("orders.wat", bytes(whole)).unwrap();
    let orders = Module::load(PinSource::local(), &files).unwrap();
    let job = Client::at(solver.clone(), key(2)).sign(&orders, SubmitOptions::default()).await.unwrap();
    let id = solver.submit(job.clone()).await.unwrap();
    assert_eq!(wire.harms_left(), 0);
    // A break costs no more than the part that it broke: each part of the archive came to the solver whole once.
    let archive = crate::wire::pack_job(&job).unwrap();
    let mut came: Vec<(String, usize)> = wire
        .passed()
        .into_iter()
        .filter(|passed| passed.sent > 0)
        .map(|passed| (passed.line.split(' ').nth(1).unwrap().to_owned(), passed.sent))
        .filter(|(_, sent)| *sent == UPLOAD_PART || *sent == archive.len() % UPLOAD_PART)
        .collect();
    let parts = came.len();
    came.dedup();
    assert_eq!((came.len(), parts), (4, 4));
    // The same again is the same, and nothing of it is sent again.
    let sent = wire.passed().len();
    assert_eq!(solver.submit(job).await.unwrap(), id);
    assert_eq!(wire.passed().len(), sent);
    let stop = CancelToken::new();
    let provider = served.provider(&stop).await;
    let result = Client::at(solver, key(2)).job(id).await.unwrap().wait().await.unwrap();
    assert_eq!(result.stdout(), "done\n");
    stop.cancel(CancelReason::Shutdown);
    provider.await.unwrap();
    served.end().await;
}

#[tokio::test]
async fn a_large_result_is_delivered_in_parts_and_once() {
    let (wire, listener, address) = Wire::new("PUT ", [Harm::CutAnswer(3), Harm::CutRequest(0)]).await;
    let served = serve_with(ServerConfig { names: vec![address.clone()], ..ServerConfig::default() });
    wire.lead(listener, served.url.strip_prefix("http://").unwrap().to_owned());
    let served = Served { url: format!("http://{address}"), ..served };
    let stop = CancelToken::new();
    let provider = served.provider(&stop).await;
    let client = served.client().await;
    let orders = module(&["bytes 9000000 outputs/big", "work 5"]);
    let result = client.run(&orders, &BTreeMap::new(), SubmitOptions::default()).await.unwrap();
    assert_eq!(result.files().get("outputs/big").unwrap().len(), 9_000_000);
    assert_eq!((result.cost(), wire.harms_left()), (Amount::from_wei(50), 0));
    served.ledger.audit().unwrap();
    stop.cancel(CancelReason::Shutdown);
    provider.await.unwrap();
    served.end().await;
}

#[tokio::test]
async fn an_upload_goes_on_after_a_restart_of_the_solver() {
    let folder = tempfile::tempdir().unwrap();
    let config = || ServerConfig { uploads: Some(folder.path().to_owned()), ..ServerConfig::default() };
    let whole = bytes(UPLOAD_PART + 1_000_000);
    let id = ArchiveId::of(&whole);
    let served = serve_with(config());
    let solver = served.solver(&key(2)).await;
    let state = part(&solver, &whole, 0, 3_000_000).await.unwrap();
    assert_eq!(state, UploadState { offset: 3_000_000, length: whole.len() as u64 });
    served.end().await;
    // The process was killed while it wrote the next part.
    let file = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
    let mut left = std::fs::read(&file).unwrap();
    left.extend(&whole[3_000_000..3_100_000]);
    std::fs::write(&file, left).unwrap();

    let served = serve_with(config());
    let solver = served.solver(&key(2)).await;
    let state: UploadState = solver.get(&routes::upload(id)).await.unwrap();
    assert_eq!(state.offset, 3_100_000);
    part(&solver, &whole, 3_100_000, whole.len()).await.unwrap();
    let error = part(&solver, &whole, 0, 10).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Conflict, "E_UPLOAD_OFFSET"));
    // It is whole, and no job: that is said of what is in it.
    let named = crate::wire::Uploaded { archive: id }.to_body().unwrap();
    let refused = solver.call(Method::POST, routes::JOBS, named.into(), "application/json", 1 << 20).await;
    assert_eq!(refused.unwrap_err().code(), "E_ARCHIVE_ENTRY");
    served.end().await;
}

#[tokio::test]
async fn an_upload_is_its_accounts_alone_has_bounds_and_must_hash_to_its_name() {
    let served = serve_with(ServerConfig {
        upload_account_bytes: 1_000,
        upload_bytes: 1_500,
        ..ServerConfig::default()
    });
    let options = || HttpOptions { attempts: 1, ..HttpOptions::default() };
    let one = HttpSolver::connect(&served.url, key(2), options()).await.unwrap();
    let two = HttpSolver::connect(&served.url, key(4), options()).await.unwrap();
    let whole = bytes(1_000);
    part(&one, &whole, 0, 400).await.unwrap();
    // Another account neither sees it nor can go on with it.
    let unseen = two.get::<UploadState>(&routes::upload(ArchiveId::of(&whole))).await.unwrap_err();
    assert_eq!(unseen.code(), "E_UPLOAD_UNKNOWN");
    assert_eq!(part(&two, &whole, 400, 1_000).await.unwrap_err().code(), "E_UPLOAD_OFFSET");
    // What an account may have, and all of them together.
    let more = bytes(501);
    let error = part(&one, &more, 0, 1).await.unwrap_err();
    assert_eq!((error.code(), error.fault()), ("E_UPLOADS_FULL", Fault::User), "{error}");
    let error = part(&two, &more, 0, 1).await.unwrap_err();
    assert_eq!((error.code(), error.fault()), ("E_FILES_FULL", Fault::Solver), "{error}");
    // Parts that cannot be.
    for (at, end, length) in [(0, 0, 10), (0, 11, 10), (0, 1, u64::MAX), (5, 6, 5)] {
        let path = routes::upload_part(ArchiveId::of(b"x"), at, length);
        let sent = whole.slice(..end - usize::try_from(at).unwrap());
        let error =
            one.call(Method::PUT, &path, sent, "application/octet-stream", 1 << 20).await.unwrap_err();
        assert_eq!(error.code(), "E_UPLOAD", "{path}");
    }
    // The last byte is another: nothing of it is kept, and it can be sent again.
    let mut wrong = whole.to_vec();
    wrong[999] ^= 1;
    let path = routes::upload_part(ArchiveId::of(&whole), 400, 1_000);
    let sent = Bytes::from(wrong).slice(400..);
    let error = one.call(Method::PUT, &path, sent, "application/octet-stream", 1 << 20).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::VerificationFailed, "E_UPLOAD_HASH"));
    part(&one, &whole, 0, 1_000).await.unwrap();
    served.end().await;
}

#[tokio::test]
async fn a_provider_gets_the_files_of_its_own_deals_alone() {
    let (served, stop) = (serve(), CancelToken::new());
    let machine = served.solver(&key(3)).await;
    let _provider = served.provider(&stop).await;
    let client = served.client().await;
    let job = client.submit(&module(&["wait"]), &BTreeMap::new(), SubmitOptions::default()).await.unwrap();
    let mut events = job.events().await.unwrap();
    let mut deal: Option<DealId> = None;
    while let Some(event) = events.next().await {
        if let JobEventKind::Agreed { deal_id, .. } = event.kind {
            deal = Some(deal_id);
            break;
        }
    }
    let deal = deal.unwrap();
    let notice = machine.notice(deal).await.unwrap();
    assert!(notice.job.body.bundle.contains("orders.wat"));
    let stranger = served.solver(&key(9)).await;
    assert_eq!(stranger.notice(deal).await.unwrap_err().code(), "E_NOT_PARTY");
    job.cancel().await.unwrap();
    job.wait().await.unwrap();
    assert_eq!(machine.notice(deal).await.unwrap_err().code(), "E_DEAL_OVER");
    stop.cancel(CancelReason::Shutdown);
    served.end().await;
}

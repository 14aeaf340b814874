//! What v2's headers do not open: money, signed jobs, the routes of others.

use super::world::*;

#[tokio::test]
async fn without_the_switch_there_is_nothing_of_v2() {
    let world = World::served(None).await;
    for path in ["/job_offers", "/resource_offers", "/deals", "/ws"] {
        assert_eq!(world.get(CREATOR, path).await.status, 404, "{path}");
    }
    assert_eq!(world.post(CREATOR, "/job_offers", JOB).await.status, 404);
    world.end().await;
}

#[tokio::test]
async fn v2_headers_open_no_route_but_v2s() {
    let world = World::new().await;
    for (method, path) in [
        ("GET", "/jobs"),
        ("POST", "/jobs"),
        ("POST", "/offers"),
        ("GET", "/messages"),
        ("GET", "/account"),
        ("POST", "/account/withdraw"),
        ("POST", "/deals/QmX27MJ5WJ3cnfecsdSeRG9P6KD9Dy6GShkn4oURTgrxcH/delivery"),
    ] {
        let answer = world.send(method, path, Some(CREATOR), b"{}", &[]).await;
        assert_eq!((answer.status, &answer.json()["code"]), (401, &"E_AUTH_MISSING".into()), "{path}");
    }
    world.end().await;
}

#[tokio::test]
async fn nothing_that_v2_peers_do_reaches_the_ledger() {
    let world = World::new().await;
    let before = format!("{:?}", world.ledger.audit().unwrap());
    world.deal().await;
    world
        .post(
            PROVIDER,
            "/deals/QmX27MJ5WJ3cnfecsdSeRG9P6KD9Dy6GShkn4oURTgrxcH/result",
            "{\"data_id\":\"Qm\"}",
        )
        .await;
    let path = "/deals/QmX27MJ5WJ3cnfecsdSeRG9P6KD9Dy6GShkn4oURTgrxcH/txs/job_creator";
    assert_eq!(world.post(CREATOR, path, "{\"accept_result\":\"0x\"}").await.json()["state"], 3);
    assert_eq!(format!("{:?}", world.ledger.audit().unwrap()), before);
    world.end().await;
}

#[tokio::test]
async fn a_page_whose_name_leads_here_reads_nothing() {
    let world = World::new().await;
    let other = [("Host", "page.example")];
    let socket = [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Origin", "http://page.example")];
    let refused = "this server is not called \"page.example\"\n";
    for (path, more) in [("/deals", &other[..]), ("/ws", &[&other[..], &socket].concat())] {
        let answer = world.send("GET", path, None, b"", more).await;
        assert_eq!((answer.status, &*answer.body), (401, refused.as_bytes()), "{path}");
    }
    // Who signs is no page, and may know the server by another name.
    assert_eq!(world.send("GET", "/deals", Some(CREATOR), b"", &other).await.status, 200);
    assert_eq!(world.send("GET", "/deals", None, b"", &[]).await.status, 200);
    world.end().await;
}

#[test]
fn no_file_of_v2_names_the_ledger_or_what_is_signed() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/solver/server/v2");
    let mut lines = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.is_dir() || path.ends_with("tests.rs") {
            continue;
        }
        for line in
            std::fs::read_to_string(&path).unwrap().lines().filter(|line| !line.trim().starts_with("//"))
        {
            lines += 1;
            for word in ["ledger", "settlement", "Signed<", "JobCreatorApi", "ProviderApi", "SettlementApi"] {
                assert!(!line.contains(word), "{}: {line}", path.display());
            }
        }
    }
    assert!(lines > 500, "the sources are found");
}

//! Clients that are slow, spoof, or send too much (T42, T44, T45, T47).

use super::raw::{Raw, soon, until};
use super::*;
use crate::solver::server::metrics::Refused;
use crate::wire::routes;

fn impatient() -> ServerConfig {
    let time = Duration::from_millis(500);
    ServerConfig { header_timeout: time, body_timeout: time, ..ServerConfig::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_headers_and_slow_bodies_are_ended_and_honest_requests_go_on() {
    let served = serve_with(impatient());
    let honest = served.solver(&key(2)).await;
    let (mut headers, mut bodies) = (Vec::new(), Vec::new());
    for place in 0..200 {
        let head = served.head("GET", routes::SOLVER, "");
        headers.push(Raw::with(&served, &head[..place % head.len()]).await);
    }
    for _ in 0..50 {
        let head = served.head("POST", routes::QUOTES, "content-length: 1000\r\n");
        bodies.push(Raw::with(&served, head + "{\"offer\":").await);
    }
    for _ in 0..20 {
        honest.money().await.unwrap();
    }
    for mut connection in headers {
        let answer = connection.rest().await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408 "), "{answer}");
    }
    for mut connection in bodies {
        let answer = connection.rest().await;
        assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("E_BODY_SLOW"), "{answer}");
    }
    assert_eq!(served.metrics.count(Refused::SlowBody), 50);
    honest.money().await.unwrap();
    served.end().await;
}

#[tokio::test]
async fn a_connection_that_is_idle_is_ended() {
    let served = serve_with(impatient());
    let mut idle = Raw::with(&served, served.head("GET", routes::SOLVER, "")).await;
    let answer = idle.rest().await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let metrics = Arc::clone(&served.metrics);
    until(|| metrics.connections.get() == 0).await;
    served.end().await;
}

#[tokio::test]
async fn an_address_has_so_many_connections_and_gets_their_places_back() {
    let served = serve_with(ServerConfig { address_connections: 2, ..ServerConfig::default() });
    let metrics = Arc::clone(&served.metrics);
    let ask = served.head("GET", routes::SOLVER, "");
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut connection = Raw::with(&served, &ask).await;
        assert!(connection.read_to("mediators").await.starts_with("HTTP/1.1 200 "));
        held.push(connection);
    }
    assert_eq!(Raw::with(&served, &ask).await.rest().await, "");
    assert_eq!((metrics.count(Refused::Connections), metrics.connections.get()), (1, 2));
    held.pop();
    until(|| metrics.connections.get() == 1).await;
    assert!(Raw::with(&served, &ask).await.read_to("mediators").await.starts_with("HTTP/1.1 200 "));
    served.end().await;
}

#[tokio::test]
async fn what_is_too_large_or_no_request_is_refused_and_the_connection_ends() {
    let served = serve_with(ServerConfig { max_json: 1_000, ..ServerConfig::default() });
    let quote = |lines: &str, body: &[u8]| {
        let mut text = served.head("POST", routes::QUOTES, lines).into_bytes();
        text.extend_from_slice(body);
        text
    };
    // The head alone is enough: nothing of the body is waited for.
    let said = quote("content-length: 99999999\r\n", b"");
    let endless = quote(
        "transfer-encoding: chunked\r\n",
        "400\r\n"
            .chars()
            .chain("x".repeat(1_024).chars())
            .chain("\r\n".chars())
            .collect::<String>()
            .repeat(3)
            .as_bytes(),
    );
    let packed =
        quote("content-encoding: gzip\r\ncontent-length: 4\r\nconnection: close\r\n", &[0x1f, 0x8b, 8, 0]);
    let many = served.head("GET", routes::SOLVER, &"a: b\r\n".repeat(100_000));
    let long = served.head("GET", routes::SOLVER, &format!("a: {}\r\n", "b".repeat(100_000)));
    let both = quote("content-length: 4\r\ntransfer-encoding: chunked\r\n", b"0\r\n\r\n");
    let twice = quote("content-length: 4\r\ncontent-length: 5\r\n", b"true");
    let second = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
    let cases: [(&str, &[u8], &[&str]); 8] = [
        ("a length beyond the bound", &said, &["HTTP/1.1 413 ", "E_BODY_TOO_LARGE"]),
        ("chunks without end", &endless, &["HTTP/1.1 413 ", "E_BODY_TOO_LARGE"]),
        ("a packed body", &packed, &["HTTP/1.1 400 ", "E_BODY\""]),
        ("too many headers", many.as_bytes(), &["HTTP/1.1 431 "]),
        ("a header that is too long", long.as_bytes(), &["HTTP/1.1 431 "]),
        ("two ways to say where a body ends", &both, &[]),
        ("two lengths", &twice, &["HTTP/1.1 400 "]),
        ("another version of HTTP", &second, &[]),
    ];
    for (name, sent, expected) in cases {
        let mut connection = Raw::with(&served, sent).await;
        let answer = connection.rest().await;
        // An end that still sends may lose the answer with the connection.
        let whole = answer.is_empty() && sent.len() > 50_000;
        assert!(whole || expected.iter().all(|part| answer.contains(part)), "{name}: {answer}");
        assert!(!answer.contains(" 200 "), "{name}: {answer}");
    }
    assert_eq!(served.metrics.count(Refused::Size), 2);
    served.end().await;
}

#[tokio::test]
async fn nobody_gets_more_requests_by_saying_that_they_come_from_elsewhere() {
    let served = serve_with(ServerConfig { address_requests: 3, ..ServerConfig::default() });
    let mut connection = Raw::connect(&served).await;
    let mut codes = Vec::new();
    for (at, header) in ["x-forwarded-for", "forwarded", "x-real-ip", "true-client-ip", "x-forwarded-for"]
        .into_iter()
        .enumerate()
    {
        let spoofed = format!("{header}: 203.0.113.{at}\r\n");
        codes.push(connection.ask(&served.head("GET", routes::SOLVER, &spoofed)).await);
    }
    assert_eq!(codes, [200, 200, 200, 429, 429]);
    assert_eq!(served.metrics.count(Refused::Rate), 2);
    served.end().await;
}

#[tokio::test]
async fn behind_a_proxy_each_client_has_its_own_count() {
    let config = ServerConfig { address_requests: 2, proxies: 1, ..ServerConfig::default() };
    let served = serve_with(config);
    let mut connection = Raw::connect(&served).await;
    let mut codes = Vec::new();
    // The last entry is the proxy's; what stands before it was sent by the client.
    for entries in [
        "10.0.0.1, 198.51.100.1",
        "10.0.0.2, 198.51.100.1",
        "10.0.0.3, 198.51.100.1",
        "10.0.0.3, 198.51.100.2",
    ] {
        let line = format!("x-forwarded-for: {entries}\r\n");
        codes.push(connection.ask(&served.head("GET", routes::SOLVER, &line)).await);
    }
    assert_eq!(codes, [200, 200, 429, 200]);
    served.end().await;
}

#[tokio::test]
async fn after_a_flood_everything_is_as_before_and_no_job_was_lost() {
    let served = serve_with(ServerConfig {
        address_requests: 60,
        rate_window: Duration::from_secs(1),
        ..ServerConfig::default()
    });
    let stop = CancelToken::new();
    let provider = served.provider(&stop).await;
    let client = served.client().await;
    let job = client
        .submit(&module(&["work 400", "wait"]), &BTreeMap::new(), SubmitOptions::default())
        .await
        .unwrap();
    let mut flood = Raw::connect(&served).await;
    let ask = served.head("GET", routes::SOLVER, "");
    soon(async {
        let mut refused = 0;
        while refused < 100 {
            refused += usize::from(flood.ask(&ask).await == 429);
        }
    })
    .await;
    // It is over when its window is.
    soon(async { while flood.ask(&ask).await != 200 {} }).await;
    soon(async { while job.cancel().await.is_err() {} }).await;
    let result = soon(async {
        loop {
            if let Ok(result) = job.wait().await {
                break result;
            }
        }
    });
    assert_eq!(result.await.instruction_count(), 400);
    stop.cancel(CancelReason::Shutdown);
    provider.await.unwrap();
    served.end().await;
}

#[tokio::test]
async fn nobody_acts_as_another_provider() {
    use crate::executor::ExecutorEvent;

    let (served, stop) = (serve(), CancelToken::new());
    let provider = served.provider(&stop).await;
    let offer = served.solver.book().index.offers_of(&key(3).address().to_string())[0];
    let client = served.client().await;
    let job = client.submit(&module(&["wait"]), &BTreeMap::new(), SubmitOptions::default()).await.unwrap();
    let mut events = job.events().await.unwrap();
    let deal = loop {
        if let JobEventKind::Agreed { deal_id, .. } = soon(events.next()).await.unwrap().kind {
            break deal_id;
        }
    };
    let stranger = served.solver(&key(9)).await;
    let signed = served.solver.book().index.offer(&offer).unwrap().signed.as_ref().clone();
    let refused = [
        stranger.withdraw(offer).await.unwrap_err(),
        stranger.offer(signed).await.unwrap_err(),
        stranger.refuse(deal, crate::error::Error::unexpected("no")).await.unwrap_err(),
    ];
    for error in refused {
        assert_eq!((error.kind(), error.code()), (ErrorKind::Unauthorized, "E_NOT_PARTY"));
    }
    stranger.started(deal, "theirs");
    stranger.report(deal, ExecutorEvent::Stdout("theirs".to_owned()));
    // Its own messages are its own.
    let _inbox = stranger.connect(key(3).address()).await.unwrap();
    assert!(served.solver.book().is_connected(key(3).address()));
    job.cancel().await.unwrap();
    assert_eq!(soon(job.wait()).await.unwrap().outcome(), &Outcome::Cancelled);
    let mut events = job.events().await.unwrap();
    while let Some(event) = soon(events.next()).await {
        assert!(!format!("{event:?}").contains("theirs"), "{event:?}");
    }
    stop.cancel(CancelReason::Shutdown);
    provider.await.unwrap();
    served.end().await;
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let good = ServerConfig::default;
    assert!(good().check().is_ok());
    let bad = [
        ServerConfig { max_connections: 0, ..good() },
        ServerConfig { address_connections: 0, ..good() },
        ServerConfig { account_streams: 0, ..good() },
        ServerConfig { write_timeout: Duration::ZERO, ..good() },
        ServerConfig { header_timeout: Duration::ZERO, ..good() },
        ServerConfig { address_requests: 0, ..good() },
        ServerConfig { origins: vec!["*".to_owned()], ..good() },
    ];
    for config in bad {
        assert_eq!(config.check().unwrap_err().code(), "E_SERVER_CONFIG", "{config:?}");
    }
}

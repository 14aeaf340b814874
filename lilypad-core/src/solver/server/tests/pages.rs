//! Pages of other origins: no state change, no readable answer (T41 as far as a server alone decides it).

use super::raw::Raw;
use super::*;
use crate::wire::routes::{self, Route};

const OURS: &str = "https://dapp.example";

fn serve_pages() -> Served {
    serve_with(ServerConfig { origins: vec![OURS.to_owned()], ..ServerConfig::default() })
}

fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    answer
        .lines()
        .find_map(|line| line.split_once(": ").filter(|(known, _)| *known == name))
        .map(|(_, value)| value)
}

async fn answer(served: &Served, method: &str, path: &str, lines: &str) -> String {
    Raw::with(served, served.head(method, path, &format!("{lines}connection: close\r\n"))).await.rest().await
}

#[tokio::test]
async fn a_page_of_ours_may_ask_for_every_route_with_every_header_that_it_needs() {
    let served = serve_pages();
    let sent = served.signed(&key(2), "GET", routes::JOBS, "").await;
    let needed: Vec<&str> =
        sent.lines().filter_map(|line| line.split_once(": ")).map(|(name, _)| name).collect();
    for route in Route::ALL {
        let path = route.path().replace("{id}", "x").replace("{action}", "stake");
        let lines = format!("origin: {OURS}\r\naccess-control-request-method: {}\r\n", route.method());
        let answer = answer(&served, "OPTIONS", &path, &lines).await;
        assert!(answer.starts_with("HTTP/1.1 204 "), "{answer}");
        assert_eq!(header(&answer, "access-control-allow-origin"), Some(OURS));
        let methods = header(&answer, "access-control-allow-methods").unwrap();
        assert!(methods.split(", ").any(|method| method == route.method()), "{route:?}: {methods}");
        let headers: Vec<&str> =
            header(&answer, "access-control-allow-headers").unwrap().split(", ").collect();
        for name in needed.iter().filter(|name| **name != "host").chain(&[
            "last-event-id",
            "range",
            "if-range",
            "lilypad-grant",
            "content-type",
        ]) {
            assert!(headers.contains(name), "{name} is not among {headers:?}");
        }
        assert!(header(&answer, "vary").unwrap().contains("access-control-request-headers"), "{answer}");
        assert_eq!(header(&answer, "access-control-allow-credentials"), None);
    }
    let read = answer(&served, "GET", routes::SOLVER, &format!("origin: {OURS}\r\n")).await;
    assert_eq!(header(&read, "access-control-allow-origin"), Some(OURS));
    assert_eq!(
        header(&read, "access-control-expose-headers"),
        Some("retry-after, etag, accept-ranges, content-range")
    );
    // Errors are for its pages to read too.
    let refused = answer(&served, "GET", routes::JOBS, &format!("origin: {OURS}\r\n")).await;
    assert!(refused.starts_with("HTTP/1.1 401 "), "{refused}");
    assert_eq!(header(&refused, "access-control-allow-origin"), Some(OURS));
    served.end().await;
}

#[tokio::test]
async fn other_pages_read_nothing_and_change_nothing() {
    let served = serve_pages();
    let strangers = [
        "origin: https://evil.example\r\n".to_owned(),
        "origin: null\r\n".to_owned(),
        "origin: *\r\n".to_owned(),
        "origin: http://dapp.example\r\n".to_owned(),
        "origin: https://dapp.example.evil.example\r\n".to_owned(),
        "origin: https://dapp.example:444\r\n".to_owned(),
        format!("origin: {OURS}\r\norigin: https://evil.example\r\n"),
    ];
    for origin in strangers {
        let first = format!("{origin}access-control-request-method: POST\r\n");
        for (method, path, lines) in
            [("OPTIONS", routes::JOBS, first.as_str()), ("GET", routes::SOLVER, origin.as_str())]
        {
            let answer = answer(&served, method, path, lines).await;
            assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
            assert!(!answer.contains("access-control-allow"), "{origin}: {answer}");
        }
        // What a browser sends without asking first: a form, with all that the browser itself knows of the server.
        let form = format!("{origin}content-type: text/plain\r\ncookie: a=b\r\ncontent-length: 0\r\n");
        let changed = [
            ("POST", "/api/v1/account/play-money"),
            ("POST", "/api/v1/jobs"),
            ("POST", "/api/v1/jobs/x/cancel"),
            ("POST", "/api/v1/offers"),
        ];
        for (method, path) in changed {
            let answer = answer(&served, method, path, &form).await;
            assert!(
                answer.starts_with("HTTP/1.1 401 ") && answer.contains("E_AUTH_MISSING"),
                "{path}: {answer}"
            );
        }
    }
    assert_eq!(served.ledger.commands(), 0);
    served.end().await;
}

#[tokio::test]
async fn the_description_of_the_interface_is_there_for_tools() {
    let served = serve_pages();
    let read = answer(&served, "GET", "/openapi.json", "").await;
    assert!(read.starts_with("HTTP/1.1 200 "), "{read}");
    assert_eq!(header(&read, "content-type"), Some("application/json"));
    assert_eq!(read.split_once("\r\n\r\n").unwrap().1, crate::wire::openapi::document());
    served.end().await;
}

#[tokio::test]
async fn a_name_that_leads_here_all_at_once_is_not_answered() {
    let served = serve_pages();
    for path in [routes::SOLVER, routes::JOBS] {
        let text = format!("GET {path} HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n");
        let answer = Raw::with(&served, text).await.rest().await;
        assert!(answer.starts_with("HTTP/1.1 401 ") && answer.contains("E_HOST"), "{answer}");
    }
    served.end().await;
}

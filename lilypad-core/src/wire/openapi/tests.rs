//! The document: committed, complete, and what others read in it.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use super::*;

fn read() -> Value {
    serde_json::from_str(&document()).unwrap()
}

#[test]
fn the_committed_document_is_current() {
    let path = format!("{}/schema/openapi.json", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("LILYPAD_UPDATE").is_some() {
        std::fs::write(&path, document()).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == document(),
        "run this test with LILYPAD_UPDATE=1, and look at what changed in {path}"
    );
}

#[test]
fn every_route_is_there_and_nothing_else() {
    let document = read();
    let mut found = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        found.extend(
            methods.as_object().unwrap().keys().map(|method| format!("{} {path}", method.to_uppercase())),
        );
    }
    let plain = ["GET /healthz", "GET /readyz", "GET /openapi.json"].map(str::to_owned);
    let routes = Route::ALL.iter().map(|route| format!("{} {}", route.method(), route.path()));
    assert_eq!(found, routes.chain(plain).collect());
}

#[test]
fn a_signed_route_names_every_header_that_a_signed_request_has() {
    let document = read();
    let parameters = &document["components"]["parameters"];
    for route in Route::ALL {
        let operation = &document["paths"][route.path()][route.method().to_lowercase()];
        let named = operation["parameters"].as_array().unwrap().iter();
        let named: BTreeSet<&str> = named
            .map(|parameter| parameter["$ref"].as_str().unwrap().rsplit('/').next().unwrap())
            .filter(|name| parameters[name]["in"] == "header")
            .map(|name| parameters[name]["name"].as_str().unwrap())
            .collect();
        let open = matches!(route, Route::Solver | Route::Quote);
        let needed = [
            "content-digest",
            "lilypad-audience",
            "lilypad-target",
            "signature-input",
            "signature",
            "lilypad-grant",
        ];
        assert!(open == needed.iter().all(|name| !named.contains(name)), "{route:?}: {named:?}");
        assert!(open || needed.iter().all(|name| named.contains(name)), "{route:?}: {named:?}");
        assert_eq!(operation["security"].as_array().unwrap().is_empty(), open, "{route:?}");
        assert!(!operation["responses"]["default"].is_null());
    }
}

/// The examples of `docs/http-bodies.md` are compared with what this crate writes by a test of theirs; here they and the
/// document are shown to another implementation.
#[test]
fn others_read_the_document_and_find_our_examples_right() {
    let Ok(python) = std::env::var("LILYPAD_PYTHON") else {
        println!("SKIP what Python's OpenAPI validator says: LILYPAD_PYTHON is not set");
        return;
    };
    let base = env!("CARGO_MANIFEST_DIR");
    let output = Command::new(python)
        .args([
            format!("{base}/../tests/python/openapi.py"),
            format!("{base}/schema/openapi.json"),
            format!("{base}/../docs/http-bodies.md"),
        ])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("12 examples are as their schemas say"), "{said}");
}

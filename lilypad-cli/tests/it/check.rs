//! `lilypad provider check` on machines that have more and less.

use crate::http::{PROVIDER_KEY, Role};
use crate::tool::User;
use serde_json::Value;

fn severity<'a>(document: &'a Value, what: &str) -> &'a str {
    let findings = document["findings"].as_array().unwrap();
    let found = findings.iter().find(|finding| finding["name"] == what);
    found.unwrap_or_else(|| panic!("{what}: {document:#}"))["severity"].as_str().unwrap()
}

#[test]
fn without_an_engine_a_gpu_and_a_key_it_says_how_to_get_them_and_webassembly_runs() {
    let user = User::new();
    let socket = user.path("no-engine.sock");
    let document = user.lilypad(&["provider", "check", "--json"]).ends_with(4).json();
    assert_eq!((severity(&document, "wasm"), severity(&document, "key")), ("ok", "error"));
    assert_eq!(severity(&document, "network"), "warning");
    let new = ["wallet", "new", "me", "--json"];
    let mut command = user.command(&new);
    assert!(command.env("LILYPAD_PASSPHRASE", "pond").output().unwrap().status.success());
    let call = ["provider", "check", "--json", "--docker-socket", socket.to_str().unwrap()];
    let mut command = user.command(&call);
    let checked =
        crate::tool::Outcome::of(command.env("LILYPAD_PRIVATE_KEY", PROVIDER_KEY).output().unwrap());
    // Who names a socket wants containers.
    let document = checked.ends_with(4).json();
    assert_eq!((severity(&document, "docker"), severity(&document, "key")), ("error", "ok"));
    assert_eq!(document["errors"], 1);
    let docker = &document["findings"].as_array().unwrap().iter().find(|finding| finding["name"] == "docker");
    assert!(docker.unwrap()["fix"].as_str().unwrap().contains("docker.io"), "{document:#}");
    for finding in document["findings"].as_array().unwrap() {
        assert!(finding["severity"] == "ok" || !finding["fix"].as_str().unwrap().is_empty(), "{finding:#}");
    }
}

#[test]
fn the_way_to_a_solver_is_measured_and_its_clock_compared() {
    let user = User::new();
    let solver = Role::start(&user, None, &["solver", "--listen", "127.0.0.1:0", "--play-money", "1000 LP"]);
    let url = solver.ready["url"].as_str().unwrap();
    let check = |network: &str| {
        let mut command = user.command(&["provider", "check", "--json", "--network", network]);
        crate::tool::Outcome::of(command.env("LILYPAD_PRIVATE_KEY", PROVIDER_KEY).output().unwrap())
    };
    let document = check(url).ends_with(0).json();
    for what in ["network", "way", "clock", "stake"] {
        assert_eq!(severity(&document, what), "ok", "{document:#}");
    }
    let document = check("http://127.0.0.1:1").ends_with(4).json();
    assert_eq!(severity(&document, "network"), "error");
}

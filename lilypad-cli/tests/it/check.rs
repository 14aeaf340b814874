//! `lilypad provider check` on machines that have more and less.

use serde_json::Value;

use crate::http::{PROVIDER_KEY, Role};
use crate::tool::{Outcome, User};

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
    let call = ["provider", "check", "--json", "--docker-socket", socket.to_str().unwrap()];
    let mut command = user.command(&call);
    let checked = Outcome::of(command.env("LILYPAD_PRIVATE_KEY", PROVIDER_KEY).output().unwrap());
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
        Outcome::of(command.env("LILYPAD_PRIVATE_KEY", PROVIDER_KEY).output().unwrap())
    };
    let document = check(url).ends_with(0).json();
    for what in ["network", "clock", "stake"] {
        assert_eq!(severity(&document, what), "ok", "{document:#}");
    }
    // How fast it is depends on what else the machine does.
    assert_ne!(severity(&document, "way"), "error", "{document:#}");
    let document = check("http://127.0.0.1:1").ends_with(4).json();
    assert_eq!(severity(&document, "network"), "error");
}

/// Calls of a file of settings that its flags do not take, with what its one line of error says.
#[test]
fn a_wrong_file_of_settings_is_named_in_one_line() {
    let user = User::new();
    let file = user.path("provider.toml");
    for (text, code, words) in [
        ("slots = \"many\"\n", "E_SETTING", &["provider.toml", "'many'", "--slots"][..]),
        ("slotz = 3\n", "E_SETTING", &["provider.toml:1", "slotz"]),
        ("slots = \n", "E_SETTINGS", &["provider.toml:1:"]),
    ] {
        std::fs::write(&file, text).unwrap();
        let outcome =
            user.lilypad(&["provider", "run", "--config", file.to_str().unwrap(), "--json"]).ends_with(2);
        let said = outcome.json();
        assert_eq!(said["error"]["code"], code, "{said:#}");
        assert!(
            words.iter().all(|word| said["error"]["message"].as_str().unwrap().contains(word)),
            "{said:#}"
        );
        assert!(!said["error"]["hint"].as_str().unwrap().is_empty());
        assert_eq!(outcome.stderr.lines().count(), 1, "{}", outcome.stderr);
    }
    // What was typed wrongly is not the file's fault.
    std::fs::write(&file, "slots = 3\n").unwrap();
    let typed = ["provider", "run", "--config", file.to_str().unwrap(), "--cpu", "x", "--json"];
    assert_eq!(user.lilypad(&typed).ends_with(2).json()["error"]["code"], "E_USAGE");
}

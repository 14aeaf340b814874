//! Every rule of names, URLs and the networks file, each with what it refuses.

use std::fs;

use tempfile::TempDir;

use super::*;
use crate::error::ErrorKind;
use crate::model::Address;

fn code<T: std::fmt::Debug>(result: crate::Result<T>) -> &'static str {
    result.unwrap_err().code()
}

fn file(text: &str) -> (TempDir, crate::Result<Networks>) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(NETWORKS_FILE), text).unwrap();
    let networks = Networks::read(folder.path());
    (folder, networks)
}

#[test]
fn urls_have_one_spelling() {
    for (given, wanted) in [
        ("https://Example.com/", "https://example.com"),
        ("HTTPS://example.com:8443/", "https://example.com:8443"),
        ("https://example.com:443", "https://example.com"),
        ("https://example.com:80", "https://example.com:80"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://127.255.0.1", "http://127.255.0.1"),
        ("http://[::1]:80/", "http://[::1]"),
        ("https://10.0.0.1", "https://10.0.0.1"),
        ("https://[2001:db8::1]:1", "https://[2001:db8::1]:1"),
    ] {
        let url = NetworkUrl::parse(given, false).unwrap_or_else(|error| panic!("{given}: {error:?}"));
        assert_eq!((url.as_str(), url.is_insecure()), (wanted, false), "{given}");
        assert_eq!(NetworkUrl::parse(wanted, false).unwrap(), url);
    }
}

#[test]
fn urls_that_are_refused() {
    for given in [
        "",
        "example.com",
        "ftp://example.com",
        "https://",
        "https:///x",
        "https://example.com/api",
        "https://example.com//",
        "https://user:canary@example.com",
        "https://example.com?key=canary",
        "https://example.com#x",
        "https://exa mple.com",
        "https://example.com/\u{1b}[2J",
        "https://exämple.com",
        "https://example.com:0",
        "https://example.com:65536",
        "https://example.com:+80",
        "https://example.com:080",
        "https://example.com:",
        "https://-x.com",
        "https://x..com",
        "https://x.com.",
        "https://[::1",
        "https://[::1]x",
        "https://[nope]",
        "https://127.1",
        "https://0x7f.0x1",
        "https://0x7f000001",
        "https://2130706433",
        "https://x.com/../y",
        "https://x.com/./y",
        "https://x.com/%2e%2e",
        "https://x.com/\"",
        "javascript://x",
        "https://1.2.3.4.5",
    ] {
        let error = NetworkUrl::parse(given, true).unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidInput, "E_NETWORK_URL"), "{given}");
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
    let long = format!("https://example.com/{}", "x".repeat(URL_LENGTH));
    assert!(NetworkUrl::parse(&long, true).unwrap_err().message().contains("500"));
}

#[test]
fn plain_http_stays_on_this_machine_unless_it_is_said() {
    for given in [
        "http://example.com",
        "http://localhost.example.com",
        "http://10.0.0.1",
        "http://[::2]",
        "http://0.0.0.0",
        "http://127.0.0.1.example.com",
        "http://[::ffff:127.0.0.1]",
    ] {
        assert_eq!(code(NetworkUrl::parse(given, false)), "E_NETWORK_INSECURE", "{given}");
        assert!(NetworkUrl::parse(given, true).unwrap().is_insecure(), "{given}");
    }
}

#[test]
fn a_file_is_written_and_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut networks = Networks::read(folder.path()).unwrap();
    assert_eq!((networks.chosen(), networks.iter().count()), (LOCAL, 0));
    let entry = |url: &str, solver: Option<Address>| NetworkEntry {
        url: NetworkUrl::parse(url, true).unwrap(),
        solver,
        v2: None,
    };
    let old = NetworkEntry { v2: Some(vec![Address::ZERO]), ..entry("https://old.example.com", None) };
    networks.add("old", old).unwrap();
    networks.add("pond", entry("https://pond.example.com", Some(Address::ZERO))).unwrap();
    networks.add("plain", entry("http://plain.example.com", None)).unwrap();
    networks.choose("pond").unwrap();
    networks.save().unwrap();
    let again = Networks::read(folder.path()).unwrap();
    assert_eq!((again.chosen(), again.iter().count()), ("pond", 3));
    assert!(again.iter().eq(networks.iter()));
    assert!(fs::read_to_string(again.path()).unwrap().contains("insecure = true"));
    let remote = again.resolve(None).unwrap();
    assert_eq!(remote, again.resolve(Some("pond")).unwrap());
    assert!(
        matches!(&remote, NetworkTarget::Remote { name: Some(name), entry } if name == "pond" && entry.solver.is_some())
    );
    assert_eq!(again.resolve(Some(LOCAL)).unwrap(), NetworkTarget::Local);
    let direct = again.resolve(Some("https://other.example.com/")).unwrap();
    assert!(
        matches!(&direct, NetworkTarget::Remote { name: None, entry } if entry.url.as_str() == "https://other.example.com")
    );
    assert_eq!(code(again.resolve(Some("http://other.example.com"))), "E_NETWORK_INSECURE");
    networks.remove("pond").unwrap();
    assert_eq!(networks.resolve(None).unwrap(), NetworkTarget::Local);
}

#[test]
fn names_are_bounded_and_used_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut networks = Networks::read(folder.path()).unwrap();
    let entry =
        NetworkEntry { url: NetworkUrl::parse("https://x.example", false).unwrap(), solver: None, v2: None };
    let long = "x".repeat(NAME_LENGTH + 1);
    for name in ["", "A", "1a", "-a", "a b", "a/b", "../a", "ä", "a\n", "https://x.example", &long, LOCAL] {
        assert_eq!(code(networks.add(name, entry.clone())), "E_NETWORK_NAME", "{name}");
    }
    networks.add(&long[1..], entry.clone()).unwrap();
    assert_eq!(networks.add(&long[1..], entry.clone()).unwrap_err().kind(), ErrorKind::Conflict);
    for at in 1..MAX_NETWORKS {
        networks.add(&format!("n{at}"), entry.clone()).unwrap();
    }
    let error = networks.add("more", entry).unwrap_err();
    assert_eq!(error.code(), "E_NETWORKS_LIMIT");
    assert!(error.message().contains("100"), "{error}");
    networks.save().unwrap();
    assert_eq!(Networks::read(folder.path()).unwrap().iter().count(), MAX_NETWORKS);
    for result in [
        networks.choose("nowhere"),
        networks.resolve(Some("nowhere")).map(drop),
        networks.remove("nowhere").map(drop),
    ] {
        let error = result.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::NotFound, "E_NETWORK_UNKNOWN"));
    }
    assert_eq!(code(networks.remove(LOCAL)), "E_NETWORK_NAME");
}

#[test]
fn faults_of_the_file_are_named_with_their_place() {
    for (text, line, column, word) in [
        ("use = \"nowhere\"", 1, 7, "names no network"),
        ("use = 1", 1, 7, "integer"),
        ("\nuser = \"x\"", 2, 1, "unknown field"),
        ("[networks.a]\nurl = \"https://x.example\"\ntoken = \"canary\"", 3, 1, "unknown field"),
        ("[networks.a]\nurl = \"http://x.example\"", 2, 7, "plain http"),
        ("[networks.a]\n  url = \"x.example\"", 2, 9, "https://"),
        ("[networks.A]\nurl = \"https://x.example\"", 1, 11, "lower-case"),
        ("[networks.local]\nurl = \"https://x.example\"", 1, 11, "built in"),
        ("[networks.a]\nurl = \"https://x.example\"\nsolver = \"0x1\"", 3, 10, "hex digits"),
        ("[networks.a]\nurl = \"https://x.example\"\n[networks.a]", 3, 11, "duplicate"),
        ("[networks.a]\nsolver = 1", 2, 10, "string"),
        ("use = \"a", 1, 9, ""),
    ] {
        let (_folder, networks) = file(text);
        let error = networks.unwrap_err();
        assert_eq!(error.code(), "E_NETWORKS_FILE", "{text}: {error}");
        assert!(error.message().contains(&format!("line {line}, column {column}:")), "{text}: {error}");
        assert!(error.message().contains(word), "{text}: {error}");
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
    assert_eq!(code(file(&"#".repeat(NETWORKS_BYTES as usize + 1)).1), "E_NETWORKS_LIMIT");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(NETWORKS_FILE), b"\xff").unwrap();
    assert_eq!(code(Networks::read(folder.path())), "E_NETWORKS_FILE");
}

#[test]
fn the_documented_file_is_read() {
    let docs = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/keys.md")).unwrap();
    let example = docs.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let (_folder, networks) = file(example);
    let networks = networks.unwrap();
    assert_eq!((networks.chosen(), networks.iter().count()), ("pond", 1));
}

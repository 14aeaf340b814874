//! `lilypad network`: names for networks, and every refusal.

use std::fs;

use crate::tool::User;
use crate::wallet::refused;

const SOLVER: &str = "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc";

fn current(user: &User, env: &[(&str, &str)]) -> String {
    let document = user.with(&["network", "list", "--json"], env, "").ends_with(0).json();
    document["current"].as_str().unwrap().to_owned()
}

#[test]
fn networks_are_added_chosen_and_removed() {
    let user = User::new();
    let first = user.lilypad(&["network", "list"]).ends_with(0);
    assert!(
        first.stdout.contains("local") && first.stdout.contains("inside the process"),
        "{}",
        first.stdout
    );
    assert!(user.files().is_empty(), "looking writes nothing");
    let added =
        user.lilypad(&["network", "add", "pond", "https://Pond.example.com/", "--solver", SOLVER, "--json"]);
    let added = added.ends_with(0).json();
    assert_eq!(
        (&added["added"]["url"], &added["added"]["solver"]),
        (&"https://pond.example.com".into(), &SOLVER.into())
    );
    user.lilypad(&["network", "add", "lab", "http://127.0.0.1:8080"]).ends_with(0);
    assert_eq!(current(&user, &[]), "local", "adding chooses nothing");
    user.lilypad(&["network", "use", "pond"]).ends_with(0);
    assert_eq!(current(&user, &[]), "pond");
    let listed = user.lilypad(&["network", "list"]).ends_with(0).stdout;
    assert!(listed.lines().any(|line| line.starts_with("*  pond") && line.contains(SOLVER)), "{listed}");
    let removed = user.lilypad(&["network", "remove", "pond", "--json"]).ends_with(0);
    assert_eq!(removed.json()["removed"], "pond");
    assert!(removed.stderr.contains("`local` from now on"), "{}", removed.stderr);
    assert_eq!(current(&user, &[]), "local");
    user.lilypad(&["network", "use", "local", "--json"]).ends_with(0);
    assert_eq!(user.files().len(), 1, "{:?}", user.files());
}

#[test]
fn the_environment_names_a_network_too() {
    let user = User::new();
    user.lilypad(&["network", "add", "pond", "https://pond.example.com"]).ends_with(0);
    user.lilypad(&["network", "add", "lab", "https://lab.example.com"]).ends_with(0);
    user.lilypad(&["network", "use", "pond"]).ends_with(0);
    assert_eq!(current(&user, &[("NETWORK", "lab")]), "lab");
    assert_eq!(current(&user, &[("NETWORK", "lab"), ("LILYPAD_NETWORK", "local")]), "local");
    assert_eq!(
        current(&user, &[("LILYPAD_NETWORK", "https://other.example.com")]),
        "https://other.example.com"
    );
    let told = refused(
        user.with(&["network", "list", "--json"], &[("NETWORK", "testnet")], ""),
        2,
        "E_NETWORK_UNKNOWN",
    );
    assert_eq!(told.json()["error"]["context"]["variable"], "NETWORK");
    assert!(told.stderr.contains("known are local, lab, pond"), "{}", told.stderr);
}

#[test]
fn every_refusal_has_its_code() {
    let user = User::new();
    user.lilypad(&["network", "add", "pond", "https://pond.example.com"]).ends_with(0);
    let before = fs::read(user.path(".config/lilypad/networks.toml")).unwrap();
    for (args, code) in [
        (&["add", "pond", "https://x.example"][..], "E_NETWORK_EXISTS"),
        (&["add", "local", "https://x.example"], "E_NETWORK_NAME"),
        (&["add", "Pond", "https://x.example"], "E_NETWORK_NAME"),
        (&["add", "a", "x.example"], "E_NETWORK_URL"),
        (&["add", "a", "ftp://x.example"], "E_NETWORK_URL"),
        (&["add", "a", "https://me:canary@x.example"], "E_NETWORK_URL"),
        (&["add", "a", "https://x.example?token=canary"], "E_NETWORK_URL"),
        (&["add", "a", "http://x.example"], "E_NETWORK_INSECURE"),
        (&["add", "a", "https://x.example", "--solver", "0x12"], "E_USAGE"),
        (&["add", "a"], "E_USAGE"),
        (&["use", "nowhere"], "E_NETWORK_UNKNOWN"),
        (&["use", "https://x.example"], "E_NETWORK_UNKNOWN"),
        (&["remove", "nowhere"], "E_NETWORK_UNKNOWN"),
        (&["remove", "local"], "E_NETWORK_NAME"),
    ] {
        let told = refused(user.lilypad(&[&["network"], args, &["--json"]].concat()), 2, code);
        assert!(!format!("{}{}", told.stdout, told.stderr).contains("canary"), "{}", told.stderr);
    }
    assert_eq!(fs::read(user.path(".config/lilypad/networks.toml")).unwrap(), before);
}

#[test]
fn plain_http_to_another_machine_is_said_and_remembered() {
    let user = User::new();
    let told = user.lilypad(&["network", "add", "far", "http://far.example", "--insecure"]).ends_with(0);
    assert!(told.stderr.contains("everybody between"), "{}", told.stderr);
    let listed = user.lilypad(&["network", "list", "--json"]).ends_with(0).json();
    assert_eq!(
        (&listed["networks"][1]["name"], &listed["networks"][1]["insecure"]),
        (&"far".into(), &true.into())
    );
    user.lilypad(&["network", "use", "far"]).ends_with(0);
    assert_eq!(current(&user, &[]), "far");
}

#[test]
fn a_file_that_was_written_by_hand_is_read_strictly() {
    let user = User::new();
    let file = user.path(".config/lilypad/networks.toml");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, "[networks.a]\nurl = \"https://a.example\"\ntimeout = 5\n").unwrap();
    let told = refused(user.lilypad(&["network", "list", "--json"]), 2, "E_NETWORKS_FILE");
    let context = told.json()["error"]["context"].clone();
    assert_eq!((&context["line"], &context["column"]), (&"3".into(), &"1".into()));
    assert!(told.stderr.contains("unknown field `timeout`"), "{}", told.stderr);
    // What cannot be read is not written over.
    refused(user.lilypad(&["network", "add", "b", "https://b.example", "--json"]), 2, "E_NETWORKS_FILE");
    assert!(fs::read_to_string(&file).unwrap().contains("timeout"));
    fs::write(&file, "use = \"a\" # mine\n[networks.a]\nurl = \"https://a.example\"\n").unwrap();
    assert_eq!(current(&user, &[]), "a");
}

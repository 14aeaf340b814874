//! Peers of Lilypad v2, written in Go with Go's own JSON, tar, websocket and signatures, at a solver of ours.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::http::{Role, creator};
use crate::tool::{User, skipped};

/// Whom the Go provider names as its solver and its mediator.
const NAMED: &str = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";
const MEDIATOR: &str = "0x90F79bf6EB2c4f870365E785982E1f101E93b906";

/// Builds the two peers. `None`, after a line that names `test`, where this machine cannot.
fn peers(test: &str, folder: &Path) -> Option<PathBuf> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/go/v2");
    let go = |args: &[&str]| {
        let mut go = Command::new("go");
        go.args(args)
            .current_dir(&sources)
            .env("GOTOOLCHAIN", "local")
            .env("GOFLAGS", "-mod=readonly")
            .output()
    };
    if go(&["version"]).is_err() {
        skipped(test, "go is not installed");
        return None;
    }
    if !go(&["mod", "download"]).unwrap().status.success() {
        skipped(test, "its Go modules cannot be fetched");
        return None;
    }
    let program = folder.join("peers");
    let built = go(&["build", "-o", program.to_str().unwrap(), "."]).unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    Some(program)
}

#[test]
fn a_go_job_creator_and_a_go_provider_use_our_solver() {
    let user = User::new();
    let test = "a_go_job_creator_and_a_go_provider_use_our_solver";
    let Some(peers) = peers(test, user.home()) else { return };
    let args = ["solver", "--listen", "127.0.0.1:0", "--play-money", "1000 LP", "--v2-compat"];
    let solver = Role::start(&user, None, &args);
    let said = Command::new(peers).arg(solver.ready["url"].as_str().unwrap()).output().unwrap();
    let (out, errors) = (String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    assert!(said.status.success() && out.ends_with("\nok\n"), "{out}{errors}");
}

#[test]
fn without_the_switch_a_solver_knows_no_v2() {
    let user = User::new();
    let test = "without_the_switch_a_solver_knows_no_v2";
    let Some(peers) = peers(test, user.home()) else { return };
    let solver = Role::start(&user, None, &["solver", "--listen", "127.0.0.1:0", "--play-money", "1000 LP"]);
    let said = Command::new(peers).arg(solver.ready["url"].as_str().unwrap()).output().unwrap();
    assert!(!said.status.success() && !String::from_utf8_lossy(&said.stdout).contains("offered"));
}

/// A template with one input file that it needs and one that it may have, and a folder with both.
fn with_files(user: &User) -> (String, String) {
    let (module, inputs) = (user.path("reader"), user.path("inputs"));
    for folder in [&module, &inputs] {
        std::fs::create_dir(folder).unwrap();
    }
    let template = "{\"machine\": {\"cpu\": 1000, \"ram\": 100}, \"inputFiles\": {\"required\": [\"a.txt\"], \"optional\": [\"b.txt\"]}, \
                    \"job\": {\"Spec\": {\"Engine\": \"Docker\", \"Docker\": {\"Image\": \"busybox\", \"Entrypoint\": [\"cat\"]}}}}";
    std::fs::write(module.join("lilypad_module.json.tmpl"), template).unwrap();
    std::fs::write(inputs.join("a.txt"), "this is a.txt\n").unwrap();
    (module.to_str().unwrap().to_owned(), inputs.to_str().unwrap().to_owned())
}

#[test]
fn input_files_reach_a_go_provider_through_a_v2_solver() {
    let user = User::new();
    let test = "input_files_reach_a_go_provider_through_a_v2_solver";
    let Some(peers) = peers(test, user.home()) else { return };
    let args = ["solver", "--listen", "127.0.0.1:0", "--play-money", "1000 LP", "--v2-compat"];
    let solver = Role::start(&user, None, &args);
    let url = solver.ready["url"].as_str().unwrap();
    let provider = Command::new(peers).args([url, "provider"]).stdout(Stdio::piped()).spawn().unwrap();
    let add = ["network", "add", "old", url, "--v2", "--solver", NAMED, "--mediator", MEDIATOR, "--json"];
    user.lilypad(&add).ends_with(0);
    let (module, inputs) = with_files(&user);
    let place =
        ["--module-repo", "https://github.com/Lilypad-Tech/lilypad-module-cowsay", "--module-hash", "v0.0.4"];
    let run = |more: &[&str]| {
        creator(&user, &[&["run", &module, "--network", "old", "--json"], &place[..], more].concat())
    };
    assert_eq!(run(&[]).ends_with(2).json()["error"]["code"], "E_FILE_MISSING");
    let ran = run(&["--inputs-path", &inputs]).ends_with(0).json();
    assert_eq!(ran["stdout"], "moo\n", "{ran:#}");
    let said = provider.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(said.contains("inputs a.txt\n") && said.ends_with("ok\n"), "{said}");
}

#[test]
fn our_command_runs_a_job_at_a_v2_solver_on_a_go_provider() {
    let user = User::new();
    let test = "our_command_runs_a_job_at_a_v2_solver_on_a_go_provider";
    let Some(peers) = peers(test, user.home()) else { return };
    let args = ["solver", "--listen", "127.0.0.1:0", "--play-money", "1000 LP", "--v2-compat"];
    let solver = Role::start(&user, None, &args);
    let url = solver.ready["url"].as_str().unwrap();
    let provider = Command::new(peers).args([url, "provider"]).stdout(Stdio::piped()).spawn().unwrap();
    let alone = ["network", "add", "old", url, "--v2", "--json"];
    assert_eq!(user.lilypad(&alone).ends_with(2).json()["error"]["code"], "E_USAGE");
    let add = ["network", "add", "old", url, "--v2", "--solver", NAMED, "--mediator", MEDIATOR, "--json"];
    assert_eq!(user.lilypad(&add).ends_with(0).json()["added"]["v2"], true);
    let module = user.path("cowsay");
    std::fs::create_dir(&module).unwrap();
    let template = "{\"machine\": {\"cpu\": 1000, \"ram\": 100}, \"job\": {\"Spec\": {\"Engine\": \"Docker\", \"Docker\": \
                    {\"Image\": \"busybox\", \"Entrypoint\": [{{.Message}}]}}}}";
    std::fs::write(module.join("lilypad_module.json.tmpl"), template).unwrap();
    let module = module.to_str().unwrap();
    let run = |more: &[&str]| {
        let hello = ["run", module, "-i", "Message=moo", "--network", "old", "--json"];
        creator(&user, &[&hello[..], more].concat())
    };
    assert_eq!(run(&[]).ends_with(2).json()["error"]["code"], "E_V2_MODULE");
    let place =
        ["--module-repo", "https://github.com/Lilypad-Tech/lilypad-module-cowsay", "--module-hash", "v0.0.4"];
    let dear = run(&[&place[..], &["--price-cap", "1 LP"]].concat());
    assert_eq!(dear.ends_with(2).json()["error"]["code"], "E_V2_FLAG");
    let ran = run(&place).ends_with(0);
    let document = ran.json();
    assert_eq!((&document["stdout"], &document["as_named"]), (&"moo\n".into(), &true.into()), "{document:#}");
    assert_eq!((&document["exit_code"], &document["receipt"]), (&0.into(), &serde_json::Value::Null));
    assert!(
        ran.stderr.contains("no receipt") && ran.stderr.contains("can act as this account"),
        "{}",
        ran.stderr
    );
    let folder = Path::new(document["output_dir"].as_str().unwrap());
    assert_eq!(std::fs::read_to_string(folder.join("stdout")).unwrap(), "moo\n");
    let said = provider.wait_with_output().unwrap();
    assert!(said.stdout.ends_with(b"ok\n"), "{}", String::from_utf8_lossy(&said.stdout));
    let job = document["job_id"].as_str().unwrap();
    let again = creator(
        &user,
        &["resume", job, "--network", "old", "--json", "-o", user.path("again").to_str().unwrap()],
    );
    assert_eq!(again.ends_with(0).json()["stdout"], "moo\n");
    // Our own provider there: it takes the job, and says why it cannot run it.
    let provider = ["provider", "--network", "old", "--ram", "2000", "--executor", "wasm"];
    let ours = Role::start(&user, Some(crate::http::PROVIDER_KEY), &provider);
    assert_eq!(ours.ready["v2"], true);
    let away = ["--module-repo", "https://127.0.0.1:1/a/cowsay", "--module-hash", "v0.0.4"];
    let failed = run(&away).ends_with(6).json();
    assert_eq!(failed["error"]["code"], "E_V2_JOB_FAILED");
    assert!(failed["error"]["message"].as_str().unwrap().contains("127.0.0.1"), "{failed:#}");
    let other = creator(&user, &["jobs", "--network", "old", "--json"]).ends_with(2).json();
    assert_eq!(other["error"]["code"], "E_V2_NETWORK");
}

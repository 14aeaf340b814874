//! Names of the older command: those that are kept work, and every other one says what became of it.

use std::fs;

use crate::http::{PROVIDER_KEY, Role};
use crate::lies::Pond;
use crate::tool::{User, repository};
use crate::wallet::refused;

#[test]
fn a_name_that_is_not_taken_says_which_one_is() {
    let user = User::new();
    for (args, exit, word) in [
        (&["run", "cowsay:v0.0.4", "--web3-rpc-url", "wss://x.example"][..], 2, "no chain is spoken to yet"),
        (&["run", "cowsay:v0.0.4", "--pricing-instruction-price=1"], 2, "use --max-rate"),
        (&["run", "cowsay:v0.0.4", "--api-host", "https://x.example"], 2, "use --network URL"),
        (&["solver", "--server-port", "8080"], 2, "use --listen ADDRESS:PORT"),
        (&["provider", "--offer-modules", "cowsay"], 2, "use --only"),
        (&["version"], 2, "use lilypad --version"),
        (&["mediator"], 2, "no mediator"),
    ] {
        let told = user.lilypad(args).ends_with(exit);
        assert!(told.stderr.contains("the older command's") && told.stderr.contains(word), "{}", told.stderr);
        refused(user.lilypad(&[args, &["--json"]].concat()), exit, "E_OLD_NAME");
    }
    // A key is not repeated, and its place is named.
    let key = "8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba";
    let told = user.lilypad(&["run", "cowsay:v0.0.4", "--web3-private-key", key]).ends_with(2);
    assert!(told.stderr.contains("lilypad wallet import") && !told.stderr.contains(key), "{}", told.stderr);
    let told = user.lilypad(&["run", "cowsay:v0.0.4", "--web3-private-key", "file"]).ends_with(2);
    assert!(told.stderr.contains("WEB3_PRIVATE_KEY in the environment"), "{}", told.stderr);
    // A slip is no older name.
    refused(user.lilypad(&["run", "cowsay:v0.0.4", "--timeot", "1s", "--json"]), 2, "E_USAGE");
}

/// The way in which the older command names a module, by its repository: here one that does not answer.
#[test]
fn a_module_is_named_by_repository_and_hash() {
    let user = User::new();
    let repo = "https://127.0.0.1:1/owner/repo";
    let asked = |args: &[&str], env: &[(&str, &str)]| {
        let outcome = user.with(&[&["module", "check", "--json"], args].concat(), env, "");
        let error = outcome.ends_with(if args.contains(&"examples/modules/cowsay") { 0 } else { 9 }).json();
        error["error"]["message"].to_string()
    };
    let flags = ["--module-repo", repo, "--module-hash", "v1", "--module-path", "/lilypad_module.json.tmpl"];
    assert!(asked(&flags, &[]).contains("127.0.0.1"));
    assert!(asked(&[], &[("MODULE_REPO", repo), ("MODULE_HASH", "v1")]).contains("127.0.0.1"));
    assert!(asked(&["--module-name", "https://127.0.0.1:1/owner/repo:v1"], &[]).contains("127.0.0.1"));
    assert_eq!(asked(&["examples/modules/cowsay"], &[("MODULE_REPO", repo), ("MODULE_HASH", "v1")]), "null");
    let half = user.lilypad(&["run", "--module-repo", repo, "--json"]);
    assert!(refused(half, 2, "E_MODULE_NONE").stderr.contains("--module-hash"));
}

#[test]
fn names_that_are_kept_work() {
    let pond = Pond::new();
    let url = pond.proxy.url();
    let texts = pond.user.path("texts");
    fs::create_dir(&texts).unwrap();
    fs::write(texts.join("text.txt"), "frog pond frog\n").unwrap();
    let results = pond.user.path("data");
    let key = crate::http::CREATOR_KEY;
    let env = [
        ("WEB3_PRIVATE_KEY", key),
        ("NETWORK", &url),
        ("INPUTS_PATH", texts.to_str().unwrap()),
        ("DATA_DIR", results.to_str().unwrap()),
        ("MODULE_NAME", repository().join("examples/modules/wordcount").to_str().unwrap()),
    ]
    .map(|(name, value)| (name, value.to_owned()));
    let env: Vec<(&str, &str)> = env.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let provider = pond.user.with(&["wallet", "address"], &[("WEB3_PRIVATE_KEY", PROVIDER_KEY)], "").stdout;
    for target in ["-t", "--target"] {
        let run = ["run", "--json", "--disable-telemetry", target, provider.trim_end()];
        let ran = pond.user.with(&run, &env, "").ends_with(0).json();
        assert_eq!(ran["receipt"]["body"]["resource_provider"], provider.trim_end());
        assert!(ran["output_dir"].as_str().unwrap().starts_with(results.to_str().unwrap()), "{ran:#}");
    }
    // Nobody else is taken.
    let other = ["quote", "-t", "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc", "-n", &url, "--json"];
    pond.user.with(&other, &env, "").ends_with(9);
    let mut offer = pond.user.command(&["resource-provider", "-n", &url, "--offer-ram", "1500"]);
    let key = "0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a";
    let role = Role::begin_call(offer.env("OFFER_CPU", "750"), Some(key));
    assert_eq!((&role.ready["machine"]["cpu"], &role.ready["machine"]["ram"]), (&750.into(), &1_500.into()));
}

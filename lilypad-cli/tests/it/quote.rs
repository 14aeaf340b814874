//! `lilypad quote`: prices before anything is paid, and what would help where nothing fits.

use std::fs;

use crate::tool::{User, repository};

#[test]
fn a_person_sees_who_would_run_a_job_and_for_how_much() {
    let user = User::new();
    let outcome = user.lilypad(&["quote", "examples/modules/cowsay", "--price-cap", "0.5 LP"]).ends_with(0);
    for part in [
        "1 offer: 1 fits now, 0 are busy, 0 do not fit",
        "0.01 LP per 1,000,000,000",
        "at most 0.5 LP",
        "500 of 1000",
        "2 x cap",
        "unchecked",
    ] {
        assert!(outcome.stdout.contains(part), "no {part:?} in:\n{}", outcome.stdout);
    }
    assert!(user.files().is_empty(), "a quote leaves nothing behind: {:?}", user.files());
}

#[test]
fn what_keeps_an_offer_away_comes_with_the_cheapest_change() {
    let user = User::new();
    let asked = ["quote", "examples/modules/cowsay", "--max-rate", "1 wei per 1000", "--json"];
    let document = user.lilypad(&asked).ends_with(9).json();
    assert_eq!((&document["fitting"], &document["refused"]), (&0.into(), &1.into()));
    assert_eq!(document["refusals"][0]["code"], "rateMismatch");
    let field = &document["change"]["fields"][0];
    assert_eq!((field["change"].as_str(), field["field"].as_str()), (Some("max_rate"), Some("max_rate")));
    let rate = document["change"]["rate"].clone();
    assert_eq!(field["to"], rate);
    // What was proposed, taken at its word.
    let (amount, per) = (rate["amount"].as_str().unwrap(), &rate["per"]);
    let mended = format!("{amount} wei per {per}");
    user.lilypad(&["quote", "examples/modules/cowsay", "--max-rate", &mended]).ends_with(0);
}

#[test]
fn a_job_that_waits_says_why_and_what_would_help() {
    let user = User::new();
    let module = user.path("large");
    fs::create_dir(&module).unwrap();
    let cowsay = repository().join("examples/modules/cowsay");
    fs::copy(cowsay.join("cowsay.wasm"), module.join("cowsay.wasm")).unwrap();
    let manifest = fs::read_to_string(cowsay.join("lilypad.toml")).unwrap();
    let large = manifest.replace("ram = \"64 MB\"", "ram = \"64 GB\"\ngpu = \"nvidia:H100:80GB..:2\"");
    assert_ne!(large, manifest);
    fs::write(module.join("lilypad.toml"), large).unwrap();
    let module = module.to_string_lossy();
    let fix = "ask for 8000 MB of memory instead of 64000 MB (machine.ram), and ask for no GPUs instead of \
               nvidia:H100:80GB..:2 (machine.gpu)";
    let quote = user.lilypad(&["quote", &module]).ends_with(9);
    assert!(quote.stdout.contains("lacks GPUs (needs 2 GPUs, has 0)"), "{}", quote.stdout);
    assert!(quote.stdout.contains(fix), "{}", quote.stdout);
    let run = user.lilypad(&["run", &module, "--match-timeout", "50ms"]).ends_with(9);
    assert!(run.stderr.contains("waiting") && run.stderr.contains("lacks GPUs"), "{}", run.stderr);
    assert!(run.stderr.contains(fix), "{}", run.stderr);
}

#[test]
fn wrong_wishes_are_named() {
    let user = User::new();
    for (args, code, word) in [
        (["--max-rate", "cheap"], 2, "0.01 LP per 1,000,000,000 work units"),
        (["--verification", "yes"], 2, "no verification class"),
        (["--min-reputation", "1001"], 2, "1001"),
        (["--label", "eu"], 2, "NAME=VALUE"),
        (["--provider", "0x12"], 2, "0x12"),
    ] {
        let outcome =
            user.lilypad(&[&["quote", "examples/modules/cowsay"], &args[..]].concat()).ends_with(code);
        assert!(outcome.stderr.contains(word), "no {word:?} in:\n{}", outcome.stderr);
    }
    let twice = ["quote", "examples/modules/cowsay", "--label", "a=1", "--label", "a=2", "--json"];
    assert_eq!(user.lilypad(&twice).ends_with(2).json()["error"]["code"], "E_LABEL_TWICE");
}

#[test]
fn a_label_that_is_none_is_called_a_label() {
    let user = User::new();
    let outcome = user.lilypad(&["quote", "examples/modules/cowsay", "--label", "region"]).ends_with(2);
    assert!(outcome.stderr.contains("a label is NAME=VALUE"), "{}", outcome.stderr);
}

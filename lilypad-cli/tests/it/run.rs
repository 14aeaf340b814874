//! `lilypad run`: what a newcomer does, and what a program reads.

use std::fs;

use crate::tool::User;

#[test]
fn a_newcomer_runs_the_first_module_and_checks_its_receipt() {
    let user = User::new();
    let outcome = user.lilypad(&["run", "examples/modules/cowsay", "-i", "Message=hello, pond"]).ends_with(0);
    assert!(outcome.stdout.contains("< hello, pond >"), "{}", outcome.stdout);
    for word in ["deal agreed", "running (wasm)", "results accepted", "measured", "cost", "verified"] {
        assert!(outcome.stderr.contains(word), "no {word:?} in:\n{}", outcome.stderr);
    }
    let results = user.path(".local/share/lilypad/results");
    let receipt = fs::read_dir(&results)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.to_string_lossy().ends_with(".receipt.json"))
        .unwrap();
    let folder = receipt.to_string_lossy().replace(".receipt.json", "");
    assert_eq!(fs::read_to_string(format!("{folder}/stdout")).unwrap(), outcome.stdout);
    assert_eq!(fs::read_to_string(format!("{folder}/exitCode")).unwrap(), "0");
    let receipt = receipt.to_string_lossy();
    user.lilypad(&["receipt", "verify", &receipt, "--results", &folder]).ends_with(0);

    fs::write(format!("{folder}/stdout"), "something else").unwrap();
    let changed = user.lilypad(&["receipt", "verify", &receipt, "--results", &folder, "--json"]).ends_with(7);
    assert_eq!(changed.json()["error"]["code"], "E_RESULT_HASH");
}

#[test]
fn a_program_gets_one_json_document_and_nothing_else() {
    let user = User::new();
    let outcome = user.lilypad(&["run", "examples/modules/cowsay", "--json"]).ends_with(0);
    let document = outcome.json();
    for key in [
        "job_id",
        "deal_id",
        "state",
        "exit_code",
        "data_id",
        "instruction_count",
        "cost",
        "output_dir",
        "receipt",
        "timings",
    ] {
        assert!(!document[key].is_null(), "{key} is missing in {document:#}");
    }
    assert_eq!(document["state"], "ResultsAccepted");
    assert_eq!(document["exit_code"], 0);
    assert!(document["instruction_count"].as_u64().unwrap() > 1_000);
    let body = &document["receipt"]["body"];
    assert_eq!(body["data_id"], document["data_id"]);
    assert_eq!(body["cost"], document["cost"]);
    // 0.01 LP for 10^9 instructions: 10^7 wei for each.
    let expected = document["instruction_count"].as_u64().unwrap() * 10_000_000;
    assert_eq!(document["cost"], expected.to_string());
    assert!(fs::exists(document["output_dir"].as_str().unwrap()).unwrap());
}

#[test]
fn the_same_seed_gives_the_same_job() {
    let documents = [5, 5, 6].map(|seed| {
        let user = User::new();
        let seed = seed.to_string();
        let mut document =
            user.lilypad(&["run", "examples/modules/cowsay", "--seed", &seed, "--json"]).ends_with(0).json();
        let map = document.as_object_mut().unwrap();
        for measured in ["timings", "output_dir", "receipt_path"] {
            assert!(map.remove(measured).is_some());
        }
        document
    });
    assert_eq!(documents[0], documents[1]);
    // The same job in the same home finds its results there already.
    let user = User::new();
    for _ in 0..2 {
        user.lilypad(&["run", "examples/modules/cowsay", "--seed", "5"]).ends_with(0);
    }
    assert_ne!(documents[0]["job_id"], documents[2]["job_id"]);
    assert_eq!(documents[0]["data_id"], documents[2]["data_id"]);
    assert_eq!(documents[0]["instruction_count"], documents[2]["instruction_count"]);
}

#[test]
fn a_picture_and_several_outputs_arrive_whole() {
    let user = User::new();
    let picture = user.path("picture");
    let folder = picture.to_string_lossy().into_owned();
    user.lilypad(&["run", "examples/modules/mandelbrot", "-i", "width=64", "-i", "height=40", "-o", &folder])
        .ends_with(0);
    let png = fs::read(picture.join("outputs/mandelbrot.png")).unwrap();
    assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
    assert_eq!(&png[16..24], [0, 0, 0, 64, 0, 0, 0, 40], "width and height in the picture's header");

    let texts = user.path("texts");
    fs::create_dir(&texts).unwrap();
    fs::write(texts.join("text.txt"), "frog pond frog\n").unwrap();
    let counts = user.path("counts");
    let (texts, folder) = (texts.to_string_lossy().into_owned(), counts.to_string_lossy().into_owned());
    user.lilypad(&["run", "examples/modules/wordcount", "--inputs-path", &texts, "-o", &folder]).ends_with(0);
    let files = fs::read_dir(counts.join("outputs")).unwrap().count();
    assert!(files >= 2, "{files} output files");
    let csv = fs::read_dir(counts.join("outputs"))
        .unwrap()
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
        .find(|text| text.contains("frog,2"));
    assert!(csv.is_some());
}

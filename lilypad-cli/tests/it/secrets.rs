//! Canaries: a known key and passphrase go through every command, at trace level, and come out nowhere (T40).

use std::fs;
use std::path::Path;

use crate::tool::{Outcome, User};
use crate::wallet::{KEY, PASSPHRASE};

/// Everything that must never be seen: the key in its spellings, the passphrase, a phrase.
const PHRASE: &str = "test test test test test test test test test test test junk";

fn canaries() -> Vec<Vec<u8>> {
    let bytes: Vec<u8> =
        (0..32).map(|at| u8::from_str_radix(&KEY[2 * at..2 * at + 2], 16).unwrap()).collect();
    let decimal = format!("{}, {}, {}, {}", bytes[0], bytes[1], bytes[2], bytes[3]);
    // Part of a key is a leak, too.
    let texts = [&KEY[..24], &KEY[40..], &KEY.to_uppercase()[..24], PASSPHRASE, PHRASE, &decimal];
    let mut all: Vec<Vec<u8>> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    all.push(bytes);
    all
}

#[track_caller]
fn clean(what: &str, content: &[u8]) {
    for canary in canaries() {
        let found = content.windows(canary.len()).any(|part| part == canary);
        assert!(!found, "{what} shows a secret:\n{}", String::from_utf8_lossy(content));
    }
}

#[track_caller]
fn quiet(args: &[&str], outcome: &Outcome) {
    clean(&format!("standard output of {:?}", args[0]), outcome.stdout.as_bytes());
    clean(&format!("standard error of {:?}", args[0]), outcome.stderr.as_bytes());
}

fn clean_files(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            clean_files(&path);
        } else {
            clean(&path.display().to_string(), &fs::read(&path).unwrap());
        }
    }
}

#[test]
fn the_canaries_are_seen_where_they_are() {
    for canary in canaries() {
        let content = [b"some text ", &canary[..], b" more"].concat();
        assert!(std::panic::catch_unwind(|| clean("the test", &content)).is_err());
    }
}

#[test]
fn no_command_shows_a_key_or_a_passphrase() {
    let user = User::new();
    let trace = ("RUST_LOG", "trace");
    let backtrace = ("RUST_BACKTRACE", "full");
    let key = ("LILYPAD_PRIVATE_KEY", KEY);
    let word = ("LILYPAD_PASSPHRASE", PASSPHRASE);
    let prefixed = format!("0x{KEY}");
    let old = ("WEB3_PRIVATE_KEY", prefixed.as_str());
    for args in [
        &["wallet", "import"][..],
        &["wallet", "import", "twice", "--json"],
        &["wallet", "import", "twice"],
        &["wallet", "address"],
        &["wallet", "address", "--unlock", "--json"],
        &["wallet", "address", "--keystore", "default", "--unlock"],
        &["wallet", "list"],
        &["wallet", "list", "--json"],
        &["wallet", "nonsense"],
        &["network", "add", "pond", "https://pond.example"],
        &["network", "list", "--json"],
        &["run", "examples/modules/cowsay", "-i", "Message=moo", "--json"],
        &["run", "examples/modules/fail"],
        &["run", "./nowhere"],
        &["quote", "examples/modules/cowsay"],
        &["module", "check", "examples/modules/cowsay"],
        &["--help"],
        &["wallet", "import", "--help"],
    ] {
        for json in [&[][..], &["--json"]] {
            let args = [args, json].concat();
            let outcome = user.with(&args, &[trace, backtrace, key, old, word], KEY);
            quiet(&args, &outcome);
        }
    }
    // Nothing is left in the clear: the wallets hold the key encrypted, results and receipts not at all.
    assert!(user.files().len() > 5, "{:?}", user.files());
    clean_files(user.home());
}

#[test]
fn errors_about_keys_and_passphrases_do_not_repeat_them() {
    let user = User::new();
    let prefixed = format!("0x{KEY}");
    user.with(&["wallet", "import"], &[("LILYPAD_PASSPHRASE", "the right one")], KEY).ends_with(0);
    let wrong = ("LILYPAD_PASSPHRASE", PASSPHRASE);
    quiet(&["wallet"], &user.with(&["wallet", "address", "--unlock"], &[wrong], "").ends_with(3));
    let almost = &KEY[..63];
    for env in [
        ("LILYPAD_PRIVATE_KEY", almost),
        ("WEB3_PRIVATE_KEY", PHRASE),
        ("LILYPAD_PASSPHRASE_FILE", "/dev/null"),
    ] {
        let outcome = user.with(&["wallet", "address", "--unlock"], &[env], "");
        quiet(&["wallet"], &outcome.ends_with(3));
    }
    for text in [almost, PHRASE, PASSPHRASE, &format!("{{\"key\": \"{KEY}\"}}"), &format!("{{\"{KEY}\"")] {
        let outcome = user.with(&["wallet", "import", "b"], &[wrong], text);
        assert_ne!(outcome.code, Some(0));
        quiet(&["wallet"], &outcome);
    }
    let file = user.path("key.json");
    fs::write(&file, format!("{{\"version\": 3, \"crypto\": \"{KEY}\"}}")).unwrap();
    let file = file.to_string_lossy().into_owned();
    quiet(&["wallet"], &user.lilypad(&["wallet", "address", "--keystore", &file]).ends_with(2));
    quiet(&["wallet"], &user.lilypad(&["wallet", "import", "c", "--from", &prefixed]).ends_with(2));
}

#[test]
fn a_key_in_an_argument_is_refused_and_not_repeated() {
    let user = User::new();
    let prefixed = format!("0x{KEY}");
    let upper = KEY.to_uppercase();
    let flag = format!("--private-key={KEY}");
    for (args, hinted) in [
        (&["wallet", "address", "--keystore", KEY][..], true),
        (&["wallet", "address", "--keystore", &prefixed], true),
        (&["wallet", "address", "--keystore", PHRASE], true),
        (&["wallet", "new", &upper], true),
        (&["wallet", "import", KEY], true),
        (&["wallet", "import", "--from", PHRASE], true),
        (&["network", "add", KEY, "https://x.example"], true),
        (&["network", "use", KEY], false),
        (&["wallet", "new", "a", KEY], false),
        (&["wallet", "new", "a", PHRASE], false),
        (&["wallet", "address", &flag], false),
        (&["wallet", "address", "--private-key", &prefixed], false),
        (&["network", "add", "a", "https://x.example", "--solver", &prefixed], false),
        (&[KEY], false),
        (&["run", "examples/modules/cowsay", "--provider", &prefixed], false),
    ] {
        for json in [&[][..], &["--json"]] {
            let args = [args, json].concat();
            let outcome = user.lilypad(&args).ends_with(2);
            quiet(&args, &outcome);
            let (known, hint) = ("looks like a private key", "lilypad wallet import");
            assert!(
                !hinted || outcome.stderr.contains(known) && outcome.stderr.contains(hint),
                "{}",
                outcome.stderr
            );
        }
    }
    assert!(user.files().is_empty(), "{:?}", user.files());
}

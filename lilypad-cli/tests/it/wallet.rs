//! `lilypad wallet` and where keys come from: round trips, refusals, permissions.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::tool::{Outcome, User, repository};

/// A well-known development key, its address and a passphrase: all are canaries in these tests.
pub(crate) const KEY: &str = "8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba";
pub(crate) const ADDRESS: &str = "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc";
pub(crate) const PASSPHRASE: &str = "canary horse battery staple";
/// A passphrase that is given by the environment.
const GIVEN: (&str, &str) = ("LILYPAD_PASSPHRASE", PASSPHRASE);

impl User {
    /// A call with variables of the environment and something on standard input.
    pub(crate) fn with(&self, args: &[&str], env: &[(&str, &str)], stdin: &str) -> Outcome {
        let mut command = self.command(args);
        command.envs(env.iter().copied());
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // A command that refuses early does not read.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        Outcome::of(child.wait_with_output().unwrap())
    }

    fn wallet_path(&self, name: &str) -> PathBuf {
        self.path(&format!(".config/lilypad/wallets/{name}.json"))
    }
}

/// The call must fail with this exit code and error code, in JSON.
#[track_caller]
pub(crate) fn refused(outcome: Outcome, exit: i32, code: &str) -> Outcome {
    let outcome = outcome.ends_with(exit);
    assert_eq!(outcome.json()["error"]["code"], code, "{}", outcome.stdout);
    outcome
}

/// A key file that another program wrote, by its place in the vectors, and its passphrase.
pub(crate) fn vector(name: &str) -> (Value, String) {
    let text = fs::read_to_string(repository().join("tests/vectors/keystores.json")).unwrap();
    let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
    let case = cases.into_iter().find(|case| case["name"] == name).unwrap();
    (case["input"]["file"].clone(), case["input"]["passphrase"].as_str().unwrap().to_owned())
}

fn quick() -> (Value, String) {
    vector("eth-account, pbkdf2, ASCII")
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn a_new_wallet_is_made_shown_and_opened() {
    let user = User::new();
    assert!(user.lilypad(&["wallet", "list"]).ends_with(0).stderr.contains("lilypad wallet new"));
    let made = user.with(&["wallet", "new", "--json"], &[GIVEN], "").ends_with(0).json();
    assert_eq!((&made["name"], &made["protected"]), (&"default".into(), &true.into()));
    let path = user.wallet_path("default");
    assert_eq!(made["path"], path.to_string_lossy().as_ref());
    #[cfg(unix)]
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    let shown = user.lilypad(&["wallet", "address"]).ends_with(0);
    assert_eq!(shown.stdout.trim_end(), made["address"]);
    let proven = user.with(&["wallet", "address", "--unlock", "--json"], &[GIVEN], "").ends_with(0).json();
    assert_eq!((&proven["address"], &proven["proven"]), (&made["address"], &true.into()));
    assert_eq!(proven["source"]["wallet"], "default");
    let listed = user.lilypad(&["wallet", "list", "--json"]).ends_with(0).json();
    assert_eq!(
        (&listed["wallets"][0]["address"], &listed["wallets"][0]["kdf"]),
        (&made["address"], &"scrypt".into())
    );
    let listed = user.lilypad(&["wallet", "list"]).ends_with(0).stdout;
    assert!(listed.contains(made["address"].as_str().unwrap()), "{listed}");

    let wrong =
        user.with(&["wallet", "address", "--unlock", "--json"], &[("LILYPAD_PASSPHRASE", "wrong")], "");
    refused(wrong, 3, "E_KEYSTORE_PASSPHRASE");
    // The same name is never taken twice, and nobody is asked for a passphrase before that is known.
    let before = fs::read(&path).unwrap();
    refused(user.lilypad(&["wallet", "new", "--json"]), 2, "E_WALLET_EXISTS");
    refused(user.with(&["wallet", "import", "--json"], &[], KEY), 2, "E_WALLET_EXISTS");
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(user.files().len(), 1, "{:?}", user.files());
}

#[test]
fn a_key_is_imported_from_standard_input_and_from_files() {
    let user = User::new();
    let made =
        user.with(&["wallet", "import", "--json"], &[GIVEN], &format!("0x{KEY}\n")).ends_with(0).json();
    assert_eq!(made["address"], ADDRESS);
    let file = user.path("key.txt");
    fs::write(&file, KEY).unwrap();
    let from = file.to_string_lossy().into_owned();
    let made =
        user.with(&["wallet", "import", "second", "--from", &from, "--no-passphrase", "--json"], &[], "");
    let made = made.ends_with(0);
    assert!(made.stderr.contains("whoever can read the file has the key"), "{}", made.stderr);
    assert_eq!((&made.json()["address"], &made.json()["protected"]), (&ADDRESS.into(), &false.into()));
    let unlock = ["wallet", "address", "--keystore", "second", "--unlock"];
    assert_eq!(user.with(&unlock, &[("LILYPAD_PASSPHRASE", "")], "").ends_with(0).stdout.trim_end(), ADDRESS);
    user.with(&unlock, &[GIVEN], "").ends_with(3);
}

#[test]
fn a_key_file_of_another_program_is_imported_and_used_where_it_is() {
    let user = User::new();
    let (file, word) = quick();
    let opens = [("LILYPAD_PASSPHRASE", word.as_str())];
    let made =
        user.with(&["wallet", "import", "eth", "--json"], &opens, &file.to_string()).ends_with(0).json();
    assert_eq!(made["address"], ADDRESS);
    let kept: Value = serde_json::from_str(&fs::read_to_string(user.wallet_path("eth")).unwrap()).unwrap();
    assert_eq!(kept["crypto"]["kdfparams"]["n"], 262_144, "kept at our own cost: {kept}");
    user.with(&["wallet", "address", "--keystore", "eth", "--unlock"], &opens, "").ends_with(0);
    refused(
        user.with(&["wallet", "import", "b", "--json"], &[GIVEN], &file.to_string()),
        3,
        "E_KEYSTORE_PASSPHRASE",
    );
    assert!(!user.wallet_path("b").exists());

    // By its path, with the name that geth gives, and without its address.
    let mut bare = file;
    bare.as_object_mut().unwrap().remove("address");
    let path = user.path("UTC--2026-01-01T00-00-00.000000000Z--9965507d");
    fs::write(&path, bare.to_string()).unwrap();
    let path = path.to_string_lossy().into_owned();
    let shown = user.with(&["wallet", "address", "--keystore", &path], &opens, "").ends_with(0);
    assert_eq!(shown.stdout.trim_end(), ADDRESS);
    refused(user.lilypad(&["wallet", "address", "--keystore", &path, "--json"]), 3, "E_PASSPHRASE_MISSING");
    let named = user
        .command(&["wallet", "address", "--keystore", "eth2", "--json"])
        .current_dir(user.home())
        .output();
    refused(Outcome::of(named.unwrap()), 2, "E_WALLET_UNKNOWN");
    fs::write(user.path("eth2"), bare.to_string()).unwrap();
    let named = user
        .command(&["wallet", "address", "--keystore", "eth2", "--json"])
        .current_dir(user.home())
        .output();
    let hint = refused(Outcome::of(named.unwrap()), 2, "E_WALLET_UNKNOWN").json()["error"]["hint"].clone();
    assert!(hint.as_str().unwrap().contains("./eth2"), "{hint}");
}

#[test]
fn keys_have_one_order() {
    let user = User::new();
    let ask = |env: &[(&str, &str)], more: &[&str]| {
        user.with(&[&["wallet", "address", "--json"], more].concat(), env, "")
    };
    let told = refused(ask(&[], &[]), 3, "E_NO_KEY");
    assert!(told.stderr.contains("lilypad wallet new"), "{}", told.stderr);
    let other = "0000000000000000000000000000000000000000000000000000000000000001";
    let one = ask(&[("WEB3_PRIVATE_KEY", other)], &[]).ends_with(0).json();
    assert_eq!(
        (&one["address"], &one["source"]["variable"]),
        (&"0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf".into(), &"WEB3_PRIVATE_KEY".into())
    );
    let prefixed = format!("0x{KEY}");
    let both =
        ask(&[("WEB3_PRIVATE_KEY", other), ("LILYPAD_PRIVATE_KEY", &prefixed)], &[]).ends_with(0).json();
    assert_eq!(
        (&both["address"], &both["source"]["variable"]),
        (&ADDRESS.into(), &"LILYPAD_PRIVATE_KEY".into())
    );
    let file = user.path("file.json");
    fs::write(&file, vector("the definition, scrypt").0.to_string()).unwrap();
    let file = file.to_string_lossy().into_owned();
    let opens = [("LILYPAD_PASSPHRASE", "testpassword"), ("WEB3_PRIVATE_KEY", other)];
    let third = ask(&opens, &["--keystore", &file]).ends_with(0).json();
    assert_eq!(third["address"], "0x008AeEda4D805471dF9b2A5B0f38A0C3bCBA786b");
    for bad in
        ["canary", "0x12", &KEY[1..], "0000000000000000000000000000000000000000000000000000000000000000"]
    {
        let told = refused(ask(&[("WEB3_PRIVATE_KEY", bad)], &[]), 3, "E_KEY");
        assert!(told.stderr.contains("WEB3_PRIVATE_KEY") && !told.stderr.contains(bad), "{}", told.stderr);
    }
}

#[test]
fn passphrases_come_from_a_file_or_a_variable_and_are_never_empty_by_accident() {
    let user = User::new();
    let file = user.path("pass.txt");
    let path = file.to_string_lossy().into_owned();
    let new = |name: &str, env: &[(&str, &str)]| user.with(&["wallet", "new", name, "--json"], env, "");
    let from_file = [("LILYPAD_PASSPHRASE_FILE", path.as_str()), ("LILYPAD_PASSPHRASE", "not this one")];
    refused(new("a", &[]), 3, "E_PASSPHRASE_MISSING");
    refused(new("a", &[("LILYPAD_PASSPHRASE", "")]), 2, "E_PASSPHRASE_EMPTY");
    refused(new("a", &from_file), 2, "E_PATH_NOT_FOUND");
    for (content, code) in [
        (&b"\n"[..], "E_PASSPHRASE_EMPTY"),
        (b"canary\nsecond line\n", "E_PASSPHRASE_TEXT"),
        (b"\xff\xfe", "E_PASSPHRASE_TEXT"),
        (&[b'x'; 1_025], "E_PASSPHRASE_LENGTH"),
        (&[b'x'; 100_000], "E_PASSPHRASE_LENGTH"),
    ] {
        fs::write(&file, content).unwrap();
        let told = refused(new("a", &from_file), 2, code);
        assert!(!told.stderr.contains("canary"), "{}", told.stderr);
    }
    fs::write(&file, format!("{PASSPHRASE}\r\n")).unwrap();
    let made = new("a", &from_file).ends_with(0);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert!(made.stderr.contains("others can read the passphrase"), "{}", made.stderr);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    }
    let unlock = ["wallet", "address", "--keystore", "a", "--unlock"];
    let told = user.with(&unlock, &[GIVEN], "").ends_with(0);
    assert!(!told.stderr.contains("others can read"), "{}", told.stderr);
    assert!(!made.stderr.contains(PASSPHRASE));
}

#[test]
fn damaged_and_hostile_key_files_are_refused_at_once() {
    let user = User::new();
    let (file, word) = quick();
    let path = user.path("bad.json");
    let shown = path.to_string_lossy().into_owned();
    let opens = [("LILYPAD_PASSPHRASE", word.as_str())];
    let unlock = || user.with(&["wallet", "address", "--keystore", &shown, "--unlock", "--json"], &opens, "");
    let scrypt = |n: u64, r: u64, p: u64| {
        let mut file = file.clone();
        file["crypto"]["kdf"] = "scrypt".into();
        file["crypto"]["kdfparams"] = json!({"dklen": 32, "n": n, "r": r, "p": p, "salt": "00"});
        file.to_string()
    };
    let mut pbkdf2 = file.clone();
    pbkdf2["crypto"]["kdfparams"]["c"] = 4_000_000_000_u64.into();
    let mut version = file.clone();
    version["version"] = 1.into();
    let mut swapped = file.clone();
    swapped["address"] = "008aeeda4d805471df9b2a5b0f38a0c3bcba786b".into();
    for (text, exit, code) in [
        (String::new(), 2, "E_KEYSTORE_FORMAT"),
        (file.to_string()[..200].to_owned(), 2, "E_KEYSTORE_FORMAT"),
        ("secret canary".to_owned(), 2, "E_KEYSTORE_FORMAT"),
        (scrypt(1 << 40, 8, 1), 2, "E_KEYSTORE_LIMIT"),
        (scrypt(1 << 18, 8, 1_000), 2, "E_KEYSTORE_LIMIT"),
        (scrypt(2, 1 << 60, 1 << 60), 2, "E_KEYSTORE_LIMIT"),
        (pbkdf2.to_string(), 2, "E_KEYSTORE_LIMIT"),
        (" ".repeat(70_000), 2, "E_KEYSTORE_LIMIT"),
        (version.to_string(), 2, "E_KEYSTORE_UNSUPPORTED"),
        (swapped.to_string(), 7, "E_KEYSTORE_ADDRESS"),
    ] {
        fs::write(&path, &text).unwrap();
        let told = refused(unlock(), exit, code);
        assert!(!format!("{}{}", told.stdout, told.stderr).contains("canary"), "{}", told.stderr);
        if code == "E_KEYSTORE_LIMIT" {
            assert!(told.json()["error"]["context"]["limit"].is_string(), "{}", told.stdout);
        }
    }
    fs::remove_file(&path).unwrap();
    refused(unlock(), 2, "E_PATH_NOT_FOUND");
    fs::create_dir(&path).unwrap();
    refused(unlock(), 2, "E_FILE_SPECIAL");
    // A damaged wallet does not hide the others.
    fs::create_dir_all(user.wallet_path("x").parent().unwrap()).unwrap();
    fs::write(user.wallet_path("broken"), "{").unwrap();
    fs::write(user.wallet_path("good"), file.to_string()).unwrap();
    let listed = user.lilypad(&["wallet", "list", "--json"]).ends_with(0).json();
    assert_eq!(listed["wallets"][0]["error"]["code"], "E_KEYSTORE_FORMAT");
    assert_eq!(listed["wallets"][1]["address"], ADDRESS);
    let listed = user.lilypad(&["wallet", "list"]).ends_with(0);
    assert!(listed.stdout.contains("damaged") && listed.stdout.contains(ADDRESS), "{}", listed.stdout);
}

#[test]
fn names_are_bounded_and_lead_nowhere_else() {
    let user = User::new();
    for name in ["../x", "a/b", "A", "", "x.json", ".hidden", "1", &"x".repeat(33)] {
        refused(user.with(&["wallet", "new", name, "--json"], &[GIVEN], ""), 2, "E_WALLET_NAME");
        refused(user.with(&["wallet", "import", name, "--json"], &[GIVEN], KEY), 2, "E_WALLET_NAME");
    }
    assert!(user.files().is_empty(), "{:?}", user.files());
    let none = user.command(&["wallet", "new", "--json"]).env_remove("HOME").output().unwrap();
    refused(Outcome::of(none), 2, "E_NO_CONFIG_DIR");
}

#[test]
fn the_config_folder_can_be_named() {
    let user = User::new();
    for (variable, place) in
        [("LILYPAD_CONFIG_DIR", "own/wallets"), ("XDG_CONFIG_HOME", "xdg/lilypad/wallets")]
    {
        let folder = user.path(place.split('/').next().unwrap());
        let folder = folder.to_string_lossy().into_owned();
        user.with(&["wallet", "new", "--no-passphrase"], &[(variable, &folder)], "").ends_with(0);
        assert!(user.path(place).join("default.json").is_file(), "{place}");
    }
}

#[test]
fn what_is_no_key_is_not_imported() {
    let user = User::new();
    for (text, exit, code) in [
        ("", 3, "E_KEY"),
        ("canary", 3, "E_KEY"),
        (&KEY[2..], 3, "E_KEY"),
        ("test test test test test test test test test test test junk", 3, "E_KEY"),
        ("{\"version\": 3}", 2, "E_KEYSTORE_FORMAT"),
    ] {
        let told = refused(user.with(&["wallet", "import", "--json"], &[GIVEN], text), exit, code);
        assert!(text.is_empty() || !told.stderr.contains(text), "{}", told.stderr);
    }
    let from = ["wallet", "import", "--json", "--from", "/no/such/file"];
    refused(user.with(&from, &[GIVEN], ""), 2, "E_PATH_NOT_FOUND");
    assert!(user.files().is_empty(), "{:?}", user.files());
}

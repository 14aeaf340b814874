//! Passphrases that a person types: asked without showing them, twice for a new file, and Ctrl-C at any moment.

use std::process::Command;

use rexpect::session::{PtySession, spawn_command};

use crate::tool::{User, skipped};
use crate::wallet::{ADDRESS, KEY, PASSPHRASE};

/// A shell at a terminal that shows what is typed, as people's do; `None` where this machine has none to give.
fn shell(test: &str, user: &User, script: &str, args: &[&str]) -> Option<PtySession> {
    if !Command::new("sh").args(["-c", "command -v stty"]).output().is_ok_and(|found| found.status.success())
    {
        skipped(test, "there is no sh with stty");
        return None;
    }
    let call = user.command(args);
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("stty echo; {script}"), "sh"]).arg(call.get_program()).args(args);
    shell.env_clear().envs(call.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.current_dir(user.home());
    match spawn_command(shell, Some(60_000)) {
        Ok(session) => Some(session),
        Err(error) => {
            skipped(test, &format!("no terminal can be made here: {error}"));
            None
        }
    }
}

fn at_terminal(test: &str, user: &User, args: &[&str]) -> Option<PtySession> {
    shell(test, user, "\"$@\"; echo code $?; stty -a", args)
}

#[test]
fn this_terminal_shows_what_is_typed() {
    let user = User::new();
    let script = "echo ready; read line; echo done";
    let Some(mut session) = shell("this_terminal_shows_what_is_typed", &user, script, &[]) else { return };
    session.exp_string("ready").unwrap();
    session.send_line("canary").unwrap();
    assert!(rest(session).contains("canary"));
}

/// Everything that is shown up to the end.
fn rest(mut session: PtySession) -> String {
    session.exp_eof().unwrap()
}

#[test]
fn a_new_passphrase_is_asked_twice_and_never_shown() {
    let user = User::new();
    let Some(mut session) =
        at_terminal("a_new_passphrase_is_asked_twice_and_never_shown", &user, &["wallet", "new"])
    else {
        return;
    };
    let mut shown = session.exp_string("New passphrase: ").unwrap();
    session.send_line(PASSPHRASE).unwrap();
    shown += &session.exp_string("The same again: ").unwrap();
    session.send_line(PASSPHRASE).unwrap();
    shown += &rest(session);
    assert!(shown.contains("wallet `default`") && shown.contains("0x"), "{shown}");
    assert!(!shown.contains("canary"), "{shown}");
    user.with(&["wallet", "address", "--unlock"], &[("LILYPAD_PASSPHRASE", PASSPHRASE)], "").ends_with(0);
    // And asked once where a file is opened.
    let mut session = at_terminal("again", &user, &["wallet", "address", "--unlock"]).unwrap();
    session.exp_string("Passphrase of default: ").unwrap();
    session.send_line(PASSPHRASE).unwrap();
    let shown = rest(session);
    assert!(shown.contains("0x") && !shown.contains("canary"), "{shown}");
}

#[test]
fn passphrases_that_differ_or_are_empty_make_nothing() {
    let user = User::new();
    for (first, second, code) in [("one", Some("two"), "not the same"), ("", None, "is empty")] {
        let test = "passphrases_that_differ_or_are_empty_make_nothing";
        let Some(mut session) = at_terminal(test, &user, &["wallet", "new"]) else { return };
        session.exp_string("New passphrase: ").unwrap();
        session.send_line(first).unwrap();
        if let Some(second) = second {
            session.exp_string("The same again: ").unwrap();
            session.send_line(second).unwrap();
        }
        let shown = rest(session);
        assert!(shown.contains(code), "{shown}");
        assert!(user.files().is_empty());
    }
}

#[test]
fn a_key_is_typed_without_being_shown() {
    let user = User::new();
    let Some(mut session) =
        at_terminal("a_key_is_typed_without_being_shown", &user, &["wallet", "import", "--no-passphrase"])
    else {
        return;
    };
    session.exp_string("Private key (64 hex digits): ").unwrap();
    session.send_line(KEY).unwrap();
    let shown = rest(session);
    assert!(shown.contains(ADDRESS) && !shown.contains(&KEY[..16]), "{shown}");
}

#[test]
fn ctrl_c_at_a_prompt_ends_the_command_and_gives_the_terminal_back() {
    let user = User::new();
    let test = "ctrl_c_at_a_prompt_ends_the_command_and_gives_the_terminal_back";
    let Some(mut session) = at_terminal(test, &user, &["wallet", "new"]) else { return };
    session.exp_string("New passphrase: ").unwrap();
    session.send("canary").unwrap();
    session.send_control('c').unwrap();
    let shown = rest(session);
    assert!(shown.contains("code 130"), "{shown}");
    assert!(!shown.contains("canary"), "{shown}");
    // The shell says what the terminal is like afterwards.
    for mode in [" echo ", " icanon ", " isig "] {
        assert!(shown.replace(['\r', '\n'], " ").contains(mode), "{mode} is off:\n{shown}");
    }
    assert!(user.files().is_empty());
}

/// What a terminal obeys: escapes, controls of one byte and of two, marks that turn the direction of writing, and no UTF-8.
const ORDERS: &[u8] =
    b"safe\x1b[2J\x1b]0;pwned\x07\x1b]52;c;cHduZWQ=\x07\x9b31m\xc2\x9b31m\x08\x0d\x7f\xe2\x80\xaetxt\xd8\x9c\xe2\x81\xa6\xff end\n";

/// T22: on a terminal it is shown and does nothing; in files and pipes it is what the job printed, byte for byte.
#[test]
fn what_a_job_prints_does_nothing_to_a_terminal() {
    let user = User::new();
    let folder = user.path("orders");
    std::fs::create_dir(&folder).unwrap();
    let bytes: String = ORDERS.iter().map(|byte| format!("\\{byte:02x}")).collect();
    let program = format!(
        "(module (import \"wasi_snapshot_preview1\" \"fd_write\" (func $w (param i32 i32 i32 i32) (result i32)))\n\
         (memory (export \"memory\") 1) (data (i32.const 1000) \"{bytes}\")\n\
         (func (export \"_start\") (i32.store (i32.const 0) (i32.const 1000)) (i32.store (i32.const 4) (i32.const {}))\n\
         (drop (call $w (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 16)))\n\
         (drop (call $w (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))))",
        ORDERS.len()
    );
    std::fs::write(folder.join("m.wat"), program).unwrap();
    let manifest = "module.name = \"orders\"\nmodule.description = \"\\u001B[2J\\u202E\"\nrun.wasm = { module = \"m.wat\" }\n\
                    machine = { cpu = \"1\", ram = \"64 MB\" }\n";
    std::fs::write(folder.join("lilypad.toml"), manifest).unwrap();
    let folder = folder.to_string_lossy().into_owned();
    for args in
        [&["run", folder.as_str()][..], &["run", &folder, "--json"], &["run", "./\u{1b}[2J\u{202e}none"]]
    {
        let Some(session) = at_terminal("what_a_job_prints_does_nothing_to_a_terminal", &user, args) else {
            return;
        };
        // The status line is written over with these.
        let shown = rest(session).replace("\r\u{1b}[K", "");
        let orders: Vec<char> = shown
            .chars()
            .filter(|c| (c.is_control() && !"\r\n\t".contains(*c)) || "\u{61c}\u{202e}\u{2066}".contains(*c))
            .collect();
        assert!(orders.is_empty(), "{args:?} {orders:?}: {shown:?}");
        assert!(shown.contains("end") || shown.contains("none"), "{shown}");
    }
    // For programs nothing is changed.
    let out = user.path("out");
    let piped = user.command(&["run", &folder, "-o", out.to_str().unwrap()]).output().unwrap();
    assert_eq!(piped.stdout, ORDERS);
    assert!(!piped.stderr.contains(&0x1b), "{:?}", String::from_utf8_lossy(&piped.stderr));
    assert_eq!(std::fs::read(out.join("stdout")).unwrap(), ORDERS);
}

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

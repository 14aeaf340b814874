//! A module with a large result, and a test that nobody holds it in memory who only passes it on.

use std::path::Path;
#[cfg(target_os = "linux")]
use std::process::Command;

#[cfg(target_os = "linux")]
use crate::http::{CREATOR_KEY, PROVIDER_KEY, Role, SOLVER_KEY};
#[cfg(target_os = "linux")]
use crate::tool::Outcome;
use crate::tool::User;

/// MiB of a result, and KiB of memory that is not enough for it. Processes have about 10 MiB beside it.
#[cfg(target_os = "linux")]
const RESULT: usize = 90;
#[cfg(target_os = "linux")]
const MEMORY: usize = 72 << 10;

/// A module with a result of so many MiB.
pub(crate) fn big(user: &User, mib: usize) -> String {
    let folder = user.path("big");
    std::fs::create_dir(&folder).unwrap();
    let program = include_str!("big/big.wat").replace("PIECES", &mib.to_string());
    std::fs::write(folder.join("big.wat"), program).unwrap();
    let manifest = "module.name = \"big\"\nrun.wasm = { module = \"big.wat\" }\nmachine = { cpu = \"1\", ram = \"64 MB\" }\n\
         [[outputs]]\nname = \"outputs\"\npath = \"/outputs\"\n";
    std::fs::write(folder.join("lilypad.toml"), manifest).unwrap();
    folder.to_str().unwrap().to_owned()
}

/// Passes where a file is what that module writes.
pub(crate) fn is_big(file: &[u8], mib: usize) {
    assert_eq!(file.len(), mib << 20);
    for (number, piece) in file.chunks(1 << 20).enumerate() {
        assert_eq!(piece[..4], u32::try_from(number).unwrap().to_le_bytes());
    }
}

/// The one file with this name below a folder.
pub(crate) fn found(folder: &Path) -> Vec<u8> {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            let below = found(&path);
            if !below.is_empty() {
                return below;
            }
        } else if path.file_name().is_some_and(|name| name == "big") {
            return std::fs::read(path).unwrap();
        }
    }
    Vec::new()
}

/// A call that may use so much memory and no more.
#[cfg(target_os = "linux")]
fn bounded(user: &User, args: &[&str]) -> Command {
    let whole = user.command(args);
    let mut command = Command::new("sh");
    command
        .args(["-c", &format!("ulimit -d {MEMORY} && exec \"$@\""), "sh"])
        .arg(whole.get_program())
        .args(args);
    command.current_dir(whole.get_current_dir().unwrap()).env_clear();
    command.envs(whole.get_envs().filter_map(|(name, value)| Some((name, value?))));
    // However many processors there are.
    command.env("TOKIO_WORKER_THREADS", "2");
    command
}

#[cfg(target_os = "linux")]
#[test]
fn solver_and_job_creator_have_no_room_in_memory_for_a_result_and_need_none() {
    let user = User::new();
    let store = user.path("solver.sqlite");
    let solver =
        ["solver", "--listen", "127.0.0.1:0", "--play-money", "1000 LP", "--store", store.to_str().unwrap()];
    let solver = Role::begin_call(&mut bounded(&user, &solver), Some(SOLVER_KEY));
    let url = solver.ready["url"].as_str().unwrap();
    let provider = ["provider", "--network", url, "--ram", "2000", "--max-output", "100"];
    let _provider = Role::start(&user, Some(PROVIDER_KEY), &provider);
    let (module, output) = (big(&user, RESULT), user.path("out"));
    let run = ["run", &module, "--json", "--network", url, "--output-dir", output.to_str().unwrap()];
    let done = bounded(&user, &run).env("LILYPAD_PRIVATE_KEY", CREATOR_KEY).output().unwrap();
    let done = Outcome::of(done).ends_with(0).json();
    assert_eq!((&done["state"], &done["receipt_verified"]), (&"ResultsAccepted".into(), &true.into()));
    is_big(&found(&output), RESULT);
}

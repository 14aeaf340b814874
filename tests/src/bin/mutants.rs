//! Puts each planted fault of `tests/mutants.json` into a copy of the ledger, one at a time, and demands that a test of
//! the ledger notices it. A fault that does not apply exactly once, or does not compile, is a fault of the list.
//!
//! `cargo run -p lilypad-tests --bin mutants`, or `bash tests/run mutants`. The copy and what is built from it stay under
//! `${CARGO_TARGET_DIR:-target}/mutants`, so that a second run builds little.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;
use std::{env, fs};

use lilypad_tests::{is_build_output, repository};
use serde::Deserialize;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Folders and files that the ledger's tests are built from.
const TREE: [&str; 9] = [
    "Cargo.toml",
    "Cargo.lock",
    "lilypad-core",
    "lilypad-cli",
    "lilypad-py",
    "tests",
    "docs",
    "examples",
    "README.md",
];
/// Fewer faults than this mean that the list was lost.
const LEAST: usize = 24;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mutant {
    file: String,
    find: String,
    replace: String,
    /// Why it is wrong.
    why: String,
}

/// What became of a run of the ledger's tests.
enum Verdict {
    /// This test failed.
    Caught(String),
    Survived,
    DoesNotCompile(String),
}

struct Bench {
    tree: PathBuf,
    build: PathBuf,
}

impl Bench {
    fn new() -> Outcome<Self> {
        let target =
            env::var_os("CARGO_TARGET_DIR").map_or_else(|| repository().join("target"), PathBuf::from);
        let folder = env::current_dir()?.join(target).join("mutants");
        let (tree, build) = (folder.join("tree"), folder.join("build"));
        for name in TREE {
            copy(&repository().join(name), &tree.join(name))?;
        }
        Ok(Self { tree, build })
    }

    /// The ledger's tests alone, with the fewest features and no debug information: what is cheap to build again. That a
    /// document says something else than the table does not count as noticing.
    fn test(&self) -> Outcome<Verdict> {
        let done = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args([
                "test",
                "--locked",
                "-q",
                "-p",
                "lilypad-core",
                "--lib",
                "--no-default-features",
                "settlement",
            ])
            .args(["--", "--format", "pretty", "--skip", "the_tables_in_the_docs"])
            .current_dir(&self.tree)
            .env("CARGO_TARGET_DIR", &self.build)
            .env("CARGO_PROFILE_DEV_DEBUG", "false")
            .env("CARGO_PROFILE_TEST_DEBUG", "false")
            .env("CARGO_INCREMENTAL", "1")
            .env("RUST_BACKTRACE", "0")
            .env("LILYPAD_LEDGER_EVENTS", "16000")
            .output()?;
        let shown = String::from_utf8_lossy(&done.stdout);
        if !shown.lines().any(|line| line.starts_with("running ")) {
            return Ok(Verdict::DoesNotCompile(String::from_utf8_lossy(&done.stderr).into_owned()));
        }
        let mut failed =
            shown.lines().filter_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED"));
        match failed.next() {
            _ if done.status.success() => Ok(Verdict::Survived),
            Some(test) => Ok(Verdict::Caught(test.trim_start_matches("settlement::tests::").to_owned())),
            None => Ok(Verdict::Caught("the tests did not end as they should".to_owned())),
        }
    }

    /// Puts the fault in, runs the tests, and takes it out again. The error says what is wrong with it.
    fn try_out(&self, mutant: &Mutant) -> Outcome<Result<String, String>> {
        let path = self.tree.join(&mutant.file);
        let text = fs::read_to_string(&path)?;
        let times = text.matches(&mutant.find).count();
        if times != 1 {
            return Ok(Err(format!("its text stands {times} times in the file, not once")));
        }
        fs::write(&path, text.replace(&mutant.find, &mutant.replace))?;
        let verdict = self.test();
        fs::write(&path, text)?;
        Ok(match verdict? {
            Verdict::Caught(test) => Ok(test),
            Verdict::Survived => Err("no test noticed it".to_owned()),
            Verdict::DoesNotCompile(errors) => Err(format!("it does not compile:\n{errors}")),
        })
    }
}

/// Copies what is new or has changed, and removes what is gone, so that cargo sees only real changes.
fn copy(from: &Path, to: &Path) -> Outcome<()> {
    if !from.is_dir() {
        let text = fs::read(from)?;
        if fs::read(to).ok().as_ref() != Some(&text) {
            if let Some(folder) = to.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::write(to, text)?;
        }
        return Ok(());
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(to)? {
        let entry = entry?;
        if !from.join(entry.file_name()).exists() {
            let gone = entry.path();
            let removed = if gone.is_dir() { fs::remove_dir_all(gone) } else { fs::remove_file(gone) };
            removed?;
        }
    }
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if !is_build_output(&entry.path()) {
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

fn run() -> Outcome<bool> {
    let start = Instant::now();
    let mutants: Vec<Mutant> =
        serde_json::from_str(&fs::read_to_string(repository().join("tests/mutants.json"))?)?;
    let bench = Bench::new()?;
    if mutants.len() < LEAST {
        return Err(
            format!("{} planted faults are listed, at least {LEAST} are wanted", mutants.len()).into()
        );
    }
    match bench.test()? {
        Verdict::Survived => println!("the tests pass without a fault ({} s)", start.elapsed().as_secs()),
        Verdict::Caught(test) => return Err(format!("{test} fails without a fault").into()),
        Verdict::DoesNotCompile(errors) => return Err(errors.into()),
    }
    let mut wrong = 0;
    for mutant in &mutants {
        let file = mutant.file.rsplit('/').next().unwrap_or_default();
        match bench.try_out(mutant)? {
            Ok(test) => println!("caught    {file}: {} ({test})", mutant.why),
            Err(what) => {
                wrong += 1;
                println!("NOT CAUGHT {file}: {}\n  `{}`: {what}", mutant.why, mutant.find);
            }
        }
    }
    let caught = mutants.len() - wrong;
    println!("{caught} of {} planted faults caught in {} s", mutants.len(), start.elapsed().as_secs());
    Ok(wrong == 0)
}

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

//! The committed programs of `examples/modules` are what their sources give.

use std::path::Path;
use std::process::Command;

use lilypad_tests::{repository, skip};

/// What a command prints; `None` where it is not there or fails.
fn output(command: &mut Command) -> Option<String> {
    let output = command.output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The compiler in the words of `built-with.txt`: version and host.
fn compiler() -> Option<String> {
    let text = output(Command::new("rustc").arg("-vV").current_dir(modules()))?;
    let mut lines = text.lines();
    let version = lines.next()?;
    let host = lines.find(|line| line.starts_with("host: "))?;
    Some(format!("{version}\n{host}\n"))
}

fn has_target() -> bool {
    let folder =
        output(Command::new("rustc").args(["--print", "target-libdir", "--target", "wasm32-wasip1"]));
    folder.is_some_and(|folder| Path::new(folder.trim()).is_dir())
}

fn modules() -> std::path::PathBuf {
    repository().join("examples/modules")
}

/// The programs below a folder: name and bytes.
fn programs(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let wasm = if path.is_dir() { path.join(format!("{name}.wasm")) } else { path };
        if wasm.extension().is_some_and(|extension| extension == "wasm") && wasm.is_file() {
            found.push((name, std::fs::read(wasm).unwrap()));
        }
    }
    found.sort();
    found
}

#[test]
fn every_example_module_is_whole() {
    for name in ["cowsay", "fail", "forever", "mandelbrot", "wordcount"] {
        for file in ["lilypad.toml".to_owned(), format!("{name}.wasm"), "src/main.rs".to_owned()] {
            assert!(modules().join(name).join(&file).is_file(), "{name}/{file}");
        }
    }
}

#[test]
fn committed_programs_match_their_sources() {
    const NAME: &str = "committed_programs_match_their_sources";
    let built_with = std::fs::read_to_string(modules().join("built-with.txt")).unwrap();
    match compiler() {
        None => skip!(NAME, "rustc is not installed"),
        Some(compiler) if compiler != built_with => {
            skip!(NAME, "they were built with {built_with:?}, here is {compiler:?}")
        }
        Some(_) if !has_target() => skip!(NAME, "the target wasm32-wasip1 is not installed"),
        Some(_) => {}
    }
    if output(Command::new("bash").arg("--version")).is_none() {
        skip!(NAME, "bash is not installed");
    }
    let folder = tempfile::tempdir().unwrap();
    let built = Command::new("bash")
        .arg(modules().join("build.sh"))
        .arg(folder.path().join("out"))
        .env("LILYPAD_MODULES_TARGET", folder.path().join("target"))
        .env_remove("RUSTC_WRAPPER")
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));

    let (committed, rebuilt) = (programs(&modules()), programs(&folder.path().join("out")));
    let names =
        |programs: &[(String, Vec<u8>)]| programs.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&committed), names(&rebuilt));
    for ((name, committed), (_, rebuilt)) in committed.iter().zip(&rebuilt) {
        assert!(
            committed == rebuilt,
            "{name}.wasm is not what its source gives: bash examples/modules/build.sh"
        );
    }
}

/// The PTX of the modules with kernels, made again by NVRTC in the tests' Python.
#[test]
fn ptx_is_what_its_cuda_source_gives() {
    let Ok(python) = std::env::var("LILYPAD_PYTHON") else {
        skip!("ptx_is_what_its_cuda_source_gives", "LILYPAD_PYTHON is not set");
    };
    if output(Command::new(&python).args(["-c", "import nvidia.cuda_nvrtc"])).is_none() {
        skip!("ptx_is_what_its_cuda_source_gives", "LILYPAD_PYTHON has no nvidia-cuda-nvrtc-cu11");
    }
    let checked = Command::new(python).arg(modules().join("ptx.py")).arg("--check").output().unwrap();
    let said =
        String::from_utf8_lossy(&checked.stdout).into_owned() + &String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success(), "{said}");
}

//! Archives against other programs: what Go, Python and GNU tar write is read, and what is written they read.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use lilypad_core::model::{FileLimits, FileSet};
use lilypad_core::wire::{read_archive, write_archive};
use lilypad_tests::{GoProgram, repository, skip};

/// Files with everything that names and sizes do to an archive: empty, exactly one block, long paths, other scripts.
fn files() -> FileSet {
    let long = format!("outputs/{}/{}", "folder".repeat(14), "file".repeat(30));
    FileSet::from_files([
        ("stdout", "moo\n".repeat(300)),
        ("stderr", String::new()),
        ("block", "x".repeat(512)),
        ("outputs/a/b/c", "deep".to_owned()),
        ("outputs/größe € 漢", "name".to_owned()),
        (&long, "long".to_owned()),
    ])
    .unwrap()
}

fn read(bytes: Vec<u8>) -> FileSet {
    read_archive(&bytes.into(), &FileLimits { files: 20, bytes: 10_000 }).unwrap()
}

/// Lays the files out below a folder, with an empty folder beside them.
fn lay_out(folder: &Path) {
    for (path, bytes) in files().iter() {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    std::fs::create_dir(folder.join("empty")).unwrap();
}

fn gather(folder: &Path, below: &str, found: &mut FileSet) {
    for entry in std::fs::read_dir(folder.join(below)).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{below}{}", entry.file_name().to_str().unwrap());
        if entry.path().is_dir() {
            gather(folder, &format!("{path}/"), found);
        } else {
            found.insert(path, std::fs::read(entry.path()).unwrap()).unwrap();
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().map(|digit| digit.to_digit(16).unwrap() as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

#[test]
fn archives_of_go_and_ours_are_read_by_both() {
    let Some(go) = GoProgram::build("archives_of_go_and_ours_are_read_by_both", "archive") else { return };
    let folder = tempfile::tempdir().unwrap();
    lay_out(folder.path());
    let ours = write_archive(&files()).unwrap();
    let requests = [
        serde_json::json!({"op": "write", "folder": folder.path()}).to_string(),
        serde_json::json!({"op": "read", "hex": hex(&ours)}).to_string(),
    ];
    let answers: Vec<serde_json::Value> =
        go.ask(&requests).iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers[0]["error"], "");
    let theirs = unhex(answers[0]["hex"].as_str().unwrap());
    assert!(theirs.starts_with(b".\0") && theirs.ends_with(b"{}\n"), "as v2's peers write");
    keep("go", &theirs);
    assert_eq!(read(theirs), files());
    assert_eq!(answers[1]["error"], "");
    let seen: FileSet = FileSet::from_files(
        answers[1]["files"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(path, hex)| (path.clone(), unhex(hex.as_str().unwrap()))),
    )
    .unwrap();
    assert_eq!(seen, files());
}

#[test]
fn archives_of_tar_and_ours_are_read_by_both() {
    let name = "archives_of_tar_and_ours_are_read_by_both";
    let version = Command::new("tar").arg("--version").output();
    if !version.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("GNU tar")) {
        skip!(name, "GNU tar is not installed");
    }
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("from"), folder.path().join("to"));
    lay_out(&from);
    std::fs::create_dir(&to).unwrap();
    for format in ["ustar", "pax", "gnu"] {
        // GNU's own format has no standard way to write long names: it is read as long as they are short.
        let what = if format == "gnu" { "block" } else { "." };
        let output = Command::new("tar")
            .args(["--create", "--file=-", &format!("--format={format}"), what])
            .current_dir(&from)
            .output()
            .unwrap();
        if format == "pax" {
            keep("gnu-tar", &output.stdout);
        }
        if format != "ustar" {
            assert!(output.status.success(), "{format}");
        }
        let mut wanted = files();
        if format == "gnu" {
            wanted = FileSet::from_files([("block", files().get("block").unwrap().clone())]).unwrap();
        } else if format == "ustar" {
            // tar says that these do not fit and leaves them out.
            let long = files().iter().map(|(path, _)| path.to_owned()).find(|path| path.len() > 200).unwrap();
            wanted.remove(&long);
        }
        assert_eq!(read(output.stdout), wanted, "{format}");
    }
    let ours = folder.path().join("ours.tar");
    std::fs::write(&ours, write_archive(&files()).unwrap()).unwrap();
    let status =
        Command::new("tar").arg("--extract").arg("--file").arg(&ours).current_dir(&to).status().unwrap();
    assert!(status.success());
    let mut found = FileSet::new();
    gather(&to, "", &mut found);
    assert_eq!(found, files());
}

const PYTHON: &str = "
import io, sys, tarfile
folder, ours, form = sys.argv[1:]
out = io.BytesIO()
with tarfile.open(fileobj=out, mode='w', format=getattr(tarfile, form)) as archive:
    archive.add(folder, '.')
with tarfile.open(ours) as archive:
    for member in archive.getmembers():
        assert member.isfile() and member.mode == 0o644 and member.mtime == 0, member
        assert archive.extractfile(member).read() == open(folder + '/' + member.name, 'rb').read(), member
    assert len(archive.getmembers()) == 6
sys.stdout.buffer.write(out.getvalue())
";

#[test]
fn archives_of_python_and_ours_are_read_by_both() {
    let name = "archives_of_python_and_ours_are_read_by_both";
    if Command::new("python3").arg("--version").output().is_err() {
        skip!(name, "python3 is not installed");
    }
    let folder = tempfile::tempdir().unwrap();
    let from = folder.path().join("from");
    lay_out(&from);
    let ours = folder.path().join("ours.tar");
    std::fs::write(&ours, write_archive(&files()).unwrap()).unwrap();
    let output =
        Command::new("python3").args(["-c", PYTHON]).args([&from, &ours]).arg("PAX_FORMAT").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    keep("python", &output.stdout);
    assert_eq!(read(output.stdout), files());
}

/// Keeps what a program wrote where `LILYPAD_UPDATE` is set, for machines that do not have it.
fn keep(program: &str, archive: &[u8]) {
    if std::env::var_os("LILYPAD_UPDATE").is_some() {
        std::fs::write(kept(program), archive).unwrap();
    }
}

fn kept(program: &str) -> std::path::PathBuf {
    repository().join(format!("tests/vectors/archives/{program}.tar"))
}

#[test]
fn archives_that_others_wrote_once_are_read() {
    if std::env::var_os("LILYPAD_UPDATE").is_some() {
        return;
    }
    for program in ["go", "gnu-tar", "python"] {
        assert_eq!(read(std::fs::read(kept(program)).unwrap()), files(), "{program}");
    }
}

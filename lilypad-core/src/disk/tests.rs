//! Reading and writing folders.

use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;

use super::*;
use crate::error::{ErrorKind, Fault};
use crate::model::{FileLimits, FileSet};

fn sample() -> FileSet {
    FileSet::from_files([("stdout", "moo\n"), ("outputs/a/b.txt", "b"), ("outputs/c", ""), (".hidden", "h")])
        .unwrap()
}

fn code<T: std::fmt::Debug>(result: crate::Result<T>) -> &'static str {
    result.unwrap_err().code()
}

fn names(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn what_is_written_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("new/results");
    write_folder(&sample(), &target).unwrap();
    assert_eq!(read_folder(&target, &FileLimits::default()).unwrap(), sample());
    assert_eq!(names(&folder.path().join("new")), ["results"], "nothing else is left");
    let mode = |path: &str| fs::metadata(target.join(path)).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode(""), mode("outputs/a"), mode("outputs/a/b.txt")), (0o755, 0o755, 0o644));
}

#[test]
fn only_a_free_place_is_written_to() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("empty")).unwrap();
    write_folder(&sample(), &at("empty")).unwrap();
    fs::write(at("file"), "x").unwrap();
    fs::create_dir(at("elsewhere")).unwrap();
    symlink(at("elsewhere"), at("link")).unwrap();
    for name in ["empty", "file", "link"] {
        let error = write_folder(&sample(), &at(name)).unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Conflict, "E_TARGET_EXISTS"), "{name}");
    }
    assert!(names(&at("elsewhere")).is_empty());
    assert_eq!(code(write_folder(&sample(), Path::new("/"))), "E_TARGET_EXISTS");
    assert_eq!(code(write_folder(&sample(), &at("file/below"))), "E_FILE_PATH");
}

#[test]
fn one_file_is_written_and_replaced_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/receipt.json");
    for text in ["a longer first text", "second"] {
        write_file(&path, text.as_bytes()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
    assert_eq!(names(&folder.path().join("new")), ["receipt.json"]);
    assert_eq!(code(write_file(&folder.path().join("new"), b"x")), "E_TARGET_EXISTS");
    assert_eq!(names(folder.path()), ["new"]);
}

#[test]
fn a_private_file_is_its_owners_alone_and_never_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config/wallets/default.json");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    create_private_file(&path, b"secret").unwrap();
    let parent = path.parent().unwrap();
    assert_eq!((mode(&path), mode(parent), mode(parent.parent().unwrap())), (0o600, 0o700, 0o700));
    assert_eq!(
        (fs::read(&path).unwrap(), names(parent)),
        (b"secret".to_vec(), vec!["default.json".to_owned()])
    );
    let again = create_private_file(&path, b"other").unwrap_err();
    assert_eq!((again.kind(), again.code()), (ErrorKind::Conflict, "E_TARGET_EXISTS"));
    assert_eq!(fs::read(&path).unwrap(), b"secret");
    // A link that leads nowhere is something, too: nothing is written where it leads.
    symlink(folder.path().join("elsewhere"), parent.join("link")).unwrap();
    assert_eq!(code(create_private_file(&parent.join("link"), b"x")), "E_TARGET_EXISTS");
    assert!(!folder.path().join("elsewhere").exists());
    // A folder that was wider before is narrowed.
    fs::set_permissions(parent, fs::Permissions::from_mode(0o755)).unwrap();
    create_private_file(&parent.join("second.json"), b"x").unwrap();
    assert_eq!(mode(parent), 0o700);
}

#[test]
fn a_failure_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let long = FileSet::from_files([("a".to_owned(), "1"), (format!("b/{}", "x".repeat(300)), "2")]).unwrap();
    assert_eq!(code(write_folder(&long, &folder.path().join("results"))), "E_FILE_PATH");
    assert!(names(folder.path()).is_empty());
}

#[test]
fn links_and_special_files_are_named_and_refused() {
    let folder = tempfile::tempdir().unwrap();
    let limits = FileLimits::default();
    for (name, wanted) in
        [("link", "E_FILE_SYMLINK"), ("dangling", "E_FILE_SYMLINK"), ("socket", "E_FILE_SPECIAL")]
    {
        let root = folder.path().join(format!("with-{name}"));
        fs::create_dir_all(root.join("in")).unwrap();
        let path = root.join("in").join(name);
        match name {
            "link" => symlink("/etc", &path).unwrap(),
            "dangling" => symlink("nowhere", &path).unwrap(),
            _ => drop(UnixListener::bind(&path).unwrap()),
        }
        let error = read_folder(&root, &limits).unwrap_err();
        assert_eq!(error.code(), wanted);
        assert!(error.message().contains(&format!("\"in/{name}\"")), "{error}");
        assert_eq!(code(read_file_beneath(&root, &format!("in/{name}"), 9)), wanted);
    }
    assert_eq!(
        code(read_file_beneath(&folder.path().join("with-link"), "in/link/passwd", 9_999)),
        "E_FILE_SYMLINK"
    );
}

#[test]
fn limits_stop_the_reading() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("results");
    write_folder(&sample(), &target).unwrap();
    assert!(read_folder(&target, &FileLimits { files: 4, bytes: 6 }).is_ok());
    assert_eq!(code(read_folder(&target, &FileLimits { files: 3, bytes: 6 })), "E_FILE_LIMIT");
    assert_eq!(code(read_folder(&target, &FileLimits { files: 4, bytes: 5 })), "E_FILE_LIMIT");
    assert_eq!(code(read_folder(&target.join("nowhere"), &FileLimits::default())), "E_PATH_NOT_FOUND");
    assert_eq!(code(read_folder(&target.join("stdout"), &FileLimits::default())), "E_NOT_A_FOLDER");
}

#[test]
fn names_that_cannot_travel_are_refused() {
    use std::os::unix::ffi::OsStrExt as _;
    let folder = tempfile::tempdir().unwrap();
    for name in [&b"back\\slash"[..], b"not\xffutf8"] {
        let path = folder.path().join(std::ffi::OsStr::from_bytes(name));
        fs::write(&path, "x").unwrap();
        assert_eq!(code(read_folder(folder.path(), &FileLimits::default())), "E_FILE_PATH");
        fs::remove_file(path).unwrap();
    }
    let deep = folder.path().join("d/".repeat(17));
    fs::create_dir_all(deep).unwrap();
    assert_eq!(code(read_folder(folder.path(), &FileLimits::default())), "E_FILE_PATH");
}

#[test]
fn one_file_is_read_without_leaving_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("results");
    write_folder(&sample(), &root).unwrap();
    let read = |path: &str, limit| read_file_beneath(&root, path, limit);
    assert_eq!(read("outputs/a/b.txt", 1).unwrap().unwrap(), "b");
    assert_eq!(code(read("stdout", 3)), "E_FILE_TOO_LARGE");
    assert_eq!(code(read("outputs", 9)), "E_FILE_SPECIAL");
    assert_eq!(code(read("../results/stdout", 9)), "E_FILE_PATH");
    for missing in ["nothing", "outputs/x/y", "stdout/x"] {
        assert_eq!(read(missing, 9).unwrap(), None, "{missing}");
    }
}

#[test]
fn the_systems_answers_have_codes() {
    let of = |kind: io::ErrorKind| io_error("write", Path::new("/x"), kind.into());
    let full = of(io::ErrorKind::StorageFull);
    assert_eq!(
        (full.kind(), full.code(), full.fault()),
        (ErrorKind::ExecutionFailed, "E_DISK_FULL", Fault::User)
    );
    assert!(full.hint().is_some());
    let denied = of(io::ErrorKind::PermissionDenied);
    assert_eq!((denied.kind(), denied.code()), (ErrorKind::InvalidInput, "E_PERMISSION"));
    assert_eq!(of(io::ErrorKind::ReadOnlyFilesystem).code(), "E_PERMISSION");
    assert_eq!(of(io::ErrorKind::TimedOut).code(), "E_IO");
}

#[test]
fn a_full_disk_is_named_and_left_clean() {
    let Some(folder) = std::env::var_os("LILYPAD_SMALL_DISK") else {
        eprintln!("SKIP a_full_disk_is_named_and_left_clean: LILYPAD_SMALL_DISK is not set");
        return;
    };
    let folder = Path::new(&folder);
    let large = FileSet::from_files([("a", vec![b'a'; 1_000]), ("b/c", vec![b'b'; 4 << 20])]).unwrap();
    let error = write_folder(&large, &folder.join("results")).unwrap_err();
    assert_eq!((error.code(), error.fault()), ("E_DISK_FULL", Fault::User));
    assert_eq!(code(write_file(&folder.join("file"), &vec![b'a'; 4 << 20])), "E_DISK_FULL");
    assert!(names(folder).is_empty());
}

//! T18: one download for many, nothing half-written, no lock that outlives its process.

use std::fs;
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;

use lilypad_core::ErrorKind;
use lilypad_core::module::GitPolicy;
use lilypad_tests::skip;

use super::repository::{commit, light};
use super::server::{PACK_HEAD, band};
use super::{Pond, text};

const CHILD: &str = "LILYPAD_TEST_KILLED_FETCH";

#[test]
fn many_at_once_download_once() {
    let Some(pond) = Pond::new() else { skip!("git::many_at_once_download_once", "git is not installed") };
    let served = pond.repository(&commit("main", &[("100644", "file", "one")]));
    let pinned = format!("@{}", served.id("main"));
    let start = std::sync::Barrier::new(50);
    std::thread::scope(|scope| {
        for _ in 0..50 {
            scope.spawn(|| {
                start.wait();
                assert_eq!(text(&pond.fetch(&pinned).unwrap(), "file"), "one");
            });
        }
    });
    assert_eq!(pond.server.take_log(), ["advertisement", "fetch"]);
    assert_eq!(pond.kept().len(), 1);
}

#[test]
fn moving_refs_are_asked_and_pins_are_not() {
    let Some(pond) = Pond::new() else { skip!("git::moving_refs_are_asked", "git is not installed") };
    let served =
        pond.repository(&[commit("main", &[("100644", "file", "one")]), light("v1", "main")].concat());
    let first = pond.fetch(":v1").unwrap();
    pond.server.take_log();
    pond.fetch(":v1").unwrap();
    assert_eq!(pond.server.take_log(), ["advertisement", "ls-refs"]);
    pond.fetch(&format!(":v1@{}", first.commit())).unwrap();
    assert_eq!(pond.server.take_log(), Vec::<String>::new());

    served.add(&[commit("moved", &[("100644", "file", "two")]), light("v1", "moved")].concat());
    assert_eq!(text(&pond.fetch(":v1").unwrap(), "file"), "two");
    assert_eq!(text(&pond.fetch(&format!(":v1@{}", first.commit())).unwrap(), "file"), "one");
}

#[test]
fn offline_says_what_works() {
    let Some(pond) = Pond::new() else { skip!("git::offline_says_what_works", "git is not installed") };
    pond.repository(&commit("main", &[("100644", "file", "one")]));
    let commit = pond.fetch(":main").unwrap().commit().to_string();
    pond.server.hook(|_, _| true);
    let error = pond.error(":main");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.hint().is_some_and(|hint| hint.contains(&commit) && hint.contains("pin")), "{error}");
    pond.fetch(&format!("@{commit}")).unwrap();
}

#[test]
fn damaged_entries_are_fetched_again() {
    let Some(pond) = Pond::new() else {
        skip!("git::damaged_entries_are_fetched_again", "git is not installed")
    };
    let served = pond.repository(&commit("main", &[("100644", "file", "one"), ("100644", "other", "two")]));
    let pinned = format!("@{}", served.id("main"));
    pond.fetch(&pinned).unwrap();
    let path = pond.folder.path().join("cache").join(&pond.kept()[0]);
    let whole = fs::read(&path).unwrap();
    let mut damages: Vec<Vec<u8>> =
        [0, 5, 14, 15, 40, whole.len() - 1].iter().map(|at| whole[..*at].to_vec()).collect();
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        // Whether large files were left out is the one bit that changes nothing here.
        if at != 14 {
            damages.push(damaged);
        }
    }
    for damaged in damages.iter().step_by(7) {
        fs::write(&path, damaged).unwrap();
        pond.server.take_log();
        assert_eq!(text(&pond.fetch(&pinned).unwrap(), "file"), "one");
        assert_eq!(pond.server.take_log(), ["advertisement", "fetch"]);
        assert_eq!(fs::metadata(&path).unwrap().len(), whole.len() as u64);
    }
}

/// Runs only as the process that the next test kills.
#[test]
fn killed_child() {
    let Ok(arguments) = std::env::var(CHILD) else { return };
    let mut words = arguments.splitn(3, '\n').map(str::to_owned);
    let mut word = || words.next().unwrap();
    let (reference, certificate, cache) = (word(), word(), word());
    let policy = GitPolicy {
        allow_private_hosts: vec!["127.0.0.1".to_owned()],
        extra_root_certificates: vec![fs::read(certificate).unwrap()],
        cache_dir: Some(cache.into()),
        ..GitPolicy::default()
    };
    let fetcher = lilypad_core::module::GitFetcher::new(policy);
    let fetched = fetcher.fetch(&reference.parse().unwrap(), &lilypad_core::rt::CancelToken::new());
    panic!("the fetch was not to end: {fetched:?}");
}

#[test]
fn a_killed_fetch_leaves_nothing_in_the_way() {
    let Some(pond) = Pond::new() else { skip!("git::a_killed_fetch", "git is not installed") };
    let served = pond.repository(&commit("main", &[("100644", "file", "one")]));
    let pinned = format!("@{}", served.id("main"));
    let certificate = pond.folder.path().join("certificate.pem");
    fs::write(&certificate, pond.server.certificate()).unwrap();
    let cache = pond.folder.path().join("cache");
    for _ in 0..5 {
        let (reached, wait) = channel();
        pond.server.hook(move |request, stream| {
            let fetch = request.command() == "fetch";
            if fetch {
                let _ =
                    stream.write_all(&[PACK_HEAD.as_bytes(), &band(b"PACK\0\0\0\x02\0\0\0\x03")].concat());
                let _ = stream.flush();
                reached.send(()).unwrap();
                let _ = stream.read(&mut [0]);
            }
            fetch
        });
        let arguments = format!("{}\n{}\n{}", pond.name(&pinned), certificate.display(), cache.display());
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "git::cache::killed_child"])
            .env(CHILD, arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        wait.recv().unwrap();
        // The child holds the lock now; it dies without a chance to clean up.
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(pond.kept(), Vec::<String>::new());
    }
    // What a process that died while writing leaves is cleared by the next one.
    let slot = cache.join("modules/git/.temporary").join(&served.id("main")[..2]);
    fs::write(&slot, "half").unwrap();
    pond.server.unhook();
    assert_eq!(text(&pond.fetch(&pinned).unwrap(), "file"), "one");
    assert_eq!(pond.kept().len(), 1);
    assert!(!slot.exists());
}

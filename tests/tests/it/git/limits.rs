//! T17: what is too large, too slow or without end stops within its budget, and nothing stays on disk.

use std::io::{Read, Write};
use std::time::Duration;

use lilypad_core::ErrorKind;
use lilypad_core::module::{GitFetcher, GitPolicy, Tree};
use lilypad_core::rt::{CancelReason, CancelToken};
use lilypad_tests::skip;

use super::Pond;
use super::repository::commit;
use super::server::{PACK_HEAD, band, plain};

fn pond_with_file(content: &str) -> Option<Pond> {
    let pond = Pond::new()?;
    pond.repository(&commit("main", &[("100644", "file", content)]));
    Some(pond)
}

/// Bytes that do not get smaller.
fn noise(bytes: usize) -> String {
    let mut state = 1u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        char::from(b'!' + u8::try_from((state >> 40) % 90).unwrap())
    };
    (0..bytes).map(|_| next()).collect()
}

#[test]
fn large_repositories() {
    let Some(pond) = pond_with_file(&noise(300_000)) else {
        skip!("git::large_repositories", "git is not installed")
    };
    let policy = GitPolicy { max_bytes: 100_000, ..pond.policy.clone() };
    let error = pond.fetch_with(&policy, ":main").unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidInput, "E_MODULE_TOO_LARGE"), "{error}");
    let policy = GitPolicy { max_objects: 2, ..pond.policy.clone() };
    assert_eq!(pond.fetch_with(&policy, ":main").unwrap_err().code(), "E_MODULE_TOO_LARGE");
    assert_eq!(pond.kept(), Vec::<String>::new());
    pond.fetch(":main").unwrap();
}

/// A file that is small on the way and large once unpacked.
#[test]
fn bombs() {
    let Some(pond) = pond_with_file(&"frog".repeat(500_000)) else {
        skip!("git::bombs", "git is not installed")
    };
    let policy = GitPolicy { max_bytes: 1_000_000, ..pond.policy.clone() };
    let error = pond.fetch_with(&policy, ":main").unwrap_err();
    assert_eq!(error.code(), "E_MODULE_TOO_LARGE", "{error}");
    assert!(error.message().contains("unpacked"), "{error}");
    assert_eq!(pond.kept(), Vec::<String>::new());
}

/// A server that can leave large files out does so, and only reading such a file fails.
#[test]
fn large_files_are_left_out() {
    let Some(pond) = Pond::new() else { skip!("git::large_files_are_left_out", "git is not installed") };
    let served =
        pond.repository(&commit("main", &[("100644", "large", &noise(300_000)), ("100644", "small", "one")]));
    served.run(&["config", "uploadpack.allowFilter", "true"], "");
    let policy = GitPolicy { max_bytes: 100_000, ..pond.policy.clone() };
    for _ in ["from the server", "from the cache"] {
        let fetched = pond.fetch_with(&policy, ":main").unwrap();
        assert_eq!(fetched.read("small", 9).unwrap().unwrap(), "one");
        assert_eq!(fetched.read("large", 1 << 20).unwrap_err().code(), "E_MODULE_TOO_LARGE");
    }
}

#[test]
fn packs_that_lie() {
    let Some(pond) = pond_with_file("one") else { skip!("git::packs_that_lie", "git is not installed") };
    let pack = |count: u32, objects: &[u8]| [b"PACK\0\0\0\x02", &count.to_be_bytes()[..], objects].concat();
    let cases = [
        (pack(1_000_000, b""), "E_MODULE_TOO_LARGE"),
        // One file of 2^40 bytes.
        (pack(1, &[0xb0, 0x80, 0x80, 0x80, 0x80, 0x40]), "E_MODULE_TOO_LARGE"),
        // A size without end, a kind that is reserved, a delta on nothing.
        (pack(1, &[0xbf; 40]), "E_GIT_PROTOCOL"),
        (pack(1, &[0x50, 0, 0, 0]), "E_GIT_PROTOCOL"),
        (pack(1, &[0x60, 0x7f, 0x78, 0x9c, 3, 0, 0, 0, 0, 1]), "E_GIT_PROTOCOL"),
        // Not zlib, and an end in the middle.
        (pack(1, &[0x31, 1, 2, 3, 4, 5, 6, 7, 8]), "E_GIT_PROTOCOL"),
        (pack(1, &[]), "E_GIT_PROTOCOL"),
        // Nothing at all, with a wrong sum.
        (pack(0, &[0; 20]), "E_GIT_HASH"),
        (b"NOPACKNOPACK".to_vec(), "E_GIT_PROTOCOL"),
    ];
    for (bytes, code) in cases {
        let shown = format!("{:?}", &bytes[..bytes.len().min(24)]);
        pond.server.hook(move |request, stream| {
            let fetch = request.command() == "fetch";
            if fetch {
                let _ = stream.write_all(&[PACK_HEAD.as_bytes(), &band(&bytes), b"0000"].concat());
            }
            fetch
        });
        let error = pond.error(":main");
        assert_eq!(error.code(), code, "{shown}: {error}");
    }
    assert_eq!(pond.kept(), Vec::<String>::new());
}

/// Good objects of another commit are not the ones that were asked for.
#[test]
fn another_commit_is_not_taken() {
    let Some(pond) = pond_with_file("one") else {
        skip!("git::another_commit_is_not_taken", "git is not installed")
    };
    let served = pond.repository(&commit("other", &[("100644", "file", "two")]));
    let (asked, other) = (served.id("main"), served.id("other"));
    let server = pond.server.clone();
    pond.server.hook(move |request, stream| {
        let fetch = request.command() == "fetch";
        if fetch {
            let mut request = request.clone();
            request.body = String::from_utf8(request.body).unwrap().replace(&asked, &other).into_bytes();
            let _ = stream.write_all(&server.answer(&request));
        }
        fetch
    });
    let error = pond.error(":main");
    assert_eq!((error.kind(), error.code()), (ErrorKind::VerificationFailed, "E_GIT_HASH"), "{error}");
    assert_eq!(pond.kept(), Vec::<String>::new());
}

#[test]
fn a_pack_without_end() {
    let Some(pond) = pond_with_file("one") else { skip!("git::a_pack_without_end", "git is not installed") };
    pond.server.hook(|request, stream| {
        let fetch = request.command() == "fetch";
        if fetch {
            let _ = stream.write_all(PACK_HEAD.as_bytes());
            // Progress in the second band counts as much as the pack.
            let packet = format!("{:04x}\u{2}{}", 1_005, " ".repeat(1_000));
            while stream.write_all(packet.as_bytes()).is_ok() {}
        }
        fetch
    });
    let policy = GitPolicy { max_bytes: 1_000_000, ..pond.policy.clone() };
    let error = pond.fetch_with(&policy, ":main").unwrap_err();
    assert_eq!(error.code(), "E_MODULE_TOO_LARGE", "{error}");
    assert_eq!(pond.kept(), Vec::<String>::new());
}

/// The server starts to answer and stays silent; the limits are small, so that this takes no time.
#[test]
fn silent_servers() {
    for at in ["advertisement", "ls-refs", "fetch"] {
        let Some(pond) = pond_with_file("one") else { skip!("git::silent_servers", "git is not installed") };
        pond.server.hook(move |request, stream| {
            let silent = request.command() == at;
            if silent {
                let _ = stream.write_all(&plain("200 OK", "", b"")[..10]);
                // Until the other side hangs up.
                let _ = stream.read(&mut [0]);
            }
            silent
        });
        let idle = GitPolicy { idle_timeout: Duration::from_millis(40), ..pond.policy.clone() };
        let error = pond.fetch_with(&idle, ":main").unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Timeout, "E_MODULE_TIMEOUT"), "{error}");
        assert!(error.message().contains("nearly nothing"), "{error}");
        if at == "advertisement" {
            let total = GitPolicy { timeout: Duration::from_millis(40), ..pond.policy.clone() };
            let error = pond.fetch_with(&total, ":main").unwrap_err();
            assert_eq!(error.code(), "E_MODULE_TIMEOUT", "{error}");
            assert!(error.message().contains("did not end within 40 ms"), "{error}");
        }
        assert_eq!(pond.kept(), Vec::<String>::new());
    }
}

/// A fetch that waits for the network stops when it is told to.
#[test]
fn cancelled() {
    let Some(pond) = pond_with_file("one") else { skip!("git::cancelled", "git is not installed") };
    let token = CancelToken::new();
    let from_server = token.clone();
    pond.server.hook(move |_, stream| {
        from_server.cancel(CancelReason::Cancelled);
        let _ = stream.read(&mut [0]);
        true
    });
    let fetched = GitFetcher::new(pond.policy.clone()).fetch(&pond.name(":main").parse().unwrap(), &token);
    assert_eq!(fetched.unwrap_err().kind(), ErrorKind::Cancelled);
}

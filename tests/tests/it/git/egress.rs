//! T13 and T14: schemes, redirects, private addresses, names that change their address.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lilypad_core::ErrorKind;
use lilypad_core::module::{GitFetcher, GitPolicy};
use lilypad_core::rt::CancelToken;
use lilypad_tests::skip;

use super::Pond;
use super::repository::commit;
use super::server::plain;

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const METADATA: IpAddr = IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254));

#[test]
fn private_addresses_need_permission() {
    let Some(pond) = Pond::new() else {
        skip!("git::private_addresses_need_permission", "git is not installed")
    };
    let policy = GitPolicy { allow_private_hosts: Vec::new(), ..pond.policy.clone() };
    let port = pond.server.port();
    for host in
        ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254", "10.0.0.1", "[fd00::1]"]
    {
        let reference = format!("https://{host}:{port}/owner/repo:main");
        let error = GitFetcher::new(policy.clone())
            .fetch(&reference.parse().unwrap(), &CancelToken::new())
            .expect_err(&reference);
        assert_eq!((error.kind(), error.code()), (ErrorKind::Rejected, "E_EGRESS_DENIED"), "{error}");
    }
    for host in ["2130706433", "0x7f000001", "0177.0.0.1", "127.1"] {
        // Even a host on the list is not reached by a disguised name.
        let policy = GitPolicy { allow_private_hosts: vec![host.to_owned()], ..pond.policy.clone() };
        let reference = format!("https://{host}:{port}/owner/repo:main");
        let error =
            GitFetcher::new(policy).fetch(&reference.parse().unwrap(), &CancelToken::new()).unwrap_err();
        assert_eq!(error.code(), "E_EGRESS_DENIED", "{error}");
    }
    assert_eq!(pond.server.accepted(), 0);
}

#[test]
fn hosts_off_the_list_are_refused_even_from_the_cache() {
    let Some(pond) = Pond::new() else { skip!("git::hosts_off_the_list", "git is not installed") };
    let served = pond.repository(&commit("main", &[("100644", "file", "one")]));
    let pinned = format!("@{}", served.id("main"));
    pond.fetch(&pinned).unwrap();
    let with = |hosts: &[String]| GitPolicy { allow_hosts: Some(hosts.to_vec()), ..pond.policy.clone() };
    let error = pond.fetch_with(&with(&["github.com".to_owned()]), &pinned).unwrap_err();
    assert_eq!(error.code(), "E_EGRESS_DENIED", "{error}");
    pond.fetch_with(&with(&["127.0.0.1".to_owned()]), &pinned).unwrap();
    pond.fetch_with(&with(&[format!("127.0.0.1:{}", pond.server.port())]), &pinned).unwrap();
}

#[test]
fn redirects_are_not_followed() {
    let Some(pond) = Pond::new() else { skip!("git::redirects_are_not_followed", "git is not installed") };
    pond.repository(&commit("main", &[("100644", "file", "one")]));
    let here = format!("https://127.0.0.1:{}/owner/repo", pond.server.port());
    for target in [
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "https://[::ffff:127.0.0.1]/owner/repo/info/refs".to_owned(),
        "file:///etc/passwd".to_owned(),
        format!("{here}2/info/refs?service=git-upload-pack"),
    ] {
        let answer = plain("302 Found", &format!("Location: {target}\r\n"), b"");
        pond.server.hook(move |_, stream| stream.write_all(&answer).is_ok());
        let error = pond.error(":main");
        assert_eq!((error.kind(), error.code()), (ErrorKind::Rejected, "E_EGRESS_DENIED"), "{error}");
        assert_eq!(pond.server.take_log(), ["advertisement"], "{target}");
    }
    // A host that only adds `.git` on itself is asked there.
    pond.server.hook(move |request, stream| {
        let answer =
            plain("301 Moved", &format!("Location: {here}.git/info/refs?service=git-upload-pack\r\n"), b"");
        !request.target.contains("repo.git") && stream.write_all(&answer).is_ok()
    });
    std::fs::rename(
        pond.folder.path().join("served/owner/repo"),
        pond.folder.path().join("served/owner/repo.git"),
    )
    .unwrap();
    pond.fetch(":main").unwrap();
}

/// It does not say that it closes, and does so while the next request is on its way.
#[test]
fn a_server_that_closes_after_each_answer_is_asked_again() {
    let Some(pond) = Pond::new() else {
        skip!("git::a_server_that_closes_after_each_answer", "git is not installed")
    };
    pond.repository(&commit("main", &[("100644", "file", "one")]));
    let moved = pond.folder.path().join("served/owner/repo.git");
    std::fs::rename(pond.folder.path().join("served/owner/repo"), moved).unwrap();
    let (server, here) =
        (pond.server.clone(), format!("https://127.0.0.1:{}/owner/repo", pond.server.port()));
    pond.server.hook(move |request, stream| {
        let answer = match request.target.contains("repo.git") {
            true => server.answer(request),
            false => plain(
                "301 Moved",
                &format!("Location: {here}.git/info/refs?service=git-upload-pack\r\n"),
                b"",
            ),
        };
        let _ = stream.write_all(&answer);
        // Whatever comes next, or the end of the connection.
        let _ = stream.read(&mut [0]);
        true
    });
    pond.fetch(":main").unwrap();
}

/// T14: the name is resolved once, and what was checked is what is connected to.
#[test]
fn names_that_change_their_address() {
    let Some(pond) = Pond::new() else {
        skip!("git::names_that_change_their_address", "git is not installed")
    };
    pond.repository(&commit("main", &[("100644", "file", "one")]));
    let policy = GitPolicy { allow_private_hosts: vec!["git.example".to_owned()], ..pond.policy.clone() };
    let reference = format!("https://git.example:{}/owner/repo:main", pond.server.port()).parse().unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let fetcher = GitFetcher::new(policy).with_resolver(move |host| {
        assert_eq!(host, "git.example");
        Ok(vec![if count.fetch_add(1, Ordering::SeqCst) == 0 { LOOPBACK } else { METADATA }])
    });
    fetcher.fetch(&reference, &CancelToken::new()).unwrap();
    assert_eq!(pond.server.take_log(), ["advertisement", "ls-refs", "fetch"]);
    assert_eq!(asked.load(Ordering::SeqCst), 1);

    let before = pond.server.accepted();
    let public: IpAddr = "8.8.8.8".parse().unwrap();
    for addresses in [vec![public, LOOPBACK], vec![METADATA]] {
        let fetcher = GitFetcher::new(pond.policy.clone()).with_resolver(move |_| Ok(addresses.clone()));
        let error = fetcher.fetch(&reference, &CancelToken::new()).unwrap_err();
        assert_eq!(error.code(), "E_EGRESS_DENIED", "{error}");
    }
    assert_eq!(pond.server.accepted(), before);
}

#[test]
fn hosts_that_cannot_be_used() {
    let Some(pond) = Pond::new() else { skip!("git::hosts_that_cannot_be_used", "git is not installed") };
    pond.repository(&commit("main", &[("100644", "file", "one")]));
    let reference = format!("https://git.example:{}/owner/repo:main", pond.server.port()).parse().unwrap();
    let fetcher = GitFetcher::new(pond.policy.clone()).with_resolver(|_| Ok(Vec::new()));
    let error = fetcher.fetch(&reference, &CancelToken::new()).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unavailable, "E_GIT_HOST"), "{error}");

    let untrusting = GitPolicy { extra_root_certificates: Vec::new(), ..pond.policy.clone() };
    let error = pond.fetch_with(&untrusting, ":main").unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unavailable, "E_GIT_TLS"), "{error}");
    assert!(!error.to_string().contains('\n'), "{error}");

    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let reference = format!("https://127.0.0.1:{closed}/owner/repo:main").parse().unwrap();
    let error = GitFetcher::new(pond.policy).fetch(&reference, &CancelToken::new()).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unavailable, "E_GIT_UNAVAILABLE"), "{error}");
}

#[test]
fn what_is_not_git_is_said_so() {
    let Some(pond) = Pond::new() else { skip!("git::what_is_not_git_is_said_so", "git is not installed") };
    let advertisement = "Content-Type: application/x-git-upload-pack-advertisement\r\n";
    let cases = [
        (plain("401 Unauthorized", "WWW-Authenticate: Basic\r\n", b""), "E_GIT_REPO"),
        (plain("403 Forbidden", "", b""), "E_GIT_REPO"),
        (plain("404 Not Found", "", b""), "E_GIT_REPO"),
        (plain("429 Too Many", "Retry-After: 7\r\n", b""), "E_GIT_RATE"),
        (plain("503 Busy", "", b""), "E_GIT_UNAVAILABLE"),
        (plain("418 Teapot", "", b""), "E_GIT_PROTOCOL"),
        (plain("200 OK", "Content-Type: text/html\r\n", b"<html>"), "E_GIT_PROTOCOL"),
        (plain("200 OK", advertisement, b"001e# service=git-upload-pack\n0000"), "E_GIT_PROTOCOL"),
        (plain("200 OK", advertisement, b"zzzz"), "E_GIT_PROTOCOL"),
        (plain("200 OK", advertisement, b"000eversion 1\n0000"), "E_GIT_PROTOCOL"),
        (plain("200 OK", advertisement, b"000eversion 2\n0019object-format=sha256\n0000"), "E_GIT_FORMAT"),
        (plain("200 OK", advertisement, b"0011ERR \x1b[31mbye\n"), "E_GIT_PROTOCOL"),
        (b"SSH-2.0-OpenSSH\r\n".to_vec(), "E_GIT_PROTOCOL"),
        (Vec::new(), "E_GIT_UNAVAILABLE"),
    ];
    for (answer, code) in cases {
        let shown = String::from_utf8_lossy(&answer).into_owned();
        pond.server.hook(move |_, stream| {
            let _ = stream.write_all(&answer);
            true
        });
        let error = pond.error(":main");
        assert_eq!(error.code(), code, "{shown}: {error}");
        assert!(!error.to_string().chars().any(char::is_control), "{error}");
    }
}

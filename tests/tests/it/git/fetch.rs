//! What is fetched, and how wrong names are answered.

use lilypad_core::ErrorKind;
use lilypad_core::module::{Module, Tree};
use lilypad_tests::skip;

use super::repository::{annotated, commit, light};
use super::{Pond, commit_id, text};

const MANIFEST: &str = "module.name = \"hello\"\nrun.wasm = { module = \"hello.wat\" }\n";
const PROGRAM: &str = "(module (func (export \"_start\")))";

#[test]
fn tags_branches_and_commits() {
    let Some(pond) = Pond::new() else { skip!("git::tags_branches_and_commits", "git is not installed") };
    let served = pond.repository(
        &[
            commit("main", &[("100644", "file", "one"), ("100755", "deep/er/file", "two")]),
            commit("feature/x", &[("100644", "file", "three")]),
            light("v1", "main"),
            annotated("v2", "feature/x"),
            light("both", "main"),
            commit("both", &[("100644", "file", "branch of a tag's name")]),
        ]
        .concat(),
    );
    let (main, feature) = (served.id("refs/heads/main"), served.id("refs/heads/feature/x"));
    let cases = [
        (":main".to_owned(), &main),
        (":v1".to_owned(), &main),
        (":both".to_owned(), &main),
        (":HEAD".to_owned(), &main),
        (":refs/tags/v1".to_owned(), &main),
        (format!(":{main}"), &main),
        (format!("@{feature}"), &feature),
        (format!(":v1@{feature}"), &feature),
        (":feature/x".to_owned(), &feature),
        (":v2".to_owned(), &feature),
    ];
    for (reference, expected) in cases {
        let fetched = pond.fetch(&reference).unwrap();
        assert_eq!(fetched.commit(), commit_id(expected), "{reference}");
        assert_eq!(fetched.repo(), pond.name(""), "{reference}");
    }
    assert_eq!(text(&pond.fetch(":refs/heads/both").unwrap(), "file"), "branch of a tag's name");
    let fetched = pond.fetch(":main").unwrap();
    assert_eq!(text(&fetched, "file"), "one");
    assert_eq!(text(&fetched, "deep/er/file"), "two");
    assert_eq!(fetched.read("deep/er/other", 9).unwrap(), None);
    assert_eq!(fetched.read("file/below", 9).unwrap(), None);
}

#[test]
fn objects_of_all_shapes_come_through() {
    let Some(pond) = Pond::new() else {
        skip!("git::objects_of_all_shapes_come_through", "git is not installed")
    };
    // Large files that differ a little are sent as deltas of each other.
    let line = |n: usize| format!("{n} {}\n", n.wrapping_mul(2_654_435_761) % 1_000_003);
    let large: String = (0..20_000).map(line).collect();
    let contents: Vec<(String, String)> = (0..12)
        .map(|n| (format!("folder/{n}"), large.replace(&line(n * 1_000), &format!("changed {n}\n"))))
        .collect();
    let mut files: Vec<_> =
        contents.iter().map(|(path, content)| ("100644", path.as_str(), content.as_str())).collect();
    files.push(("100644", "empty", ""));
    let served = pond.repository(&commit("main", &files));
    served.run(&["repack", "-adfq", "--depth=50", "--window=50"], "");
    let listed = served.run(&["verify-pack", "-v", &format!("objects/pack/{}", pack_name(&pond))], "");
    assert!(listed.contains("chain length = 1"), "this test needs deltas: {listed}");
    let fetched = pond.fetch(":main").unwrap();
    for (path, content) in &contents {
        assert_eq!(text(&fetched, path), *content);
    }
    assert_eq!(text(&fetched, "empty"), "");
}

fn pack_name(pond: &Pond) -> String {
    let folder = pond.folder.path().join("served/owner/repo/objects/pack");
    let mut names =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.find(|name| name.ends_with(".idx")).unwrap()
}

#[test]
fn a_module_loads_from_a_commit() {
    let Some(pond) = Pond::new() else { skip!("git::a_module_loads_from_a_commit", "git is not installed") };
    let files =
        [("100644", "modules/hello/lilypad.toml", MANIFEST), ("100644", "modules/hello/hello.wat", PROGRAM)];
    let served = pond.repository(&commit("main", &files));
    for path in ["//modules/hello", "//modules/hello/lilypad.toml"] {
        let fetched = pond.fetch(&format!(":main{path}")).unwrap();
        let module = Module::load(fetched.source(), &fetched).unwrap();
        let pin = module.pin().to_string();
        assert!(pin.contains(&served.id("main")) && pin.contains("modules/hello/lilypad.toml"), "{pin}");
    }
}

#[test]
fn wrong_names_say_what_is_there() {
    let Some(pond) = Pond::new() else { skip!("git::wrong_names_say_what_is_there", "git is not installed") };
    pond.repository(&[commit("main", &[("100644", "file", "one")]), light("v0.0.4", "main")].concat());
    let error = pond.error(":v0.0.5");
    assert_eq!((error.kind(), error.code()), (ErrorKind::NotFound, "E_GIT_REF"));
    assert_eq!(error.hint(), Some("did you mean `v0.0.4`?"));
    assert!(!error.to_string().contains('\n'));
    let error = pond.error("@0123456789012345678901234567890123456789");
    assert_eq!((error.kind(), error.code()), (ErrorKind::NotFound, "E_GIT_REF"), "{error}");
    let error = pond.error(":0123456");
    assert!(error.hint().is_some_and(|hint| hint.contains("40 digits")), "{error}");

    let missing = pond.name("").replace("owner/repo", "owner/other") + ":main";
    let fetcher = lilypad_core::module::GitFetcher::new(pond.policy);
    let error = fetcher.fetch(&missing.parse().unwrap(), &lilypad_core::rt::CancelToken::new()).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::NotFound, "E_GIT_REPO"), "{error}");
    assert!(error.message().contains("not found or private"));
}

/// T15: links and submodules are named errors; filters, hooks and LFS have nothing to act on.
#[test]
fn links_submodules_filters() {
    let Some(pond) = Pond::new() else { skip!("git::links_submodules_filters", "git is not installed") };
    let marker = pond.folder.path().join("marker");
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n";
    let filter = format!("[filter \"evil\"]\n\tsmudge = touch {}\n", marker.display());
    pond.repository(&commit(
        "main",
        &[
            ("120000", "lilypad_module.json.tmpl", "/etc/passwd"),
            ("120000", "folder", "deep"),
            ("160000", "sub", "0123456789012345678901234567890123456789"),
            (
                "100644",
                ".gitattributes",
                "* filter=evil text eol=crlf export-subst ident\nlarge filter=lfs\n",
            ),
            ("100644", ".gitmodules", "[submodule \"sub\"]\n\tpath = sub\n\turl = https://127.0.0.1/x/y\n"),
            ("100644", ".gitconfig", &filter),
            ("100755", "hooks/post-checkout", &format!("#!/bin/sh\ntouch {}\n", marker.display())),
            ("100644", "large", pointer),
            ("100644", "deep/file", "$Id$ $Format:%H$\n"),
        ],
    ));
    let fetched = pond.fetch(":main").unwrap();
    let code = |path| fetched.read(path, 1 << 20).expect_err(path).code();
    assert_eq!(code("lilypad_module.json.tmpl"), "E_MODULE_SYMLINK");
    assert_eq!(code("folder/file"), "E_MODULE_SYMLINK");
    assert_eq!(code("sub"), "E_MODULE_SUBMODULE");
    assert_eq!(code("sub/file"), "E_MODULE_SUBMODULE");
    assert_eq!(code("deep"), "E_MODULE_PATH");
    assert_eq!(text(&fetched, "large"), pointer);
    assert_eq!(text(&fetched, "deep/file"), "$Id$ $Format:%H$\n");
    assert!(!marker.exists());
}

/// T16
#[test]
fn paths_that_are_refused() {
    let Some(pond) = Pond::new() else { skip!("git::paths_that_are_refused", "git is not installed") };
    pond.repository(&commit("main", &[("100644", "a/b", "one")]));
    let fetched = pond.fetch(":main").unwrap();
    let long = "a/".repeat(2_500);
    for path in
        ["", "..", "../x", "a/../b", "/etc/passwd", "/a/b", "a\\b", "a\0b", "a//b", "a/", "./a/b", &long]
    {
        assert_eq!(fetched.read(path, 99).expect_err(path).code(), "E_MODULE_PATH", "{path:?}");
    }
    assert_eq!(fetched.read("a/b", 2).unwrap_err().code(), "E_MODULE_TOO_LARGE");
    assert_eq!(fetched.read("a/b", 3).unwrap().unwrap(), "one");
}

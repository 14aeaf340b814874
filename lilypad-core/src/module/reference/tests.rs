//! Names that are understood, names that are refused and by which rule.

use proptest::prelude::*;

use super::*;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

fn git(text: &str) -> GitRef {
    match text.parse() {
        Ok(ModuleRef::Git(git)) => git,
        other => panic!("{text}: {other:?}"),
    }
}

/// Text → repository, ref, commit given, path, canonical text.
#[test]
fn names_in_git() {
    let pin = format!("@{COMMIT}");
    let pinned = format!("cowsay:v1{pin}");
    let only = format!("cowsay{pin}");
    let as_ref = format!("cowsay:{COMMIT}");
    let deep = format!("github.com/o/r:v1{pin}//a/b");
    let short = "https://github.com/Lilypad-Tech/lilypad-module-cowsay";
    #[rustfmt::skip]
    let cases = [
        ("cowsay:v0.0.4", short, Some("v0.0.4"), false, "", "cowsay:v0.0.4"),
        ("cowsay:feature/x", short, Some("feature/x"), false, "", "cowsay:feature/x"),
        ("github.com/Lilypad-Tech/lilypad-module-cowsay:v1", short, Some("v1"), false, "", "cowsay:v1"),
        (&pinned, short, Some("v1"), true, "", &pinned),
        (&only, short, None, true, "", &only),
        (&as_ref, short, None, true, "", &only),
        ("github.com/o/r:main", "https://github.com/o/r", Some("main"), false, "", "github.com/o/r:main"),
        ("GitHub.com/o/R:main", "https://github.com/o/R", Some("main"), false, "", "github.com/o/R:main"),
        ("https://github.com/o/r:main", "https://github.com/o/r", Some("main"), false, "", "github.com/o/r:main"),
        ("https://h.example:8443/o/r:v1", "https://h.example:8443/o/r", Some("v1"), false, "", "https://h.example:8443/o/r:v1"),
        ("h.example:8443/o/r:v1", "https://h.example:8443/o/r", Some("v1"), false, "", "https://h.example:8443/o/r:v1"),
        ("https://h.example:443/o/r:v1", "https://h.example/o/r", Some("v1"), false, "", "h.example/o/r:v1"),
        ("https://gitea/o/r:v1", "https://gitea/o/r", Some("v1"), false, "", "https://gitea/o/r:v1"),
        ("https://[::1]:8443/o/r:v1", "https://[::1]:8443/o/r", Some("v1"), false, "", "https://[::1]:8443/o/r:v1"),
        ("https://[::0:1]/o/r:v1", "https://[::1]/o/r", Some("v1"), false, "", "https://[::1]/o/r:v1"),
        ("127.0.0.1:9/o/r:v1", "https://127.0.0.1:9/o/r", Some("v1"), false, "", "https://127.0.0.1:9/o/r:v1"),
        ("github.com/o/r:v1//modules/a/", "https://github.com/o/r", Some("v1"), false, "modules/a", "github.com/o/r:v1//modules/a"),
        (&deep, "https://github.com/o/r", Some("v1"), true, "a/b", &deep),
        ("github.com/o/r:pkg@1.0.0", "https://github.com/o/r", Some("pkg@1.0.0"), false, "", "github.com/o/r:pkg@1.0.0"),
        ("github.com/o/r:refs/heads/v1", "https://github.com/o/r", Some("refs/heads/v1"), false, "", "github.com/o/r:refs/heads/v1"),
    ];
    for (text, repo, name, pinned, path, canonical) in cases {
        let git = git(text);
        assert_eq!(git.repo_url(), repo, "{text}");
        assert_eq!(git.name(), name, "{text}");
        assert_eq!(
            git.commit().map(|commit| commit.to_string()),
            pinned.then(|| COMMIT.to_owned()),
            "{text}"
        );
        assert_eq!(git.path(), path, "{text}");
        assert_eq!(git.to_string(), canonical, "{text}");
        assert_eq!(ModuleRef::from(git), canonical.parse().unwrap(), "{text}");
    }
}

#[test]
fn folders_and_content() {
    for text in ["./x", "../x", "../../x", "/x", "~/x", ".", "examples/modules/cowsay", "cowsay", "./a b:c"] {
        assert_eq!(text.parse::<ModuleRef>().unwrap(), ModuleRef::Folder(text.to_owned()));
    }
    let content = "content:QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn";
    let module: ModuleRef = content.parse().unwrap();
    assert!(matches!(module, ModuleRef::Content(_)));
    assert_eq!(module.to_string(), content);
}

/// T11: every refusal names the rule that is broken.
#[test]
fn refused_names() {
    let long_ref = format!("cowsay:{}", "v".repeat(256));
    let long_host = format!("https://{}.example/o/r:v1", "h".repeat(64));
    let long_text = "x".repeat(2_049);
    let deep = format!("cowsay:v1//{}", ["a"; 17].join("/"));
    #[rustfmt::skip]
    let cases = [
        ("", "empty"),
        ("-u:x", "start with `-`"),
        ("--upload-pack=x", "start with `-`"),
        ("cow\u{0}say:v1", "control"),
        ("cowsay:v1\n", "control"),
        ("./x\u{1b}[0m", "control"),
        ("cow say:v1", "module name may hold"),
        ("host/a/b/../../c:t", "host/owner/repo"),
        ("github.com/../r:t", "owner must not start"),
        ("github.com/o/..:t", "repository must not start"),
        ("github.com/-o/r:t", "owner must not start"),
        ("github.com/o//r:t", "ref is missing"),
        ("github.com/o/r/s:t", "host/owner/repo"),
        ("o/r:t", "host/owner/repo"),
        ("a/o/r:t", "no dot"),
        ("user:pw@h/r:t", "user names"),
        ("https://user:pw@github.com/o/r:t", "user names"),
        ("https://user@github.com:8443/o/r:t", "user names"),
        ("git@github.com:o/r", "user names"),
        ("github.com/o/r", ""),
        ("https://github.com/o/r", "ref is missing"),
        ("https://github.com:8443/o/r", "ref is missing"),
        ("github.com/o/r:", "ref is missing"),
        ("cowsay:", "ref is missing"),
        (":v1", "module name is empty"),
        ("cowsay@", "40 hex"),
        ("cowsay@v1", "40 hex"),
        ("cowsay:v1@0123456789", "40 hex"),
        ("gіthub.com/o/r:v1", "international"),
        ("https://xn--gthub-cta.com/o/r:v1", "international"),
        ("github。com/o/r:v1", "international"),
        ("https://-h.example/o/r:v1", "start or end with `-`"),
        ("https://h..example/o/r:v1", "empty"),
        ("https://h_x.example/o/r:v1", "host may hold"),
        ("https://h.example:0/o/r:v1", "port"),
        ("https://h.example:65536/o/r:v1", "port"),
        ("https://[::g]/o/r:v1", "IPv6"),
        ("https:///o/r:v1", "host is missing"),
        ("cowsay:a b", "visible ASCII"),
        ("cowsay:а", "visible ASCII"),
        ("cowsay:-x", "start with `-`"),
        ("cowsay:a..b", "`..`"),
        ("cowsay:a@{1}", "`@{`"),
        ("cowsay:v1^{}", "~ ^ :"),
        ("cowsay:a:b", "~ ^ :"),
        ("cowsay:a.lock", ".lock"),
        ("cowsay:a/.b", "start with `.`"),
        ("cowsay:v1//", "path must follow"),
        ("cowsay:v1//../x", "path must be relative"),
        ("cowsay:v1///x", "path must be relative"),
        ("cowsay:v1//a\\b", "backslash"),
        ("content:Qmxyz", "46 characters"),
        (&long_ref, "255"),
        (&long_host, "host is too long"),
        (&long_text, "2048"),
        (&deep, "16 levels"),
    ];
    for (text, rule) in cases {
        if rule.is_empty() {
            continue;
        }
        let error = text.parse::<ModuleRef>().expect_err(text);
        assert_eq!(error.code(), "E_MODULE_REF", "{text}: {error}");
        assert!(error.message().contains(rule), "{text}: {error} should name {rule}");
        assert!(!error.to_string().contains("pw"), "{error} shows a password");
        assert!(error.hint().is_some_and(|hint| hint.contains("cowsay:v0.0.4")), "{error}");
    }
}

#[test]
fn other_schemes() {
    for text in [
        "http://github.com/o/r:v1",
        "file:///etc/passwd",
        "file:/etc/passwd",
        "ssh://git@github.com/o/r:v1",
        "git://github.com/o/r:v1",
        "git+ssh://github.com/o/r:v1",
        "ext::sh -c true",
        "https:/github.com/o/r:v1",
    ] {
        assert_eq!(text.parse::<ModuleRef>().expect_err(text).code(), "E_GIT_SCHEME", "{text}");
    }
    assert_eq!(GitRef::from_wire("github.com/o/r", "v1", "/x.tmpl").unwrap_err().code(), "E_GIT_SCHEME");
}

#[test]
fn wire_fields() {
    #[rustfmt::skip]
    let cases = [
        ("cowsay:v0.0.4", "https://github.com/Lilypad-Tech/lilypad-module-cowsay", "v0.0.4", "/lilypad_module.json.tmpl"),
        ("github.com/o/r:v1//a", "https://github.com/o/r", "v1", "/a/lilypad_module.json.tmpl"),
        ("github.com/o/r:v1//a/lilypad.toml", "https://github.com/o/r", "v1", "/a/lilypad.toml"),
    ];
    for (text, repo, hash, path) in cases {
        let wire = git(text).to_wire();
        assert_eq!(wire, (repo.to_owned(), hash.to_owned(), path.to_owned()));
        assert_eq!(GitRef::from_wire(repo, hash, path).unwrap().to_wire(), wire);
    }
    let pinned = git(&format!("cowsay:v1@{COMMIT}"));
    assert_eq!(pinned.to_wire().1, COMMIT);
    assert_eq!(
        GitRef::from_wire("https://h.example/o/r", COMMIT, "x.tmpl").unwrap().commit(),
        pinned.commit()
    );
}

/// T16: paths that come with the wire's fields.
#[test]
fn wire_paths() {
    let long = "a".repeat(5_000);
    for path in ["", "/", "..", "/../x", "a/../b", "//x", "a\\b", "a\0b", "a//b", "./a", "a/", &long] {
        let error = GitRef::from_wire("https://h.example/o/r", "v1", path).expect_err(path);
        assert_eq!(error.code(), "E_MODULE_PATH", "{path}");
    }
    for path in ["../../x", "-u"] {
        assert!(GitRef::from_wire(&format!("https://h.example/{path}"), "v1", "/x").is_err());
    }
}

proptest! {
    #[test]
    fn no_text_panics_and_the_canonical_text_means_the_same(text in "\\PC{0,60}") {
        check(&text)?;
    }

    #[test]
    fn near_misses_too(text in "(https://)?[a.\\[\\]:@-]{0,6}(/[a.-]{1,3}){0,3}[:@]?[a0-9./@-]{0,44}(//[a./]{0,6})?") {
        check(&text)?;
    }
}

fn check(text: &str) -> std::result::Result<(), TestCaseError> {
    if let Ok(module) = text.parse::<ModuleRef>() {
        let again = module.to_string().parse::<ModuleRef>();
        prop_assert_eq!(Some(module), again.ok(), "{}", text);
    }
    Ok(())
}

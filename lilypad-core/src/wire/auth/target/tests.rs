//! One form per request, and nothing that can be read in two ways.

use proptest::prelude::*;

use super::*;

fn target(method: &str, authority: &str, path: &str, query: &str) -> Result<RequestTarget> {
    RequestTarget::new(Scheme::Https, method, authority, path, query)
}

fn refused(method: &str, authority: &str, path: &str, query: &str) -> String {
    let error = match target(method, authority, path, query) {
        Err(error) => error,
        Ok(target) => panic!("{target:?}"),
    };
    assert_eq!(error.code(), "E_REQUEST_FORM");
    let field = error.context().find(|(key, _)| *key == "field").map(|(_, value)| value.to_owned());
    field.unwrap()
}

#[test]
fn methods_are_upper_case_words() {
    assert_eq!(target("dElete", "a", "/", "").unwrap().method(), "DELETE");
    for method in ["", "GET ", "G-T", "GÉT", "ABCDEFGHIJKLMNOPQ", "GET\n"] {
        assert_eq!(refused(method, "a", "/", ""), "method", "{method:?}");
    }
}

#[test]
fn authorities_have_one_form() {
    for (given, form) in [
        ("Solver.Example", "solver.example"),
        ("solver.example:443", "solver.example"),
        ("solver.example:80", "solver.example:80"),
        ("127.0.0.1:8080", "127.0.0.1:8080"),
        ("[::1]", "[::1]"),
        ("[2001:DB8::1]:443", "[2001:db8::1]"),
        ("[::1]:1", "[::1]:1"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
    ] {
        assert_eq!(target("GET", given, "/", "").unwrap().authority(), form);
    }
    let http = RequestTarget::new(Scheme::Http, "GET", "a:80", "/", "").unwrap();
    assert_eq!(http.authority(), "a");
    assert_eq!(RequestTarget::new(Scheme::Http, "GET", "a:443", "/", "").unwrap().authority(), "a:443");
    let long = "a".repeat(64);
    for authority in [
        "",
        ":",
        ":80",
        "a:",
        "a:0",
        "a:080",
        "a:65536",
        "a:+80",
        "a:8o",
        "a..b",
        "a.",
        ".a",
        "a b",
        "u@a",
        "a/b",
        "bücher.example",
        "a%2eb",
        "[::1",
        "::1",
        "[::1]x",
        "[0:0:0:0:0:0:0:1]",
        "[::1%25eth0]",
        "[]",
        "a,b",
        "a:1:2",
        long.as_str(),
    ] {
        assert_eq!(refused("GET", authority, "/", ""), "authority", "{authority:?}");
    }
}

#[test]
fn paths_are_as_sent_or_refused() {
    for path in
        ["/", "/v1", "/v1/", "/v1/jobs/QmX:v0@1", "/a%20b", "/%C3%A9", "/...", "/.a", "/a..b", "/%3A", "/~x"]
    {
        assert_eq!(target("GET", "a", path, "").unwrap().path(), path);
    }
    let long = format!("/{}", "a".repeat(2048));
    for path in [
        "",
        "v1",
        "*",
        "//",
        "//a",
        "/a//b",
        "/a//",
        "/.",
        "/..",
        "/a/../b",
        "/a/./b",
        "/a/..",
        "/%2e%2e/a",
        "/%2E%2E/a",
        "/%41",
        "/%2f",
        "/%2F",
        "/%5C",
        "/a\\b",
        "/%c3%a9",
        "/é",
        "/%",
        "/%4",
        "/%zz",
        "/%00",
        "/%0A",
        "/%7F",
        "/%C3",
        "/%FF",
        "/%252E",
        "/a;b",
        "/a b",
        "/a?b",
        "/a#b",
        "/a\0",
        "/\"",
        "/a|b",
        "http://a/",
        long.as_str(),
    ] {
        assert_eq!(refused("GET", "a", path, ""), "path", "{path:?}");
    }
}

#[test]
fn queries_are_sorted_or_refused() {
    for (given, form) in [
        ("", ""),
        ("a=", "a="),
        ("b=1&a=2", "a=2&b=1"),
        ("a=1&a=2", "a=1&a=2"),
        ("b=0&a=1&b=1&a=1", "a=1&a=1&b=0&b=1"),
        ("u=http://a/b:c", "u=http://a/b:c"),
        ("%C3%A9=1&z=2", "z=2&%C3%A9=1"),
        ("a=%26&a=%3D", "a=%26&a=%3D"),
    ] {
        assert_eq!(target("GET", "a", "/", given).unwrap().query(), form);
    }
    let many = vec!["a=1"; 65].join("&");
    let long = format!("a={}", "b".repeat(4096));
    for query in [
        "a",
        "=1",
        "=",
        "&",
        "a=1&",
        "&a=1",
        "a=1&&b=2",
        "a=2&a=1",
        "a=b=c",
        "?a=1",
        "a=1;b=2",
        "a=1+2",
        "a=%41",
        "a=%2b",
        "a=%",
        "a=é",
        "a=1#b",
        "a=1 2",
        "a=%C3",
        "a=\n",
        "a%3D1",
        "%41=1",
        many.as_str(),
        long.as_str(),
    ] {
        assert_eq!(refused("GET", "a", "/", query), "query", "{query:?}");
    }
}

#[test]
fn the_limits_are_exact() {
    assert!(target("GET", "a", &format!("/{}", "a".repeat(2047)), "").is_ok());
    assert!(target("GET", "a", "/", &format!("a={}", "b".repeat(4094))).is_ok());
    assert!(target("GET", "a", "/", &vec!["a=1"; 64].join("&")).is_ok());
    let label = "a".repeat(63);
    let host = [label.as_str(), &label, &label, &"a".repeat(61)].join(".");
    assert!(target("GET", &format!("{host}:65535"), "/", "").is_ok());
    assert_eq!(refused("GET", &format!("{host}a"), "/", ""), "authority");
}

/// What may differ between two texts of one request, worked out without the code under test.
fn same(one: &[String; 4], other: &[String; 4]) -> bool {
    let host = |text: &str| {
        let lower = text.to_lowercase();
        lower.strip_suffix(":443").unwrap_or(&lower).to_owned()
    };
    let sorted = |query: &str| {
        let mut pieces: Vec<_> = query.split('&').map(str::to_owned).collect();
        pieces.sort();
        pieces
    };
    let of_a = |query: &str| -> Vec<_> {
        query.split('&').filter(|piece| piece.starts_with("a=")).map(str::to_owned).collect()
    };
    one[0].to_uppercase() == other[0].to_uppercase()
        && host(&one[1]) == host(&other[1])
        && one[2] == other[2]
        && sorted(&one[3]) == sorted(&other[3])
        && of_a(&one[3]) == of_a(&other[3])
}

fn request() -> impl Strategy<Value = [String; 4]> {
    let piece = "(a|b|%26|%41)(=|)(1|2|%26|=|&|)";
    let query = prop::collection::vec(piece, 0..4).prop_map(|pieces| pieces.join("&"));
    ("[Gg](ET|et)?", "[ab]([.:](443|80|B))?", "/([ab./%]|%2E|%2F|%20){0,4}", query)
        .prop_map(|(method, authority, path, query)| [method, authority, path, query])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn different_requests_never_share_a_form(one in request(), other in request(), mixed in 0_usize..16) {
        // Mostly alike, so that a form that drops something is found.
        let other: [String; 4] = std::array::from_fn(|at| if mixed >> at & 1 == 0 { one[at].clone() } else { other[at].clone() });
        let read = |texts: &[String; 4]| target(&texts[0], &texts[1], &texts[2], &texts[3]);
        if let (Ok(first), Ok(second)) = (read(&one), read(&other)) {
            prop_assert_eq!(first == second, same(&one, &other), "{:?} {:?}", one, other);
            prop_assert_eq!(first.marks() == second.marks(), first == second);
        }
    }

    #[test]
    fn no_text_panics_and_a_form_is_its_own_form(method in ".{0,6}", authority in "\\PC{0,20}", path in "/\\PC{0,20}", query in "\\PC{0,30}") {
        if let Ok(first) = target(&method, &authority, &path, &query) {
            let again = target(first.method(), first.authority(), first.path(), first.query()).unwrap();
            prop_assert_eq!(first, again);
        }
    }
}

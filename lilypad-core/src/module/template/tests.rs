//! Limits, places of errors, and what the lint is told. What templates print is compared with Go in `tests/`.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::*;
use crate::error::{Error, ErrorKind, Fault};

fn inputs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn render(text: &str, pairs: &[(&str, &str)]) -> Result<String> {
    Template::parse(text)?.render(&inputs(pairs))
}

fn place(error: &Error) -> (String, String) {
    let value = |key| error.context().find(|(known, _)| *known == key).map(|(_, value)| value.to_owned());
    (value("line").unwrap_or_default(), value("column").unwrap_or_default())
}

#[test]
fn templates_are_send_and_sync() {
    fn check<T: Send + Sync>() {}
    check::<Template>();
}

// The table of verified behaviours in the notes on the v2 protocol.
#[test]
fn the_verified_behaviours_hold() {
    let given = [("Message", "moo \"x\" <b>"), ("N", "5"), ("E", "")];
    for (text, expected) in [
        ("{{.Message}}", r#""moo \"x\" \u003cb\u003e""#),
        ("{{.Missing}}", "<no value>"),
        ("{{if .Missing}}y{{else}}n{{end}}", "n"),
        ("{{if .E}}y{{else}}n{{end}}", "y"),
        (r#""{{ subst "A=%s" .Message }}""#, r#""A=moo "x" <b>""#),
        (r#"{{ subst "A=%d" .N }}"#, "A=%!d(string=5)"),
        (r#"{{ printf "%q" .N }}"#, r#""\"5\"""#),
        (r#"{{ or .Missing "d" }}"#, "d"),
        ("{{ len .N }}", "3"),
    ] {
        assert_eq!(render(text, &given).unwrap(), expected, "{text}");
    }
    assert_eq!(render(r#"{{ subst "A=%s" .Missing }}"#, &given).unwrap_err().code(), "E_TEMPLATE_EXEC");
    assert_eq!(render("{{.A | toJson}}", &given).unwrap_err().code(), "E_TEMPLATE_PARSE");
}

#[test]
fn errors_say_where() {
    for (text, code, line, column) in [
        ("{{.A}", "E_TEMPLATE_PARSE", "1", "5"),
        ("é\n  {{if .A}}x", "E_TEMPLATE_PARSE", "2", "3"),
        ("a\né {{ default .A }}", "E_TEMPLATE_PARSE", "2", "6"),
        ("\n\n{{ .A | js | foo }}", "E_TEMPLATE_PARSE", "3", "14"),
        ("{{print (1 }}", "E_TEMPLATE_PARSE", "1", "9"),
        ("\n{{ .A.B }}", "E_TEMPLATE_EXEC", "2", "4"),
        ("\n{{ subst \"%s\" 5 }}", "E_TEMPLATE_EXEC", "2", "15"),
        ("{{template \"x\"}}", "E_TEMPLATE_EXEC", "1", "1"),
        ("{{$x}}", "E_TEMPLATE_PARSE", "1", "3"),
    ] {
        let error = render(text, &[("A", "a")]).unwrap_err();
        let (got_line, got_column) = place(&error);
        assert_eq!(
            (error.code(), got_line.as_str(), got_column.as_str()),
            (code, line, column),
            "{text}: {error}"
        );
        assert!(error.message().contains(&format!("line {line}, column {column}")), "{error}");
        assert_eq!((error.kind(), error.fault()), (ErrorKind::InvalidInput, Fault::Module));
    }
}

#[test]
fn errors_hold_no_values() {
    let error = render("{{slice .A 1 2 3}}", &[("A", "s3cret")]).unwrap_err();
    assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
    let error = render("{{range .A}}{{end}}", &[("A", "s3cret")]).unwrap_err();
    assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
    let error =
        render("{{template \"x\" (index .A .A)}}{{define \"x\"}}{{end}}", &[("A", "s3cret")]).unwrap_err();
    assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
}

#[test]
fn a_missing_function_is_explained() {
    let error = render("{{ .A | default \"x\" }}", &[]).unwrap_err();
    assert!(error.message().contains("function \"default\" not defined"), "{error}");
    assert!(error.hint().is_some_and(|hint| hint.contains("{{else}}")), "{error}");
}

/// Refused by a limit, soon. The time allows for a build without optimization on a busy machine.
fn refused(text: &str, pairs: &[(&str, &str)]) {
    let start = Instant::now();
    let error = render(text, pairs).unwrap_err();
    let took = start.elapsed();
    assert_eq!(error.code(), "E_TEMPLATE_LIMIT", "{error}");
    let shown: String = text.chars().take(60).collect();
    println!("{shown}: {took:?}: {error}");
    assert!(took < Duration::from_secs(5), "{shown} took {took:?}");
}

#[test]
fn bombs_are_refused() {
    refused(&"{{.x}}".repeat(1_000_000), &[]);
    refused(&"{{.x}}".repeat(170_000), &[]);
    refused(&"{{if .x}}".repeat(100_000), &[]);
    refused(&format!("{{{{{}", "(".repeat(1_000_000)), &[]);
    refused(&format!("{{{{{}1{}}}}}", "(".repeat(101), ")".repeat(101)), &[]);
    refused("{{range 1000000000}}{{end}}", &[]);
    refused("{{range 1000000000}}a{{end}}", &[]);
    refused("{{range 100000}}{{range 100000}}{{$x := 1}}{{$x}}{{end}}{{end}}", &[]);
    refused("{{define \"x\"}}{{template \"x\"}}{{end}}{{template \"x\"}}", &[]);
    refused("{{define \"x\"}}{{template \"x\"}}{{template \"x\"}}{{end}}{{template \"x\"}}", &[]);
    refused("{{printf \"%9999999d\" 1}}", &[]);
    refused("{{printf \"%.9999999f\" 1.5}}", &[]);
    refused("{{printf \"%.9999999d\" 1}}", &[]);
    refused("{{printf \"%.9999999U\" 1}}", &[]);
    refused("{{range 1000000}}{{$x := printf \"%1000000d\" 1}}{{end}}", &[]);
    refused("{{$x := \"a\"}}{{range 100}}{{$x = print $x $x}}{{end}}", &[]);
    refused(&"{{.x}}".repeat(10), &[("x", &"\u{1}".repeat(1 << 20))]);
    refused(&"{{js .x}}".repeat(1000), &[("x", &"=".repeat(1 << 20))]);
    refused(&("{{$a := 1}}".to_owned() + &"{{$b := 1}}".repeat(20_000) + &"{{$a}}".repeat(9_000)), &[]);
    refused("{{.x}}", &[("x", &"a".repeat((1 << 20) + 1))]);
}

#[test]
fn too_many_inputs_are_refused() {
    let many: BTreeMap<String, String> =
        (0..=1_000).map(|index| (index.to_string(), String::new())).collect();
    let error = Template::parse("x").unwrap().render(&many).unwrap_err();
    assert_eq!(error.code(), "E_TEMPLATE_LIMIT");
}

#[test]
fn the_deepest_allowed_nesting_fits_a_small_stack() {
    let parens = format!("{{{{{}1{}}}}}", "(print ".repeat(99), ")".repeat(99));
    let ifs = "{{if true}}".repeat(99) + &"{{end}}".repeat(99);
    let calls = format!(
        "{{{{define \"x\"}}}}{ifs_open}{{{{template \"x\" .}}}}{ifs_close}{{{{end}}}}{{{{template \"x\" .}}}}",
        ifs_open = "{{if true}}".repeat(98),
        ifs_close = "{{end}}".repeat(98)
    );
    let run = move || {
        for text in [&parens, &ifs, &calls] {
            let template = Template::parse(text).unwrap();
            let _ = template.render(&BTreeMap::new());
            let _ = template.inputs();
        }
    };
    std::thread::Builder::new().stack_size(1 << 20).spawn(run).unwrap().join().unwrap();
}

#[test]
fn what_was_at_the_limit_is_still_rendered() {
    let text = "a".repeat(MAX_TEXT);
    assert_eq!(render(&text, &[]).unwrap().len(), MAX_TEXT);
    let value = "b".repeat(MAX_INPUT);
    assert_eq!(render("{{if .x}}{{subst \"%s\" .x}}{{end}}", &[("x", &value)]).unwrap(), value);
    let chain = "{{if .Nope}}".to_owned() + &"{{else if .Nope}}x".repeat(1_000) + "{{else}}y{{end}}";
    assert_eq!(render(&chain, &[]).unwrap(), "y");
}

// ---- uses

fn uses(text: &str) -> Vec<(String, InputForm, InputGuard, bool)> {
    let used = Template::parse(text).unwrap().inputs();
    used.into_iter().map(|used| (used.name, used.form, used.guard, used.in_json_string)).collect()
}

fn one(
    name: &str,
    form: InputForm,
    guard: InputGuard,
    in_json_string: bool,
) -> (String, InputForm, InputGuard, bool) {
    (name.to_owned(), form, guard, in_json_string)
}

#[test]
fn forms_are_told_apart() {
    use InputForm::{Direct, Html, Js, Other, Printf, Read, Subst, UrlQuery};
    for (text, form) in [
        ("{{.X}}", Direct),
        ("{{ (.X) }}", Direct),
        ("{{index . \"X\"}}", Direct),
        ("{{$.X}}", Direct),
        ("{{print .X}}", Direct),
        ("{{subst \"A=%s\" .X}}", Subst),
        ("{{.X | subst \"A=%s\"}}", Subst),
        ("{{.X | js}}", Js),
        ("{{js .X}}", Js),
        ("{{printf \"%s\" (js .X)}}", Js),
        ("{{.X | js | printf \"%s\"}}", Js),
        ("{{subst \"%s\" .X | js}}", Js),
        ("{{html .X}}", Html),
        ("{{urlquery .X}}", UrlQuery),
        ("{{printf \"%s\" (printf \"%q\" .X)}}", Printf),
        ("{{printf \"%s\" (subst \"%s\" .X)}}", Subst),
        ("{{len .X}}", Other),
        ("{{if .X}}{{end}}", Read),
        ("{{if eq .X \"a\"}}{{end}}", Read),
        ("{{$y := .X}}", Read),
        ("{{template \"t\" .X}}", Read),
    ] {
        assert_eq!(uses(text), [one("X", form, InputGuard::None, false)], "{text}");
    }
}

#[test]
fn guards_are_told_apart() {
    use InputForm::{Direct, Read};
    use InputGuard::{Default, Given, None};
    let guards = |text: &str| -> Vec<(String, InputForm, InputGuard)> {
        uses(text).into_iter().map(|(name, form, guard, _)| (name, form, guard)).collect()
    };
    let x = |form, guard| ("X".to_owned(), form, guard);
    assert_eq!(guards("{{if .X}}{{.X}}{{else}}1{{end}}"), [x(Read, None), x(Direct, Default)]);
    assert_eq!(guards("{{if .X}}{{.X}}{{end}}"), [x(Read, None), x(Direct, Given)]);
    assert_eq!(guards("{{if .Y}}{{.X}}{{else}}1{{end}}"), [("Y".to_owned(), Read, None), x(Direct, None)]);
    assert_eq!(guards("{{if .X}}{{else}}{{.X}}{{end}}"), [x(Read, None), x(Direct, None)]);
    assert_eq!(guards("{{or .X \"a\"}}"), [x(Direct, Default)]);
    assert_eq!(guards("{{with .X}}{{.}}{{else}}1{{end}}"), [x(Read, None), x(Direct, Default)]);
    assert_eq!(
        guards("{{$x := .X}}{{if $x}}{{$x}}{{end}}"),
        [x(Read, None), x(Read, None), x(Direct, Given)]
    );
    assert_eq!(
        guards("{{if and .X .Y}}{{.X}}{{end}}"),
        [x(Read, None), ("Y".to_owned(), Read, None), x(Direct, Given)]
    );
    assert_eq!(
        guards("{{define \"t\"}}{{.}}{{$}}{{end}}{{template \"t\" .X}}"),
        [x(Direct, None), x(Direct, None), x(Read, None)]
    );
}

#[test]
fn json_strings_are_seen() {
    let inside = |text: &str| -> Vec<bool> { uses(text).into_iter().map(|used| used.3).collect() };
    assert_eq!(inside(r#"{"a": {{.X}}, "b": "{{.X}}"}"#), [false, true]);
    assert_eq!(inside(r#"["a\"{{.X}}", {{.X}}]"#), [true, false]);
    assert_eq!(inside(r#"[{{if .X}}"A={{.X}}"{{else}}"b"{{end}}, {{.X}}]"#), [false, true, false]);
    assert_eq!(inside("\"odd {{.X}}\n{{.X}}"), [true, false]);
    assert_eq!(inside(r#""{{if .X}}a{{.X}}{{end}}""#), [true, true]);
}

#[test]
fn places_of_uses_count_characters() {
    let used = Template::parse("é{{.A}}\n日本 {{ .B }}{{ .C }}").unwrap().inputs();
    let places: Vec<(usize, usize)> =
        used.iter().map(|used| (used.position.line, used.position.column)).collect();
    assert_eq!(places, [(1, 4), (2, 7), (2, 15)]);
}

#[test]
fn reading_the_whole_map_is_noticed() {
    let any = |text: &str| Template::parse(text).unwrap().reads_any_input();
    assert!(any("{{.}}") && any("{{range .}}{{end}}") && any("{{print $}}") && any("{{. | len}}"));
    assert!(any("{{index . .X}}") && any("{{$x := .}}{{range $x}}{{end}}"));
    assert!(!any("{{.X}}{{index . \"Y\"}}{{$.Z}}{{with .}}{{.X}}{{end}}{{template \"t\" .}}{{if .}}{{end}}"));
}

//! Unit tests of the JSON reader; the differential test against Go lives in the `tests` crate.

use proptest::prelude::*;

use super::parse::locate;
use super::*;

fn text_of(value: Result<Value, JsonError>) -> String {
    match value.unwrap() {
        Value::String(text) => text,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn refused(text: &str, message: &str, line: usize, column: usize) {
    let error = parse(text.as_bytes()).unwrap_err();
    assert_eq!((error.message.as_str(), error.line, error.column), (message, line, column), "{text:?}");
}

#[test]
fn invalid_utf8_is_replaced_byte_by_byte() {
    assert_eq!(text_of(parse(b"\"\xe2\x82A\xf0\x9f\xff\"")), "\u{fffd}\u{fffd}A\u{fffd}\u{fffd}\u{fffd}");
    assert_eq!(text_of(parse(b"\"\xed\xa0\x80\"")), "\u{fffd}\u{fffd}\u{fffd}");
}

#[test]
fn surrogates_pair_up_or_are_replaced() {
    assert_eq!(text_of(parse(br#""\ud83c\udf42""#)), "🍂");
    assert_eq!(text_of(parse(br#""\ud83c\u0041\udf42\ud83c""#)), "\u{fffd}A\u{fffd}\u{fffd}");
    assert_eq!(text_of(parse(br#""\ud83c\ud83c\udf42""#)), "\u{fffd}🍂");
    assert_eq!(text_of(parse(br#""\u0000\"\\\/\b\f\n\r\t""#)), "\0\"\\/\u{8}\u{c}\n\r\t");
}

#[test]
fn complaints_have_the_words_of_go_and_a_place() {
    refused("", "unexpected end of JSON input", 1, 1);
    refused("{\n\"a\": 1,}", "invalid character '}' looking for beginning of object key string", 2, 8);
    refused("[\"é\" x", "invalid character 'x' after array element", 1, 6);
    refused("tru", "invalid character ' ' in literal true (expecting 'e')", 1, 4);
    refused("\"a\n\"", "invalid character '\\n' in string literal", 1, 3);
    refused("01", "invalid character '1' after top-level value", 1, 2);
    refused("é", "invalid character 'Ã' looking for beginning of value", 1, 1);
    refused("\u{feff}{}", "invalid character 'ï' looking for beginning of value", 1, 1);
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(parse(nested(MAX_DEPTH).as_bytes()).is_ok());
    let error = parse(nested(MAX_DEPTH + 1).as_bytes()).unwrap_err();
    assert_eq!((error.code, error.column), ("E_JSON_DEPTH", MAX_DEPTH + 1));
    assert_eq!(parse("{\"a\":".repeat(100_000).as_bytes()).unwrap_err().code, "E_JSON_DEPTH");
}

#[test]
fn duplicates_and_order_are_kept() {
    let value = parse(br#"{"b":1,"a":2,"b":{}}"#).unwrap();
    let Value::Object(members) = value else { panic!() };
    assert_eq!(members.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["b", "a", "b"]);
}

#[test]
fn a_value_is_found_by_the_indices_on_its_way() {
    let text = br#"{"a": [1, {"b": true}], "a": "x"}"#;
    assert_eq!(locate(text, &[]), Some(0));
    assert_eq!(locate(text, &[0, 1, 0]), Some(16));
    assert_eq!(locate(text, &[1]), Some(29));
    assert_eq!(locate(text, &[2]), None);
}

/// Any JSON document whose numbers both libraries write alike.
fn document() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(serde_json::Value::from),
        any::<i32>().prop_map(serde_json::Value::from),
        any::<String>().prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(serde_json::Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..5)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn documents_survive_both_libraries(document in document()) {
        let theirs = serde_json::to_vec_pretty(&document).unwrap();
        let value = parse(&theirs).unwrap();
        let ours = to_string(&value).unwrap();
        let escaped = !ours.contains(['<', '>', '&', '\u{2028}', '\u{2029}']);
        prop_assert!(escaped, "{}", ours);
        prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&ours).unwrap(), document);
        prop_assert_eq!(from_slice::<Value>(ours.as_bytes()).unwrap(), parse(ours.as_bytes()).unwrap());
    }

    #[test]
    fn no_text_makes_it_panic(text in prop::collection::vec(prop_oneof![
        Just(b'"'), Just(b'\\'), Just(b'{'), Just(b'['), Just(b'}'), Just(b']'), Just(b','), Just(b':'), Just(b'u'),
        Just(b'd'), Just(b'8'), Just(b'-'), Just(b'.'), Just(b'e'), any::<u8>(),
    ], 0..40)) {
        if let Err(error) = from_slice::<crate::model::v2::Module>(&text) {
            prop_assert!(error.line > 0 && error.column > 0);
        }
    }
}

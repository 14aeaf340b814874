//! Our typed JSON against Go's over random texts: what is read, what is refused, and what is written again.

use lilypad_core::model::{ResourceOfferContainer, json, v2};
use lilypad_tests::GoProgram;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::json_against_go::{Dice, SCALARS, items, request, value};

/// What a random text is made for.
enum Shape {
    Int,
    Text,
    Bool,
    Any,
    List(&'static Shape),
    Map(&'static Shape),
    Struct(&'static [(&'static str, Shape)]),
}

const PRICING: Shape = Shape::Struct(&[("instruction_price", Shape::Int), ("mediation_fee", Shape::Int)]);
const CONTAINER: Shape = Shape::Struct(&[
    ("deal_id", Shape::Text),
    (
        "resource_offer",
        Shape::Struct(&[
            ("created_at", Shape::Int),
            ("index", Shape::Int),
            (
                "spec",
                Shape::Struct(&[
                    ("gpus", Shape::List(&Shape::Struct(&[("name", Shape::Text), ("vram", Shape::Int)]))),
                    ("cpu", Shape::Int),
                    ("disk", Shape::Int),
                ]),
            ),
            ("modules", Shape::List(&Shape::Text)),
            ("mode", Shape::Text),
            ("default_pricing", PRICING),
            ("module_pricing", Shape::Map(&PRICING)),
            ("trusted_parties", Shape::Struct(&[("mediator", Shape::List(&Shape::Text))])),
        ]),
    ),
]);
const JOB: Shape = Shape::Struct(&[
    ("EngineSpec", Shape::Struct(&[("Type", Shape::Text), ("Params", Shape::Map(&Shape::Any))])),
    (
        "Docker",
        Shape::Struct(&[
            ("Image", Shape::Text),
            ("Entrypoint", Shape::List(&Shape::Text)),
            ("Parameters", Shape::List(&Shape::Text)),
        ]),
    ),
    ("Timeout", Shape::Int),
    ("DoNotTrack", Shape::Bool),
    (
        "Inputs",
        Shape::List(&Shape::Struct(&[
            ("Name", Shape::Text),
            ("S3", Shape::Struct(&[("Checksum", Shape::Text), ("Key", Shape::Text)])),
            ("ReadWrite", Shape::Bool),
            ("Metadata", Shape::Map(&Shape::Text)),
        ])),
    ),
]);

const INTS: &[&[u8]] = &[
    b"0",
    b"1",
    b"7",
    b"-0",
    b"-1",
    b"16",
    b"255",
    b"256",
    b"1e3",
    b"1.0",
    b"9007199254740993",
    b"9223372036854775807",
    b"9223372036854775808",
    b"18446744073709551615",
    b"18446744073709551616",
    b"1e400",
];
const TEXTS: &[&[u8]] = &[
    b"\"\"",
    b"\"a\"",
    b"\"<b> & c\"",
    b"\"\\u2028\\b\\f\\u0001\\u007f\"",
    b"\"\xff\"",
    b"\"\xf0\x9f\x8d\x82\"",
    b"\"1\"",
];

/// Writes a text of a shape: with repeated keys and no mistakes, or with mistakes and no repeated keys. With both, a
/// mistake in an element that a later, shorter list cuts off is refused by Go alone.
fn shaped(dice: &mut Dice, shape: &Shape, repeats: bool, text: &mut Vec<u8>) {
    // Now and then something else altogether.
    match dice.below(150) {
        0 if !repeats => return text.extend(dice.pick(&SCALARS[..8])),
        1 if !repeats => return value(dice, 2, text),
        2..8 => return text.extend(b"null"),
        _ => {}
    }
    match shape {
        // Most numbers fit everywhere, or nothing is ever accepted.
        Shape::Int => {
            let choices = if !repeats && dice.below(20) == 0 { INTS } else { &INTS[..3] };
            text.extend(dice.pick(choices));
        }
        Shape::Text => text.extend(dice.pick(TEXTS)),
        Shape::Bool => text.extend(dice.pick(&[b"true", b"false"])),
        Shape::Any => valid(dice, 3, text),
        Shape::List(of) => {
            let count = dice.below(4);
            items(dice, count, *b"[]", text, |dice, text| shaped(dice, of, repeats, text));
        }
        Shape::Map(of) => {
            let count = dice.below(4);
            items(dice, count, *b"{}", text, |dice, text| {
                text.extend(dice.pick(&[b"\"b\":", b"\"B\":", b"\"\xc3\xa9\":", b"\"\":"]));
                shaped(dice, of, repeats, text);
            });
        }
        Shape::Struct(fields) => {
            let count = dice.below(fields.len() + 2);
            let count = if repeats { count } else { count.min(fields.len()) };
            let mut next = 0;
            items(dice, count, *b"{}", text, |dice, text| {
                let (name, of) = &fields[if repeats { dice.below(fields.len()) } else { next }];
                next += 1;
                text.extend(key(dice, name).bytes());
                shaped(dice, of, repeats, text);
            });
        }
    }
}

/// A field's name, exact or in another case, or one that means nothing.
fn key(dice: &mut Dice, name: &str) -> String {
    let name = match dice.below(12) {
        0 => name.to_uppercase(),
        1 => name.to_lowercase(),
        2 => name.replace(['s', 'S'], "\u{17f}").replace(['k', 'K'], "\u{212a}"),
        3 => name.replace('_', ""),
        _ => name.to_owned(),
    };
    format!("\"{name}\":")
}

/// Anything that is JSON.
fn valid(dice: &mut Dice, depth: usize, text: &mut Vec<u8>) {
    let numbers: &[&[u8]] =
        &[b"1e21", b"1e-7", b"123456789012345678901234567890", b"-0.0", b"0.000001", b"1.50", b"5e-324"];
    match dice.below(if depth == 0 { 3 } else { 5 }) {
        0 => text.extend(dice.pick(&SCALARS[..8])),
        1 => text.extend(dice.pick(TEXTS)),
        2 => text.extend(dice.pick(numbers)),
        3 => {
            let count = dice.below(3);
            items(dice, count, *b"[]", text, |dice, text| valid(dice, depth - 1, text));
        }
        _ => {
            let count = dice.below(4);
            items(dice, count, *b"{}", text, |dice, text| {
                text.extend(dice.pick(&[b"\"b\":", b"\"B\":", b"\"<\":", b"\"a\":"]));
                valid(dice, depth - 1, text);
            });
        }
    }
}

fn agree<T: DeserializeOwned + Serialize>(test: &str, op: &str, make: impl Fn(&mut Dice, &mut Vec<u8>)) {
    let Some(go) = GoProgram::build(test, "json") else { return };
    let mut dice = Dice(7);
    let texts: Vec<Vec<u8>> = (0..6_000)
        .map(|_| {
            let mut text = Vec::new();
            make(&mut dice, &mut text);
            text
        })
        .collect();
    let answers = go.ask(&texts.iter().map(|text| request(op, text)).collect::<Vec<_>>());
    let mut accepted = 0;
    for (text, answer) in texts.iter().zip(answers) {
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        let ours = json::from_slice::<T>(text);
        let context =
            || format!("{}\n ours: {:?}\n Go's: {answer}", text.escape_ascii(), ours.as_ref().err());
        assert_eq!(ours.is_ok(), answer["error"] == "", "{}", context());
        if let Ok(ours) = &ours {
            accepted += 1;
            assert_eq!(json::to_string(ours).unwrap(), answer["text"], "{}", context());
        }
    }
    assert!(accepted > 1_000, "{accepted}");
}

#[test]
fn offers_are_read_and_written_alike() {
    agree::<ResourceOfferContainer>("offers_are_read_and_written_alike", "container", |dice, text| {
        let repeats = dice.below(2) == 0;
        shaped(dice, &CONTAINER, repeats, text);
    });
}

#[test]
fn jobs_are_read_and_written_alike() {
    agree::<v2::Spec>("jobs_are_read_and_written_alike", "job", |dice, text| {
        let repeats = dice.below(2) == 0;
        shaped(dice, &JOB, repeats, text);
    });
}

#[test]
fn anything_is_read_and_written_alike() {
    agree::<json::Value>("anything_is_read_and_written_alike", "any", |dice, text| valid(dice, 4, text));
}

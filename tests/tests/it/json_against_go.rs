//! Our JSON against Go's `encoding/json` over random nasty texts from a fixed seed.

use lilypad_core::model::json;
use lilypad_tests::GoProgram;

/// A small repeatable source of numbers; quality does not matter here.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    pub(crate) fn pick<'a>(&mut self, choices: &[&'a [u8]]) -> &'a [u8] {
        choices[self.below(choices.len())]
    }
}

pub(crate) const SCALARS: &[&[u8]] = &[
    b"null",
    b"true",
    b"false",
    b"0",
    b"-0",
    b"12",
    b"-1.5e+10",
    b"1E9",
    b"01",
    b"1.",
    b".5",
    b"-",
    b"+1",
    b"1e",
    b"NaN",
    b"nul",
    b"tru",
    b"falsy",
    b"'a'",
    b"\"\"",
    b"\"a\"",
    b"\"\\u00e9\"",
    b"\"\\ud83c\\udf42\"",
    b"\"\\ud83c\"",
    b"\"\\udf42\\ud83c\"",
    b"\"\\u12g4\"",
    b"\"\\x\"",
    b"\"\\",
    b"\"a\nb\"",
    b"\"\x7f\"",
    b"\"\xff\xe2\x82\"",
    b"\"\xed\xa0\x80\"",
    b"\"\xf0\x9f\x8d\x82\"",
    b"\"<>&\"",
    b"\"\xe2\x80\xa8\"",
    b"\"\\/\\b\\f\\n\\r\\t\\\\\\\"\"",
    b"\"open",
    b"\xef\xbb\xbf1",
    b"99999999999999999999999999",
    b"1e400",
];
const SPACES: &[&[u8]] = &[b"", b"", b"", b" ", b"\n", b"\t\r", b"\x0b", b"\xc2\xa0", b"/* */"];
const KEYS: &[&[u8]] =
    &[b"\"a\"", b"\"a\"", b"\"b\"", b"\"\"", b"\"\\u0061\"", b"a", b"1", b"", b"\"k\xff\""];
const ODD: &[&[u8]] = &[
    b"", b"", b"", b"", b"", b"", b",", b"}", b"]", b":", b"\"", b"\\", b"{", b"[", b"x", b"\x00", b"\x80",
    b"\xad", b"'", b"\x1f", b"\xa0", b"\xff",
];

/// Writes items with commas between them, inside brackets.
pub(crate) fn items(
    dice: &mut Dice,
    count: usize,
    brackets: [u8; 2],
    text: &mut Vec<u8>,
    mut item: impl FnMut(&mut Dice, &mut Vec<u8>),
) {
    text.push(brackets[0]);
    for index in 0..count {
        text.extend(if index > 0 { &b","[..] } else { b"" });
        item(dice, text);
    }
    text.push(brackets[1]);
}

pub(crate) fn value(dice: &mut Dice, depth: usize, text: &mut Vec<u8>) {
    text.extend(if dice.below(6) == 0 { dice.pick(SPACES) } else { b"" });
    match dice.below(if depth == 0 { 3 } else { 6 }) {
        0..=2 => {
            // The first third of the list is mostly valid; lean to it, or nothing is ever accepted.
            let choices = if dice.below(8) == 0 { SCALARS } else { &SCALARS[..8] };
            text.extend(dice.pick(choices));
        }
        3 => {
            let count = dice.below(4);
            items(dice, count, *b"[]", text, |dice, text| value(dice, depth - 1, text));
        }
        _ => {
            let count = dice.below(4);
            items(dice, count, *b"{}", text, |dice, text| {
                let choices = if dice.below(10) == 0 { KEYS } else { &KEYS[..5] };
                text.extend(dice.pick(choices));
                text.extend(if dice.below(40) == 0 { &b""[..] } else { b":" });
                value(dice, depth - 1, text);
            });
        }
    }
    text.extend(if dice.below(12) == 0 { dice.pick(ODD) } else { b"" });
}

fn texts() -> Vec<Vec<u8>> {
    let mut dice = Dice(2);
    let mut texts: Vec<Vec<u8>> = SCALARS.iter().map(|text| text.to_vec()).collect();
    texts.extend(
        (0..=255_u8).flat_map(|byte| [vec![byte], vec![b'"', byte, b'"'], vec![b'"', b'\\', byte, b'"']]),
    );
    for _ in 0..6_000 {
        let mut text = Vec::new();
        value(&mut dice, 4, &mut text);
        match dice.below(8) {
            0 => text.truncate(dice.below(text.len() + 1)),
            1 => {
                let at = dice.below(text.len() + 1);
                text.splice(at..at, dice.pick(ODD).iter().copied());
            }
            _ => {}
        }
        texts.push(text);
    }
    texts
}

pub(crate) fn request(op: &str, text: &[u8]) -> String {
    let hex: String = text.iter().map(|byte| format!("{byte:02x}")).collect();
    format!(r#"{{"op":"{op}","hex":"{hex}"}}"#)
}

#[test]
fn the_grammar_and_its_complaints_agree() {
    let Some(go) = GoProgram::build("the_grammar_and_its_complaints_agree", "json") else { return };
    let texts = texts();
    let answers = go.ask(&texts.iter().map(|text| request("parse", text)).collect::<Vec<_>>());
    let mut accepted = 0;
    for (text, answer) in texts.iter().zip(answers) {
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        let ours = json::parse(text).err().map(|error| error.message).unwrap_or_default();
        assert_eq!(ours, answer["error"], "{}", text.escape_ascii());
        accepted += usize::from(ours.is_empty());
    }
    assert!(accepted > 1_000 && texts.len() - accepted > 1_000, "both kinds of text: {accepted}");
}

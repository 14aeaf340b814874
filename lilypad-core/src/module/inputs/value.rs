//! Whether one value fits its declaration. Values are never changed: what passes reaches the job byte for byte.

use regex_lite::{Regex, RegexBuilder};

use super::{InputKind, InputSpec};
use crate::module::finding::Finding;

/// Longest pattern, in bytes.
const PATTERN_BYTES: usize = 512;
/// Largest compiled pattern, in bytes.
const PATTERN_COMPILED: usize = 64 << 10;

/// The complaint about a value that does not fit.
pub(crate) fn check(spec: &InputSpec, value: &str) -> Option<Finding> {
    let name = &spec.name;
    let (rule, why) = problem(&spec.kind, value)?;
    Some(Finding::error(rule, format!("input `{name}` {why}{}", shown(spec, value))).on(name))
}

fn problem(kind: &InputKind, value: &str) -> Option<(&'static str, String)> {
    match kind {
        InputKind::Untyped => None,
        InputKind::String { min_length, max_length, pattern } => {
            text(value, *min_length, *max_length, pattern.as_deref())
        }
        InputKind::Integer { min, max } => match integer(value) {
            Some(number) => range(number, *min, *max),
            None => Some(("E_INPUT_TYPE", "must be a whole number of 64 bits".to_owned())),
        },
        InputKind::Number { min, max } => match number(value) {
            Some(number) => range(number, *min, *max),
            None => Some(("E_INPUT_TYPE", "must be a finite decimal number".to_owned())),
        },
        InputKind::Boolean => {
            let fits = matches!(value, "true" | "false");
            (!fits).then(|| ("E_INPUT_TYPE", "must be true or false".to_owned()))
        }
        InputKind::Choice { choices } => {
            let fits = choices.iter().any(|choice| choice == value);
            let list = || choices.iter().map(|choice| format!("{choice:?}")).collect::<Vec<_>>().join(", ");
            (!fits).then(|| ("E_INPUT_CHOICE", format!("must be one of {}", list())))
        }
    }
}

fn text(
    value: &str,
    min: Option<u64>,
    max: Option<u64>,
    pattern: Option<&str>,
) -> Option<(&'static str, String)> {
    let length = value.chars().count() as u64;
    if let Some(min) = min.filter(|min| length < *min) {
        return Some(("E_INPUT_LENGTH", format!("must have at least {min} characters, has {length}")));
    }
    if let Some(max) = max.filter(|max| length > *max) {
        return Some(("E_INPUT_LENGTH", format!("must have at most {max} characters, has {length}")));
    }
    let pattern = pattern?;
    match compile_pattern(pattern) {
        Ok(regex) if regex.is_match(value) => None,
        _ => Some(("E_INPUT_PATTERN", format!("must match the pattern {pattern:?}"))),
    }
}

fn range<T: PartialOrd + std::fmt::Display>(
    value: T,
    min: Option<T>,
    max: Option<T>,
) -> Option<(&'static str, String)> {
    if let Some(min) = min.filter(|min| value < *min) {
        return Some(("E_INPUT_RANGE", format!("must be at least {min}")));
    }
    if let Some(max) = max.filter(|max| value > *max) {
        return Some(("E_INPUT_RANGE", format!("must be at most {max}")));
    }
    None
}

/// A short value that is no secret is shown, so that the caller sees what was got.
fn shown(spec: &InputSpec, value: &str) -> String {
    if spec.secret || value.chars().count() > 40 { String::new() } else { format!(", got {value:?}") }
}

/// JSON's grammar of whole numbers, within 64 bits.
fn integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    (plain_digits(digits) && (digits == "0" || !digits.starts_with('0'))).then(|| text.parse().ok())?
}

/// JSON's grammar of numbers, finite.
fn number(text: &str) -> Option<f64> {
    let rest = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (rest, None),
    };
    let (whole, part) = match mantissa.split_once('.') {
        Some((whole, part)) => (whole, Some(part)),
        None => (mantissa, None),
    };
    let fits = plain_digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && part.is_none_or(plain_digits)
        && exponent.is_none_or(plain_digits);
    fits.then(|| text.parse::<f64>().ok())?.filter(|value| value.is_finite())
}

fn plain_digits(text: &str) -> bool {
    !text.is_empty() && text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The pattern as a regular expression that matches whole values only.
pub(crate) fn compile_pattern(pattern: &str) -> Result<Regex, String> {
    if pattern.len() > PATTERN_BYTES {
        return Err(format!("has {} bytes, the limit is {PATTERN_BYTES}", pattern.len()));
    }
    let build = |text: &str| {
        RegexBuilder::new(text)
            .size_limit(PATTERN_COMPILED)
            .nest_limit(32)
            .build()
            .map_err(|error| format!("is not a regular expression: {error}"))
    };
    build(pattern)?;
    build(&format!("^(?:{pattern})$"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(kind: InputKind, value: &str) -> Option<&'static str> {
        let spec = InputSpec { kind, ..InputSpec::untyped("X", false) };
        check(&spec, value).map(|finding| finding.rule)
    }

    #[test]
    fn whole_numbers_are_strict() {
        let any = || InputKind::Integer { min: None, max: None };
        for right in ["0", "-1", "9007199254740993", "9223372036854775807", "-9223372036854775808"] {
            assert_eq!(code(any(), right), None, "{right}");
        }
        for wrong in [
            "",
            "-",
            "+1",
            "01",
            "0x10",
            "1.0",
            "1e3",
            " 1",
            "1 ",
            "NaN",
            "9223372036854775808",
            "１",
            "1_000",
        ] {
            assert_eq!(code(any(), wrong), Some("E_INPUT_TYPE"), "{wrong}");
        }
        assert_eq!(code(InputKind::Integer { min: Some(1), max: None }, "0"), Some("E_INPUT_RANGE"));
        assert_eq!(
            code(InputKind::Integer { min: None, max: Some(9_007_199_254_740_992) }, "9007199254740993"),
            Some("E_INPUT_RANGE")
        );
    }

    #[test]
    fn numbers_are_strict() {
        let any = || InputKind::Number { min: None, max: None };
        for right in ["0", "-0.5", "1e3", "1.5E-10", "7.5"] {
            assert_eq!(code(any(), right), None, "{right}");
        }
        for wrong in ["", ".5", "1.", "1e", "1e400", "NaN", "inf", "0x10", "--1", "1e+", "1,5"] {
            assert_eq!(code(any(), wrong), Some("E_INPUT_TYPE"), "{wrong}");
        }
        assert_eq!(code(InputKind::Number { min: None, max: Some(1.0) }, "1.5"), Some("E_INPUT_RANGE"));
    }

    #[test]
    fn texts_booleans_and_choices() {
        let length = |min, max| InputKind::String { min_length: min, max_length: max, pattern: None };
        assert_eq!(code(length(Some(2), None), "é"), Some("E_INPUT_LENGTH"));
        assert_eq!(code(length(None, Some(1)), "🐸"), None);
        assert_eq!(code(length(None, Some(1)), "ab"), Some("E_INPUT_LENGTH"));
        assert_eq!(code(InputKind::Boolean, "TRUE"), Some("E_INPUT_TYPE"));
        assert_eq!(code(InputKind::Choice { choices: vec!["a".into()] }, "b"), Some("E_INPUT_CHOICE"));
    }

    #[test]
    fn patterns_match_whole_values() {
        let pattern = |text: &str| InputKind::String {
            min_length: None,
            max_length: None,
            pattern: Some(text.to_owned()),
        };
        assert_eq!(code(pattern("a|ab"), "ab"), None);
        assert_eq!(code(pattern("[a-z]+"), "ab\n"), Some("E_INPUT_PATTERN"));
        assert_eq!(code(pattern("a"), "xa"), Some("E_INPUT_PATTERN"));
        assert!(compile_pattern("a)(?:b").is_err());
        assert!(compile_pattern(&"a".repeat(600)).is_err());
        assert!(compile_pattern("(?:a{1000}){1000}").is_err());
    }

    #[test]
    fn secrets_do_not_appear() {
        let spec = InputSpec { kind: InputKind::Boolean, secret: true, ..InputSpec::untyped("Key", true) };
        assert!(!check(&spec, "hunter2").unwrap().message.contains("hunter2"));
    }
}

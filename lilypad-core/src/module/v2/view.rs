//! Looks into a parsed v2 module as Go would: keys in any letter case where none matches exactly, the last one wins.

use crate::model::json::Value;

/// The member that Go would take for `key`.
pub(in crate::module) fn field<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    let Value::Object(members) = value else { return None };
    let last = |same: &dyn Fn(&str) -> bool| {
        members.iter().rev().find(|(name, _)| same(name)).map(|(_, value)| value)
    };
    last(&|name| name == key).or_else(|| last(&|name| name.eq_ignore_ascii_case(key)))
}

/// Follows a path of keys.
pub(in crate::module) fn at<'a>(value: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, key| field(value, key))
}

/// The text at a path.
pub(in crate::module) fn text<'a>(value: &'a Value, path: &[&str]) -> Option<&'a str> {
    match at(value, path)? {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// The whole number at a path.
pub(in crate::module) fn whole(value: &Value, path: &[&str]) -> Option<i64> {
    match at(value, path)? {
        Value::Number(number) => number.parse().ok(),
        _ => None,
    }
}

/// The texts of the list at a path; what is no text is left out.
pub(in crate::module) fn texts<'a>(value: &'a Value, path: &[&str]) -> Vec<&'a str> {
    items(value, path)
        .iter()
        .filter_map(|item| match item {
            Value::String(text) => Some(text.as_str()),
            _ => None,
        })
        .collect()
}

/// The items of the list at a path.
pub(in crate::module) fn items<'a>(value: &'a Value, path: &[&str]) -> &'a [Value] {
    match at(value, path) {
        Some(Value::Array(items)) => items,
        _ => &[],
    }
}

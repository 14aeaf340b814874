//! A file of settings for a command: names and values, without a word about what they mean.
//!
//! ```toml
//! slots = 4
//! rate = "0.02 LP per 1,000,000,000 work units"
//! only = ["author:github.com/lilypad-tech"]
//! ```

use std::collections::BTreeMap;
use std::path::Path;

use toml::{Spanned, Value};

use super::text::{Unread, position, read_text};
use crate::disk::io_error;
use crate::error::{Error, Result};

/// Most bytes of such a file.
pub const SETTINGS_BYTES: u64 = 64 << 10;
/// Most values of one setting.
const MOST_VALUES: usize = 1_000;

/// One setting of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its name, as it stands there.
    pub name: String,
    /// The line, from 1.
    pub line: usize,
    /// What it says.
    pub value: SettingValue,
}

/// What a setting says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingValue {
    /// `true` or `false`.
    Switch(bool),
    /// Text or a number, as text.
    One(String),
    /// Several of them.
    Many(Vec<String>),
}

/// Reads a file of settings, in the order of their names.
///
/// # Errors
/// `InvalidInput` (`E_SETTINGS`) with line and column for what is no TOML or has tables in it; (`E_SETTINGS_LIMIT`) above
/// [`SETTINGS_BYTES`]; `NotFound` and others where it cannot be read.
pub fn read_settings(path: &Path) -> Result<Vec<Setting>> {
    let no_text = |why: &str| {
        Error::invalid("E_SETTINGS", format!("{}: {why}", path.display()))
            .with_hint("name a file of settings: `lilypad provider init` writes one")
    };
    let text = read_text(path, SETTINGS_BYTES).map_err(|unread| match unread {
        Unread::Io(error) => io_error("read", path, error),
        Unread::NoText(why) => no_text(why),
        Unread::TooLong => {
            let message = format!("{} has more than {SETTINGS_BYTES} bytes", path.display());
            Error::invalid("E_SETTINGS_LIMIT", message)
                .with_hint("it holds settings and nothing else: take the rest out")
                .with("limit", SETTINGS_BYTES)
        }
    })?;
    let wrong = |byte: usize, why: &str| {
        let (line, column) = position(&text, byte);
        Error::invalid("E_SETTINGS", format!("{}:{line}:{column}: {why}", path.display()))
            .with_hint("mend the line: a setting is written as `name = value`, with text in quotes")
            .with("line", line)
            .with("column", column)
    };
    let table: BTreeMap<Spanned<String>, Spanned<Value>> = toml::from_str(&text).map_err(|error| {
        let why = error.message().lines().next().unwrap_or("not TOML");
        wrong(error.span().map_or(0, |span| span.start), why)
    })?;
    table
        .into_iter()
        .map(|(name, value)| {
            let ((line, _), at) = (position(&text, name.span().start), value.span().start);
            let value = setting(value.into_inner()).ok_or_else(|| {
                wrong(at, "a setting is text, a number, true or false, or a list of texts and numbers")
            })?;
            Ok(Setting { name: name.into_inner(), line, value })
        })
        .collect()
}

fn setting(value: Value) -> Option<SettingValue> {
    Some(match value {
        Value::Boolean(switch) => SettingValue::Switch(switch),
        Value::Array(values) if values.len() <= MOST_VALUES => {
            SettingValue::Many(values.into_iter().map(one).collect::<Option<_>>()?)
        }
        other => SettingValue::One(one(other)?),
    })
}

fn one(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Integer(number) => Some(number.to_string()),
        Value::Float(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Setting>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("provider.toml");
        std::fs::write(&path, text).unwrap();
        read_settings(&path)
    }

    #[test]
    fn settings_are_texts_numbers_switches_and_lists() {
        let found =
            read("# what is offered\nslots = 4\nno-gpu = true\nonly = [\"a\", \"b\"]\n\nrate = \"free\"\n")
                .unwrap();
        let plain: Vec<_> = found.iter().map(|setting| (setting.name.as_str(), setting.line)).collect();
        assert_eq!(plain, [("no-gpu", 3), ("only", 4), ("rate", 6), ("slots", 2)]);
        assert_eq!(found[0].value, SettingValue::Switch(true));
        assert_eq!(found[1].value, SettingValue::Many(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(found[3].value, SettingValue::One("4".to_owned()));
        assert_eq!(read("").unwrap(), []);
    }

    #[test]
    fn what_is_no_setting_is_named_by_its_place() {
        for (text, place) in [
            ("slots = 4\nrate = \n", ":2:"),
            ("[gpu]\na = 1\n", "text, a number"),
            ("a = 1\na = 2\n", ":2:"),
            ("a = [[1]]\n", ":1:5:"),
            ("a = 1979-05-27\n", ":1:5:"),
        ] {
            let error = read(text).unwrap_err();
            assert_eq!(error.code(), "E_SETTINGS", "{text}");
            assert!(error.message().contains(place), "{text}: {error}");
        }
        assert_eq!(read(&"#".repeat(70_000)).unwrap_err().code(), "E_SETTINGS_LIMIT");
        let folder = tempfile::tempdir().unwrap();
        let (path, binary) = (folder.path(), folder.path().join("binary"));
        std::fs::write(&binary, b"\xff\xfe").unwrap();
        for (path, word) in [(path, "folder"), (&binary, "UTF-8")] {
            let error = read_settings(path).unwrap_err();
            assert!(error.code() == "E_SETTINGS" && error.message().contains(word), "{error}");
            assert!(error.hint().is_some_and(|hint| hint.contains("provider init")), "{error:?}");
        }
        let missing = read_settings(Path::new("/nowhere/provider.toml")).unwrap_err();
        assert_eq!(missing.kind(), crate::ErrorKind::NotFound);
    }
}

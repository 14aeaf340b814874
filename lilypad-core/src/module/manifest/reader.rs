//! Reads TOML values into our tables and collects every complaint with its line and column, not only the first.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::super::finding::{Finding, Position};
use super::super::suggest;

/// A value with its place.
pub(super) type Node<'a> = Spanned<DeValue<'a>>;

/// Longest string in a manifest, in bytes.
pub(super) const STRING_BYTES: usize = 64 << 10;
/// Most entries in one list or table of a manifest.
pub(super) const ENTRIES: usize = 1_024;

/// Collects complaints while values are read, and remembers where each key stands.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    source: &'a str,
    places: BTreeMap<String, usize>,
    complaints: Vec<Finding>,
}

/// What can be read from a TOML value.
pub(super) trait Read: Sized {
    /// Reads the value or complains.
    fn read(node: &Node<'_>, path: &str, reader: &mut Reader<'_>) -> Option<Self>;

    /// What a missing key means; a complaint where the type has no empty form.
    fn absent(path: &str, table: usize, reader: &mut Reader<'_>) -> Option<Self> {
        reader.complain_byte(table, path, "E_MANIFEST_MISSING", format!("`{path}` is missing"));
        None
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(source: &'a str) -> Self {
        Self { source, places: BTreeMap::new(), complaints: Vec::new() }
    }

    /// The manifest's text.
    pub(super) fn source(&self) -> &'a str {
        self.source
    }

    /// Reads a whole text as one table.
    pub(super) fn root<T: Read>(&mut self) -> Option<T> {
        let (table, errors) = DeTable::parse_recoverable(self.source);
        for error in &errors {
            let at = error.span().map_or(0, |span| span.start);
            let message = error.message().lines().next().unwrap_or("not TOML").to_owned();
            self.complain_byte(at, "", "E_MANIFEST_SYNTAX", message);
        }
        let span = table.span();
        let value = T::read(&Spanned::new(span, DeValue::Table(table.into_inner())), "", self);
        value.filter(|_| errors.is_empty())
    }

    /// Complains about the value at `path`, which was read before.
    pub(super) fn complain(&mut self, path: &str, code: &'static str, message: impl Into<String>) {
        let position = self.position(path);
        self.complaints.push(Finding::error(code, message).at(Some(position)).on(path));
    }

    /// The same, with what to do.
    pub(super) fn complain_with(
        &mut self,
        path: &str,
        code: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        let position = self.position(path);
        self.complaints.push(Finding::error(code, message).at(Some(position)).on(path).hint(hint));
    }

    pub(super) fn complain_byte(
        &mut self,
        byte: usize,
        path: &str,
        code: &'static str,
        message: impl Into<String>,
    ) {
        let finding = Finding::error(code, message).at(Some(Position::of(self.source, byte)));
        self.complaints.push(if path.is_empty() { finding } else { finding.on(path) });
    }

    /// Where a key stands, or the nearest table above it.
    pub(super) fn position(&self, path: &str) -> Position {
        let mut path = path;
        loop {
            if let Some(at) = self.places.get(path) {
                return Position::of(self.source, *at);
            }
            match path.rfind(['.', '[']).and_then(|at| path.get(..at)) {
                Some(parent) => path = parent,
                None => return Position { line: 1, column: 1 },
            }
        }
    }

    /// True where a key stands in the text, readable or not.
    pub(super) fn has(&self, path: &str) -> bool {
        self.places.contains_key(path)
    }

    /// True where something at `path` or below was complained about.
    pub(super) fn is_broken(&self, path: &str) -> bool {
        let below = |field: &str| {
            field.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        self.complaints.iter().any(|complaint| complaint.field.as_deref().is_some_and(below))
    }

    /// Every complaint, in the order of the text.
    pub(super) fn into_complaints(mut self) -> Vec<Finding> {
        self.complaints.sort_by_key(|complaint| complaint.position);
        self.complaints
    }

    fn wrong_type(&mut self, node: &Node<'_>, path: &str, wanted: &str) {
        let got = match node.get_ref() {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) => "an integer",
            DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "a boolean",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.complain_byte(
            node.span().start,
            path,
            "E_MANIFEST_TYPE",
            format!("`{path}` must be {wanted}, not {got}"),
        );
    }

    fn too_many(&mut self, node: &Node<'_>, path: &str, got: usize) {
        self.complain_byte(
            node.span().start,
            path,
            "E_MANIFEST_LIMIT",
            format!("`{path}` has {got} entries, the limit is {ENTRIES}"),
        );
    }
}

/// One table whose keys are known.
pub(super) struct Fields<'n, 'a> {
    table: &'n DeTable<'a>,
    path: String,
    at: usize,
}

impl<'n, 'a> Fields<'n, 'a> {
    /// The table behind `node`; complains about every key that is not in `known`.
    pub(super) fn of(
        node: &'n Node<'a>,
        path: &str,
        known: &[&str],
        reader: &mut Reader<'_>,
    ) -> Option<Self> {
        let DeValue::Table(table) = node.get_ref() else {
            reader.wrong_type(node, path, "a table");
            return None;
        };
        for key in table.keys() {
            let name: &str = key.get_ref();
            reader.places.insert(join(path, name), key.span().start);
            if !known.contains(&name) {
                let place = if path.is_empty() { "the manifest".to_owned() } else { format!("`{path}`") };
                let shown: String = name.chars().take(80).collect();
                let finding = Finding::error("E_MANIFEST_KEY", format!("unknown key `{shown}` in {place}"))
                    .at(Some(Position::of(reader.source, key.span().start)))
                    .on(join(path, &shown));
                let hint = suggest::hint(name, known.iter().copied());
                reader.complaints.push(match hint {
                    Some(hint) => finding.hint(hint),
                    None => finding,
                });
            }
        }
        Some(Self { table, path: path.to_owned(), at: node.span().start })
    }

    /// Reads one key.
    pub(super) fn take<T: Read>(&self, key: &str, reader: &mut Reader<'_>) -> Option<T> {
        let path = join(&self.path, key);
        match self.table.get(key) {
            Some(node) => T::read(node, &path, reader),
            None => T::absent(&path, self.at, reader),
        }
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// What cannot be read counts as left out, so that the rest is checked too: the complaint refuses the manifest anyway.
impl<T: Read> Read for Option<T> {
    fn read(node: &Node<'_>, path: &str, reader: &mut Reader<'_>) -> Option<Self> {
        Some(T::read(node, path, reader))
    }

    fn absent(_path: &str, _table: usize, _reader: &mut Reader<'_>) -> Option<Self> {
        Some(None)
    }
}

/// A table that must be there; `None` where it cannot be read, so that the rest is checked too.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Needed<T>(pub(super) Option<T>);

impl<T: Read> Read for Needed<T> {
    fn read(node: &Node<'_>, path: &str, reader: &mut Reader<'_>) -> Option<Self> {
        Some(Self(T::read(node, path, reader)))
    }

    fn absent(path: &str, table: usize, reader: &mut Reader<'_>) -> Option<Self> {
        Some(Self(T::absent(path, table, reader)))
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(node: &Node<'_>, path: &str, reader: &mut Reader<'_>) -> Option<Self> {
        let DeValue::Array(array) = node.get_ref() else {
            reader.wrong_type(node, path, "a list");
            return Some(Self::new());
        };
        if array.len() > ENTRIES {
            reader.too_many(node, path, array.len());
            return Some(Self::new());
        }
        let items = array
            .iter()
            .enumerate()
            .filter_map(|(index, item)| {
                let path = format!("{path}[{index}]");
                reader.places.insert(path.clone(), item.span().start);
                T::read(item, &path, reader)
            })
            .collect();
        Some(items)
    }

    fn absent(_path: &str, _table: usize, _reader: &mut Reader<'_>) -> Option<Self> {
        Some(Vec::new())
    }
}

impl<T: Read> Read for BTreeMap<String, T> {
    fn read(node: &Node<'_>, path: &str, reader: &mut Reader<'_>) -> Option<Self> {
        let DeValue::Table(table) = node.get_ref() else {
            reader.wrong_type(node, path, "a table");
            return Some(Self::new());
        };
        if table.len() > ENTRIES {
            reader.too_many(node, path, table.len());
            return Some(Self::new());
        }
        let mut read = Self::new();
        for (key, item) in table {
            let path = join(path, key.get_ref());
            reader.places.insert(path.clone(), key.span().start);
            if let Some(value) = T::read(item, &path, reader) {
                read.insert(key.get_ref().to_string(), value);
            }
        }
        Some(read)
    }

    fn absent(_path: &str, _table: usize, _reader: &mut Reader<'_>) -> Option<Self> {
        Some(Self::new())
    }
}

impl Read for String {
    fn read(node: &Node<'_>, path: &str, reader: &mut Reader<'_>) -> Option<Self> {
        let DeValue::String(text) = node.get_ref() else {
            reader.wrong_type(node, path, "a string");
            return None;
        };
        if text.len() > STRING_BYTES {
            let message = format!("`{path}` has {} bytes, the limit is {STRING_BYTES}", text.len());
            reader.complain_byte(node.span().start, path, "E_MANIFEST_LIMIT", message);
            return None;
        }
        Some(text.to_string())
    }
}

impl Read for bool {
    fn read(node: &Node<'_>, path: &str, reader: &mut Reader<'_>) -> Option<Self> {
        let DeValue::Boolean(value) = node.get_ref() else {
            reader.wrong_type(node, path, "true or false");
            return None;
        };
        Some(*value)
    }

    fn absent(_path: &str, _table: usize, _reader: &mut Reader<'_>) -> Option<Self> {
        Some(false)
    }
}

impl Read for u64 {
    fn read(node: &Node<'_>, path: &str, reader: &mut Reader<'_>) -> Option<Self> {
        let DeValue::Integer(number) = node.get_ref() else {
            reader.wrong_type(node, path, "a whole number");
            return None;
        };
        let value = integer(number.as_str(), number.radix()).and_then(|value| Self::try_from(value).ok());
        if value.is_none() {
            bad_number(
                node,
                path,
                "a plain decimal whole number from 0 to 9,223,372,036,854,775,807",
                reader,
            );
        }
        value
    }
}

/// A number as the author wrote it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    Whole(i64),
    Real(f64),
}

impl Read for Number {
    fn read(node: &Node<'_>, path: &str, reader: &mut Reader<'_>) -> Option<Self> {
        let value = match node.get_ref() {
            DeValue::Integer(number) => integer(number.as_str(), number.radix()).map(Self::Whole),
            DeValue::Float(number) => {
                number.as_str().parse::<f64>().ok().filter(|value| value.is_finite()).map(Self::Real)
            }
            _ => {
                reader.wrong_type(node, path, "a number");
                return None;
            }
        };
        if value.is_none() {
            bad_number(node, path, "a finite decimal number within 64 bits", reader);
        }
        value
    }
}

/// A number of things, or a text such as `"64 MiB"`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema)]
#[schemars(untagged)]
pub(super) enum Amount {
    /// A number in the key's own unit.
    Number(u64),
    /// A number with its unit.
    Text(String),
}

impl Read for Amount {
    fn read(node: &Node<'_>, path: &str, reader: &mut Reader<'_>) -> Option<Self> {
        match node.get_ref() {
            DeValue::String(text) => Some(Self::Text(text.to_string())),
            DeValue::Integer(_) => u64::read(node, path, reader).map(Self::Number),
            _ => {
                reader.wrong_type(node, path, "a whole number, or a text with a unit");
                None
            }
        }
    }
}

/// A value of any plain type, as the text that the author wrote.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scalar(pub(super) String);

impl Read for Scalar {
    fn read(node: &Node<'_>, path: &str, reader: &mut Reader<'_>) -> Option<Self> {
        let text = match node.get_ref() {
            DeValue::String(_) => String::read(node, path, reader)?,
            DeValue::Boolean(value) => value.to_string(),
            DeValue::Integer(number) => {
                Number::read(node, path, reader)?;
                number.as_str().trim_start_matches('+').to_owned()
            }
            DeValue::Float(number) => {
                Number::read(node, path, reader)?;
                number.as_str().trim_start_matches('+').to_owned()
            }
            _ => {
                reader.wrong_type(node, path, "a text, a number or true/false");
                return None;
            }
        };
        Some(Self(text))
    }
}

/// A text, or a table in its place.
pub(super) fn text_or_table<T>(
    node: &Node<'_>,
    path: &str,
    reader: &mut Reader<'_>,
    wanted: &str,
    text: impl FnOnce(String) -> T,
    table: impl FnOnce(&Node<'_>, &mut Reader<'_>) -> Option<T>,
) -> Option<T> {
    match node.get_ref() {
        DeValue::String(_) => String::read(node, path, reader).map(text),
        DeValue::Table(_) => table(node, reader),
        _ => {
            reader.wrong_type(node, path, wanted);
            None
        }
    }
}

/// A whole number, or a table in its place.
pub(super) fn number_or_table<T>(
    node: &Node<'_>,
    path: &str,
    reader: &mut Reader<'_>,
    wanted: &str,
    number: impl FnOnce(u64) -> T,
    table: impl FnOnce(&Node<'_>, &mut Reader<'_>) -> Option<T>,
) -> Option<T> {
    match node.get_ref() {
        DeValue::Integer(_) => u64::read(node, path, reader).map(number),
        DeValue::Table(_) => table(node, reader),
        _ => {
            reader.wrong_type(node, path, wanted);
            None
        }
    }
}

/// A whole number, a text, or a list of texts in its place.
pub(super) fn number_text_or_list<T>(
    node: &Node<'_>,
    path: &str,
    reader: &mut Reader<'_>,
    number: impl FnOnce(u64) -> T,
    text: impl FnOnce(String) -> T,
    list: impl FnOnce(Vec<String>) -> T,
) -> Option<T> {
    match node.get_ref() {
        DeValue::Integer(_) => u64::read(node, path, reader).map(number),
        DeValue::String(_) => String::read(node, path, reader).map(text),
        DeValue::Array(_) => Vec::read(node, path, reader).map(list),
        _ => {
            reader.wrong_type(node, path, "a whole number, a text or a list of texts");
            None
        }
    }
}

fn integer(digits: &str, radix: u32) -> Option<i64> {
    if radix == 10 { digits.parse().ok() } else { None }
}

fn bad_number(node: &Node<'_>, path: &str, wanted: &str, reader: &mut Reader<'_>) {
    let got = match node.get_ref() {
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        _ => String::new(),
    };
    let got: String = got.chars().take(40).collect();
    reader.complain_byte(
        node.span().start,
        path,
        "E_NUMBER",
        format!("`{path}` must be {wanted}, not {got}"),
    );
}

/// Writes a struct, its reader and its JSON Schema from one list of keys.
macro_rules! table {
    ($(#[$meta:meta])* $vis:vis struct $name:ident {
        $($(#[$field_meta:meta])* $field:ident = $key:literal : $type:ty,)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, schemars::JsonSchema)]
        #[schemars(deny_unknown_fields)]
        $vis struct $name {
            $($(#[$field_meta])* #[schemars(rename = $key)] $vis $field: $type,)*
        }

        impl $crate::module::manifest::reader::Read for $name {
            fn read(
                node: &$crate::module::manifest::reader::Node<'_>,
                path: &str,
                reader: &mut $crate::module::manifest::reader::Reader<'_>,
            ) -> Option<Self> {
                let fields =
                    $crate::module::manifest::reader::Fields::of(node, path, &[$($key),*], reader)?;
                $(let $field = fields.take::<$type>($key, reader);)*
                Some(Self { $($field: $field?,)* })
            }
        }
    };
}

/// Writes a fieldless enum, its reader and its JSON Schema from one list of words.
macro_rules! words {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$word_meta:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, schemars::JsonSchema)]
        $vis enum $name { $($(#[$word_meta])* #[schemars(rename = $word)] $variant,)* }

        impl $crate::module::manifest::reader::Read for $name {
            fn read(
                node: &$crate::module::manifest::reader::Node<'_>,
                path: &str,
                reader: &mut $crate::module::manifest::reader::Reader<'_>,
            ) -> Option<Self> {
                let text = String::read(node, path, reader)?;
                match text.as_str() {
                    $($word => Some(Self::$variant),)*
                    _ => {
                        reader.unknown_word(node, path, &text, &[$($word),*]);
                        None
                    }
                }
            }
        }
    };
}

pub(super) use {table, words};

impl Reader<'_> {
    /// Complains about a word that is not one of `known`.
    pub(super) fn unknown_word(&mut self, node: &Node<'_>, path: &str, got: &str, known: &[&str]) {
        let shown: String = got.chars().take(40).collect();
        let list: Vec<String> = known.iter().map(|word| format!("\"{word}\"")).collect();
        let finding = Finding::error("E_MANIFEST_VALUE", format!("`{path}` cannot be {shown:?}"))
            .at(Some(Position::of(self.source, node.span().start)))
            .on(path)
            .hint(match suggest::nearest(got, known.iter().copied()) {
                Some(word) => format!("did you mean \"{word}\"?"),
                None => format!("use one of {}", list.join(", ")),
            });
        self.complaints.push(finding);
    }
}

//! The JSON Schema of `lilypad.toml`, generated from the tables.

use schemars::generate::SchemaSettings;

use super::tables::ManifestFile;

/// The JSON Schema (draft 2020-12) of `lilypad.toml`, as pretty JSON with a final newline.
///
/// ```
/// let schema: serde_json::Value = serde_json::from_str(&lilypad_core::module::schema()).unwrap();
/// assert_eq!(schema["title"], "lilypad.toml");
/// ```
#[must_use]
pub fn schema() -> String {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<ManifestFile>();
    schema.insert("title".to_owned(), "lilypad.toml".into());
    let mut text = serde_json::to_string_pretty(schema.as_value()).unwrap_or_default();
    text.push('\n');
    text
}

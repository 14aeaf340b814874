//! The shared vectors, run through the Rust core.

use std::path::Path;

use lilypad_core::model::{FileSet, file_content_id};
use serde_json::Value;

fn vectors(name: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors").join(name);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn content(file: &Value) -> Vec<u8> {
    match &file["text"] {
        Value::String(text) => text.clone().into_bytes(),
        _ => (0..file["pattern"].as_u64().unwrap()).map(|index| (index % 251) as u8).collect(),
    }
}

#[test]
fn content_ids() {
    for case in vectors("content_ids.json") {
        let input = &case["input"];
        let id = match input["files"].as_object() {
            None => file_content_id(&content(&input["file"])),
            Some(files) => {
                let files = files.iter().map(|(path, file)| (path.as_str(), content(file)));
                FileSet::from_files(files).unwrap().content_id().unwrap()
            }
        };
        assert_eq!(id.to_string(), case["expect"], "{}", case["name"]);
    }
}

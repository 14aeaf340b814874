//! The shared vectors, run through the Rust core.

use std::path::Path;

use lilypad_core::model::{
    Cid, Deal, FileSet, JobOffer, JobResult, ModuleConfig, ResourceOffer, file_content_id, json,
};
use lilypad_core::module::template::Template;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub(crate) fn vectors(name: &str) -> Vec<Value> {
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

/// Decodes, writes again, and takes the id.
fn round_trip<T: DeserializeOwned + Serialize>(
    text: &str,
    id: fn(&T) -> lilypad_core::Result<Cid>,
) -> lilypad_core::Result<(String, String)> {
    let value: T = json::from_slice(text.as_bytes())?;
    Ok((json::to_string(&value)?, id(&value)?.to_string()))
}

#[test]
fn ids() {
    for case in vectors("ids.json") {
        let text = case["input"]["json"].as_str().unwrap();
        let done = match case["input"]["type"].as_str().unwrap() {
            "job_offer" => round_trip::<JobOffer>(text, |offer| offer.id().map(|id| id.0)),
            "resource_offer" => round_trip::<ResourceOffer>(text, |offer| offer.id().map(|id| id.0)),
            "deal" => round_trip::<Deal>(text, |deal| deal.id().map(|id| id.0)),
            "module_config" => round_trip::<ModuleConfig>(text, ModuleConfig::id),
            "result" => round_trip::<JobResult>(text, Cid::of_json),
            _ => round_trip::<json::Value>(text, Cid::of_json),
        };
        let (text, id) = done.unwrap();
        assert_eq!(text, case["expect"]["json"], "{}", case["name"]);
        if let Some(expected) = case["expect"]["id"].as_str() {
            assert_eq!(id, expected, "{}", case["name"]);
        }
    }
}

#[test]
fn templates() {
    for case in vectors("templates.json") {
        let inputs = serde_json::from_value(case["input"]["inputs"].clone()).unwrap();
        let template = Template::parse(case["input"]["template"].as_str().unwrap());
        match template.and_then(|template| template.render(&inputs)) {
            Ok(text) => assert_eq!(text, case["expect"], "{}", case["name"]),
            Err(error) => assert_eq!(error.code(), case["error"], "{}: {error}", case["name"]),
        }
    }
}

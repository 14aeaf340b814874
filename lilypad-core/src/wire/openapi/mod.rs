//! The HTTP interface described for programs: an OpenAPI 3.1 document, made from the table of routes and the types of bodies.
//!
//! Layout: `operation` what each route takes and gives; `parts` what many of them share.

mod operation;
mod parts;

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::routes::Route;

/// The description, as pretty JSON with a final newline.
///
/// ```
/// let document: serde_json::Value = serde_json::from_str(&lilypad_core::wire::openapi::document()).unwrap();
/// assert_eq!(document["openapi"], "3.1.0");
/// ```
#[must_use]
pub fn document() -> String {
    let mut settings = SchemaSettings::draft2020_12().for_serialize();
    settings.definitions_path = "/components/schemas".into();
    settings.meta_schema = None;
    let mut schemas = settings.into_generator();
    let paths = paths(&mut schemas);
    let mut components = parts::shared(&mut schemas);
    let mut schemas = Value::Object(schemas.take_definitions(true));
    plain(&mut schemas);
    components.insert("schemas".to_owned(), schemas);
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "A Lilypad solver",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
            "description": "Job creators submit jobs, providers offer machines and run them. How a request is signed is in \
                            docs/requests.md, what bodies look like in docs/http-bodies.md.",
        },
        "servers": [{ "url": "/" }],
        "tags": [
            { "name": "anybody", "description": "Nobody has to sign these." },
            { "name": "job creator", "description": "Each is about the jobs of the account that signs." },
            { "name": "provider", "description": "Each is about the offers and deals of the account that signs." },
            { "name": "account", "description": "The money of the account that signs." },
        ],
        "paths": paths,
        "components": components,
    });
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

/// Makes descriptions of what is written for readers of the code: the first paragraph, without links into it.
fn plain(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if name == "description" => {
                        let first = text.split("\n\n").next().unwrap_or_default();
                        *text = first.replace('\n', " ").replace("[`", "`").replace("`]", "`");
                    }
                    value => plain(value),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(plain),
        _ => {}
    }
}

fn paths(schemas: &mut SchemaGenerator) -> Map<String, Value> {
    let mut paths = Map::new();
    for route in Route::ALL {
        let operation = operation::describe(*route, schemas);
        if let Value::Object(methods) = paths.entry(route.path()).or_insert_with(|| json!({})) {
            methods.insert(route.method().to_ascii_lowercase(), operation);
        }
    }
    for (path, id, about) in [
        ("/healthz", "healthz", "That the process runs."),
        ("/readyz", "readyz", "Whether requests are taken: not once something could not be saved."),
    ] {
        let text =
            json!({ "description": "Yes.", "content": { "text/plain": { "schema": { "const": "ok\n" } } } });
        let answers = json!({ "200": text, "default": { "$ref": "#/components/responses/Error" } });
        let operation = json!({ "operationId": id, "tags": ["anybody"], "summary": about, "security": [], "responses": answers });
        paths.insert(path.to_owned(), json!({ "get": operation }));
    }
    let text = json!({ "description": "This document.", "content": { "application/json": { "schema": { "type": "object" } } } });
    let operation = json!({
        "operationId": "openapi", "tags": ["anybody"], "summary": "This document.", "security": [], "responses": { "200": text },
    });
    paths.insert("/openapi.json".to_owned(), json!({ "get": operation }));
    paths
}

#[cfg(test)]
mod tests;

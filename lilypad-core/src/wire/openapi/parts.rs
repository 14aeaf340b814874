//! What many operations share: the headers of a signed request, parts of paths, the error, ranges.

use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};

use crate::model::{DealId, JobId, ResourceOfferId};
use crate::wire::ArchiveId;
use crate::wire::body::ErrorBody;

/// The parameters of a signed request.
pub(super) const SIGNED: [&str; 6] =
    ["ContentDigest", "LilypadAudience", "LilypadTarget", "SignatureInput", "Signature", "LilypadGrant"];

/// The components but the schemas, which are known last.
pub(super) fn shared(schemas: &mut SchemaGenerator) -> Map<String, Value> {
    let error = schemas.subschema_for::<ErrorBody>().to_value();
    let error = json!({ "application/json": { "schema": error } });
    let wait = json!({ "retry-after": { "$ref": "#/components/headers/RetryAfter" } });
    let components = json!({
        "securitySchemes": {
            "SignedRequest": {
                "type": "apiKey",
                "in": "header",
                "name": "signature",
                "description": "EIP-712 typed data over method, authority, path, query, body, solver, chain, times and a nonce: \
                                see docs/requests.md. The other headers of a signed request belong to it.",
            },
        },
        "parameters": parameters(schemas),
        "headers": {
            "RetryAfter": whole("How many seconds to wait before it is asked again."),
            "ETag": text("SHA-256 of the whole archive, in quotes.", "^\"[0-9a-f]{64}\"$"),
            "AcceptRanges": text("That parts of it can be had.", "^bytes$"),
            "ContentRange": text("Which part it is.", "^bytes ([0-9]+-[0-9]+|\\*)/[0-9]+$"),
        },
        "responses": {
            "Error": { "description": "Why it was not done, and what to do.", "headers": wait, "content": error },
            "Later": { "description": "Too much at once: wait as long as `retry-after` says.", "headers": wait, "content": error },
        },
    });
    match components {
        Value::Object(components) => components,
        _ => Map::new(),
    }
}

fn parameters(schemas: &mut SchemaGenerator) -> Value {
    let mut id = |schema: fn(&mut SchemaGenerator) -> Value| json!({ "name": "id", "in": "path", "required": true, "schema": schema(schemas) });
    let header = |name: &str, required: bool, about: &str| json!({ "name": name, "in": "header", "required": required, "description": about, "schema": { "type": "string" } });
    let query = |name: &str, about: &str| json!({ "name": name, "in": "query", "required": true, "description": about, "schema": { "type": "integer", "minimum": 0 } });
    let actions = ["play-money", "stake", "unstake", "claim"];
    json!({
        "JobId": id(|schemas| schemas.subschema_for::<JobId>().to_value()),
        "DealId": id(|schemas| schemas.subschema_for::<DealId>().to_value()),
        "OfferId": id(|schemas| schemas.subschema_for::<ResourceOfferId>().to_value()),
        "ArchiveId": id(|schemas| schemas.subschema_for::<ArchiveId>().to_value()),
        "UploadLength": query("length", "How many bytes the archive has in all."),
        "UploadOffset": query("offset", "The place of the part's first byte."),
        "Action": {
            "name": "action",
            "in": "path",
            "required": true,
            "description": "`play-money` gives the account its play money, once; `stake` and `unstake` move the amount; `claim` \
                            pays out what was unstaked long enough ago. The amount is read for the middle two.",
            "schema": { "type": "string", "enum": actions },
        },
        "ContentDigest": header("content-digest", true, "SHA-256 of the body (RFC 9530), of no bytes where there is none."),
        "LilypadAudience": header("lilypad-audience", true, "The solver's account, and the chain id of its network."),
        "LilypadTarget": header("lilypad-target", true, "Eight bytes of the SHA-256 of each of method, authority, path and query."),
        "SignatureInput": header("signature-input", true, "What is signed, when, by whom, with which nonce (RFC 9421)."),
        "Signature": header("signature", true, "The signature (RFC 9421), 65 bytes."),
        "LilypadGrant": header("lilypad-grant", false, "The grant of a session key, base64url."),
        "LastEventId": header("last-event-id", false, "The id of the last event that was seen: the stream begins after it."),
        "Range": header("range", false, "Which bytes of the archive: one range."),
        "IfRange": header("if-range", false, "The archive's ETag: where it has another one, all of it is sent."),
    })
}

fn text(about: &str, pattern: &str) -> Value {
    json!({ "description": about, "schema": { "type": "string", "pattern": pattern } })
}

fn whole(about: &str) -> Value {
    json!({ "description": about, "schema": { "type": "integer", "minimum": 1 } })
}

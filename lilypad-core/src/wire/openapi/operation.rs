//! What each route takes and gives.

use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Value, json};

use crate::market::Quote;
use crate::model::{JobId, ResourceOfferId};
use crate::signer::{Signature, Signed};
use crate::wire::body::{Batch, DealBody, ErrorBody, Proposal, ResultBody};
use crate::wire::routes::Route;
use crate::wire::{
    Done, JobEvent, JobList, JobStatus, Money, OfferProposal, ProviderEvent, QuoteRequest, SolverInfo,
    Started, Sum, UPLOAD_PART, UploadState, Uploaded,
};

/// A body, or an answer.
enum Content {
    Nothing,
    Json(Value),
    /// An archive with these JSON parts, and what else is in it.
    Archive(Vec<(&'static str, Value)>, &'static str),
    /// The same, or the name of one that was uploaded.
    Handed(Vec<(&'static str, Value)>, &'static str, Value),
    /// Bytes of an archive.
    Part,
    /// A stream of events with such data; true where it can be resumed.
    Events(Value, bool),
}

/// Who may ask.
enum Who {
    Anybody,
    /// The account that signs, under such a tag; the word that a session key's grant must have.
    Signed(&'static str, Option<&'static str>),
}

/// The operation of a route.
pub(super) fn describe(route: Route, schemas: &mut SchemaGenerator) -> Value {
    let (who, takes, gives) = content(route, schemas);
    let (tag, word) = match who {
        Who::Anybody => ("anybody", None),
        Who::Signed(tag, word) => (tag, Some(word)),
    };
    let mut parameters: Vec<Value> = path_parameter(route).into_iter().collect();
    if route == Route::UploadPart {
        parameters.extend(["UploadLength", "UploadOffset"].map(|name| reference("parameters", name)));
    }
    if word.is_some() {
        parameters.extend(super::parts::SIGNED.map(|name| reference("parameters", name)));
    }
    match &gives {
        Content::Archive(..) => {
            parameters.extend(["Range", "IfRange"].map(|name| reference("parameters", name)));
        }
        Content::Events(_, true) => parameters.push(reference("parameters", "LastEventId")),
        _ => {}
    }
    let mut operation = json!({
        "operationId": format!("{route:?}"),
        "tags": [tag],
        "summary": route.about(),
        "parameters": parameters,
        "security": word.map_or_else(|| json!([]), |_| json!([{ "SignedRequest": [] }])),
        "responses": answers(&gives, word.is_some()),
    });
    if let Some(word) = word {
        let about = match word {
            Some(word) => format!("A session key needs the word `{word}` in its grant."),
            None => "Only the account's own key may ask: no grant is enough.".to_owned(),
        };
        operation["description"] = about.into();
    }
    if let Some(content) = media(&takes) {
        operation["requestBody"] = json!({ "required": !matches!(route, Route::Move), "content": content });
    }
    operation
}

/// Who may ask, what is taken and what comes back. A new route does not build without.
fn content(route: Route, schemas: &mut SchemaGenerator) -> (Who, Content, Content) {
    let creator = |word| Who::Signed("job creator", Some(word));
    let provider = |word| Who::Signed("provider", Some(word));
    let mut json = |schema: fn(&mut SchemaGenerator) -> Value| Content::Json(schema(schemas));
    let either = Who::Signed("account", Some("submit` or `deliver"));
    let job = "`bundle/` the module's files, `inputs/` the input files";
    match route {
        Route::Solver => (Who::Anybody, Content::Nothing, json(of::<SolverInfo>)),
        Route::Quote => (Who::Anybody, json(of::<QuoteRequest>), json(of::<Quote>)),
        Route::Submit => {
            let parts = vec![("proposal.json", of::<Signed<Proposal>>(schemas))];
            let named = of::<Uploaded>(schemas);
            (creator("submit"), Content::Handed(parts, job, named), Content::Json(of::<JobId>(schemas)))
        }
        Route::Jobs => (creator("read"), Content::Nothing, json(of::<JobList>)),
        Route::Job => (creator("read"), Content::Nothing, json(of::<JobStatus>)),
        Route::JobEvents => {
            (creator("read"), Content::Nothing, Content::Events(of::<JobEvent>(schemas), true))
        }
        Route::JobResult => (creator("read"), Content::Nothing, result(schemas)),
        Route::JobAccept => (creator("accept"), json(of::<Signature>), json(of::<Done>)),
        Route::JobCancel => (creator("cancel"), Content::Nothing, json(of::<Done>)),
        Route::Offer => (provider("offer"), json(of::<Signed<OfferProposal>>), json(of::<ResourceOfferId>)),
        Route::Withdraw => (provider("offer"), Content::Nothing, json(of::<Done>)),
        Route::Messages => {
            (provider("offer"), Content::Nothing, Content::Events(of::<ProviderEvent>(schemas), false))
        }
        Route::MessagesHeard => (provider("offer"), json(of::<Done>), json(of::<Done>)),
        Route::DealNotice => {
            let parts = vec![
                ("deal.json", of::<DealBody>(schemas)),
                ("proposal.json", of::<Signed<Proposal>>(schemas)),
            ];
            (provider("deliver"), Content::Nothing, Content::Archive(parts, "no files"))
        }
        Route::DealFiles => {
            let parts = vec![("proposal.json", of::<Signed<Proposal>>(schemas))];
            (provider("deliver"), Content::Nothing, Content::Archive(parts, job))
        }
        Route::DealStarted => (provider("deliver"), json(of::<Started>), json(of::<Done>)),
        Route::DealEvents => (provider("deliver"), json(of::<Batch>), json(of::<Done>)),
        Route::DealDelivery => {
            let named = of::<Uploaded>(schemas);
            let handed = Content::Handed(result_parts(schemas), RESULTS, named);
            (provider("deliver"), handed, Content::Json(of::<Done>(schemas)))
        }
        Route::DealRefusal => (provider("deliver"), json(of::<ErrorBody>), json(of::<Done>)),
        Route::Upload => (either, Content::Nothing, json(of::<UploadState>)),
        Route::UploadPart => (either, Content::Part, json(of::<UploadState>)),
        Route::Account => (Who::Signed("account", Some("read")), Content::Nothing, json(of::<Money>)),
        Route::Move => (Who::Signed("account", None), json(of::<Sum>), json(of::<Money>)),
    }
}

fn of<T: JsonSchema>(schemas: &mut SchemaGenerator) -> Value {
    schemas.subschema_for::<T>().to_value()
}

fn result(schemas: &mut SchemaGenerator) -> Content {
    Content::Archive(result_parts(schemas), RESULTS)
}

const RESULTS: &str = "`results/` the results";

fn result_parts(schemas: &mut SchemaGenerator) -> Vec<(&'static str, Value)> {
    vec![("result.json", of::<ResultBody>(schemas))]
}

fn path_parameter(route: Route) -> Option<Value> {
    let name = match route {
        Route::Move => "Action",
        Route::Job | Route::JobEvents | Route::JobResult | Route::JobAccept | Route::JobCancel => "JobId",
        Route::Withdraw => "OfferId",
        Route::Upload | Route::UploadPart => "ArchiveId",
        Route::DealNotice
        | Route::DealFiles
        | Route::DealStarted
        | Route::DealEvents
        | Route::DealDelivery
        | Route::DealRefusal => "DealId",
        _ => return None,
    };
    Some(reference("parameters", name))
}

fn reference(kind: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/{kind}/{name}") })
}

/// The content by its type.
fn media(content: &Content) -> Option<Value> {
    match content {
        Content::Nothing => None,
        Content::Json(schema) => Some(json!({ "application/json": { "schema": schema } })),
        Content::Part => Some(
            json!({ "application/octet-stream": { "schema": { "type": "string", "maxLength": UPLOAD_PART } } }),
        ),
        Content::Handed(parts, folders, named) => {
            let mut content = media(&Content::Archive(parts.clone(), folders))?;
            content["application/json"] = json!({ "schema": named });
            Some(content)
        }
        Content::Archive(parts, folders) => {
            let names: Vec<_> = parts.iter().map(|(name, _)| format!("`{name}`")).collect();
            let about = format!(
                "A tar archive: {}, {folders}. `x-parts` has the schemas of its JSON parts.",
                names.join(", ")
            );
            let parts: serde_json::Map<_, _> =
                parts.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
            Some(json!({ "application/x-tar": { "schema": { "description": about }, "x-parts": parts } }))
        }
        Content::Events(schema, _) => {
            let about = "Server-sent events; the data of each is such JSON. A line with nothing but a colon comes every 15 s.";
            let text = json!({
                "type": "string", "description": about, "contentMediaType": "application/json", "contentSchema": schema,
            });
            Some(json!({ "text/event-stream": { "schema": text } }))
        }
    }
}

fn answers(gives: &Content, signed: bool) -> Value {
    let content = media(gives).unwrap_or_else(|| json!({}));
    let mut answers = json!({ "200": { "description": "Done.", "content": content } });
    if let Content::Archive(..) = gives {
        let headers = json!({
            "etag": reference("headers", "ETag"), "accept-ranges": reference("headers", "AcceptRanges"),
        });
        answers["200"]["headers"] = headers;
        let headers = json!({ "etag": reference("headers", "ETag"), "content-range": reference("headers", "ContentRange") });
        let part = json!({ "application/x-tar": { "schema": { "description": "These bytes of it." } } });
        answers["206"] =
            json!({ "description": "A part of the archive.", "headers": headers, "content": part });
        let headers = json!({ "content-range": reference("headers", "ContentRange") });
        answers["416"] = json!({ "description": "It has no such bytes.", "headers": headers });
    }
    if signed {
        answers["401"] = reference("responses", "Error");
    }
    answers["429"] = reference("responses", "Later");
    answers["default"] = reference("responses", "Error");
    answers
}

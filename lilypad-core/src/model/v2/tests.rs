//! v2 modules against what the reference reads and writes (protocol reference, 1.3 and 1.12).

use super::super::json::{from_slice, to_string};
use super::*;

/// What the reference writes for a module of which nothing is given.
const EMPTY: &str = concat!(
    r#"{"author":{"name":"","avatar":"","address":""},"description":"","image":"","model":{"name":"","type":"","size":""},"#,
    r#""inputFiles":{"required":null,"optional":null},"executionTimeoutSeconds":0,"#,
    r#""machine":{"gpu":0,"gpus":null,"cpu":0,"ram":0,"disk":0},"#,
    r#""job":{"APIVersion":"","Metadata":{"CreatedAt":"0001-01-01T00:00:00Z","Requester":{}},"#,
    r#""Spec":{"EngineSpec":{"Type":"","Params":null},"PublisherSpec":{},"Docker":{},"Wasm":{"EntryModule":{}},"#,
    r#""Resources":{"GPU":""},"Network":{"Type":"None"},"Deal":{}}}}"#,
);

fn spec(text: &str) -> Spec {
    from_slice(text.as_bytes()).unwrap()
}

fn refused(text: &str) -> String {
    from_slice::<Spec>(text.as_bytes()).unwrap_err().to_string()
}

#[test]
fn an_empty_module_is_written_as_the_reference_does() {
    assert_eq!(to_string(&from_slice::<Module>(b"{}").unwrap()).unwrap(), EMPTY);
    assert_eq!(to_string(&Module::default()).unwrap(), EMPTY);
}

#[test]
fn words_are_read_in_any_case() {
    let read = spec(
        r#"{"engine":"DOCKER","Publisher":" ipfs ","inputs":[{"storagesource":"urldownload"}],"network":{"type":"http"}}"#,
    );
    assert_eq!(
        (read.engine, read.publisher, read.network.r#type),
        (Engine::Docker, Publisher::Ipfs, Network::Http)
    );
    assert_eq!(read.inputs.unwrap()[0].storage_source, StorageSource::UrlDownload);
    assert_eq!(spec(r#"{"Engine":"Language"}"#).engine, Engine::Unknown);
    assert_eq!(spec(r#"{"Engine":" docker"}"#).engine, Engine::Unknown, "engines are not trimmed");
    assert_eq!(spec(r#"{"Publisher":null}"#).publisher, Publisher::Unknown);
}

#[test]
fn unknown_words_are_refused_with_their_place() {
    assert_eq!(
        refused(r#"{"Publisher":""}"#),
        "line 1, column 14: Publisher is refused: publisher: unknown type \"\""
    );
    assert!(
        refused(r#"{"Inputs":[{},{"StorageSource":"tape"}]}"#).contains("Inputs[1].StorageSource is refused")
    );
    assert!(refused(r#"{"Network":{"Type":"unknown"}}"#).contains("unknown type \"unknown\""));
    assert!(refused(r#"{"PublisherSpec":{"Type":"unknown"}}"#).contains("PublisherSpec.Type"));
    assert!(refused(r#"{"Engine":5}"#).contains("Engine wants a string, got 5"));
}

#[test]
fn lists_that_are_given_empty_stay() {
    let text = r#"{"EngineSpec":{"Type":"docker","Params":{"b":[],"a":1e2}},"PublisherSpec":{},"Docker":{"Image":"i","EnvironmentVariables":[]},"Wasm":{"EntryModule":{}},"Resources":{"GPU":"1"},"Network":{"Type":"Full","Domains":[]},"Outputs":[{"Name":"o","S3":{"Checksum":"c"},"Path":"/o"}],"NodeSelectors":[{"Key":"","Operator":""}],"Deal":{"Concurrency":1}}"#;
    let wanted = text.replace(r#"{"b":[],"a":1e2}"#, r#"{"a":100,"b":[]}"#);
    assert_eq!(to_string(&spec(text)).unwrap(), wanted);
}

#[test]
fn times_are_checked_and_normalised() {
    for (text, wanted) in [
        ("2022-11-17T13:29:01.871140290Z", "2022-11-17T13:29:01.87114029Z"),
        ("2024-02-29T00:00:00+00:00", "2024-02-29T00:00:00Z"),
        ("2024-02-29T00:00:00.000-02:30", "2024-02-29T00:00:00-02:30"),
    ] {
        assert_eq!(Time::parse(text).unwrap().as_str(), wanted);
    }
    for text in [
        "",
        "2023-02-29T00:00:00Z",
        "2023-1-01T00:00:00Z",
        "2023-01-01T24:00:00Z",
        "2023-01-01T00:00:60Z",
        "2023-01-01 00:00:00Z",
        "2023-01-01T00:00:00",
        "2023-01-01T00:00:00,5Z",
        "2023-01-01T00:00:00.Z",
        "2023-01-01T00:00:00+24:00",
        "2023-01-01T00:00:00Zx",
        "2023-01-01T00:00:00\u{e9}",
    ] {
        assert!(Time::parse(text).is_none(), "{text}");
    }
}

//! What only S3 has: uploads that were cut off, and a store that says no.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use super::bucket::Bucket;
use super::*;
use crate::error::ErrorKind;

#[tokio::test]
async fn what_was_being_sent_when_the_process_died_is_given_up_at_the_next_start() {
    let test = "what_was_being_sent_when_the_process_died_is_given_up_at_the_next_start";
    let Some(bucket) = Bucket::new(test).await else { return };
    let (id, bytes) = archive(9 << 20);
    let files = bucket.files().await;
    files.begin_and_die(id, bytes.slice(..8 << 20)).await;
    let uploads = || bucket.call(reqwest::Method::GET, "?uploads", Vec::new());
    let open = |text: Vec<u8>| String::from_utf8(text).unwrap().matches("<UploadId>").count();
    assert_eq!(open(uploads().await), 1);
    drop(files);
    let files = bucket.files().await;
    assert_eq!(files.list().await.unwrap(), []);
    assert_eq!(open(uploads().await), 0);
    files.put(id, &bytes.clone().into()).await.unwrap();
    assert_eq!(files.list().await.unwrap(), [(id, 9 << 20)]);
    // Nothing else is left: neither what was tried out nor what was noted.
    let listed =
        String::from_utf8(bucket.call(reqwest::Method::GET, "?list-type=2", Vec::new()).await).unwrap();
    assert_eq!(listed.matches("<Key>").count(), 1, "{listed}");
}

#[tokio::test]
async fn a_bucket_that_is_not_there_and_one_that_goes_are_named() {
    let test = "a_bucket_that_is_not_there_and_one_that_goes_are_named";
    let Some(bucket) = Bucket::new(test).await else { return };
    let error = S3Files::open_as("s3://nobody-made-this/x", &bucket.endpoint, "a", "b").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code(), error.fault()),
        (ErrorKind::InvalidInput, "E_FILES_BUCKET", Fault::User)
    );
    assert!(
        error.message().contains("nobody-made-this") && error.message().contains(&bucket.endpoint),
        "{error}"
    );
    let files = bucket.files().await;
    bucket.call(reqwest::Method::DELETE, "", Vec::new()).await;
    let (id, bytes) = archive(10);
    let error = files.put(id, &bytes.into()).await.unwrap_err();
    assert_eq!((error.code(), error.fault()), ("E_FILES", Fault::Solver));
    assert!(error.message().contains("is gone"), "{error}");
}

/// A store that gives everybody this one answer.
fn answers(status: &'static str, body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let Ok(mut connection) = connection else { return };
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && connection.read_exact(&mut byte).is_ok() {
                head.push(byte[0]);
            }
            let _ = write!(
                connection,
                "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    endpoint
}

/// Each answer as S3's documentation of its errors has it.
#[tokio::test]
async fn a_store_that_says_no_is_understood() {
    for (status, body, kind, code, fault, word) in [
        (
            "403 Forbidden",
            "<Error><Code>InvalidAccessKeyId</Code><Message>The AWS Access Key Id you provided does not exist in our records.\
             </Message><AWSAccessKeyId>AKIA1</AWSAccessKeyId></Error>",
            ErrorKind::Unauthorized,
            "E_FILES_KEYS",
            Fault::User,
            "InvalidAccessKeyId",
        ),
        (
            "403 Forbidden",
            "<Error><Code>SignatureDoesNotMatch</Code><StringToSign>AWS4\nAKIA1</StringToSign></Error>",
            ErrorKind::Unauthorized,
            "E_FILES_KEYS",
            Fault::User,
            "SignatureDoesNotMatch",
        ),
        (
            "400 Bad Request",
            "<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>",
            ErrorKind::Unauthorized,
            "E_FILES_KEYS",
            Fault::User,
            "ExpiredToken",
        ),
        (
            "301 Moved Permanently",
            "<Error><Code>PermanentRedirect</Code></Error>",
            ErrorKind::InvalidInput,
            "E_FILES_BUCKET",
            Fault::User,
            "region",
        ),
        (
            "200 OK",
            "<html>hello</html>",
            ErrorKind::Unavailable,
            "E_FILES",
            Fault::Network,
            "does not do its work",
        ),
        ("418 I'm a teapot", "short\n\nand stout", ErrorKind::Unavailable, "E_FILES", Fault::Network, "418"),
    ] {
        let endpoint = answers(status, body);
        let error = S3Files::open_as("s3://bucket/solver", &endpoint, "AKIA1", "hunter2").await.unwrap_err();
        assert_eq!((error.kind(), error.code(), error.fault()), (kind, code, fault), "{error}");
        let text = error.to_string();
        assert!(text.contains(word) && text.contains(&endpoint), "{text}");
        assert!(error.hint().is_some() && !text.contains('\n'), "{text}");
        assert!(!text.contains("hunter2") && !text.contains("AKIA1"), "{text}");
    }
}

#[tokio::test]
async fn a_store_that_is_down_is_named() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let endpoint = format!("http://{free}");
    let error = S3Files::open_as("s3://bucket/solver", &endpoint, "a", "b").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code(), error.fault()),
        (ErrorKind::Unavailable, "E_FILES", Fault::Network)
    );
    let text = error.to_string();
    assert!(
        text.contains(&endpoint) && text.contains("refused") && text.contains("--files-endpoint"),
        "{text}"
    );
}

#[tokio::test]
async fn what_is_no_place_is_refused() {
    for url in [
        "s3:/bucket/x",
        "s3://",
        "s3://b",
        "s3://buck et/x",
        "s3://bucket//x",
        "s3://bucket/../x",
        "s3://me:secret@host/x",
    ] {
        let error = S3Files::open_as(url, "http://127.0.0.1:1", "a", "b").await.unwrap_err();
        assert_eq!(error.code(), "E_FILES_PLACE", "{url}: {error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

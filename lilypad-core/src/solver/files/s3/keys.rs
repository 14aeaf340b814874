//! Who asks an object store, where it answers and how it is called: what the environment says of it.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::{BackoffConfig, ClientConfigKey, ClientOptions, RetryConfig};

use super::failure::Trouble;
use super::place::{Place, wrong};
use crate::config::NetworkUrl;
use crate::error::{Error, Result};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);
/// How long one request may take: a part of 8 MiB at 2 Mbit/s.
const REQUEST: Duration = Duration::from_secs(60);
/// How long a request is tried again.
const RETRY: Duration = Duration::from_secs(20);
/// How often.
const RETRIES: usize = 3;
/// Most bytes of a file with profiles.
const MOST_PROFILES: u64 = 1 << 20;

/// What keys can come from beside a file: where one of these is set, no file is read.
const OTHER_KEYS: [&str; 5] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
];

/// How a store is called. Shows no keys.
pub(super) struct Settings {
    builder: AmazonS3Builder,
    endpoint: Option<String>,
}

impl Settings {
    /// As the environment and the files that it names say; `endpoint` comes first.
    pub(super) fn of_environment(place: &Place, endpoint: Option<&str>) -> Result<Self> {
        let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let mut builder = AmazonS3Builder::from_env();
        if !OTHER_KEYS.iter().any(|name| variable(name).is_some()) {
            let found = profile(&variable)?;
            let has_keys = found.iter().any(|(key, _)| *key == AmazonS3ConfigKey::AccessKeyId);
            for (key, value) in found {
                if builder.get_config_value(&key).is_none() {
                    builder = builder.with_config(key, value);
                }
            }
            if !has_keys && variable("AWS_EC2_METADATA_DISABLED").is_some_and(|value| value == "true") {
                return Err(Trouble::NoKeys.at_start(place));
            }
        }
        Self::of(builder, endpoint)
    }

    pub(super) fn of(builder: AmazonS3Builder, endpoint: Option<&str>) -> Result<Self> {
        let said = |key| builder.get_config_value(&key).filter(|value| !value.is_empty());
        let named = endpoint.map(str::to_owned);
        let named = named
            .or_else(|| said(AmazonS3ConfigKey::S3Endpoint))
            .or_else(|| said(AmazonS3ConfigKey::Endpoint));
        let plain =
            said(AmazonS3ConfigKey::Client(ClientConfigKey::AllowHttp)).is_some_and(|value| value == "true");
        let Some(named) = named else { return Ok(Self { builder, endpoint: None }) };
        let url = NetworkUrl::parse(&named, plain).map_err(|error| bad_endpoint(&error))?;
        let endpoint = url.as_str().to_owned();
        let builder = builder
            .with_config(AmazonS3ConfigKey::S3Endpoint, endpoint.clone())
            .with_allow_http(!url.is_encrypted());
        Ok(Self { builder, endpoint: Some(endpoint) })
    }

    /// A store at this place, which is told where that is.
    pub(super) fn connect(self, place: &mut Place) -> Result<AmazonS3> {
        if let Some(endpoint) = &self.endpoint {
            place.host.clone_from(endpoint);
        }
        // Somebody else may have installed one already: any will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let options = ClientOptions::new()
            .with_allow_http(self.endpoint.is_some_and(|endpoint| endpoint.starts_with("http://")))
            .with_connect_timeout(CONNECT)
            .with_timeout(REQUEST);
        let backoff =
            BackoffConfig { init_backoff: Duration::from_millis(100), max_backoff: CONNECT, base: 2.0 };
        let retry = RetryConfig { backoff, max_retries: RETRIES, retry_timeout: RETRY };
        self.builder
            .with_bucket_name(&place.bucket)
            .with_client_options(options)
            .with_retry(retry)
            .build()
            .map_err(|error| Trouble::of(&error).at_start(place))
    }
}

fn bad_endpoint(error: &Error) -> Error {
    let wrong = wrong(&format!("the address of the object store cannot be used: {}", error.message()));
    if error.code() == "E_NETWORK_INSECURE" {
        return wrong
            .with_hint("use https, or say AWS_ALLOW_HTTP=true where the network between is yours alone");
    }
    wrong.with_hint("write https://HOST[:PORT] in --files-endpoint or AWS_ENDPOINT_URL")
}

/// What the files of the user's profile say, the keys' own file first.
fn profile(variable: &dyn Fn(&str) -> Option<OsString>) -> Result<Vec<(AmazonS3ConfigKey, String)>> {
    let name =
        variable("AWS_PROFILE").map_or_else(|| "default".into(), |name| name.to_string_lossy().into_owned());
    let home = variable("HOME").or_else(|| variable("USERPROFILE")).map(PathBuf::from);
    let place = |named: &str, usual: &str| {
        variable(named).map(PathBuf::from).or_else(|| Some(home.clone()?.join(".aws").join(usual)))
    };
    let mut found = Vec::new();
    for (path, section) in [
        (place("AWS_SHARED_CREDENTIALS_FILE", "credentials"), name.clone()),
        (place("AWS_CONFIG_FILE", "config"), format!("profile {name}")),
        (place("AWS_CONFIG_FILE", "config"), name),
    ] {
        let Some(path) = path.filter(|path| path.is_file()) else { continue };
        if std::fs::metadata(&path).is_ok_and(|file| file.len() > MOST_PROFILES) {
            return Err(wrong("the file with the profiles of AWS is too large"));
        }
        let text = std::fs::read_to_string(&path).map_err(|error| {
            wrong(&format!("the file {} cannot be read: {error}", path.display())).with_source(error)
        })?;
        found.extend(section_of(&text, &section));
    }
    Ok(found)
}

/// The settings of one section, the first of each kind.
fn section_of(text: &str, section: &str) -> Vec<(AmazonS3ConfigKey, String)> {
    let mut here = false;
    let mut found = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            here = name.split_whitespace().eq(section.split_whitespace());
        } else if here && let Some((name, value)) = line.split_once('=') {
            let key = match name.trim() {
                "aws_access_key_id" => AmazonS3ConfigKey::AccessKeyId,
                "aws_secret_access_key" => AmazonS3ConfigKey::SecretAccessKey,
                "aws_session_token" => AmazonS3ConfigKey::Token,
                "region" => AmazonS3ConfigKey::Region,
                "endpoint_url" => AmazonS3ConfigKey::Endpoint,
                _ => continue,
            };
            found.push((key, value.trim().to_owned()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREDENTIALS: &str = "# mine\n[default]\naws_access_key_id = A\naws_secret_access_key=B\n\n[ work ]\naws_access_key_id=C\n\
        aws_secret_access_key=D\naws_session_token=E\nother=F\n";
    const CONFIG: &str = "[default]\nregion=eu-west-1\n[profile work]\nregion = eu-central-1\nendpoint_url = https://s3.example\n";

    fn found(profile_name: Option<&str>) -> Vec<(AmazonS3ConfigKey, String)> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(".aws")).unwrap();
        std::fs::write(folder.path().join(".aws/credentials"), CREDENTIALS).unwrap();
        std::fs::write(folder.path().join(".aws/config"), CONFIG).unwrap();
        profile(&|name| match name {
            "HOME" => Some(folder.path().into()),
            "AWS_PROFILE" => profile_name.map(Into::into),
            _ => None,
        })
        .unwrap()
    }

    #[test]
    fn a_profile_is_read_from_both_files() {
        use AmazonS3ConfigKey::{AccessKeyId, Endpoint, Region, SecretAccessKey, Token};
        let of = |pairs: &[(AmazonS3ConfigKey, &str)]| -> Vec<_> {
            pairs.iter().map(|(key, value)| (*key, (*value).to_owned())).collect()
        };
        assert_eq!(found(None), of(&[(AccessKeyId, "A"), (SecretAccessKey, "B"), (Region, "eu-west-1")]));
        let work = [
            (AccessKeyId, "C"),
            (SecretAccessKey, "D"),
            (Token, "E"),
            (Region, "eu-central-1"),
            (Endpoint, "https://s3.example"),
        ];
        assert_eq!(found(Some("work")), of(&work));
        assert_eq!(found(Some("nobody")), []);
    }

    #[test]
    fn plain_http_to_another_machine_is_taken_only_where_it_is_asked_for() {
        let settings = |endpoint: &str| {
            Settings::of(AmazonS3Builder::new(), Some(endpoint)).map(|settings| settings.endpoint.unwrap())
        };
        assert_eq!(settings("https://s3.example/").unwrap(), "https://s3.example");
        assert_eq!(settings("http://127.0.0.1:9000").unwrap(), "http://127.0.0.1:9000");
        let error = settings("http://s3.example").unwrap_err();
        assert!(error.hint().unwrap().contains("AWS_ALLOW_HTTP"), "{error}");
        let builder =
            AmazonS3Builder::new().with_config(AmazonS3ConfigKey::Client(ClientConfigKey::AllowHttp), "true");
        assert!(Settings::of(builder, Some("http://s3.example")).is_ok());
        for wrong in ["s3.example", "ftp://s3.example", "https://me:secret@s3.example"] {
            let error = settings(wrong).unwrap_err();
            assert_eq!(error.code(), "E_FILES_PLACE", "{error}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}

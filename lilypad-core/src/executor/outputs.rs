//! The folder of results: which outputs a job may declare, and what every executor puts there.

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::model::FileSet;

use super::StopReason;

/// Most output folders.
const MAX_OUTPUTS: usize = 64;
/// Names in the results that belong to the executor.
const RESERVED: [&str; 3] = ["stdout", "stderr", "exitCode"];

/// The results of a job before its outputs: both logs and the exit code.
///
/// # Errors
/// None in practice: the names are plain.
pub(super) fn results(stdout: Vec<u8>, stderr: Vec<u8>, stop: &StopReason) -> Result<FileSet> {
    let mut results = FileSet::new();
    results.insert("stdout", stdout)?;
    results.insert("stderr", stderr)?;
    results.insert("exitCode", stop.outcome().exit_code().to_string().into_bytes())?;
    Ok(results)
}

/// What is said of a file whose name starts with a dot: the content id does not see it.
#[cfg_attr(
    not(any(feature = "executor-wasm", feature = "executor-docker")),
    allow(dead_code, reason = "kernels leave only files with names that were checked")
)]
pub(super) fn hidden(path: &str) -> String {
    format!("{path} is left out of the results: its name starts with a dot")
}

/// Checks the names and paths of the output folders.
pub(super) fn check_outputs(outputs: &BTreeMap<String, String>) -> Result<()> {
    let refuse = |name: &str, why: &str| {
        Err(Error::invalid("E_OUTPUT", format!("output {:?} {why}", shown(name))).with("output", shown(name)))
    };
    if outputs.len() > MAX_OUTPUTS {
        return refuse("", &format!("is one of {}; the limit is {MAX_OUTPUTS}", outputs.len()));
    }
    let mut taken: Vec<&str> = vec!["/inputs", "/tmp"];
    let mut names: Vec<&str> = RESERVED.to_vec();
    for (name, path) in outputs {
        if !is_plain(name) || name.split('/').count() > 8 || name.len() > 255 {
            return refuse(name, "must be a relative path without `.`, `..` and hidden parts");
        }
        if names.iter().any(|other| overlap(other, name)) {
            return refuse(name, "lies in, around or on another name in the results");
        }
        let inner = path.strip_prefix('/').filter(|inner| is_plain(inner) && path.len() <= 1_024);
        if inner.is_none() {
            return refuse(name, &format!("has the path {:?}; it must be absolute and plain", shown(path)));
        }
        if taken.iter().any(|other| overlap(other, path)) {
            return refuse(name, &format!("has the path {:?}, which overlaps another folder", shown(path)));
        }
        taken.push(path);
        names.push(name);
    }
    Ok(())
}

fn is_plain(path: &str) -> bool {
    !path.contains(['\\', '\0']) && path.split('/').all(|part| !part.is_empty() && !part.starts_with('.'))
}

fn overlap(one: &str, other: &str) -> bool {
    let within = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    within(one, other) || within(other, one)
}

fn shown(text: &str) -> String {
    text.chars().take(80).collect()
}

//! `lilypad provider --config FILE`: a file whose settings are the command's own flags, and `lilypad provider init`, which writes one.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::Args;
use lilypad_core::config::{Setting, SettingValue, read_settings};
use lilypad_core::{Error, Result, disk};
use serde_json::json;

use crate::exit::ExitCode;
use crate::report::Report;

/// The flag that names the file.
const CONFIG: &str = "--config";

/// What `init` writes: every line that sets something is a comment.
pub(crate) const TEMPLATE: &str = include_str!("settings/provider.toml");

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  lilypad provider init
  lilypad provider init --path /etc/lilypad/provider.toml
  lilypad provider run --config provider.toml")]
pub(crate) struct InitArgs {
    /// Where the file goes; nothing may be there.
    #[arg(long, value_name = "FILE", default_value = "provider.toml")]
    path: PathBuf,
    /// Print one JSON document to standard output and nothing else there.
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) fn init(args: &InitArgs, report: &Report) -> Result<ExitCode> {
    disk::check_target(&args.path)?;
    disk::write_file(&args.path, TEMPLATE.as_bytes())?;
    let path = args.path.display().to_string();
    report.field("written", format!("{path}: take the # from what shall hold"));
    report.field("then", format!("lilypad provider run --config {path}"));
    report.document(&json!({ "path": path }));
    Ok(ExitCode::SUCCESS)
}

/// The call with the settings of its file as flags before its own, which win. Calls without a file are what they were.
///
/// # Errors
/// `InvalidInput` (`E_SETTING`) for a name that is no flag of the command; what is wrong with the file.
pub(crate) fn expand(arguments: Vec<OsString>, command: &clap::Command) -> Result<Vec<OsString>> {
    let Some((words, file)) = named(&arguments) else { return Ok(arguments) };
    let provider = command.find_subcommand("provider").and_then(|provider| provider.find_subcommand("run"));
    let Some(provider) = provider else { return Ok(arguments) };
    let mut flags = Vec::new();
    for setting in read_settings(&file)? {
        let known = provider.get_arguments().any(|flag| flag.get_long() == Some(setting.name.as_str()));
        if !known || ["config", "help", "json"].contains(&setting.name.as_str()) {
            return Err(unknown(&file, &setting, provider));
        }
        if !is_given(&arguments, &setting.name) {
            flags.extend(as_flags(setting));
        }
    }
    let (before, after) = arguments.split_at(words.min(arguments.len()));
    Ok(before.iter().cloned().chain(flags).chain(after.iter().cloned()).collect())
}

/// After how many words the flags of `provider` begin, and the file that they name.
fn named(arguments: &[OsString]) -> Option<(usize, PathBuf)> {
    let is = |at: usize, names: &[&str]| {
        arguments.get(at).is_some_and(|word| names.iter().any(|name| word == name))
    };
    if !is(1, &["provider", "resource-provider"]) {
        return None;
    }
    let words = if is(2, &["run"]) { 3 } else { 2 };
    let mut rest = arguments.iter().skip(words);
    while let Some(word) = rest.next() {
        if word == CONFIG {
            return Some((words, rest.next()?.into()));
        }
        if let Some(file) = word.to_str().and_then(|word| word.strip_prefix("--config=")) {
            return Some((words, file.into()));
        }
    }
    None
}

/// The file holds something that its flag does not take.
pub(crate) fn wrong(typed: &[OsString], error: &clap::Error) -> Error {
    let file = named(typed).map(|(_, file)| file.display().to_string()).unwrap_or_default();
    Error::invalid("E_SETTING", format!("{file}: {}", crate::args::in_one_line(error)))
        .with_hint("`lilypad provider run --help` says what each setting takes")
        .with("path", file)
}

fn is_given(arguments: &[OsString], name: &str) -> bool {
    arguments
        .iter()
        .filter_map(|word| word.to_str()?.strip_prefix("--"))
        .any(|word| word.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('=')))
}

fn as_flags(setting: Setting) -> Vec<OsString> {
    let flag = |value: String| OsString::from(format!("--{}={value}", setting.name));
    match setting.value {
        SettingValue::Switch(true) => vec![format!("--{}", setting.name).into()],
        SettingValue::Switch(false) => Vec::new(),
        SettingValue::One(value) => vec![flag(value)],
        SettingValue::Many(values) => values.into_iter().map(flag).collect(),
    }
}

fn unknown(file: &Path, setting: &Setting, provider: &clap::Command) -> Error {
    let flags = provider.get_arguments().filter_map(clap::Arg::get_long);
    // The one with the longest beginning in common.
    let common =
        |flag: &str| flag.chars().zip(setting.name.chars()).take_while(|(one, other)| one == other).count();
    let nearest = flags.max_by_key(|flag| common(flag)).filter(|flag| common(flag) > 1);
    let message = format!("{}:{}: there is no setting {:?}", file.display(), setting.line, setting.name);
    let error = Error::invalid("E_SETTING", message).with("field", &setting.name);
    error.with_hint(match nearest {
        Some(flag) => format!("do you mean {flag}? Settings are the flags of `lilypad provider run --help`"),
        None => "settings are the flags of `lilypad provider run --help`, without their dashes".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::args::Cli;

    fn expanded(text: &str, call: &[&str]) -> Result<Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("p.toml");
        std::fs::write(&file, text).unwrap();
        let file = file.to_str().unwrap();
        let call = call.iter().map(|word| word.replace("FILE", file).into()).collect();
        let all = expand(call, &Cli::command())?;
        Ok(all.into_iter().map(|word| word.into_string().unwrap().replace(file, "FILE")).collect())
    }

    #[test]
    fn settings_become_flags_and_those_that_are_typed_win() {
        let text =
            "slots = 4\nrate = \"free\"\nno-gpu = true\ndocker-network = false\nonly = [\"a\", \"b\"]\n";
        let all =
            expanded(text, &["lilypad", "provider", "--config", "FILE", "--slots=9", "--only", "c"]).unwrap();
        let wanted = [
            "lilypad",
            "provider",
            "--no-gpu",
            "--rate=free",
            "--config",
            "FILE",
            "--slots=9",
            "--only",
            "c",
        ];
        assert_eq!(all, wanted);
        let all = expanded("cpu = 500", &["lilypad", "provider", "run", "--config=FILE"]).unwrap();
        assert_eq!(all, ["lilypad", "provider", "run", "--cpu=500", "--config=FILE"]);
        for call in
            [&["lilypad", "run", "--config", "FILE"][..], &["lilypad", "provider", "--config"], &["lilypad"]]
        {
            assert_eq!(expanded("cpu = 500", call).unwrap(), call);
        }
    }

    #[test]
    fn what_is_no_flag_is_named_with_the_nearest() {
        for (text, word) in
            [("slotz = 1", "slots"), ("ratio = 1", "rate"), ("json = true", "json"), ("--cpu = 1", "cpu")]
        {
            let error = expanded(text, &["lilypad", "provider", "--config", "FILE"]).unwrap_err();
            let said = format!("{} {}", error.message(), error.hint().unwrap_or_default());
            assert!(["E_SETTING", "E_SETTINGS"].contains(&error.code()) && said.contains(word), "{said}");
        }
    }

    #[test]
    fn what_init_writes_can_be_taken_as_it_is_and_whole() {
        assert_eq!(expanded(TEMPLATE, &["lilypad", "provider", "--config", "FILE"]).unwrap().len(), 4);
        // With every setting of it.
        let all =
            TEMPLATE.lines().filter_map(|line| line.strip_prefix("#")).filter(|line| !line.starts_with(' '));
        let text: String = all.flat_map(|line| [line, "\n"]).collect();
        let call = expanded(&text, &["lilypad", "provider", "--config", "FILE"]).unwrap();
        assert!(call.len() > 15, "{call:?}");
        let call: Vec<OsString> = call.into_iter().map(Into::into).collect();
        crate::args::parse(&call).unwrap_or_else(|error| panic!("{error}"));
    }

    #[test]
    fn what_services_call_is_a_call() {
        let unit = include_str!("../../deploy/lilypad-provider.service");
        let call = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
        let container = include_str!("../../deploy/Containerfile");
        let words = container.lines().find_map(|line| line.strip_prefix("CMD ")).unwrap();
        let words: Vec<String> = serde_json::from_str(words).unwrap();
        for call in
            [call.split(' ').map(str::to_owned).collect(), [vec!["lilypad".to_owned()], words].concat()]
        {
            let call: Vec<OsString> = call.into_iter().map(Into::into).collect();
            crate::args::parse(&call).unwrap_or_else(|error| panic!("{error}"));
        }
    }
}

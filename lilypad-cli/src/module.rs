//! `lilypad module new | check | render | schema`.

use crate::exit::ExitCode;
use std::path::PathBuf;

use lilypad_core::model::json;
use lilypad_core::module::{Finding, ScaffoldKind, Severity, scaffold, schema};
use lilypad_core::{Error, Result, disk, view};
use serde_json::json;

use crate::args::{Kind, ModuleArgs, ModuleCommand, ModuleSource};
use crate::job::{inputs, open};
use crate::report::{Report, printable};

pub(crate) fn module(args: ModuleArgs, report: &Report) -> Result<ExitCode> {
    match args.command {
        ModuleCommand::New { name, path, kind, .. } => new(&name, path, kind, report),
        ModuleCommand::Check { module, .. } => check(&module, report),
        ModuleCommand::Render { module, inputs, raw, .. } => render(&module, &inputs, raw, report),
        ModuleCommand::Schema { .. } => {
            report.output(schema().as_bytes());
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn new(name: &str, path: Option<PathBuf>, kind: Kind, report: &Report) -> Result<ExitCode> {
    let kind = match kind {
        Kind::Wasm => ScaffoldKind::Wasm,
        Kind::Docker => ScaffoldKind::Docker,
    };
    let files = scaffold(name, kind)?;
    let folder = path.unwrap_or_else(|| PathBuf::from(name));
    disk::write_folder(&files, &folder)?;
    report.say(format!("made {}:", folder.display()));
    for (path, _) in files.iter() {
        report.say(format!("  {path}"));
    }
    report.say(format!("next: read {}", folder.join("README.md").display()));
    let names: Vec<&str> = files.iter().map(|(path, _)| path).collect();
    report.document(&json!({"path": folder, "files": names}));
    Ok(ExitCode::SUCCESS)
}

fn check(source: &ModuleSource, report: &Report) -> Result<ExitCode> {
    let module = open(source, None)?;
    let findings = module.check();
    for finding in &findings {
        report.say(line(finding));
    }
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    let name = if module.name().is_empty() { source.reference()? } else { module.name().to_owned() };
    report.say(format!("{}: {} findings, {errors} of them errors", printable(&name), findings.len()));
    report.document(&json!({
        "module": name,
        "pin": module.pin(),
        "findings": findings.iter().map(view::finding).collect::<Vec<_>>(),
        "errors": errors,
    }));
    Ok(ExitCode::from(if errors == 0 { 0 } else { 2 }))
}

/// `warning[js-quoting] line 3, column 5: …`
fn line(finding: &Finding) -> String {
    format!("{}[{}] {}", finding.severity, finding.rule, printable(&finding.to_string()))
}

fn render(source: &ModuleSource, given: &[(String, String)], raw: bool, report: &Report) -> Result<ExitCode> {
    let module = open(source, None)?;
    let rendered = module.render(&inputs(given)?)?;
    for warning in &rendered.warnings {
        report.say(line(warning));
    }
    if let Err(error) = rendered.runnable() {
        report.say(format!("warning: it would not run here: {}", printable(&error.to_string())));
    }
    if raw {
        let text = rendered.text.as_ref().ok_or_else(|| {
            Error::invalid("E_RENDER_RAW", "a manifest has no rendered text: it is bound, not rendered")
                .with_hint("use --json")
        })?;
        report.output(text.as_bytes());
        return Ok(ExitCode::SUCCESS);
    }
    report.output(json::to_string(&rendered.wire)?.as_bytes());
    report.output(b"\n");
    Ok(ExitCode::SUCCESS)
}

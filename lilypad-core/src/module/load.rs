//! Both formats load into one [`Module`]: files, pin, inputs, and how inputs become a job.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::finding::{Finding, refuse};
use super::inputs::{self, GivenInput, InputSpec};
use super::manifest::{MANIFEST_BYTES, MANIFEST_FILE, Manifest};
use super::rendered::{RenderedJob, broken};
use super::v2::{self, TemplateModule};
use super::{TEMPLATE_FILE, Tree, lint};
use crate::error::{Error, ErrorKind, Fault, Result};
use crate::model::{FileSet, JobSpec, ModulePin, RunSpec};

/// Largest program of a module, in bytes.
pub const PROGRAM_BYTES: u64 = 32 << 20;

/// Where a module comes from, and where in its tree it lies.
///
/// The path is empty for the tree's root, a folder, or the manifest or template itself (`.toml`, `.tmpl`, `.json`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PinSource {
    /// A commit of a git repository.
    Git {
        /// `https` address of the repository.
        repo: String,
        /// Full commit hash in lower-case hex.
        commit: String,
        /// Folder or file in the tree, without a leading slash.
        path: String,
    },
    /// Files that are named by their content only: a local folder, files in memory.
    Content {
        /// Folder or file in the tree, without a leading slash.
        path: String,
    },
}

impl PinSource {
    /// The root of a tree that is named by its content only.
    #[must_use]
    pub fn local() -> Self {
        Self::Content { path: String::new() }
    }

    fn path(&self) -> &str {
        match self {
            Self::Git { path, .. } | Self::Content { path } => path,
        }
    }
}

/// How a module is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ModuleFormat {
    /// `lilypad.toml`.
    Manifest,
    /// A v2 template, `lilypad_module.json.tmpl`.
    Template,
}

impl ModuleFormat {
    /// The name in reports (`manifest`).
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Manifest => "manifest",
            Self::Template => "template",
        }
    }

    fn of(file: &str) -> Self {
        if file.ends_with(".toml") { Self::Manifest } else { Self::Template }
    }
}

/// Who and what a module is, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModuleInfo {
    /// Name; empty where a template says none.
    pub name: String,
    /// Version.
    pub version: Option<String>,
    /// One line.
    pub description: Option<String>,
    /// Authors.
    pub authors: Vec<String>,
    /// Licence, as an SPDX expression.
    pub license: Option<String>,
    /// Where to read more.
    pub homepage: Option<String>,
    /// Where the sources are.
    pub repository: Option<String>,
}

/// A loaded module: its files, its pin, what it takes, and how inputs become a job.
#[derive(Clone, Debug)]
pub struct Module {
    pin: ModulePin,
    bundle: FileSet,
    body: Body,
}

#[derive(Clone, Debug)]
enum Body {
    Manifest(Arc<Manifest>),
    Template(Arc<TemplateModule>),
}

impl Module {
    /// Loads a module: `lilypad.toml` where there is one, else `lilypad_module.json.tmpl`, or the file that `source`
    /// names. Reads the files that a job needs, and pins them by content.
    ///
    /// ```
    /// use lilypad_core::model::FileSet;
    /// use lilypad_core::module::{Module, PinSource};
    ///
    /// let mut files = FileSet::new();
    /// files.insert("hello.wat", "(module (func (export \"_start\")))")?;
    /// files.insert(
    ///     "lilypad.toml",
    ///     r#"
    ///     module.name = "hello"
    ///     inputs.Name = { type = "string", required = true }
    ///     run.wasm = { module = "hello.wat", args = [{ input = "Name" }] }
    ///     "#,
    /// )?;
    /// let module = Module::load(PinSource::local(), &files)?;
    /// let job = module.render(&[("Name".to_owned(), "pond".to_owned())].into())?;
    /// assert!(job.runnable().is_ok());
    /// # Ok::<(), lilypad_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `NotFound` (`E_MODULE_MISSING`) where there is no module; `InvalidInput` with every complaint about it, its
    /// limits, links and paths; what the tree itself says.
    pub fn load(source: PinSource, tree: &dyn Tree) -> Result<Self> {
        let (path, text) = find(source.path(), tree)?;
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let format = ModuleFormat::of(&path);
        let body = Body::read(format, &path, repository_name(&source), &text)?;
        let mut bundle = FileSet::new();
        bundle.insert(entry_name(format), text)?;
        if let Some(program) = body.program() {
            let place = if folder.is_empty() { program.to_owned() } else { format!("{folder}/{program}") };
            let bytes = tree.read(&place, PROGRAM_BYTES)?.ok_or_else(|| no_program(&path, program))?;
            bundle.insert(program, bytes)?;
        }
        let content = bundle.content_id()?;
        let pin = match source {
            PinSource::Git { repo, commit, .. } => ModulePin::Git { repo, commit, path, content },
            PinSource::Content { .. } => ModulePin::Content { content },
        };
        Ok(Self { pin, bundle, body })
    }

    /// Makes the module again from its files, as a provider does, and checks that they are the ones that `pin` names.
    ///
    /// # Errors
    /// `VerificationFailed` (`E_MODULE_PIN`) where the content differs; otherwise as [`Module::load`].
    pub fn from_bundle(pin: ModulePin, files: FileSet) -> Result<Self> {
        let content = files.content_id()?;
        if content != pin.content() || files.hidden().next().is_some() {
            return Err(Error::new(
                ErrorKind::VerificationFailed,
                "E_MODULE_PIN",
                "the module's files are not the ones that the pin names",
            )
            .with_fault(Fault::User)
            .with("wanted", pin.content())
            .with("got", content));
        }
        let format =
            if files.get(MANIFEST_FILE).is_some() { ModuleFormat::Manifest } else { ModuleFormat::Template };
        let file = entry_name(format);
        let text = files.read(file, MANIFEST_BYTES)?.ok_or_else(|| missing(""))?;
        let name = match &pin {
            ModulePin::Git { repo, .. } => last_part(repo),
            ModulePin::Content { .. } => "",
        };
        let body = Body::read(format, file, name, &text)?;
        if let Some(program) = body.program() {
            files.read(program, PROGRAM_BYTES)?.ok_or_else(|| no_program(file, program))?;
        }
        Ok(Self { pin, bundle: files, body })
    }

    /// The exact code of the module.
    #[must_use]
    pub fn pin(&self) -> &ModulePin {
        &self.pin
    }

    /// The files that a job needs: the manifest or template under its usual name, and the program.
    #[must_use]
    pub fn bundle(&self) -> &FileSet {
        &self.bundle
    }

    /// The module's name: the manifest's, or the last part of a template's repository; empty for other templates.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.info().name
    }

    /// Who and what the module is.
    #[must_use]
    pub fn info(&self) -> &ModuleInfo {
        match &self.body {
            Body::Manifest(manifest) => &manifest.info,
            Body::Template(template) => template.info(),
        }
    }

    /// How the module is written.
    #[must_use]
    pub fn format(&self) -> ModuleFormat {
        match &self.body {
            Body::Manifest(_) => ModuleFormat::Manifest,
            Body::Template(_) => ModuleFormat::Template,
        }
    }

    /// What the module takes, in the order of the names.
    #[must_use]
    pub fn inputs(&self) -> &[InputSpec] {
        match &self.body {
            Body::Manifest(manifest) => &manifest.inputs,
            Body::Template(template) => template.inputs(),
        }
    }

    /// Makes of typed values the texts that [`Module::render`] and a job take.
    ///
    /// # Errors
    /// `InvalidInput` (`E_INPUT_TYPE`) where a value is of a type that its input does not take, with all complaints at once.
    pub fn texts(&self, given: BTreeMap<String, GivenInput>) -> Result<BTreeMap<String, String>> {
        inputs::texts(self.inputs(), given)
    }

    /// Binds inputs and makes the job.
    ///
    /// # Errors
    /// `InvalidInput`: every unknown, missing or unfit input (`E_INPUT_…`), or why the reference would refuse the
    /// rendered template (`E_TEMPLATE_EXEC`, `E_MODULE_JSON`, `E_SPEC_TYPE`…).
    pub fn render(&self, inputs: &BTreeMap<String, String>) -> Result<RenderedJob> {
        match &self.body {
            Body::Manifest(manifest) => {
                let bound = inputs::check(&manifest.inputs, inputs)?;
                let spec = manifest.bind(&bound);
                Ok(RenderedJob {
                    text: None,
                    wire: v2::write(&manifest.info, &spec),
                    warnings: Vec::new(),
                    spec: runnable(spec),
                    files: manifest.files.clone(),
                })
            }
            Body::Template(template) => template.render(inputs),
        }
    }

    /// Checks the module with every rule of [`lint_rules`](super::lint_rules), the worst findings first.
    #[must_use]
    pub fn check(&self) -> Vec<Finding> {
        match &self.body {
            Body::Manifest(manifest) => lint::check_manifest(manifest),
            Body::Template(template) => template.check(),
        }
    }
}

/// No program can be given a NUL byte in an argument or a variable: its texts end there.
fn runnable(spec: JobSpec) -> std::result::Result<JobSpec, Vec<Finding>> {
    let holds_nul = match &spec.run {
        RunSpec::Wasm(run) => run.args.iter().chain(run.env.values()).any(|text| text.contains('\0')),
        RunSpec::Docker(run) => {
            let texts = run.entrypoint.iter().flatten().chain(&run.parameters).chain(&run.env);
            texts.into_iter().any(|text| text.contains('\0'))
        }
        // What kernels are given is read as numbers.
        RunSpec::Cuda(_) => false,
    };
    if holds_nul {
        let message = "an argument or variable holds a NUL byte, which no program can be given";
        return Err(vec![Finding::error("E_SPEC_NUL", message).on("run")]);
    }
    Ok(spec)
}

impl Body {
    fn read(format: ModuleFormat, path: &str, name: &str, text: &[u8]) -> Result<Self> {
        let text = std::str::from_utf8(text)
            .map_err(|_| broken("E_MODULE_UTF8", format!("`{path}` is not UTF-8 text")))?;
        match format {
            ModuleFormat::Manifest => Manifest::parse(text)
                .map(|manifest| Self::Manifest(Arc::new(manifest)))
                .map_err(|complaints| refuse_module(path, &complaints)),
            ModuleFormat::Template => {
                let info = ModuleInfo { name: name.to_owned(), ..ModuleInfo::default() };
                TemplateModule::parse(text, info).map(|template| Self::Template(Arc::new(template)))
            }
        }
    }

    fn program(&self) -> Option<&str> {
        match self {
            Self::Manifest(manifest) => manifest.program(),
            Self::Template(_) => None,
        }
    }
}

fn repository_name(source: &PinSource) -> &str {
    match source {
        PinSource::Git { repo, .. } => last_part(repo),
        PinSource::Content { .. } => "",
    }
}

fn last_part(repo: &str) -> &str {
    repo.rsplit('/').next().unwrap_or_default()
}

/// Complaints about a module's own file are the module's fault.
fn refuse_module(path: &str, complaints: &[Finding]) -> Error {
    refuse(ErrorKind::InvalidInput, path, complaints).with_fault(Fault::Module).with("path", path)
}

/// The manifest or template, and its path in the tree.
fn find(path: &str, tree: &dyn Tree) -> Result<(String, bytes::Bytes)> {
    if [".toml", ".tmpl", ".json"].iter().any(|end| path.ends_with(end)) {
        let text = tree.read(path, MANIFEST_BYTES)?.ok_or_else(|| missing(path))?;
        return Ok((path.to_owned(), text));
    }
    for file in [MANIFEST_FILE, TEMPLATE_FILE] {
        let place = if path.is_empty() { file.to_owned() } else { format!("{path}/{file}") };
        if let Some(text) = tree.read(&place, MANIFEST_BYTES)? {
            return Ok((place, text));
        }
    }
    Err(missing(path))
}

fn entry_name(format: ModuleFormat) -> &'static str {
    match format {
        ModuleFormat::Manifest => MANIFEST_FILE,
        ModuleFormat::Template => TEMPLATE_FILE,
    }
}

fn missing(path: &str) -> Error {
    let place = if path.is_empty() { "here".to_owned() } else { format!("at `{path}`") };
    Error::new(ErrorKind::NotFound, "E_MODULE_MISSING", format!("there is no module {place}"))
        .with_hint(format!("a module is a folder with {MANIFEST_FILE} or {TEMPLATE_FILE}"))
        .with("path", path)
}

fn no_program(path: &str, program: &str) -> Error {
    broken("E_MODULE_PROGRAM", format!("`{path}` names the program `{program}`, which is not there"))
        .with_hint("build it first, or mend the path under `run`")
        .with("path", program)
}

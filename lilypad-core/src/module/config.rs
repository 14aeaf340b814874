//! A module's pin in the wire's words.

use super::{Module, ModuleFormat};
use crate::model::{ModuleConfig, ModulePin};

impl Module {
    /// The module as offers name it: the repository at its exact commit, or the content id of a local folder.
    ///
    /// The v2 network would write the tag or branch as typed here, which may move; a commit cannot.
    #[must_use]
    pub fn config(&self) -> ModuleConfig {
        match self.pin() {
            ModulePin::Git { repo, commit, path, .. } => ModuleConfig {
                name: String::new(),
                repo: repo.clone(),
                hash: commit.clone(),
                path: format!("/{path}"),
            },
            ModulePin::Content { content } => ModuleConfig {
                name: self.name().to_owned(),
                repo: String::new(),
                hash: content.to_string(),
                path: match self.format() {
                    ModuleFormat::Manifest => "/lilypad.toml".to_owned(),
                    ModuleFormat::Template => "/lilypad_module.json.tmpl".to_owned(),
                },
            },
        }
    }
}

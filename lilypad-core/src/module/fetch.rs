//! Modules from git.

use super::git::{GitFetcher, GitPolicy};
use super::open::LoadOptions;
use super::{GitRef, Module, ModuleRef};
use crate::error::Result;
use crate::rt::CancelToken;

pub(super) fn load(git: &GitRef, options: &LoadOptions) -> Result<Module> {
    let policy = GitPolicy {
        cache_dir: options.cache_dir.clone(),
        allow_private_hosts: options.allow_private_hosts.clone(),
        ..GitPolicy::default()
    };
    let commit = GitFetcher::new(policy).fetch(&ModuleRef::Git(git.clone()), &CancelToken::new())?;
    Module::load(commit.source(), &commit)
}

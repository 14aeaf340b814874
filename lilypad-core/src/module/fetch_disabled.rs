//! Stands in for `fetch` where the feature `module-git` is off.

use super::open::LoadOptions;
use super::{GitRef, Module};
use crate::error::{Error, Result};

pub(super) fn load(git: &GitRef, _options: &LoadOptions) -> Result<Module> {
    Err(Error::unsupported("E_FEATURE", format!("{git} cannot be fetched: this build has no git"))
        .with_hint("build with the feature module-git, or use a local folder"))
}

//! Removes what an earlier process left behind when it was killed: containers, their groups, their folders.

use std::collections::HashMap;

use bollard::query_parameters::{ListContainersOptionsBuilder, RemoveContainerOptionsBuilder};

use crate::error::Result;
use crate::rt::blocking;

use super::engine::{Engine, failed, status};
use super::spec::OWNER;

/// Removes everything that is marked as this scratch folder's: its lock is held, so nobody uses it.
pub(super) async fn leftovers(engine: &Engine) -> Result<()> {
    let owner = format!("{OWNER}={}", engine.scratch.owner());
    let filters = HashMap::from([("label".to_owned(), vec![owner])]);
    let options = ListContainersOptionsBuilder::default().all(true).filters(&filters).build();
    let found = engine.docker.list_containers(Some(options)).await;
    let found = found.map_err(|cause| failed("list containers", cause))?;
    for container in found {
        let Some(id) = container.id else { continue };
        tracing::warn!(%id, "removing a container that an earlier process left");
        remove(engine, &id).await?;
    }
    if let Some(hierarchy) = &engine.hierarchy {
        hierarchy.remove_leftovers(&format!("lilypad-{}-", engine.scratch.owner()));
    }
    engine.scratch.remove_leftovers();
    Ok(())
}

/// Removes a container, running or not, with its volumes. One that is not there is no error.
pub(super) async fn remove(engine: &Engine, name: &str) -> Result<()> {
    let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
    match engine.docker.remove_container(name, Some(options)).await {
        Ok(()) => Ok(()),
        Err(cause) if status(&cause) == Some(404) => Ok(()),
        Err(cause) => Err(failed("remove a container", cause)),
    }
}

/// Removes what belongs to a job that has ended.
pub(super) async fn after(engine: &Engine, name: &str, folders: std::sync::Arc<super::scratch::Folders>) {
    if let Err(error) = remove(engine, name).await {
        tracing::warn!(%error, name, "a container could not be removed; the next start tries again");
    }
    let group = engine.hierarchy.as_ref().map(|hierarchy| hierarchy.group(name));
    let removed = blocking(move || {
        if let Some(group) = group {
            group.remove();
        }
        folders.remove();
        Ok(())
    });
    if let Err(error) = removed.await {
        tracing::warn!(%error, name, "the folders of a job could not be removed; the next start tries again");
    }
}

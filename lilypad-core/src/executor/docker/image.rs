//! Finds a job's image and pins it: what runs is one id, whatever its tag says a moment later.

use bollard::models::{CreateImageInfo, ImageConfig};
use bollard::query_parameters::CreateImageOptionsBuilder;
use futures_util::StreamExt;

use crate::error::{Error, ErrorKind, Fault, Result};
use crate::executor::{EventSink, ExecutorEvent};
use crate::model::image_ref;

use super::config::PullPolicy;
use super::engine::{Engine, failed, said, status};

/// The registry of an image whose name starts with no host.
const DEFAULT_REGISTRY: &str = "docker.io";

/// An image that the engine has.
#[derive(Debug)]
pub(super) struct Image {
    /// `sha256:…` of its configuration: what the container is created from.
    pub(super) id: String,
    pub(super) config: ImageConfig,
}

/// Finds an image, and fetches it where the engine has none and the provider allows that.
///
/// # Errors
/// `InvalidInput` (`E_IMAGE`) for what is no image reference; `Rejected` (`E_IMAGE_REGISTRY`, `E_IMAGE_DIGEST`) for what
/// the provider does not take; `NotFound` (`E_IMAGE_MISSING`); `Unavailable` (`E_IMAGE_PULL`, `E_DOCKER`).
pub(super) async fn find(engine: &Engine, name: &str, events: &EventSink) -> Result<Image> {
    let name = allowed(engine, name)?;
    match engine.docker.inspect_image(&name).await {
        Ok(found) => image(&name, found.id, found.config),
        Err(cause) if status(&cause) == Some(404) => {
            if engine.config.pull == PullPolicy::Never {
                let message = format!("the provider does not have the image {name}, and fetches none");
                return Err(missing(&name, message));
            }
            pull(engine, &name, events).await?;
            let found = engine.docker.inspect_image(&name).await;
            let found = found.map_err(|cause| failed("show an image that it fetched", cause))?;
            image(&name, found.id, found.config)
        }
        Err(cause) => Err(failed("look for the image", cause)),
    }
}

/// The name as the engine takes it: with a tag or digest, for without one a pull fetches every tag.
fn allowed(engine: &Engine, name: &str) -> Result<String> {
    let parsed = image_ref::parse(name).map_err(|why| {
        let shown: String = name.chars().take(80).collect();
        Error::invalid("E_IMAGE", format!("the image {shown:?} {why}")).with_fault(Fault::Module)
    })?;
    let registry = match parsed.name.split_once('/') {
        Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => host,
        _ => DEFAULT_REGISTRY,
    };
    let registries = &engine.config.registries;
    if !registries.is_empty() && !registries.iter().any(|allowed| allowed == registry) {
        let message = format!("the provider takes no images from {registry}");
        return Err(Error::new(ErrorKind::Rejected, "E_IMAGE_REGISTRY", message)
            .with_fault(Fault::Provider)
            .with_hint(format!("it takes those of {}", registries.join(", ")))
            .with("image", name));
    }
    match (parsed.digest, parsed.tag) {
        // A tag beside a digest says nothing, and an engine may refuse both together.
        (Some(digest), _) => Ok(format!("{}@{digest}", parsed.name)),
        (None, _) if engine.config.digest_only => {
            let message = format!("the provider takes images by digest only; the module names {name}");
            Err(Error::new(ErrorKind::Rejected, "E_IMAGE_DIGEST", message)
                .with_fault(Fault::Provider)
                .with_hint("name the image as name@sha256:…")
                .with("image", name))
        }
        (None, tag) => Ok(format!("{}:{}", parsed.name, tag.unwrap_or("latest"))),
    }
}

fn image(name: &str, id: Option<String>, config: Option<ImageConfig>) -> Result<Image> {
    let id = id.filter(|id| !id.is_empty()).ok_or_else(|| {
        Error::new(ErrorKind::Unavailable, "E_DOCKER", format!("the engine gives no id for {name}"))
            .with_fault(Fault::Provider)
    })?;
    Ok(Image { id, config: config.unwrap_or_default() })
}

fn missing(name: &str, message: String) -> Error {
    Error::new(ErrorKind::NotFound, "E_IMAGE_MISSING", message)
        .with_fault(Fault::Provider)
        .with_hint("nothing was charged; is the image's name right, and may anybody fetch it?")
        .with("image", name)
}

async fn pull(engine: &Engine, name: &str, events: &EventSink) -> Result<()> {
    events.send(ExecutorEvent::Preparing(format!("fetching the image {name}")));
    let options = CreateImageOptionsBuilder::default().from_image(name).build();
    let mut steps = engine.docker.create_image(Some(options), None, None);
    let mut progress = Progress::default();
    while let Some(step) = steps.next().await {
        let step = step.map_err(|cause| match status(&cause) {
            Some(404 | 403 | 401) => {
                missing(name, format!("the image {name} cannot be fetched: {}", said(&cause)))
            }
            _ => {
                let message = format!("the image {name} could not be fetched: {}", said(&cause));
                Error::new(ErrorKind::Unavailable, "E_IMAGE_PULL", message)
                    .with_fault(Fault::Provider)
                    .with("image", name)
                    .with_source(cause)
            }
        })?;
        if let Some(percent) = progress.note(&step) {
            events.send(ExecutorEvent::Preparing(format!("fetching the image {name}: {percent} %")));
        }
    }
    events.send(ExecutorEvent::Preparing(format!("fetched the image {name}")));
    Ok(())
}

/// How much of an image is there, in steps of a tenth.
#[derive(Debug, Default)]
struct Progress {
    /// Bytes had and wanted, of each layer.
    layers: std::collections::HashMap<String, (u64, u64)>,
    told: u64,
}

impl Progress {
    /// Layers beyond this many are not counted: an image has at most 127.
    const LAYERS: usize = 256;

    /// The new tenth, where one is reached.
    fn note(&mut self, step: &CreateImageInfo) -> Option<u64> {
        let (layer, detail) = (step.id.as_ref()?, step.progress_detail.as_ref()?);
        if step.status.as_deref() != Some("Downloading") {
            return None;
        }
        let total = u64::try_from(detail.total?).ok()?;
        let current = u64::try_from(detail.current?).ok()?.min(total);
        if self.layers.len() < Self::LAYERS || self.layers.contains_key(layer) {
            self.layers.insert(layer.clone(), (current, total));
        }
        let sum = |of: fn(&(u64, u64)) -> u64| self.layers.values().map(of).fold(0, u64::saturating_add);
        let (had, wanted) = (sum(|layer| layer.0), sum(|layer| layer.1));
        let tenth = had.saturating_mul(10).checked_div(wanted)?.saturating_mul(10);
        (tenth > self.told).then(|| {
            self.told = tenth;
            tenth
        })
    }
}

#[cfg(test)]
mod tests {
    use bollard::models::ProgressDetail;

    use super::*;

    #[test]
    fn the_progress_of_all_layers_is_told_in_tenths() {
        let step = |layer: &str, current, total| CreateImageInfo {
            id: Some(layer.to_owned()),
            status: Some("Downloading".to_owned()),
            progress_detail: Some(ProgressDetail { current: Some(current), total: Some(total) }),
            ..CreateImageInfo::default()
        };
        let mut progress = Progress::default();
        assert_eq!(progress.note(&step("a", 1, 100)), None);
        assert_eq!(progress.note(&step("a", 50, 100)), Some(50));
        // Another layer becomes known: less is there than was thought, and nothing is told twice.
        assert_eq!(progress.note(&step("b", 0, 100)), None);
        assert_eq!(progress.note(&step("b", 30, 100)), None);
        assert_eq!(progress.note(&step("a", 100, 100)), Some(60));
        assert_eq!(progress.note(&step("b", 200, 100)), Some(100));
        assert_eq!(progress.note(&step("c", -1, 100)), None, "an answer that makes no sense");
    }
}

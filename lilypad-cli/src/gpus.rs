//! Which GPUs of this machine are offered.

use clap::Args;
use lilypad_core::gpu::{self, Gpu, Survey};
use lilypad_core::model::{GpuSpec, SoftwareVersion};
use lilypad_core::{Error, ErrorKind, Result};

use crate::executors::Chosen;
use crate::report::{Report, printable};

#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "GPUs")]
pub(crate) struct GpuArgs {
    /// GPU to offer, by its id (GPU-…) as lilypad provider check shows it; may be given several times. Default: all that are well,
    /// where containers run.
    #[arg(long = "gpu", value_name = "ID", conflicts_with = "no_gpu")]
    gpus: Vec<String>,
    /// Offer no GPU.
    #[arg(long)]
    no_gpu: bool,
}

/// The GPUs that an offer names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Offered {
    pub(crate) specs: Vec<GpuSpec>,
    pub(crate) ids: Vec<String>,
    pub(crate) driver: Option<SoftwareVersion>,
    pub(crate) cuda: Option<SoftwareVersion>,
}

impl GpuArgs {
    /// What a provider offers whose jobs run so.
    pub(crate) fn offered(&self, chosen: &Chosen, report: &Report) -> Result<Offered> {
        if self.no_gpu {
            return Ok(Offered::default());
        }
        let survey = gpu::survey();
        if !chosen.gpus.is_empty() {
            self.check_kernels()?;
            let (specs, ids) = (chosen.gpus.clone(), Vec::new());
            return Ok(Offered { specs, ids, driver: survey.driver, cuda: survey.cuda });
        }
        for warning in &survey.warnings {
            report.field("gpu", printable(warning));
        }
        for (gpu, why) in survey.gpus.iter().filter_map(|gpu| Some((gpu, gpu.trouble()?))) {
            report.field("gpu", format!("{} is not offered: {why}", printable(&gpu.spec.name)));
        }
        let offered = self.choose(&survey, chosen.containers)?;
        if offered.specs.is_empty() && chosen.containers == Some(false) && survey.offered().next().is_some() {
            report.field("gpu", "none is offered: the engine does not say that it can give containers one");
        }
        for gpu in &offered.specs {
            report.field("gpu", in_words(gpu));
        }
        Ok(offered)
    }

    /// Kernels get their GPUs by the driver's numbers.
    fn check_kernels(&self) -> Result<()> {
        match self.gpus.first() {
            None => Ok(()),
            Some(id) => {
                Err(Error::invalid("E_GPU", format!("--gpu {id} is for containers, and kernels run here"))
                    .with_hint("name the GPU of kernels by its number, with --cuda-device"))
            }
        }
    }

    /// `containers` says whether the engine can give GPUs, where there is one. Whoever names a GPU knows better than it does.
    fn choose(&self, survey: &Survey, containers: Option<bool>) -> Result<Offered> {
        if let (None, Some(id)) = (containers, self.gpus.first()) {
            let message =
                format!("GPU {id} cannot be offered: jobs get GPUs in containers, and none run here");
            return Err(Error::new(ErrorKind::Unavailable, "E_GPU", message)
                .with_hint("start a Docker engine, and give --executor docker"));
        }
        let mut chosen: Vec<&Gpu> = Vec::new();
        if self.gpus.is_empty() && containers == Some(true) {
            chosen.extend(survey.offered());
        }
        for id in &self.gpus {
            let Some(gpu) = survey.gpus.iter().find(|gpu| gpu.id == *id) else {
                let known: Vec<&str> = survey.gpus.iter().map(|gpu| gpu.id.as_str()).collect();
                let known =
                    if known.is_empty() { "this machine has none".to_owned() } else { known.join(", ") };
                return Err(Error::new(ErrorKind::NotFound, "E_GPU", format!("there is no GPU {id:?}"))
                    .with_hint(format!("GPUs here: {known}")));
            };
            if let Some(why) = gpu.trouble() {
                return Err(Error::new(
                    ErrorKind::Unavailable,
                    "E_GPU",
                    format!("GPU {id} cannot be offered: {why}"),
                ));
            }
            if !chosen.iter().any(|known| known.id == *id) {
                chosen.push(gpu);
            }
        }
        let any = !chosen.is_empty();
        Ok(Offered {
            specs: chosen.iter().map(|gpu| gpu.spec.clone()).collect(),
            ids: chosen.iter().map(|gpu| gpu.id.clone()).collect(),
            driver: survey.driver.filter(|_| any),
            cuda: survey.cuda.filter(|_| any),
        })
    }
}

/// `NVIDIA H100 80GB HBM3 with 81,559 MiB`.
pub(crate) fn in_words(gpu: &GpuSpec) -> String {
    let vram = lilypad_core::model::grouped(u64::try_from(gpu.vram).unwrap_or(0));
    format!("{} with {vram} MiB", printable(&gpu.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(id: &str, errors: u64) -> Gpu {
        let spec = GpuSpec { name: format!("card {id}"), vendor: "NVIDIA".to_owned(), vram: 24_576 };
        Gpu { id: id.to_owned(), spec, memory_errors: Some(errors), for_containers: true, ..Gpu::default() }
    }

    fn survey() -> Survey {
        let gpus = vec![card("GPU-1", 0), card("GPU-2", 3), card("GPU-3", 0)];
        let (driver, cuda) = ("550.54".parse().ok(), "12.4".parse().ok());
        Survey { gpus, driver, cuda, ..Survey::default() }
    }

    fn args(gpus: &[&str]) -> GpuArgs {
        GpuArgs { gpus: gpus.iter().map(|id| (*id).to_owned()).collect(), no_gpu: false }
    }

    #[test]
    fn all_that_are_well_are_offered_where_containers_run() {
        let offered = args(&[]).choose(&survey(), Some(true)).unwrap();
        assert_eq!(offered.ids, ["GPU-1", "GPU-3"]);
        assert_eq!((offered.specs.len(), offered.driver), (2, "550.54".parse().ok()));
        for containers in [None, Some(false)] {
            assert_eq!(args(&[]).choose(&survey(), containers).unwrap(), Offered::default());
        }
        let none = args(&[]).choose(&Survey { gpus: Vec::new(), ..survey() }, Some(true)).unwrap();
        assert_eq!(none, Offered::default(), "a driver without a card is of no use");
    }

    #[test]
    fn kernels_get_their_gpus_by_number() {
        let report = Report::new(true);
        let kernels = Chosen { gpus: vec![card("GPU-1", 0).spec], ..Chosen::default() };
        assert_eq!(args(&[]).offered(&kernels, &report).unwrap().specs, kernels.gpus);
        let error = args(&["GPU-1"]).offered(&kernels, &report).unwrap_err();
        assert!(error.hint().is_some_and(|hint| hint.contains("--cuda-device")), "{error}");
        let none = GpuArgs { gpus: Vec::new(), no_gpu: true };
        assert_eq!(none.offered(&kernels, &report).unwrap(), Offered::default());
    }

    #[test]
    fn those_that_are_named_are_offered_or_refused() {
        for gives in [true, false] {
            let offered = args(&["GPU-3", "GPU-3"]).choose(&survey(), Some(gives)).unwrap();
            assert_eq!(offered.ids, ["GPU-3"]);
        }
        for (ids, containers, word) in [
            (&["GPU-2"], Some(true), "3 errors"),
            (&["GPU-9"], Some(true), "no GPU"),
            (&["GPU-1"], None, "containers"),
        ] {
            let error = args(ids).choose(&survey(), containers).unwrap_err();
            assert!(error.code() == "E_GPU" && error.message().contains(word), "{error}");
        }
    }
}

//! What the machine has and runs.

use super::Pair;
use crate::market::{Verdict, gpus};
use crate::model::{GpuSet, GpuSpec, SoftwareVersion};

pub(super) fn cpu(pair: &Pair<'_>) -> Option<Verdict> {
    let (need, have) = (pair.need.milli_cpu, pair.have.milli_cpu);
    (have < need).then_some(Verdict::CpuMismatch { need, have })
}

pub(super) fn gpu(pair: &Pair<'_>) -> Option<Verdict> {
    let (need, have) = (pair.need.milli_gpu, pair.have.milli_gpu);
    (have < need).then_some(Verdict::GpuMismatch { need, have })
}

pub(super) fn ram(pair: &Pair<'_>) -> Option<Verdict> {
    let (need, have) = (pair.need.ram_bytes, pair.have.ram_bytes);
    (have < need).then_some(Verdict::RamMismatch { need, have })
}

/// A job that lists no GPU asks for no video memory.
pub(super) fn vram(pair: &Pair<'_>) -> Option<Verdict> {
    let (need, have) = (pair.need.vram_mib?, pair.have.vram_mib);
    have.is_none_or(|have| have < need).then_some(Verdict::VramMismatch { need, have })
}

pub(super) fn disk(pair: &Pair<'_>) -> Option<Verdict> {
    let (need, have) = (pair.need.disk_bytes, pair.have.disk_bytes);
    (have < need).then_some(Verdict::DiskMismatch { need, have })
}

/// The GPUs one by one: each requirement gets GPUs of its own.
pub(super) fn gpus(pair: &Pair<'_>) -> Option<Verdict> {
    let need = &pair.job.terms.gpus;
    if need.is_empty() {
        return None;
    }
    let have = pair.candidate.offer.spec.gpus.as_deref().unwrap_or_default();
    if gpus::assign(need, have, GpuSet::full(have.len())).is_some() {
        return None;
    }
    Some(Verdict::GpuModelMismatch { need: need.clone(), have: counted(have) })
}

/// The names of GPUs with how many there are of each, the first few.
fn counted(gpus: &[GpuSpec]) -> Vec<(String, usize)> {
    let mut names: Vec<(String, usize)> = Vec::new();
    for gpu in gpus {
        let name = format!("{} {} MiB", gpu.name, gpu.vram);
        match names.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count = count.saturating_add(1),
            None => names.push((name, 1)),
        }
    }
    names
}

pub(super) fn driver(pair: &Pair<'_>) -> Option<Verdict> {
    let (need, have) = older(pair.job.terms.min_driver, pair.candidate.terms.driver)?;
    Some(Verdict::DriverMismatch { need, have })
}

pub(super) fn cuda(pair: &Pair<'_>) -> Option<Verdict> {
    let (need, have) = older(pair.job.terms.min_cuda, pair.candidate.terms.cuda)?;
    Some(Verdict::CudaMismatch { need, have })
}

/// Both versions, where what there is is older than what is needed; a version that is not told counts as none.
fn older(
    need: Option<SoftwareVersion>,
    have: Option<SoftwareVersion>,
) -> Option<(SoftwareVersion, Option<SoftwareVersion>)> {
    need.filter(|need| have.is_none_or(|have| have < *need)).map(|need| (need, have))
}

pub(super) fn executor(pair: &Pair<'_>) -> Option<Verdict> {
    let (need, offered) = (&pair.job.terms.executor, &pair.candidate.terms.executors);
    let fits = need.is_empty() || offered.contains(need);
    (!fits).then(|| Verdict::ExecutorMismatch { need: need.clone(), offered: offered.clone() })
}

pub(super) fn network(pair: &Pair<'_>) -> Option<Verdict> {
    let (need, have) = (pair.job.terms.network, pair.candidate.terms.network);
    (have < need).then_some(Verdict::NetworkMismatch { need, have })
}

//! Which GPUs of a machine a job gets: bipartite matching, smallest GPUs first.

use crate::model::{GpuRequirement, GpuSet, GpuSpec};

/// Gives each requirement its count of GPUs out of `free`, no GPU twice. `None` where no such choice exists; also where
/// there are more than [`GpuRequirement::MAX_PER_JOB`] requirements.
///
/// `gpus` lists the machine's GPUs; positions from 128 on are never given, nor those that `free` has beyond the list.
///
/// # What is promised
/// * If any choice exists, one is found.
/// * It takes the smallest GPUs that do: sort its GPUs by video memory, and those of any other choice; then the first, the
///   second, … of this one is never larger than that of the other.
/// * Among GPUs with equal memory the lower position is taken where the others allow it. Nothing else decides, so the same
///   arguments give the same answer, and neither the order of the requirements nor how they are cut up matters.
///
/// # Source
/// The sets of GPUs that can be matched to requirements form a transversal matroid (Edmonds and Fulkerson, 1965): a greedy
/// walk over the GPUs in the order of their size, each one kept where an augmenting path exists, gives the least set in
/// the sense above. At most 128 paths over 8 requirements.
///
/// ```
/// use lilypad_core::market::assign;
/// use lilypad_core::model::{GpuRequirement, GpuSet, GpuSpec};
/// let gpus = [80, 24, 24].map(|gib| GpuSpec { vram: gib * 1_024, ..GpuSpec::default() });
/// let needs: Vec<GpuRequirement> = vec!["24GB".parse()?, "48GB".parse()?];
/// let taken = assign(&needs, &gpus, GpuSet::full(3)).unwrap();
/// assert_eq!(taken.iter().collect::<Vec<_>>(), [0, 1]);
/// assert_eq!(assign(&needs, &gpus, GpuSet::full(3).minus(taken)), None);
/// # Ok::<(), lilypad_core::Error>(())
/// ```
#[must_use]
pub fn assign(requirements: &[GpuRequirement], gpus: &[GpuSpec], free: GpuSet) -> Option<GpuSet> {
    if requirements.len() > GpuRequirement::MAX_PER_JOB {
        return None;
    }
    let mut needed: usize = requirements.iter().map(GpuRequirement::count).sum();
    let free = free.intersection(GpuSet::full(gpus.len()));
    if needed > free.len() {
        return None;
    }
    let mut seats: Vec<Seats> = requirements.iter().map(|need| Seats::of(need, gpus, free)).collect();
    let mut smallest_first: Vec<(i64, usize)> = free
        .iter()
        .filter_map(|position| gpus.get(position).map(|gpu| (gpu.vram.max(0), position)))
        .collect();
    smallest_first.sort_unstable();
    for (_, position) in smallest_first {
        if needed == 0 {
            break;
        }
        let mut seen = GpuSet::EMPTY;
        needed -= usize::from(seat(&mut seats, position, &mut seen));
    }
    (needed == 0).then(|| seats.iter().fold(GpuSet::EMPTY, |all, seats| all.union(seats.taken)))
}

/// What one requirement may take and has taken.
struct Seats {
    count: usize,
    fits: GpuSet,
    taken: GpuSet,
}

impl Seats {
    fn of(need: &GpuRequirement, gpus: &[GpuSpec], free: GpuSet) -> Self {
        let fits = |position: &usize| gpus.get(*position).is_some_and(|gpu| need.fits(gpu));
        Self { count: need.count(), fits: free.iter().filter(fits).collect(), taken: GpuSet::EMPTY }
    }
}

/// Seats one more GPU, moving others along an augmenting path; `seen` are the requirements that the path went through, so
/// it is at most 8 deep. False, and nothing changed, where there is no path.
fn seat(all: &mut [Seats], gpu: usize, seen: &mut GpuSet) -> bool {
    for at in 0..all.len() {
        let Some(here) = all.get(at).filter(|here| here.fits.contains(gpu)) else { continue };
        if !seen.insert(at) {
            continue;
        }
        let leaves = if here.taken.len() < here.count {
            None
        } else {
            let taken = here.taken;
            match taken.iter().find(|other| seat(all, *other, seen)) {
                Some(other) => Some(other),
                None => continue,
            }
        };
        if let Some(here) = all.get_mut(at) {
            if let Some(other) = leaves {
                here.taken.remove(other);
            }
            here.taken.insert(gpu);
        }
        return true;
    }
    false
}

//! The choice of GPUs against every possible choice on small machines.

use proptest::prelude::*;

use super::super::assign;
use crate::model::{GpuRequirement, GpuSet, GpuSpec};

fn needs(texts: &[&str]) -> Vec<GpuRequirement> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn machine(gib: &[i64]) -> Vec<GpuSpec> {
    gib.iter().map(|gib| GpuSpec { vram: gib * 1_024, ..GpuSpec::default() }).collect()
}

fn positions(set: Option<GpuSet>) -> Option<Vec<usize>> {
    set.map(|set| set.iter().collect())
}

#[test]
fn a_requirement_that_came_first_gives_way() {
    // The first requirement could take either; only the 80 GiB card will do for the second.
    let gpus = machine(&[80, 24]);
    for needs in [needs(&["1", "48GB"]), needs(&["48GB", "1"])] {
        assert_eq!(positions(assign(&needs, &gpus, GpuSet::full(2))), Some(vec![0, 1]));
    }
    assert_eq!(assign(&needs(&["48GB", "48GB"]), &gpus, GpuSet::full(2)), None);
}

#[test]
fn the_smallest_are_taken_and_the_lower_position_of_equals() {
    let gpus = machine(&[80, 24, 40, 24, 24]);
    let free = GpuSet::full(5);
    assert_eq!(positions(assign(&needs(&["24GB:2"]), &gpus, free)), Some(vec![1, 3]));
    assert_eq!(positions(assign(&needs(&["24GB", "40GB"]), &gpus, free)), Some(vec![1, 2]));
    let busy: GpuSet = [1, 2].into_iter().collect();
    assert_eq!(positions(assign(&needs(&["24GB", "40GB"]), &gpus, free.minus(busy))), Some(vec![0, 3]));
}

#[test]
fn nothing_asked_is_nothing_taken_and_limits_hold() {
    let gpus = machine(&[24; 200]);
    assert_eq!(assign(&[], &gpus, GpuSet::EMPTY), Some(GpuSet::EMPTY));
    assert_eq!(assign(&needs(&["1"; 8]), &gpus, GpuSet::full(128)), Some(GpuSet::full(8)));
    assert_eq!(assign(&needs(&["1"; 9]), &gpus, GpuSet::full(128)), None);
    assert_eq!(assign(&needs(&["128"]), &gpus, GpuSet::full(128)), Some(GpuSet::full(128)));
    assert_eq!(assign(&needs(&["128", "1"]), &gpus, GpuSet::full(128)), None);
    assert_eq!(assign(&needs(&["128"; 8]), &gpus, GpuSet::full(128)), None);
    assert_eq!(assign(&needs(&["2"]), &gpus[..1], GpuSet::full(128)), None, "free beyond the list");
}

#[test]
fn a_hard_case_of_full_size_is_quick() {
    // Eight requirements of 16, each pinned to a narrow range; the open ones come first.
    let gpus = machine(&(0..128).map(|at| 8 + at / 16).collect::<Vec<_>>());
    let texts: Vec<String> = (0..8).map(|at| format!("{}GiB..{}GiB:16", 8 - at.min(1), 8 + at)).collect();
    let needs: Vec<GpuRequirement> = texts.iter().map(|text| text.parse().unwrap()).collect();
    assert_eq!(assign(&needs, &gpus, GpuSet::full(128)), Some(GpuSet::full(128)));
}

/// Sizes of the best choice by trying all: each slot takes each free GPU in turn.
fn every_choice(
    slots: &[&GpuRequirement],
    gpus: &[GpuSpec],
    free: GpuSet,
    found: &mut Vec<GpuSet>,
    all: GpuSet,
) {
    let Some((first, rest)) = slots.split_first() else {
        found.push(all);
        return;
    };
    for position in free.iter().filter(|at| gpus.get(*at).is_some_and(|gpu| first.fits(gpu))) {
        let one: GpuSet = [position].into_iter().collect();
        every_choice(rest, gpus, free.minus(one), found, all.union(one));
    }
}

fn sizes(set: GpuSet, gpus: &[GpuSpec]) -> Vec<i64> {
    let mut sizes: Vec<i64> = set.iter().map(|at| gpus[at].vram).collect();
    sizes.sort_unstable();
    sizes
}

fn requirement() -> impl Strategy<Value = GpuRequirement> {
    let vendor = prop::sample::select(vec!["", "nvidia:", "amd:"]);
    let model = prop::sample::select(vec!["", "", "A:", "A,B:", "C:"]);
    (vendor, model, 1..5_i64, 0..5_i64, 1..=2_usize).prop_map(|(vendor, model, min, span, count)| {
        format!("{vendor}{model}{min}MiB..{}MiB:{count}", min + span).parse().unwrap()
    })
}

fn card() -> impl Strategy<Value = GpuSpec> {
    let vendor = prop::sample::select(vec!["NVIDIA", "AMD/ATI"]);
    let name = prop::sample::select(vec!["A", "B", "C"]);
    (vendor, name, 1..8_i64).prop_map(|(vendor, name, vram)| GpuSpec {
        vendor: vendor.into(),
        name: name.into(),
        vram,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn it_is_the_least_of_all_choices(
        needs in prop::collection::vec(requirement(), 1..4),
        gpus in prop::collection::vec(card(), 0..7),
        free in prop::collection::vec(0..9_usize, 0..24),
    ) {
        let free: GpuSet = free.into_iter().collect();
        let slots: Vec<&GpuRequirement> =
            needs.iter().flat_map(|need| std::iter::repeat_n(need, need.count())).collect();
        let mut choices = Vec::new();
        every_choice(&slots, &gpus, free, &mut choices, GpuSet::EMPTY);
        let got = assign(&needs, &gpus, free);
        prop_assert_eq!(got.is_some(), !choices.is_empty());
        if let Some(got) = got {
            prop_assert!(choices.contains(&got));
            let best = sizes(got, &gpus);
            for choice in &choices {
                prop_assert!(best.iter().zip(sizes(*choice, &gpus)).all(|(best, other)| *best <= other));
            }
            let reversed: Vec<GpuRequirement> = needs.iter().rev().cloned().collect();
            prop_assert_eq!(assign(&reversed, &gpus, free), Some(got));
        }
    }
}

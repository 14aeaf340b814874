//! Each rule at its edge, and their order.

use super::*;
use crate::model::GpuSpec;

type Spoil = fn(&mut Fit);

/// One way to break each rule, in the rules' order, and the code that it gives.
const SPOILERS: [(Spoil, &str); 22] = [
    (|fit| fit.offer.spec.cpu -= 1, "cpuMismatch"),
    (|fit| fit.offer.spec.gpu -= 1, "gpuMismatch"),
    (|fit| fit.offer.spec.ram -= 1, "ramMismatch"),
    (|fit| fit.job.spec.gpus = Some(vec![GpuSpec { vram: 1, ..GpuSpec::default() }]), "vramMismatch"),
    (|fit| fit.offer.spec.disk -= 1, "diskSpaceMismatch"),
    (|fit| fit.offer.mode = PricingMode::MarketPrice, "marketPriceUnavailable"),
    (
        |fit| {
            fit.job.mode = PricingMode::FixedPrice;
            fit.offer.default_pricing.instruction_price = 1;
        },
        "priceMismatch",
    ),
    (|fit| fit.offer.trusted_parties.mediator = Some(vec!["other".into()]), "mediatorMismatch"),
    (|fit| fit.offer.trusted_parties.solver = "Solver".into(), "solverMismatch"),
    (|fit| fit.job_terms.gpus = vec!["nvidia".parse().unwrap()], "gpuModelMismatch"),
    (|fit| fit.job_terms.min_driver = Some("550.1".parse().unwrap()), "driverMismatch"),
    (|fit| fit.offer_terms.cuda = Some("12.3".parse().unwrap()), "cudaMismatch"),
    (|fit| fit.offer_terms.executors = vec!["docker".into()], "executorMismatch"),
    (|fit| fit.job_terms.network = NetworkAccess::Full, "networkMismatch"),
    (|fit| fit.offer_terms.module_policy = ModulePolicy::deny_all(), "moduleRefused"),
    (|fit| fit.offer.modules = Some(vec!["Qm1".into(), "Qm2".into()]), "moduleNotListed"),
    (|fit| drop(fit.offer_terms.labels.insert("region".into(), "us".into())), "labelMismatch"),
    (|fit| fit.job_terms.verification = VerificationClass::Exact, "verificationMismatch"),
    (|fit| fit.reputation -= 1, "reputationMismatch"),
    (|fit| fit.job_terms.min_collateral_multiple = 1, "collateralMismatch"),
    (|fit| fit.offer_terms.rate = rate(31, 100), "rateMismatch"),
    (
        |fit| {
            fit.job_terms.price_cap = Amount::ZERO;
            fit.job_terms.max_rate = None;
            fit.offer_terms.rate = rate(1, 1);
        },
        "priceCapMismatch",
    ),
];

#[test]
fn equal_passes_everywhere() {
    assert_eq!(fit().verdict(), Verdict::Match);
}

#[test]
fn one_less_fails_each_rule_and_only_that() {
    for (spoil, code) in SPOILERS {
        let mut fit = fit();
        spoil(&mut fit);
        assert_eq!(fit.verdict().code(), code);
    }
}

#[test]
fn the_earlier_rule_wins() {
    for (at, (earlier, code)) in SPOILERS.iter().enumerate() {
        for (later, later_code) in &SPOILERS[at + 1..] {
            let mut fit = fit();
            later(&mut fit);
            earlier(&mut fit);
            // The sixth rule excludes the seventh: an offer has one mode. The last price rules spoil the same field.
            let shadowed = *code == "rateMismatch" && *later_code == "priceCapMismatch";
            let expected = if shadowed { fit.verdict().code() } else { code };
            assert_eq!(fit.verdict().code(), expected, "{code} before {later_code}");
        }
    }
}

#[test]
fn a_price_cap_that_pays_for_nothing_loses_to_a_rate_that_is_too_high() {
    let mut fit = fit();
    fit.job_terms.price_cap = Amount::ZERO;
    fit.offer_terms.rate = rate(1, 1);
    assert_eq!(fit.verdict().code(), "rateMismatch");
}

#[test]
fn the_largest_gpu_counts_and_a_negative_one_is_none() {
    let list =
        |sizes: &[i64]| Some(sizes.iter().map(|&vram| GpuSpec { vram, ..GpuSpec::default() }).collect());
    let mut fit = fit();
    fit.job.spec.gpus = list(&[8_000, 24_000]);
    fit.offer.spec.gpus = list(&[24_000, 1]);
    assert!(fit.verdict().is_match());
    fit.offer.spec.gpus = list(&[23_999, 23_999]);
    assert_eq!(fit.verdict(), Verdict::VramMismatch { need: 24_000, have: Some(23_999) });
    fit.job.spec.gpus = list(&[-5]);
    fit.offer.spec.gpus = list(&[-9]);
    assert!(fit.verdict().is_match());
}

#[test]
fn the_units_of_both_worlds_meet_at_the_documented_edges() {
    let of = |gpu, ram, disk| Capacity::of(&MachineSpec { gpu, ram, disk, ..MachineSpec::default() });
    assert_eq!(of(999, 0, 0).milli_gpu, 999_000);
    assert_eq!(of(1_000, 0, 0).milli_gpu, 1_000);
    assert_eq!(of(0, (1 << 26) - 1, 0).ram_bytes, ((1_i64 << 26) - 1) * 1_000_000);
    assert_eq!(of(0, 1 << 26, 0).ram_bytes, 1 << 26);
    assert_eq!(of(0, 0, (1 << 30) - 1).disk_bytes, ((1_i64 << 30) - 1) * 1_000_000);
    assert_eq!(of(0, 0, 1 << 30).disk_bytes, 1 << 30);
    let hostile = of(i64::MIN, i64::MIN, i64::MIN);
    assert_eq!((hostile.milli_gpu, hostile.ram_bytes, hostile.disk_bytes), (i64::MIN, i64::MIN, i64::MIN));
}

#[test]
fn every_verdict_says_numbers_and_what_would_mend_it_in_one_line() {
    for (spoil, code) in SPOILERS {
        let mut fit = fit();
        spoil(&mut fit);
        let verdict = fit.verdict();
        let text = verdict.to_string();
        assert!(text.contains(": ") && !text.contains('\n'), "{code}: {text}");
        assert_eq!(text.contains('('), verdict != Verdict::MarketPriceUnavailable, "{code}: {text}");
    }
    let cases = [
        (Verdict::CpuMismatch { need: 2_500, have: -500 }, "needs 2.5 CPUs, has -0.5"),
        (Verdict::GpuMismatch { need: 1_000, have: 0 }, "needs 1 GPUs, has 0"),
        (Verdict::VramMismatch { need: 8_192, have: None }, "needs 8192 MiB, no GPU listed"),
        (Verdict::PriceMismatch { most: 9, asked: 10 }, "pays 9 LP, costs 10 LP"),
        (
            Verdict::SolverMismatch { wanted: String::new(), offered: "a\nb".into() },
            "the job names none, the offer ab",
        ),
    ];
    for (verdict, part) in cases {
        assert!(verdict.to_string().contains(part), "{verdict}");
    }
}

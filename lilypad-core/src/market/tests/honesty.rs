//! The honesty margin against published figures, against the expectation of every outcome, and against drawn jobs.

use proptest::prelude::*;

use super::super::{Chance, CheckPolicy, Multiple, Sampling};
use crate::error::ErrorKind;
use crate::model::Amount;

fn sampling(p: &str, q: &str, collateral: u64) -> Sampling {
    Sampling {
        check_rate: p.parse().unwrap(),
        detection: q.parse().unwrap(),
        collateral,
        ..Sampling::default()
    }
}

/// To the nearest tenth, as the tables are printed.
fn tenths(multiple: Multiple) -> u128 {
    (multiple.millionths() + 50_000) / 100_000
}

/// `security-and-verification.md` §4.3, first table (q = 0.95): collateral, and the check rate in tenths of a percent.
#[test]
fn the_check_rate_for_a_collateral() {
    for (collateral, tenths_of_a_percent) in [(1, 526), (2, 351), (5, 175), (10, 96), (20, 50)] {
        let need = sampling("0", "0.95", collateral).needed_check_rate().unwrap();
        assert_eq!((need.millionths() + 500) / 1_000, tenths_of_a_percent, "x{collateral}: {need}");
    }
}

/// The second table (q = 0.9): check rate, and the bound of the collateral in tenths.
#[test]
fn the_collateral_for_a_check_rate() {
    for (rate, bound, whole) in
        [("5%", 212, 22), ("10%", 101, 11), ("20%", 46, 5), ("30%", 27, 3), ("100%", 1, 1)]
    {
        let sampling = sampling(rate, "0.9", 0);
        assert_eq!(tenths(sampling.collateral_bound().unwrap()), bound, "{rate}");
        assert_eq!(sampling.needed_collateral(), Some(whole), "{rate}");
    }
}

/// The pooled figures (p q = 0.095), in tenths.
#[test]
fn the_stake_for_many_jobs_at_once() {
    for (jobs, bound) in [(1_u32, 105), (5, 127), (10, 158), (20, 231), (50, 503)] {
        let pool = Sampling { most_jobs: jobs.try_into().unwrap(), ..sampling("10%", "0.95", 0) };
        assert_eq!(tenths(pool.pooled_bound().unwrap()), bound, "{jobs} jobs");
        // Twice the bound, to the wei and rounded up.
        let price = Amount::from_wei(1_000_000);
        let stake = pool.pooled_stake(price).unwrap();
        assert_eq!(stake, Amount::from_wei(pool.pooled_bound().unwrap().millionths() * 2));
        pool.check_pool(stake, price).unwrap();
        let less = stake.checked_sub(Amount::from_wei(1)).unwrap();
        let error = pool.check_pool(less, price).unwrap_err();
        assert_eq!(error.code(), "E_POLICY_UNSAFE");
        assert!(error.context().any(|context| context == ("need_stake", &stake.to_string())), "{error:?}");
    }
    let unchecked = sampling("0", "0.9", 1_000);
    assert_eq!(unchecked.pooled_bound(), None);
    assert!(
        unchecked.check_pool(Amount::MAX, Amount::from_wei(1)).unwrap_err().message().contains("no stake")
    );
    assert_eq!(sampling("10%", "0.9", 0).pooled_stake(Amount::MAX), None);
}

#[test]
fn an_unsafe_policy_names_both_ways_out() {
    let error = CheckPolicy::Sampled(sampling("0.05", "0.9", 2)).check().unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidInput, "E_POLICY_UNSAFE"));
    assert_eq!(
        error.message(),
        "check_rate 0.05 with collateral x2 makes cheating profitable; need check_rate >= 0.370371 or collateral >= x22"
    );
    let context: Vec<_> = error.context().collect();
    assert_eq!(
        context,
        [
            ("check_rate", "0.05"),
            ("collateral", "2"),
            ("need_check_rate", "0.370371"),
            ("need_collateral", "22")
        ]
    );
    for (policy, message) in [
        (sampling("0", "0.9", 2), "need check_rate >= 0.370371"),
        (sampling("1", "0.9", 0), "need collateral >= x1"),
        (sampling("0", "0.9", 0), "need both, such as check_rate 1 with collateral x1"),
        (sampling("1", "0", 9), "detection 0 above false_alarm 0"),
        (
            Sampling { false_alarm: "0.95".parse().unwrap(), ..sampling("1", "0.9", 9) },
            "detection 0.9 above false_alarm 0.95",
        ),
    ] {
        let error = CheckPolicy::Sampled(policy).check().unwrap_err();
        assert!(error.message().ends_with(message), "{error}");
    }
}

#[test]
fn what_is_not_checked_promises_nothing_and_says_so() {
    let policy = CheckPolicy::Unchecked;
    assert_eq!(policy.margin(), Multiple::ZERO);
    assert!(!policy.cheating_loses() && policy.check().is_ok());
    assert!(policy.to_string().contains("nothing but its reputation stops a provider"));
    assert_eq!(policy.check_rate_after(0), Chance::NEVER);
}

#[test]
fn the_default_is_safe_twice_over() {
    let policy = CheckPolicy::Sampled(Sampling::default());
    policy.check().unwrap();
    assert_eq!(policy.margin(), "2.07".parse().unwrap());
    assert_eq!(policy.check_rate_after(19), Chance::ALWAYS);
    assert_eq!(policy.check_rate_after(20), "10%".parse().unwrap());
    let text = "10% of jobs are checked, a provider's first 20 all; with collateral x22 cheating loses 2.07 times what it gains";
    assert_eq!(policy.to_string(), text);
}

#[test]
fn a_margin_of_exactly_one_is_not_enough() {
    // 0.5 × 1 × (1 + 1) = 1: cheating breaks even.
    let even = sampling("50%", "1", 1);
    assert_eq!(even.margin(), Multiple::ONE);
    assert!(CheckPolicy::Sampled(even).check().is_err());
    let above = sampling("0.500001", "1", 1);
    assert!(CheckPolicy::Sampled(above).check().is_ok());
    // A loss that is too small for a millionth still decides.
    let hair =
        Sampling { saving: "999999999999.999999".parse().unwrap(), ..sampling("1", "1", 999_999_999_999) };
    assert!(CheckPolicy::Sampled(hair).cheating_loses());
    assert!(
        !CheckPolicy::Sampled(Sampling { saving: "1".parse().unwrap(), ..sampling("1", "1", 0) })
            .cheating_loses()
    );
}

#[test]
fn extremes_end_on_the_safe_side() {
    let huge = Multiple::MAX;
    let all = sampling("1", "1", u64::MAX);
    assert!(all.margin() > Multiple::ONE);
    assert_eq!(Sampling { saving: huge, ..all }.margin(), Multiple::ZERO);
    assert!(CheckPolicy::Sampled(Sampling { saving: huge, future_value: huge, ..all }).check().is_err());
    assert_eq!(Sampling { saving: huge, ..all }.pooled_bound(), None);
    assert_eq!(Sampling { saving: Multiple::ZERO, ..all }.margin(), Multiple::MAX);
    assert_eq!(Sampling { saving: Multiple::ZERO, ..sampling("0", "1", 1) }.margin(), Multiple::ZERO);
    assert_eq!(
        Sampling { future_value: "1000".parse().unwrap(), ..sampling("0.01", "1", 0) }.needed_collateral(),
        Some(0)
    );
    let most = Sampling { most_jobs: std::num::NonZeroU32::MAX, ..sampling("0.000001", "0.000001", 0) };
    assert!(most.pooled_bound().unwrap() > Multiple::ONE);
}

#[test]
fn chances_and_multiples_are_read_strictly() {
    for (text, shown) in
        [("0", "0"), ("1", "1"), ("0.000001", "0.000001"), ("100%", "1"), ("0.0001 %", "0.000001")]
    {
        assert_eq!(text.parse::<Chance>().unwrap().to_string(), shown);
    }
    for wrong in [
        "",
        "%",
        "2",
        "1.000001",
        "101%",
        "0.00001%",
        "0.0000001",
        "-0",
        "+1",
        ".5",
        "1.",
        "1e-1",
        "NaN",
        "١",
    ] {
        assert_eq!(wrong.parse::<Chance>().unwrap_err().code(), "E_CHANCE", "{wrong}");
    }
    for wrong in ["", "x2", "1234567890123", "1.0000001", "-1"] {
        assert_eq!(wrong.parse::<Multiple>().unwrap_err().code(), "E_MULTIPLE", "{wrong}");
    }
    let chance: Chance = "12.5%".parse().unwrap();
    assert_eq!(serde_json::to_string(&chance).unwrap(), "\"0.125\"");
    assert_eq!(serde_json::from_str::<Chance>("\"12.5%\"").unwrap(), chance);
    assert_eq!(Chance::from_millionths(1_000_001), None);
}

/// A small generator (splitmix64), so that the draws below are the same everywhere.
struct Draws(u64);

impl Draws {
    /// True with this chance.
    fn happens(&mut self, chance: Chance) -> bool {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        u128::from((mixed ^ (mixed >> 31)) % 1_000_000) < chance.millionths()
    }

    /// Mean profit of a job in thousandths of its price; `cost` is what it costs to do it, in thousandths.
    fn mean_profit(&mut self, policy: &Sampling, cost: i128, blamed: Chance) -> i128 {
        const JOBS: i128 = 400_000;
        let loss = i128::from(policy.collateral) * 1_000;
        let profit = |drawn: &mut Self| {
            let found = drawn.happens(policy.check_rate) && drawn.happens(blamed);
            if found { -loss - cost } else { 1_000 - cost }
        };
        (0..JOBS).map(|_| profit(self)).sum::<i128>() / JOBS
    }
}

/// The simulation of §4.3: p = 0.10, q = 0.95, sigma = 0.7 flips between m = 5 (+0.435 against +0.300) and m = 7 (+0.246).
#[test]
fn the_sign_of_the_profit_flips_where_the_formula_says_in_drawn_jobs() {
    let mut draws = Draws(1);
    for (collateral, expected, loses) in [(5, 435, false), (7, 246, true)] {
        let policy = Sampling { saving: "0.7".parse().unwrap(), ..sampling("10%", "0.95", collateral) };
        let honest = draws.mean_profit(&policy, 700, policy.false_alarm);
        let cheating = draws.mean_profit(&policy, 0, policy.detection);
        assert_eq!(honest, 300);
        assert!((cheating - expected).abs() <= 15, "x{collateral}: {cheating}");
        assert_eq!(cheating < honest, loses, "x{collateral}");
        assert_eq!(CheckPolicy::Sampled(policy).cheating_loses(), loses, "x{collateral}");
    }
    let bound = Sampling { saving: "0.7".parse().unwrap(), ..sampling("10%", "0.95", 0) }.collateral_bound();
    assert_eq!(bound.unwrap().to_string(), "6.368422");
}

/// What cheating brings over honesty, in 10^-24 of the price: every outcome of a check, weighed with its chance.
fn expected_advantage(policy: &Sampling) -> i128 {
    let whole = 1_000_000_i128;
    let number = |chance: Chance| i128::try_from(chance.millionths()).unwrap();
    let lost =
        i128::from(policy.collateral) * whole + i128::try_from(policy.future_value.millionths()).unwrap();
    let saving = i128::try_from(policy.saving.millionths()).unwrap();
    let rate = number(policy.check_rate);
    let expectation = |blamed: Chance, cost: i128| {
        let blamed = number(blamed);
        let outcomes = [
            (rate * blamed, -lost - cost),
            (rate * (whole - blamed), whole - cost),
            ((whole - rate) * whole, whole - cost),
        ];
        outcomes.iter().map(|(weight, profit)| weight * profit).sum::<i128>()
    };
    // Only what differs between the two counts: the honest bear the cost that the cheat saves.
    expectation(policy.detection, 0) - expectation(policy.false_alarm, saving)
}

fn chance() -> impl Strategy<Value = Chance> {
    prop_oneof![
        0..=1_000_000_u32,
        (0..=20_u32).prop_map(|part| part * 50_000),
        Just(1_u32),
        Just(999_999_u32)
    ]
    .prop_map(|millionths| Chance::from_millionths(millionths).unwrap())
}

fn policies() -> impl Strategy<Value = Sampling> {
    let multiple = prop_oneof![0..=2_000_000_u64, (0..=8_u64).prop_map(|part| part * 250_000)];
    let multiple = multiple.prop_map(|millionths| Multiple::from_millionths(u128::from(millionths)));
    let collateral = prop_oneof![0..=30_u64, 0..=1_000_000_u64];
    (chance(), chance(), chance(), collateral, multiple.clone(), multiple, 1..=9_u32).prop_map(
        |(check_rate, detection, false_alarm, collateral, saving, future_value, jobs)| Sampling {
            check_rate,
            detection,
            false_alarm: Chance::from_millionths(u32::try_from(false_alarm.millionths() / 10).unwrap())
                .unwrap(),
            collateral,
            saving,
            future_value,
            most_jobs: jobs.try_into().unwrap(),
            ..Sampling::default()
        },
    )
}

fn safe(policy: Sampling) -> bool {
    CheckPolicy::Sampled(policy).check().is_ok()
}

fn safe_at_rate(policy: Sampling, check_rate: Chance) -> bool {
    safe(Sampling { check_rate, ..policy })
}

fn safe_with(policy: Sampling, collateral: u64) -> bool {
    safe(Sampling { collateral, ..policy })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn the_margin_is_above_one_exactly_where_cheating_is_expected_to_lose(policy in policies()) {
        let advantage = expected_advantage(&policy);
        prop_assert_eq!(CheckPolicy::Sampled(policy).cheating_loses(), advantage < 0, "{}", advantage);
        prop_assert_eq!(policy.margin() > Multiple::ONE, advantage < 0);
    }

    #[test]
    fn either_way_out_is_safe_and_one_step_less_is_not(policy in policies()) {
        if let Some(check_rate) = policy.needed_check_rate() {
            prop_assert!(safe_at_rate(policy, check_rate));
            let less = u32::try_from(check_rate.millionths()).unwrap().checked_sub(1);
            if let Some(less) = less.and_then(Chance::from_millionths) {
                prop_assert!(!safe_at_rate(policy, less));
            }
        } else {
            prop_assert!(!safe_at_rate(policy, Chance::ALWAYS));
        }
        if let Some(collateral) = policy.needed_collateral() {
            prop_assert!(safe_with(policy, collateral));
            if let Some(less) = collateral.checked_sub(1) {
                prop_assert!(!safe_with(policy, less));
            }
        } else {
            prop_assert!(!safe_with(policy, 1_000_000_000_000_000));
        }
        if !safe(policy) {
            let error = CheckPolicy::Sampled(policy).check().unwrap_err();
            let told = |key| error.context().any(|(name, _)| name == key);
            prop_assert_eq!(told("need_check_rate"), policy.needed_check_rate().is_some());
            prop_assert_eq!(told("need_collateral"), policy.needed_collateral().is_some());
        }
    }

    #[test]
    fn the_pooled_bound_is_never_too_low_and_close(
        p in 1..=20_u32, q in 0..=20_u32, f in 0..=4_u32, jobs in 1..=8_u32,
    ) {
        let part = |twentieths: u32| Chance::from_millionths(twentieths * 50_000).unwrap();
        let policy = Sampling {
            check_rate: part(p),
            detection: part(q),
            false_alarm: part(f),
            most_jobs: jobs.try_into().unwrap(),
            ..Sampling::default()
        };
        // Exact, in parts of 400^n: at most 400^8 < 2^70.
        let missed = |found: u32| u128::from(400 - p * found).pow(jobs);
        let gain = u128::from(jobs) * 400_u128.pow(jobs);
        match missed(f).checked_sub(missed(q)).filter(|part| *part > 0) {
            None => prop_assert_eq!(policy.pooled_bound(), None),
            Some(apart) => {
                let exact = (gain * 1_000_000).div_ceil(apart);
                let got = policy.pooled_bound().unwrap().millionths();
                prop_assert!(got >= exact && got <= exact + 1 + exact / 1_000_000, "{} {}", got, exact);
            }
        }
    }
}

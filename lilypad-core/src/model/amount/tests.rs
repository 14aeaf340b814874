//! Amounts and rates against 512-bit arithmetic.

use proptest::prelude::*;

use super::*;
use crate::model::Rate;

fn amount() -> impl Strategy<Value = Amount> {
    // Small, middling and huge numbers in equal parts.
    (any::<[u64; 4]>(), 0..256_usize).prop_map(|(limbs, shift)| Amount(U256::from_limbs(limbs) >> shift))
}

#[test]
fn text_forms_are_exact() {
    for (text, wei) in [("0 LP", "0"), ("0.000000000000000001 LP", "1"), ("1.5 LP", "1500000000000000000")] {
        let amount: Amount = text.parse().unwrap();
        assert_eq!((amount.to_string().as_str(), amount.to_wei_string().as_str()), (text, wei));
    }
    assert_eq!("12 wei".parse::<Amount>().unwrap(), Amount::from_wei(12));
    // 2^53 + 1, the first whole number that a double loses.
    assert_eq!(
        serde_json::to_string(&Amount::from_wei(9_007_199_254_740_993)).unwrap(),
        "\"9007199254740993\""
    );
    let most = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
    assert_eq!(Amount::from_wei_str(most).unwrap(), Amount::MAX);
    assert_eq!(Amount::MAX.to_string().parse::<Amount>().unwrap(), Amount::MAX);
}

#[test]
fn what_is_not_an_amount_is_refused() {
    let above = "115792089237316195423570985008687907853269984665640564039457584007913129639936";
    for text in ["", "-1", "+1", "1e3", "0x10", " 1", "1_000", "NaN", above] {
        assert_eq!(Amount::from_wei_str(text).unwrap_err().code(), "E_AMOUNT", "{text}");
    }
    for text in
        ["", ".5", "1.", "1.0000000000000000001", "-1 LP", "1 lp", "1,5", "1.5 wei", "1..2", &above[..62]]
    {
        assert_eq!(text.parse::<Amount>().unwrap_err().code(), "E_AMOUNT", "{text}");
    }
    assert!(serde_json::from_str::<Amount>("5").is_err(), "numbers lose digits in JavaScript");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn both_text_forms_round_trip(amount in amount()) {
        prop_assert_eq!(amount.to_string().parse::<Amount>().unwrap(), amount);
        prop_assert_eq!(Amount::from_wei_str(&amount.to_wei_string()).unwrap(), amount);
        prop_assert_eq!(Amount::from_be_bytes(amount.to_be_bytes()), amount);
    }

    #[test]
    fn products_and_quotients_are_the_wide_ones(a in amount(), b in amount(), c in amount()) {
        let wide = |amount: Amount| amount.wide().unwrap();
        let narrow = |number: U512| U256::checked_from_limbs_slice(number.as_limbs()).map(Amount);
        if c.is_zero() {
            prop_assert_eq!((a.mul_div_floor(b, c), a.mul_div_ceil(b, c)), (None, None));
        } else {
            let product = wide(a) * wide(b);
            prop_assert_eq!(a.mul_div_floor(b, c), narrow(product / wide(c)));
            prop_assert_eq!(a.mul_div_ceil(b, c), narrow(product.div_ceil(wide(c))));
        }
        prop_assert_eq!(a.checked_add(b), narrow(wide(a) + wide(b)));
        prop_assert_eq!(a.checked_add(b).and_then(|sum| sum.checked_sub(b)).is_none_or(|back| back == a), true);
    }

    #[test]
    fn what_is_affordable_is_the_most_that_fits(amount in amount(), per in 1..=u64::MAX, cap in amount()) {
        let rate = Rate::new(amount, per).unwrap();
        let most = rate.affordable_units(cap);
        prop_assert!(rate.cost(most).is_some_and(|cost| cost <= cap));
        if let Some(more) = most.checked_add(1) {
            prop_assert!(rate.cost(more).is_none_or(|cost| cost > cap));
        }
    }

    #[test]
    fn prices_compare_as_their_fractions_do(a in amount(), b in amount(), per in 1..=u64::MAX, factor in 1..=u64::MAX) {
        let (one, other) = (Rate::new(a, per).unwrap(), Rate::new(b, factor).unwrap());
        let scale = |amount: Amount, by: u64| U512::from_limbs_slice(amount.0.as_limbs()) * U512::from(by);
        let exact = scale(a, factor).cmp(&scale(b, per));
        prop_assert_eq!(one.cmp_price(other), exact);
        prop_assert_eq!(other.cmp_price(one), exact.reverse());
        if let Some(scaled) = a.checked_mul(factor).zip(per.checked_mul(factor)) {
            prop_assert_eq!(one.cmp_price(Rate::new(scaled.0, scaled.1).unwrap()), std::cmp::Ordering::Equal);
        }
    }

    #[test]
    fn costs_never_round_against_the_payer(amount in amount(), per in 1..=u64::MAX, a: u32, b: u32) {
        let rate = Rate::new(amount, per).unwrap();
        let (apart, together) = (
            rate.cost(a.into()).zip(rate.cost(b.into())).and_then(|(a, b)| a.checked_add(b)),
            rate.cost(u64::from(a) + u64::from(b)),
        );
        if let Some(together) = together {
            prop_assert!(apart.is_some_and(|apart| apart <= together));
        }
    }
}

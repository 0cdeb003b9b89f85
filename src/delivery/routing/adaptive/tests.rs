//! Costs and shares: what moves them, and how far.

use std::time::Duration;

use proptest::prelude::{prop, prop_assert, proptest};

use super::*;

const TENTH: Duration = Duration::from_millis(100);

#[test]
fn what_fails_fast_does_not_look_fast() {
    let fast_failure = sample(Duration::from_millis(2), Duration::ZERO, true);
    let success = sample(TENTH, Duration::ZERO, false);
    let shares = targets([(1, Some(fast_failure)), (1, Some(success))].into_iter());
    assert!(shares[0] < 0.02 && shares[1] > 0.98, "{shares:?}");
}

#[test]
fn a_large_mail_is_allowed_its_time() {
    assert_eq!(sample(4 * TENTH, 3 * TENTH, false), 0.1);
    assert_eq!(sample(TENTH, 3 * TENTH, false), 0.0);
}

#[test]
fn a_cost_forgets_what_is_long_ago() {
    let slow = Cost::UNKNOWN.with(1.0, 0);
    assert_eq!((Cost::UNKNOWN.seconds(), slow.seconds()), (None, Some(1.0)));
    let cost = |now| slow.with(0.0, now).seconds().unwrap();
    assert!((cost(10_000) - (-1.0_f64).exp()).abs() < 1e-6);
    assert!(cost(60_000) < 0.01);
    // Beyond the end of the clock, as if it had none.
    let late = Cost::UNKNOWN.with(1.0, u32::MAX - 4_999).with(0.0, 5_000).seconds().unwrap();
    assert!((late - (-1.0_f64).exp()).abs() < 1e-6, "{late}");
    assert_eq!(Cost::from_bits(slow.to_bits()).seconds(), slow.seconds());
}

#[test]
fn an_upstream_that_had_no_mail_yet_gets_its_weight() {
    assert_eq!(targets([(3, None), (1, None)].into_iter()), [0.745, 0.255]);
    assert_eq!(targets([(1, None), (1, Some(0.2))].into_iter()), [0.5, 0.5]);
}

proptest! {
    #[test]
    fn no_share_is_under_a_hundredth_or_more_than_halved_in_a_second(
        costs in prop::collection::vec(0.0_f64..20.0, 1..20),
        later in prop::collection::vec(0.0_f64..20.0, 20),
        seconds in 0.0_f64..3.0,
        parts in 1_u32..10,
    ) {
        let of = |costs: &[f64]| targets(costs.iter().map(|cost| (1, Some(*cost))).collect::<Vec<_>>().into_iter());
        let (before, target) = (of(&costs), of(&later[..costs.len()]));
        let mut shares = before.clone();
        (0..parts).for_each(|_| step(&mut shares, &target, seconds / f64::from(parts)));
        prop_assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        for (share, before) in shares.iter().zip(&before) {
            prop_assert!(*share >= LEAST - 1e-9, "{shares:?}");
            prop_assert!(*share >= before * (-seconds).exp2() - 1e-9, "{before} became {share} in {seconds} s");
        }
    }
}

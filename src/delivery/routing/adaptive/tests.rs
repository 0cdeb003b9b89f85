//! Costs and shares: what moves them, and how far.

use std::time::Duration;

use proptest::prelude::{prop, prop_assert, proptest};

use super::*;

const TENTH: Duration = Duration::from_millis(100);

/// What is known of an upstream whose mails cost so many seconds.
fn known(cost: f64) -> Known {
    Known { weight: 1, cost: Cost::UNKNOWN.with(cost, 0), so_far: 0.0 }
}

/// What is known of an upstream that had no answer yet.
fn unknown(weight: u32, so_far: f64) -> Known {
    Known { weight, cost: Cost::UNKNOWN, so_far }
}

#[test]
fn what_fails_fast_does_not_look_fast() {
    let fast_failure = sample(Duration::from_millis(2), Duration::ZERO, true);
    let success = sample(TENTH, Duration::ZERO, false);
    let shares = targets(&[known(fast_failure), known(success)]);
    assert!(shares[0] == LEAST && shares[1] == 1.0 - LEAST, "{shares:?}");
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
fn a_sample_of_a_thread_that_is_late_counts_as_one_of_the_same_millisecond() {
    let seconds = |cost: Cost| cost.seconds().unwrap();
    let late = Cost::UNKNOWN.with(0.1, 1001).with(5.0, 1000);
    assert!(seconds(late) < 0.2, "{late:?}");
    assert!(seconds(late.with(5.0, 1001)) < 0.2, "the time has not gone back");
    let wrapped = Cost::UNKNOWN.with(0.1, 1).with(5.0, u32::MAX);
    assert!(seconds(wrapped) < 0.2, "{wrapped:?}");
    let month = Cost::UNKNOWN.with(1.0, 0).with(0.1, 30 * 86_400_000);
    assert!(seconds(month) < 0.11, "a month without mail is no lateness: {month:?}");
}

#[test]
fn an_upstream_that_had_no_mail_yet_gets_its_weight() {
    assert_eq!(targets(&[unknown(3, 0.0), unknown(1, 0.0)]), [0.75, 0.25]);
    assert_eq!(targets(&[unknown(1, 0.0), known(0.25)]), [0.5, 0.5]);
}

#[test]
fn an_upstream_is_slow_before_its_first_answer_once_its_mails_are_in_flight_for_long() {
    let shares = targets(&[unknown(1, 1.0), known(0.1)]);
    assert_eq!(shares, [LEAST, 1.0 - LEAST]);
    let fast_so_far = targets(&[Known { so_far: 0.05, ..known(0.1) }, known(0.1)]);
    assert_eq!(fast_so_far, [0.5, 0.5], "they have not ended");
    let none_answered = targets(&[unknown(1, 0.002), unknown(1, 0.001)]);
    assert_eq!(none_answered, [0.5, 0.5], "nothing to compare with");
}

#[test]
fn the_time_of_mails_in_flight_is_their_mean_up_to_now() {
    let of = |begun: &[u64]| InFlight::from_bits(begun.iter().fold(0, |all, at| all.wrapping_add(InFlight::one(*at))));
    assert_eq!((of(&[]).seconds(5000), of(&[1000, 3000]).seconds(5000)), (0.0, 3.0));
    assert_eq!(of(&[5001]).seconds(5000), 0.0, "it began after the reader had read its time");
    let late = u64::MAX / 2;
    assert_eq!(of(&[late - 3000, late - 1000]).seconds(late), 2.0, "the sum has wrapped around");
    let (one, other) = (InFlight::one(late), InFlight::one(1000));
    assert_eq!(InFlight::from_bits(one.wrapping_add(other).wrapping_sub(one)).seconds(3000), 2.0);
}

proptest! {
    #[test]
    fn no_share_is_under_a_hundredth_or_more_than_halved_in_a_second(
        costs in prop::collection::vec(0.0_f64..20.0, 1..20),
        later in prop::collection::vec(0.0_f64..20.0, 20),
        seconds in 0.0_f64..3.0,
        parts in 1_u32..10,
    ) {
        let of = |costs: &[f64]| targets(&costs.iter().copied().map(known).collect::<Vec<_>>());
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

//! What opens a closed circuit, and what does not.

use super::*;

#[test]
fn consecutive_failures_open_exactly_at_the_limit() {
    let circuit = Circuit::new(Settings { rates: None, ..settings(3, 1) });
    for _ in 0..100 {
        for blame in [Blame::Failure, Blame::Neutral, Blame::Failure, Blame::Success] {
            assert_eq!(mail(&circuit, blame), Settled::NoTransition);
        }
    }
    assert_eq!(mail(&circuit, Blame::Failure), Settled::NoTransition);
    assert_eq!(mail(&circuit, Blame::Failure), Settled::NoTransition);
    let expected = Transition {
        from: State::Closed,
        to: State::Open,
        overriding: Override::Auto,
        generation: 1,
        trips: 1,
        reason: TransitionReason::ConsecutiveFailures,
    };
    assert_eq!(mail(&circuit, Blame::Failure), Settled::Changed(expected));
    assert!(circuit.admit().is_none());
}

#[test]
fn neutral_results_never_open() {
    let circuit = circuit(1, 1);
    for now in 0..10_000 {
        assert_eq!(mail_at(&circuit, Blame::Neutral, now), Settled::NoTransition);
    }
    assert_eq!((circuit.snapshot().state, circuit.counts(10_000)), (State::Closed, Counts::default()));
}

#[test]
fn failure_rate_opens_from_min_calls_on() {
    let circuit = circuit(4095, 1);
    for n in 0..9 {
        assert_eq!(mail_at(&circuit, Blame::Failure, n), Settled::NoTransition);
        assert_eq!(mail_at(&circuit, Blame::Success, n), Settled::NoTransition);
    }
    assert_eq!(mail_at(&circuit, Blame::Failure, 99), Settled::NoTransition, "ten of nineteen");
    assert_eq!(led_to(mail_at(&circuit, Blame::Failure, 99)), Some((State::Open, TransitionReason::FailureRate)));
}

#[test]
fn failure_rate_completed_by_successes_is_found_by_evaluate() {
    let circuit = circuit(4095, 1);
    for n in 0..10 {
        assert_eq!(mail_at(&circuit, Blame::Failure, n), Settled::NoTransition);
    }
    for n in 0..10 {
        assert_eq!(mail_at(&circuit, Blame::Success, n), Settled::NoTransition, "a success never opens");
    }
    assert_eq!(circuit.evaluate(100).map(|transition| transition.reason), Some(TransitionReason::FailureRate));
    assert_eq!(circuit.evaluate(100), None, "once");
}

#[test]
fn window_really_slides_after_1e6_ok() {
    let circuit = circuit(4095, 1);
    for n in 0..1_000_000 {
        assert_eq!(mail_at(&circuit, Blame::Success, n / 100), Settled::NoTransition);
    }
    let failures = (0..).find(|n| mail_at(&circuit, Blame::Failure, 20 * SECOND + n) != Settled::NoTransition);
    assert_eq!(failures, Some(19), "twenty failures in a window of their own");
}

#[test]
fn slow_successes_open_the_circuit() {
    let circuit = circuit(5, 1);
    let slow = CallResult { slow: true, ..result(Blame::Success, 0) };
    let send = |result| circuit.admit().expect("closed").settle(result);
    for n in 0..4 {
        assert_eq!(send(result(Blame::Success, n)), Settled::NoTransition);
    }
    for _ in 0..15 {
        assert_eq!(send(slow), Settled::NoTransition);
    }
    assert_eq!(led_to(send(slow)), Some((State::Open, TransitionReason::SlowCalls)), "sixteen of twenty");
}

#[test]
fn timeout_counts_once() {
    let circuit = circuit(5, 1);
    let permit = circuit.admit().expect("closed");
    assert_eq!(permit.settle(CallResult { slow: true, ..result(Blame::Failure, 0) }), Settled::NoTransition);
    assert_eq!(circuit.counts(0), Counts { ok: 0, failed: 1, slow: 1 });
}

#[test]
fn dropped_permit_counts_nothing() {
    let circuit = circuit(1, 1);
    drop(circuit.admit());
    assert_eq!((circuit.snapshot().generation, circuit.counts(0)), (0, Counts::default()));
}

#[test]
fn cancel_after_slow_counts_slow() {
    // A time-out is settled inside the permit's scope, with the time that it took: the slow answer is not lost.
    let circuit = circuit(5, 1);
    let permit = circuit.admit().expect("closed");
    assert_eq!(permit.settle(CallResult { slow: true, ..result(Blame::Failure, 0) }), Settled::NoTransition);
    assert_eq!(circuit.counts(0).slow, 1);
    let neutral = circuit.admit().expect("closed");
    assert_eq!(neutral.settle(CallResult { slow: true, ..result(Blame::Neutral, 0) }), Settled::NoTransition);
    assert_eq!(circuit.counts(0).slow, 1, "a neutral answer enters no window");
}

#[test]
fn refused_account_opens_at_once() {
    let circuit = circuit(4095, 1);
    assert_eq!(led_to(mail(&circuit, Blame::Account)), Some((State::Open, TransitionReason::AccountRefused)));
    assert_eq!(circuit.snapshot().trips, 1);
}

#[test]
fn clock_backwards() {
    let circuit = circuit(4095, 1);
    for now in [u64::MAX - 1, 0, 5, u64::MAX / 2, 3, u64::MAX - 1, 0] {
        let _ = circuit.admit().map(|permit| permit.settle(result(Blame::Failure, now)));
        let _ = circuit.evaluate(now);
        let _ = circuit.counts(now);
    }
    assert_eq!(circuit.snapshot().state, State::Closed);
}

#[test]
fn circuits_are_independent() {
    let (stormy, calm) = (circuit(1, 1), circuit(1, 1));
    assert!(led_to(mail(&stormy, Blame::Failure)).is_some());
    assert_eq!((calm.snapshot().generation, calm.counts(0)), (0, Counts::default()));
}

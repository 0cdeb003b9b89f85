//! From open to closed: probes, holds, ramps and trips.

use super::*;

#[test]
fn open_circuit_admits_nothing_until_probes_in_a_row_close_it() {
    let circuit = opened();
    assert!(circuit.admit().is_none() && circuit.admit_probe().is_none());
    assert_eq!(circuit.begin_probing().map(|t| (t.to, t.reason)), Some((State::HalfOpen, TransitionReason::ProbeDue)));
    assert_eq!(circuit.begin_probing(), None);
    assert_eq!(probe(&circuit, Blame::Success), Settled::NoTransition);
    assert!(circuit.admit().is_none(), "real mail in a half open circuit");
    assert_eq!(led_to(probe(&circuit, Blame::Success)), Some((State::Closed, TransitionReason::ProbesTaken)));
    assert!(circuit.admit().is_some());
}

#[test]
fn failed_probe_opens_again_and_counts_a_trip() {
    let circuit = opened();
    for trips in 2..=40 {
        assert!(circuit.begin_probing().is_some());
        assert_eq!(probe(&circuit, Blame::Success), Settled::NoTransition);
        assert_eq!(led_to(probe(&circuit, Blame::Failure)), Some((State::Open, TransitionReason::ProbeFailed)));
        assert_eq!(circuit.snapshot().trips, trips.min(31));
    }
}

#[test]
fn throttling_holds_without_a_trip_and_one_probe_closes_without_a_ramp() {
    let circuit = circuit(5, 3);
    let throttled = CallResult { not_before: 7 * SECOND, ..result(Blame::Throttled, 0) };
    assert_eq!(
        led_to(circuit.admit().expect("closed").settle(throttled)),
        Some((State::Open, TransitionReason::Throttled))
    );
    let held = circuit.snapshot();
    assert_eq!((held.held, held.trips, held.not_before), (true, 0, 7 * SECOND));
    assert_eq!(circuit.counts(0), Counts::default(), "it enters no window");
    assert!(circuit.begin_probing().is_some());
    drop(circuit.admit_probe());
    assert!(circuit.begin_probing().is_some(), "a lost probe keeps the credit");
    assert_eq!(led_to(probe(&circuit, Blame::Success)), Some((State::Closed, TransitionReason::ProbesTaken)));
    assert_eq!((circuit.snapshot().ramp, circuit.snapshot().trips), (127, 0));
}

#[test]
fn throttled_or_refused_probe_raises_not_before() {
    for (blame, trips) in [(Blame::Throttled, 1), (Blame::Account, 2)] {
        let circuit = opened();
        assert!(circuit.begin_probing().is_some());
        let probe = circuit.admit_probe().expect("half open");
        assert!(led_to(probe.settle(CallResult { not_before: 900 * SECOND, ..result(blame, 0) })).is_some());
        let after = circuit.snapshot();
        assert_eq!((after.not_before, after.trips), (900 * SECOND, trips), "{blame:?}");
        assert!(!after.held, "an outage that is throttled goes on being one");
    }
}

#[test]
fn throttling_does_not_cut_a_recovery_short() {
    let circuit = opened();
    close(&circuit);
    assert_eq!(led_to(mail(&circuit, Blame::Throttled)), Some((State::Open, TransitionReason::Throttled)));
    assert_eq!(circuit.snapshot().trips, 1, "no trip for that");
    assert!(circuit.begin_probing().is_some());
    assert_eq!(probe(&circuit, Blame::Success), Settled::NoTransition, "probes in a row, as before");
    assert!(led_to(probe(&circuit, Blame::Success)).is_some());
    assert_eq!(circuit.snapshot().ramp, 13, "and a ramp from the beginning");
}

#[test]
fn expired_hold_of_a_closed_circuit_is_cleared() {
    let circuit = circuit(5, 1);
    let throttled = CallResult { not_before: 900 * SECOND, ..result(Blame::Throttled, 0) };
    assert!(led_to(circuit.admit().expect("closed").settle(throttled)).is_some());
    circuit.clear_expired_hold();
    assert_eq!(circuit.snapshot().not_before, 900 * SECOND, "not while it holds");
    close(&circuit);
    circuit.clear_expired_hold();
    assert_eq!(circuit.snapshot().not_before, 0);
}

#[test]
fn start_with_a_probe_admits_no_mail_before_it_was_taken() {
    let circuit = Circuit::new(Settings { start_closed: false, ..settings(5, 3) });
    assert!(circuit.admit().is_none());
    assert!(circuit.begin_probing().is_some());
    assert_eq!(led_to(probe(&circuit, Blame::Success)), Some((State::Closed, TransitionReason::ProbesTaken)));
    assert!(circuit.admit().is_some());
    assert_eq!(circuit.snapshot().ramp, 127, "all mail, at once");
}

#[test]
fn ramp_only_rises_and_two_failures_open_a_ramped_circuit() {
    let circuit = opened();
    close(&circuit);
    let generation = circuit.snapshot().generation;
    let ramp = || circuit.snapshot().ramp;
    assert_eq!(ramp(), 13);
    circuit.set_ramp(generation, 64);
    assert_eq!(ramp(), 64);
    circuit.set_ramp(generation, 20);
    assert_eq!(ramp(), 64, "a share never falls");
    circuit.set_ramp(generation - 1, 127);
    assert_eq!(ramp(), 64, "a result of another generation");
    assert!(circuit.admit().is_some(), "the ramp is for the router");
    let strict = Circuit::new(settings(5, 1));
    for _ in 0..5 {
        let _ = mail(&strict, Blame::Failure);
    }
    close(&strict);
    assert_eq!(mail(&strict, Blame::Failure), Settled::NoTransition);
    assert_eq!(led_to(mail(&strict, Blame::Failure)), Some((State::Open, TransitionReason::ConsecutiveFailures)));
}

#[test]
fn only_decay_trips_takes_trips_off_a_closed_circuit() {
    let circuit = opened();
    close(&circuit);
    let closed = circuit.snapshot();
    assert_eq!(closed.trips, 1);
    circuit.decay_trips(closed.generation - 1);
    assert_eq!(circuit.snapshot().trips, 1, "a result of another generation");
    circuit.decay_trips(closed.generation);
    circuit.decay_trips(closed.generation);
    assert_eq!(circuit.snapshot().trips, 0);
    assert!(led_to(mail(&circuit, Blame::Failure)).is_some());
    circuit.decay_trips(circuit.snapshot().generation);
    assert_eq!(circuit.snapshot().trips, 1, "an open circuit is not forgiven");
}

//! Results of an older generation, and permits that are dropped.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;

#[test]
fn stale_success_cannot_close() {
    let circuit = circuit(1, 1);
    let before = circuit.admit().expect("closed");
    assert!(led_to(mail(&circuit, Blame::Failure)).is_some());
    assert_eq!(before.settle(result(Blame::Success, 0)), Settled::Stale);
    assert_eq!(circuit.snapshot().state, State::Open);
}

#[test]
fn stale_failure_cannot_break_probe() {
    let circuit = circuit(1, 1);
    let before = circuit.admit().expect("closed");
    assert!(led_to(mail(&circuit, Blame::Failure)).is_some());
    assert!(circuit.begin_probing().is_some());
    assert_eq!(before.settle(result(Blame::Failure, 0)), Settled::Stale);
    assert_eq!(circuit.snapshot().state, State::HalfOpen);
}

#[test]
fn stale_failure_cannot_count_in_a_later_closed_generation() {
    let circuit = Circuit::new(Settings { ramps: false, ..settings(2, 1) });
    let before = circuit.admit().expect("closed");
    assert_eq!(mail(&circuit, Blame::Failure), Settled::NoTransition);
    assert!(led_to(mail(&circuit, Blame::Failure)).is_some());
    close(&circuit);
    assert_eq!(before.settle(result(Blame::Failure, 0)), Settled::Stale);
    assert_eq!(circuit.counts(0), Counts::default());
    assert_eq!(mail(&circuit, Blame::Failure), Settled::NoTransition, "the straggler was counted");
}

#[test]
fn stale_throttling_lengthens_the_hold_and_changes_nothing_else() {
    let circuit = circuit(1, 1);
    let (first, second, third) = (circuit.admit(), circuit.admit(), circuit.admit());
    let asked = |seconds| CallResult { not_before: seconds * SECOND, ..result(Blame::Throttled, 0) };
    assert!(led_to(first.expect("closed").settle(asked(1))).is_some());
    assert_eq!(second.expect("closed").settle(asked(600)), Settled::Stale);
    assert_eq!(circuit.snapshot().not_before, 600 * SECOND);
    let account = CallResult { blame: Blame::Account, ..asked(900) };
    assert_eq!(third.expect("closed").settle(account), Settled::Stale);
    let after = circuit.snapshot();
    assert_eq!((after.not_before, after.generation, after.trips), (600 * SECOND, 1, 0));
}

#[test]
fn dropped_probe_permit_opens_again_without_a_trip() {
    let circuit = opened();
    assert!(circuit.begin_probing().is_some());
    drop(circuit.admit_probe());
    let after = circuit.snapshot();
    assert_eq!((after.state, after.trips), (State::Open, 1), "back to open, and no trip grown");
}

#[test]
fn forgotten_probe_permit_holds_nothing() {
    let circuit = opened();
    assert!(circuit.begin_probing().is_some());
    std::mem::forget(circuit.admit_probe());
    assert!(circuit.admit_probe().is_some());
}

#[test]
fn dropped_permit_is_neutral_and_a_panic_is_a_failure() {
    let circuit = circuit(1, 1);
    drop(circuit.admit());
    assert_eq!(circuit.snapshot().state, State::Closed);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _permit = circuit.admit();
        panic!("the adapter's bug");
    }));
    assert!(panicked.is_err());
    assert_eq!(circuit.snapshot().state, State::Open);
}

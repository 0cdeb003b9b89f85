//! Overrides and resets.

use super::*;

#[test]
fn override_decides_and_the_state_underneath_goes_on() {
    let circuit = circuit(2, 1);
    assert_eq!(mail(&circuit, Blame::Failure), Settled::NoTransition);
    let before = circuit.admit().expect("closed");
    let ordered = circuit.set_override(Override::Open).expect("an order");
    assert_eq!(
        (ordered.overriding, ordered.reason, ordered.generation),
        (Override::Open, TransitionReason::Override, 1)
    );
    assert!(circuit.admit().is_none());
    assert_eq!(circuit.set_override(Override::Open), None, "no change");
    assert_eq!(before.settle(result(Blame::Failure, 0)), Settled::Stale);
    assert!(circuit.set_override(Override::Auto).is_some());
    assert_eq!(circuit.counts(0), Counts::default(), "back to auto starts empty");
    assert_eq!(mail(&circuit, Blame::Failure), Settled::NoTransition, "and without a streak");
    assert!(led_to(mail(&circuit, Blame::Failure)).is_some());

    assert!(circuit.set_override(Override::Closed).is_some());
    assert_eq!(mail(&circuit, Blame::Failure), Settled::NoTransition, "mail flows and does not disturb the recovery");
    assert_eq!(circuit.snapshot().state, State::Open);
    close(&circuit);
    assert_eq!(circuit.snapshot().overriding, Override::Closed);
}

#[test]
fn override_does_not_end_a_recovery() {
    let circuit = opened();
    assert!(circuit.begin_probing().is_some());
    assert_eq!(probe(&circuit, Blame::Success), Settled::NoTransition);
    let under_way = circuit.admit_probe().expect("half open");
    assert!(circuit.set_override(Override::Open).is_some());
    assert_eq!(under_way.settle(result(Blame::Success, 0)), Settled::Stale);
    assert!(led_to(probe(&circuit, Blame::Success)).is_some(), "the streak was kept");
}

#[test]
fn reset_closes_from_every_state_and_keeps_the_override() {
    for steps in 0..3 {
        let circuit = opened();
        let _ = (steps > 0).then(|| circuit.begin_probing());
        let _ = (steps > 1).then(|| circuit.set_override(Override::Open));
        let reset = circuit.reset().expect("always a change");
        assert_eq!((reset.to, reset.reason, reset.trips), (State::Closed, TransitionReason::Reset, 0));
        assert_eq!((circuit.snapshot().ramp, circuit.snapshot().not_before), (127, 0));
        assert_eq!(circuit.snapshot().admits(), steps < 2);
    }
}

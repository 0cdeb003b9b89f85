//! Few failures in a row: where another provider is ready, on the ramp, and where little mail flows.

use super::*;

const EARLY: Option<(State, TransitionReason)> = Some((State::Open, TransitionReason::EarlyFailures));

/// One more mail whose answer comes now, while another provider is ready.
fn fails(circuit: &Circuit, is_repeat: bool, now: u64) -> Settled {
    let failure = CallResult { is_repeat, has_alternative: true, ..result(Blame::Failure, now) };
    circuit.admit().expect("a closed circuit").settle(failure)
}

fn succeed(circuit: &Circuit, times: u32, now: u64) {
    (0..times).for_each(|_| assert_eq!(mail_at(circuit, Blame::Success, now), Settled::NoTransition));
}

#[test]
fn two_mails_in_a_row_open_the_circuit_only_where_another_provider_is_ready() {
    let circuit = circuit(5, 1);
    assert_eq!(fails(&circuit, false, 0), Settled::NoTransition);
    assert_eq!(mail(&circuit, Blame::Failure), Settled::NoTransition, "nobody else is ready");
    assert_eq!(led_to(fails(&circuit, false, 0)), EARLY);
    assert_eq!(circuit.snapshot().trips, 1);
}

#[test]
fn success_between_two_failures_keeps_the_circuit_closed() {
    let circuit = circuit(5, 1);
    for _ in 0..9 {
        assert_eq!(fails(&circuit, false, 0), Settled::NoTransition);
        succeed(&circuit, 1, 0);
    }
}

#[test]
fn repeat_is_no_second_mail_but_counts_in_the_longer_row() {
    let circuit = circuit(5, 1);
    for is_repeat in [false, true, true, true] {
        assert_eq!(fails(&circuit, is_repeat, 0), Settled::NoTransition);
    }
    assert_eq!(
        led_to(fails(&circuit, true, 0)),
        Some((State::Open, TransitionReason::ConsecutiveFailures)),
        "five answers"
    );
    let another = super::circuit(5, 1);
    assert_eq!(fails(&another, false, 0), Settled::NoTransition);
    assert_eq!(fails(&another, true, 0), Settled::NoTransition);
    assert_eq!(led_to(fails(&another, false, 0)), EARLY, "the second mail");
}

#[test]
fn failures_in_a_row_must_be_a_fifth_of_the_window() {
    for (taken, opened_by) in [(0, 2), (8, 2), (9, 3), (12, 3), (13, 4), (16, 4), (17, 5), (1000, 5)] {
        let circuit = circuit(5, 1);
        succeed(&circuit, taken, 0);
        let fails = (1..).find(|_| fails(&circuit, false, 0) != Settled::NoTransition);
        assert_eq!(fails, Some(opened_by), "after {taken} mails that were taken");
    }
}

#[test]
fn none_turns_the_early_opening_off() {
    let rates = Rates { early_failures: None, ..rates() };
    let circuit = Circuit::new(Settings { rates: Some(rates), ..settings(5, 1) });
    let opened_by = (1..).find(|_| fails(&circuit, false, 0) != Settled::NoTransition);
    assert_eq!(opened_by, Some(5));
}

#[test]
fn ramped_circuit_opens_for_two_in_a_row_only_if_they_are_a_fifth() {
    for (taken, opened_by) in [(0, 2), (8, 2), (9, 3), (1000, 5)] {
        let circuit = circuit(5, 1);
        for _ in 0..5 {
            let _ = mail(&circuit, Blame::Failure);
        }
        close(&circuit);
        succeed(&circuit, taken, 0);
        let fails = (1..).find(|_| mail(&circuit, Blame::Failure) != Settled::NoTransition);
        assert_eq!(fails, Some(opened_by), "after {taken} mails that were taken");
    }
}

#[test]
fn half_failing_opens_within_twenty_mails_from_one_mail_in_six_seconds_on() {
    for gap in [SECOND / 500, SECOND / 2, SECOND, 5 * SECOND, 6 * SECOND] {
        for first in [0, 1] {
            let circuit = circuit(5, 1);
            let opened = (1..=20).find_map(|mail| {
                let blame = if mail % 2 == first { Blame::Success } else { Blame::Failure };
                let settled = mail_at(&circuit, blame, mail * gap);
                led_to(settled).or_else(|| {
                    circuit.evaluate(mail * gap + SECOND / 4).map(|transition| (transition.to, transition.reason))
                })
            });
            assert_eq!(opened, Some((State::Open, TransitionReason::FailureRate)), "one mail in {gap} ms");
        }
    }
}

#[test]
fn fewer_than_half_failing_keeps_the_circuit_closed_at_little_traffic() {
    let circuit = circuit(5, 1);
    for mail in 0..1000 {
        let blame = if mail % 3 == 0 { Blame::Failure } else { Blame::Success };
        assert_eq!(mail_at(&circuit, blame, mail * 5 * SECOND), Settled::NoTransition);
        assert_eq!(circuit.evaluate(mail * 5 * SECOND), None);
    }
}

#[test]
fn two_circuits_that_trip_in_one_instant_both_recover() {
    let both = [circuit(5, 1), circuit(5, 1)];
    both.iter().for_each(|circuit| assert_eq!(fails(circuit, false, 0), Settled::NoTransition));
    // Each sees the other closed, and neither has settled yet.
    let alternatives = both.each_ref().map(|circuit| circuit.snapshot().admits());
    assert_eq!(alternatives, [true; 2]);
    both.iter().for_each(|circuit| assert_eq!(led_to(fails(circuit, false, 0)), EARLY));
    for circuit in &both {
        close(circuit);
        assert!(circuit.admit().is_some());
    }
}

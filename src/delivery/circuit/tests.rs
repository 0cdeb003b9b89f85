//! Scenarios of one circuit, each named for the claim; `model` adds random histories, `stress` threads.

mod model;
mod stress;

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;

const SECOND: u64 = 1000;

/// Ten seconds, twenty calls, half failures, four fifths slow: the defaults.
fn rates() -> Rates {
    Rates { bucket: SECOND, min_calls: 20, failure_rate: 0.5, slow_rate: Some(0.8) }
}

fn settings(consecutive_failures: u16, probes_to_close: u16) -> Settings {
    Settings { consecutive_failures, probes_to_close, rates: Some(rates()), ramps: true, start_closed: true, shards: 1 }
}

fn circuit(consecutive_failures: u16, probes_to_close: u16) -> Circuit {
    Circuit::new(settings(consecutive_failures, probes_to_close))
}

fn news(blame: Blame, now: u64) -> News {
    News { blame, slow: false, now, not_before: 0, thread: 0 }
}

fn mail_at(circuit: &Circuit, blame: Blame, now: u64) -> Settled {
    circuit.admit(0).expect("a closed circuit").settle(news(blame, now))
}

fn mail(circuit: &Circuit, blame: Blame) -> Settled {
    mail_at(circuit, blame, 0)
}

fn probe(circuit: &Circuit, blame: Blame) -> Settled {
    circuit.admit_probe().expect("a half open circuit").settle(news(blame, 0))
}

/// The state and the reason that this led to.
fn led_to(settled: Settled) -> Option<(State, Reason)> {
    match settled {
        Settled::Changed(transition) => Some((transition.to, transition.reason)),
        Settled::Quiet | Settled::Late => None,
    }
}

fn opened() -> Circuit {
    let circuit = circuit(1, 2);
    assert_eq!(led_to(mail(&circuit, Blame::Failure)), Some((State::Open, Reason::ConsecutiveFailures)));
    circuit
}

fn close(circuit: &Circuit) {
    assert!(circuit.begin_probing().is_some());
    while circuit.admit_probe().is_some_and(|permit| permit.settle(news(Blame::Success, 0)) == Settled::Quiet) {}
    assert_eq!(circuit.snapshot().state, State::Closed);
}

#[test]
fn only_failures_in_a_row_open_it_and_exactly_at_the_limit() {
    let circuit = Circuit::new(Settings { rates: None, ..settings(3, 1) });
    for _ in 0..100 {
        for blame in [Blame::Failure, Blame::Neutral, Blame::Failure, Blame::Success] {
            assert_eq!(mail(&circuit, blame), Settled::Quiet);
        }
    }
    assert_eq!(mail(&circuit, Blame::Failure), Settled::Quiet);
    assert_eq!(mail(&circuit, Blame::Failure), Settled::Quiet);
    let expected = Transition {
        from: State::Closed,
        to: State::Open,
        overriding: Override::Auto,
        generation: 1,
        trips: 1,
        reason: Reason::ConsecutiveFailures,
    };
    assert_eq!(mail(&circuit, Blame::Failure), Settled::Changed(expected));
    assert!(circuit.admit(0).is_none());
}

#[test]
fn bad_message_is_neutral() {
    let circuit = circuit(1, 1);
    for now in 0..10_000 {
        assert_eq!(mail_at(&circuit, Blame::Neutral, now), Settled::Quiet);
    }
    assert_eq!((circuit.snapshot().state, circuit.counts(10_000)), (State::Closed, Counts::default()));
}

#[test]
fn half_of_twenty_opens_it_and_half_of_nineteen_does_not() {
    let circuit = circuit(4095, 1);
    for n in 0..9 {
        assert_eq!(mail_at(&circuit, Blame::Failure, n), Settled::Quiet);
        assert_eq!(mail_at(&circuit, Blame::Success, n), Settled::Quiet);
    }
    assert_eq!(mail_at(&circuit, Blame::Failure, 99), Settled::Quiet, "ten of nineteen");
    assert_eq!(led_to(mail_at(&circuit, Blame::Failure, 99)), Some((State::Open, Reason::FailureRate)));
}

#[test]
fn a_share_that_successes_complete_is_found_by_the_next_look() {
    let circuit = circuit(4095, 1);
    for n in 0..10 {
        assert_eq!(mail_at(&circuit, Blame::Failure, n), Settled::Quiet);
    }
    for n in 0..10 {
        assert_eq!(mail_at(&circuit, Blame::Success, n), Settled::Quiet, "a success never opens");
    }
    assert_eq!(circuit.evaluate(100).map(|transition| transition.reason), Some(Reason::FailureRate));
    assert_eq!(circuit.evaluate(100), None, "once");
}

#[test]
fn window_really_slides_after_1e6_ok() {
    let circuit = circuit(4095, 1);
    for n in 0..1_000_000 {
        assert_eq!(mail_at(&circuit, Blame::Success, n / 100), Settled::Quiet);
    }
    let failures = (0..).find(|n| mail_at(&circuit, Blame::Failure, 20 * SECOND + n) != Settled::Quiet);
    assert_eq!(failures, Some(19), "twenty failures in a window of their own");
}

#[test]
fn slow_answers_open_it_even_if_they_are_good_ones() {
    let circuit = circuit(5, 1);
    let slow = News { slow: true, ..news(Blame::Success, 0) };
    let send = |news| circuit.admit(0).expect("closed").settle(news);
    for n in 0..4 {
        assert_eq!(send(news(Blame::Success, n)), Settled::Quiet);
    }
    for _ in 0..15 {
        assert_eq!(send(slow), Settled::Quiet);
    }
    assert_eq!(led_to(send(slow)), Some((State::Open, Reason::SlowCalls)), "sixteen of twenty");
}

#[test]
fn timeout_counts_once() {
    let circuit = circuit(5, 1);
    let permit = circuit.admit(0).expect("closed");
    assert_eq!(permit.settle(News { slow: true, ..news(Blame::Failure, 0) }), Settled::Quiet);
    assert_eq!(circuit.counts(0), Counts { ok: 0, failed: 1, slow: 1 });
}

#[test]
fn client_cancel_is_neutral() {
    let circuit = circuit(1, 1);
    drop(circuit.admit(0));
    assert_eq!((circuit.snapshot().generation, circuit.counts(0)), (0, Counts::default()));
}

#[test]
fn cancel_after_slow_counts_slow() {
    // A time-out is settled inside the permit's scope, with the time that it took: the slow answer is not lost.
    let circuit = circuit(5, 1);
    let permit = circuit.admit(0).expect("closed");
    assert_eq!(permit.settle(News { slow: true, ..news(Blame::Failure, 0) }), Settled::Quiet);
    assert_eq!(circuit.counts(0).slow, 1);
    let neutral = circuit.admit(0).expect("closed");
    assert_eq!(neutral.settle(News { slow: true, ..news(Blame::Neutral, 0) }), Settled::Quiet);
    assert_eq!(circuit.counts(0).slow, 1, "a neutral answer enters no window");
}

#[test]
fn an_open_circuit_admits_nothing_until_probes_in_a_row_close_it() {
    let circuit = opened();
    assert!(circuit.admit(0).is_none() && circuit.admit_probe().is_none());
    assert_eq!(circuit.begin_probing().map(|t| (t.to, t.reason)), Some((State::HalfOpen, Reason::ProbeDue)));
    assert_eq!(circuit.begin_probing(), None);
    assert_eq!(probe(&circuit, Blame::Success), Settled::Quiet);
    assert!(circuit.admit(0).is_none(), "real mail in a half open circuit");
    assert_eq!(led_to(probe(&circuit, Blame::Success)), Some((State::Closed, Reason::ProbesTaken)));
    assert!(circuit.admit(0).is_some());
}

#[test]
fn a_failed_probe_opens_it_again_and_counts_a_trip() {
    let circuit = opened();
    for trips in 2..=40 {
        assert!(circuit.begin_probing().is_some());
        assert_eq!(probe(&circuit, Blame::Success), Settled::Quiet);
        assert_eq!(led_to(probe(&circuit, Blame::Failure)), Some((State::Open, Reason::ProbeFailed)));
        assert_eq!(circuit.snapshot().trips, trips.min(31));
    }
}

#[test]
fn stale_success_cannot_close() {
    let circuit = circuit(1, 1);
    let before = circuit.admit(0).expect("closed");
    assert!(led_to(mail(&circuit, Blame::Failure)).is_some());
    assert_eq!(before.settle(news(Blame::Success, 0)), Settled::Late);
    assert_eq!(circuit.snapshot().state, State::Open);
}

#[test]
fn stale_failure_cannot_break_probe() {
    let circuit = circuit(1, 1);
    let before = circuit.admit(0).expect("closed");
    assert!(led_to(mail(&circuit, Blame::Failure)).is_some());
    assert!(circuit.begin_probing().is_some());
    assert_eq!(before.settle(news(Blame::Failure, 0)), Settled::Late);
    assert_eq!(circuit.snapshot().state, State::HalfOpen);
}

#[test]
fn stale_failure_cannot_count_in_a_later_closed_generation() {
    let circuit = Circuit::new(Settings { ramps: false, ..settings(2, 1) });
    let before = circuit.admit(0).expect("closed");
    assert_eq!(mail(&circuit, Blame::Failure), Settled::Quiet);
    assert!(led_to(mail(&circuit, Blame::Failure)).is_some());
    close(&circuit);
    assert_eq!(before.settle(news(Blame::Failure, 0)), Settled::Late);
    assert_eq!(circuit.counts(0), Counts::default());
    assert_eq!(mail(&circuit, Blame::Failure), Settled::Quiet, "the straggler was counted");
}

#[test]
fn late_throttling_lengthens_the_hold_and_changes_nothing_else() {
    let circuit = circuit(1, 1);
    let (first, second, third) = (circuit.admit(0), circuit.admit(0), circuit.admit(0));
    let asked = |seconds| News { not_before: seconds * SECOND, ..news(Blame::Throttled, 0) };
    assert!(led_to(first.expect("closed").settle(asked(1))).is_some());
    assert_eq!(second.expect("closed").settle(asked(600)), Settled::Late);
    assert_eq!(circuit.snapshot().not_before, 600 * SECOND);
    let account = News { blame: Blame::Account, ..asked(900) };
    assert_eq!(third.expect("closed").settle(account), Settled::Late);
    let after = circuit.snapshot();
    assert_eq!((after.not_before, after.generation, after.trips), (600 * SECOND, 1, 0));
}

#[test]
fn dropped_probe_frees_slot() {
    let circuit = opened();
    assert!(circuit.begin_probing().is_some());
    drop(circuit.admit_probe());
    let after = circuit.snapshot();
    assert_eq!((after.state, after.trips), (State::Open, 1), "back to open, and no trip grown");
}

#[test]
fn a_forgotten_probe_holds_no_slot() {
    let circuit = opened();
    assert!(circuit.begin_probing().is_some());
    std::mem::forget(circuit.admit_probe());
    assert!(circuit.admit_probe().is_some());
}

#[test]
fn a_dropped_permit_is_neutral_but_a_panic_is_a_failure() {
    let circuit = circuit(1, 1);
    drop(circuit.admit(0));
    assert_eq!(circuit.snapshot().state, State::Closed);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _permit = circuit.admit(0);
        panic!("the adapter's bug");
    }));
    assert!(panicked.is_err());
    assert_eq!(circuit.snapshot().state, State::Open);
}

#[test]
fn an_account_that_is_refused_opens_it_at_once() {
    let circuit = circuit(4095, 1);
    assert_eq!(led_to(mail(&circuit, Blame::Account)), Some((State::Open, Reason::AccountRefused)));
    assert_eq!(circuit.snapshot().trips, 1);
}

#[test]
fn throttling_holds_without_a_trip_and_one_probe_closes_it_without_a_ramp() {
    let circuit = circuit(5, 3);
    let throttled = News { not_before: 7 * SECOND, ..news(Blame::Throttled, 0) };
    assert_eq!(led_to(circuit.admit(0).expect("closed").settle(throttled)), Some((State::Open, Reason::Throttled)));
    let held = circuit.snapshot();
    assert_eq!((held.held, held.trips, held.not_before), (true, 0, 7 * SECOND));
    assert_eq!(circuit.counts(0), Counts::default(), "it enters no window");
    assert!(circuit.begin_probing().is_some());
    drop(circuit.admit_probe());
    assert!(circuit.begin_probing().is_some(), "a lost dummy keeps the head start");
    assert_eq!(led_to(probe(&circuit, Blame::Success)), Some((State::Closed, Reason::ProbesTaken)));
    assert_eq!((circuit.snapshot().ramp, circuit.snapshot().trips), (127, 0));
}

#[test]
fn a_probe_that_is_throttled_or_refused_raises_the_floor_of_the_next_wait() {
    for (blame, trips) in [(Blame::Throttled, 1), (Blame::Account, 2)] {
        let circuit = opened();
        assert!(circuit.begin_probing().is_some());
        let probe = circuit.admit_probe().expect("half open");
        assert!(led_to(probe.settle(News { not_before: 900 * SECOND, ..news(blame, 0) })).is_some());
        let after = circuit.snapshot();
        assert_eq!((after.not_before, after.trips), (900 * SECOND, trips), "{blame:?}");
        assert!(!after.held, "an outage that is throttled goes on being one");
    }
}

#[test]
fn throttling_does_not_cut_a_recovery_short() {
    let circuit = opened();
    close(&circuit);
    assert_eq!(led_to(mail(&circuit, Blame::Throttled)), Some((State::Open, Reason::Throttled)));
    assert_eq!(circuit.snapshot().trips, 1, "no trip for that");
    assert!(circuit.begin_probing().is_some());
    assert_eq!(probe(&circuit, Blame::Success), Settled::Quiet, "dummies in a row, as before");
    assert!(led_to(probe(&circuit, Blame::Success)).is_some());
    assert_eq!(circuit.snapshot().ramp, 13, "and a ramp from the beginning");
}

#[test]
fn a_hold_that_a_closed_circuit_has_outlived_is_forgotten() {
    let circuit = circuit(5, 1);
    let throttled = News { not_before: 900 * SECOND, ..news(Blame::Throttled, 0) };
    assert!(led_to(circuit.admit(0).expect("closed").settle(throttled)).is_some());
    circuit.forget_hold();
    assert_eq!(circuit.snapshot().not_before, 900 * SECOND, "not while it holds");
    close(&circuit);
    circuit.forget_hold();
    assert_eq!(circuit.snapshot().not_before, 0);
}

#[test]
fn a_circuit_that_starts_with_a_probe_takes_no_mail_before_one_dummy_was_taken() {
    let circuit = Circuit::new(Settings { start_closed: false, ..settings(5, 3) });
    assert!(circuit.admit(0).is_none());
    assert!(circuit.begin_probing().is_some());
    assert_eq!(led_to(probe(&circuit, Blame::Success)), Some((State::Closed, Reason::ProbesTaken)));
    assert!(circuit.admit(127).is_some(), "all mail, at once");
}

#[test]
fn after_an_outage_a_share_of_mail_comes_first_and_two_failures_are_enough() {
    let circuit = opened();
    close(&circuit);
    let generation = circuit.snapshot().generation;
    let admitted = || (1..=127).filter(|draw| circuit.admit(*draw).is_some()).count();
    assert_eq!(admitted(), 13);
    circuit.set_ramp(generation, 64);
    assert_eq!(admitted(), 64);
    circuit.set_ramp(generation, 20);
    assert_eq!(admitted(), 64, "a share never falls");
    circuit.set_ramp(generation - 1, 127);
    assert_eq!(admitted(), 64, "news of another generation");
    assert!(circuit.admit(0).is_some(), "bypassed");
    let strict = Circuit::new(settings(5, 1));
    for _ in 0..5 {
        let _ = mail(&strict, Blame::Failure);
    }
    close(&strict);
    assert_eq!(mail(&strict, Blame::Failure), Settled::Quiet);
    assert_eq!(led_to(mail(&strict, Blame::Failure)), Some((State::Open, Reason::ConsecutiveFailures)));
}

#[test]
fn shallow_probe_does_not_reset_trips() {
    let circuit = opened();
    close(&circuit);
    let closed = circuit.snapshot();
    assert_eq!(closed.trips, 1);
    circuit.forgive(closed.generation - 1);
    assert_eq!(circuit.snapshot().trips, 1, "news of another generation");
    circuit.forgive(closed.generation);
    circuit.forgive(closed.generation);
    assert_eq!(circuit.snapshot().trips, 0);
    assert!(led_to(mail(&circuit, Blame::Failure)).is_some());
    circuit.forgive(circuit.snapshot().generation);
    assert_eq!(circuit.snapshot().trips, 1, "an open circuit is not forgiven");
}

#[test]
fn orders_of_an_operator_come_first_and_the_state_lives_on_underneath() {
    let circuit = circuit(2, 1);
    assert_eq!(mail(&circuit, Blame::Failure), Settled::Quiet);
    let before = circuit.admit(0).expect("closed");
    let ordered = circuit.set_override(Override::Open).expect("an order");
    assert_eq!((ordered.overriding, ordered.reason, ordered.generation), (Override::Open, Reason::Override, 1));
    assert!(circuit.admit(0).is_none());
    assert_eq!(circuit.set_override(Override::Open), None, "no news");
    assert_eq!(before.settle(news(Blame::Failure, 0)), Settled::Late);
    assert!(circuit.set_override(Override::Auto).is_some());
    assert_eq!(circuit.counts(0), Counts::default(), "back to auto starts empty");
    assert_eq!(mail(&circuit, Blame::Failure), Settled::Quiet, "and without a streak");
    assert!(led_to(mail(&circuit, Blame::Failure)).is_some());

    assert!(circuit.set_override(Override::Closed).is_some());
    assert_eq!(mail(&circuit, Blame::Failure), Settled::Quiet, "mail flows and does not disturb the recovery");
    assert_eq!(circuit.snapshot().state, State::Open);
    close(&circuit);
    assert_eq!(circuit.snapshot().overriding, Override::Closed);
}

#[test]
fn an_order_does_not_end_a_recovery_that_is_under_way() {
    let circuit = opened();
    assert!(circuit.begin_probing().is_some());
    assert_eq!(probe(&circuit, Blame::Success), Settled::Quiet);
    let under_way = circuit.admit_probe().expect("half open");
    assert!(circuit.set_override(Override::Open).is_some());
    assert_eq!(under_way.settle(news(Blame::Success, 0)), Settled::Late);
    assert!(led_to(probe(&circuit, Blame::Success)).is_some(), "the streak was kept");
}

#[test]
fn reset_works_from_every_state_and_keeps_an_order() {
    for steps in 0..3 {
        let circuit = opened();
        let _ = (steps > 0).then(|| circuit.begin_probing());
        let _ = (steps > 1).then(|| circuit.set_override(Override::Open));
        let reset = circuit.reset().expect("always a change");
        assert_eq!((reset.to, reset.reason, reset.trips), (State::Closed, Reason::Reset, 0));
        assert_eq!((circuit.snapshot().ramp, circuit.snapshot().not_before), (127, 0));
        assert_eq!(circuit.snapshot().admits(), steps < 2);
    }
}

#[test]
fn clock_backwards() {
    let circuit = circuit(4095, 1);
    for now in [u64::MAX - 1, 0, 5, u64::MAX / 2, 3, u64::MAX - 1, 0] {
        let _ = circuit.admit(0).map(|permit| permit.settle(news(Blame::Failure, now)));
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

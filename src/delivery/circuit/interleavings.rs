//! Every interleaving of two or three threads on one circuit, by loom. Run with `scripts/check --circuit`.
//!
//! The last two models are negative controls: designs with a known flaw, which loom must reject. If one of them
//! passed, the others would prove nothing.

use std::sync::Arc;

use loom::sync::atomic::{AtomicU64, Ordering};
use loom::thread;

use super::window::{Kind, Window};
use super::*;
use crate::model::outcome::Blame;

fn settings() -> Settings {
    Settings { consecutive_failures: 1, probes_to_close: 1, rates: None, ramps: false, start_closed: true, shards: 1 }
}

fn result(blame: Blame) -> CallResult {
    CallResult { blame, slow: false, now: 0, not_before: 7, thread: 0, is_repeat: false, has_alternative: false }
}

fn changes(settled: Option<Settled>) -> u64 {
    u64::from(matches!(settled, Some(Settled::Changed(_))))
}

/// I2, I3: however many failures race, one of them opens the circuit, once.
#[test]
fn racing_failures_make_one_transition() {
    loom::model(|| {
        let circuit = Arc::new(Circuit::new(settings()));
        let racers: Vec<_> = (0..2)
            .map(|_| {
                let circuit = Arc::clone(&circuit);
                thread::spawn(move || changes(circuit.admit().map(|permit| permit.settle(result(Blame::Failure)))))
            })
            .collect();
        let own = changes(circuit.admit().map(|permit| permit.settle(result(Blame::Failure))));
        let all = own + racers.into_iter().map(|racer| racer.join().unwrap()).sum::<u64>();
        assert_eq!((all, circuit.snapshot().generation, circuit.snapshot().state), (1, 1, State::Open));
    });
}

/// I4, I8: an answer from before a trip neither closes what opened, nor breaks a recovery, nor counts afterwards.
#[test]
fn stale_result_changes_nothing_after_the_trip() {
    loom::model(|| {
        let circuit = Arc::new(Circuit::new(Settings { consecutive_failures: 2, ..settings() }));
        let straggler = circuit.admit().unwrap();
        let other = Arc::clone(&circuit);
        let recovery = thread::spawn(move || {
            let opened = other.admit().map(|permit| permit.settle(result(Blame::Account)));
            let probing = u64::from(other.begin_probing().is_some());
            changes(opened) + probing + changes(other.admit_probe().map(|permit| permit.settle(result(Blame::Success))))
        });
        let late = straggler.settle(result(Blame::Failure));
        assert!(!matches!(late, Settled::Changed(_)), "one failure of two opens nothing");
        assert_eq!(recovery.join().unwrap(), 3);
        let after = circuit.snapshot();
        assert_eq!((after.state, after.generation), (State::Closed, 3));
        let next = circuit.admit().unwrap().settle(result(Blame::Failure));
        assert_eq!(next, Settled::NoTransition, "the straggler was counted in a later generation");
    });
}

/// I1, I10: once an order to stay open is visible, nothing is admitted.
#[test]
fn nothing_is_admitted_after_override_open() {
    loom::model(|| {
        let (circuit, given) = (Arc::new(Circuit::new(settings())), Arc::new(AtomicU64::new(0)));
        let operator = {
            let (circuit, given) = (Arc::clone(&circuit), Arc::clone(&given));
            thread::spawn(move || {
                let _ = circuit.set_override(Override::Open);
                given.store(1, Ordering::Release);
            })
        };
        let seen = given.load(Ordering::Acquire) == 1;
        let permit = circuit.admit();
        assert!(!(seen && permit.is_some()), "admitted after the order");
        drop(permit);
        operator.join().unwrap();
    });
}

/// I13: a reader that sees a circuit held sees for how long.
#[test]
fn trip_is_seen_with_its_not_before() {
    loom::model(|| {
        let circuit = Arc::new(Circuit::new(settings()));
        let other = Arc::clone(&circuit);
        let throttled = thread::spawn(move || {
            let _ = other.admit().map(|permit| permit.settle(result(Blame::Throttled)));
        });
        let seen = circuit.snapshot();
        assert!(seen.state == State::Closed || seen.not_before == 7, "{seen:?}");
        throttled.join().unwrap();
    });
}

/// I8, I9: a probe, an operator and a failure race; every transition is one generation, and the path is legal.
#[test]
fn every_transition_is_one_generation() {
    loom::model(|| {
        let circuit = Arc::new(Circuit::new(settings()));
        assert_eq!(changes(circuit.admit().map(|permit| permit.settle(result(Blame::Failure)))), 1);
        assert!(circuit.begin_probing().is_some());
        let (first, second) = (Arc::clone(&circuit), Arc::clone(&circuit));
        let supervisor =
            thread::spawn(move || changes(first.admit_probe().map(|permit| permit.settle(result(Blame::Success)))));
        let operator = thread::spawn(move || u64::from(second.reset().is_some()));
        let mail = changes(circuit.admit().map(|permit| permit.settle(result(Blame::Failure))));
        let all = 2 + mail + supervisor.join().unwrap() + operator.join().unwrap();
        assert_eq!(circuit.snapshot().generation, all);
    });
}

/// I9: a probe that is lost in the middle of a recovery gives its place back.
#[test]
fn a_dropped_probe_always_frees_its_place() {
    loom::model(|| {
        let circuit = Arc::new(Circuit::new(settings()));
        assert_eq!(changes(circuit.admit().map(|permit| permit.settle(result(Blame::Failure)))), 1);
        assert!(circuit.begin_probing().is_some());
        let other = Arc::clone(&circuit);
        let cancelled = thread::spawn(move || drop(other.admit_probe()));
        let _ = circuit.set_override(Override::Open);
        cancelled.join().unwrap();
        let free = circuit.admit_probe().is_some() || circuit.begin_probing().is_some();
        assert!(free, "{:?}", circuit.snapshot());
    });
}

/// Two circuits whose second mail fails at once, each of which reads the other: both may open, once each, and both recover.
#[test]
fn two_circuits_that_trip_in_one_instant_both_recover() {
    // Not loom's: it remembers over all interleavings how many circuits have opened.
    static OPENED: std::sync::Mutex<[bool; 3]> = std::sync::Mutex::new([false; 3]);
    let rates = Rates { bucket: 1, min_calls: 20, failure_rate: 1.0, slow_rate: None, early_failures: Some(2) };
    let fails = move |own: &Circuit, other: &Circuit| {
        let permit = own.admit().unwrap();
        let has_alternative = other.snapshot().admits();
        changes(Some(permit.settle(CallResult { has_alternative, ..result(Blame::Failure) })))
    };
    loom::model(move || {
        let settings = Settings { consecutive_failures: 5, rates: Some(rates), ..settings() };
        let both = Arc::new([Circuit::new(settings), Circuit::new(settings)]);
        both.iter().for_each(|circuit| {
            let _ = circuit.admit().map(|permit| permit.settle(result(Blame::Failure)));
        });
        let other = Arc::clone(&both);
        let second = thread::spawn(move || fails(&other[1], &other[0]));
        let opened = fails(&both[0], &both[1]) + second.join().unwrap();
        assert_eq!(both.iter().map(|circuit| circuit.snapshot().generation).sum::<u64>(), opened);
        OPENED.lock().unwrap()[opened as usize] = true;
        for circuit in both.iter().filter(|circuit| circuit.snapshot().state == State::Open) {
            assert!(circuit.begin_probing().is_some());
            assert_eq!(changes(circuit.admit_probe().map(|permit| permit.settle(result(Blame::Success)))), 1);
        }
        assert!(both.iter().all(|circuit| circuit.admit().is_some()));
    });
    assert_eq!(
        *OPENED.lock().unwrap(),
        [false, true, true],
        "one always opens, and both do where neither saw the other"
    );
}

/// I5: no count is lost, and none of an older generation counts in a newer one.
#[test]
fn the_window_holds_its_own_generation_and_all_of_it() {
    loom::model(|| {
        let window = Arc::new(Window::new(1));
        let (old, new) = (Arc::clone(&window), Arc::clone(&window));
        let stragglers = thread::spawn(move || {
            old.record(Kind::Failed, 5, 0, 0);
            old.record(Kind::Failed, 6, 0, 0);
        });
        let other = thread::spawn(move || new.record(Kind::Failed, 5, 1, 0));
        window.record(Kind::Failed, 5, 1, 0);
        stragglers.join().unwrap();
        other.join().unwrap();
        assert_eq!(window.sum(5, 1).failed, 2);
    });
}

/// A negative control: tags without the generation need a reset, which a straggler races past.
#[test]
#[should_panic(expected = "a straggler leaked")]
fn loom_rejects_a_tag_without_generation() {
    fn record(word: &AtomicU64, tick: u64) {
        let seen = word.load(Ordering::Relaxed);
        let next = if seen >> 32 == tick { seen + 1 } else { tick << 32 | 1 };
        let _ = word.compare_exchange(seen, next, Ordering::Relaxed, Ordering::Relaxed);
    }
    loom::model(|| {
        let word = Arc::new(AtomicU64::new(0));
        let other = Arc::clone(&word);
        let straggler = thread::spawn(move || record(&other, 5));
        // A new generation begins: everything that was counted is wiped.
        word.store(0, Ordering::Relaxed);
        straggler.join().unwrap();
        assert_eq!(word.load(Ordering::Relaxed) as u32, 0, "a straggler leaked");
    });
}

/// A negative control: the state in one variable, the time in another, as in the breakers of `breaker.md` 3.
#[test]
#[should_panic(expected = "open since never")]
fn loom_rejects_state_and_time_in_two_variables() {
    loom::model(|| {
        let (state, opened_at) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let (s, o) = (Arc::clone(&state), Arc::clone(&opened_at));
        let trip = thread::spawn(move || {
            s.store(1, Ordering::Release);
            o.store(42, Ordering::Release);
        });
        if state.load(Ordering::Acquire) == 1 {
            assert_eq!(opened_at.load(Ordering::Acquire), 42, "open since never");
        }
        trip.join().unwrap();
    });
}

//! Threads on one circuit: exactly one trip, no permit lost, no count lost.

use std::sync::Barrier;
use std::thread;

use super::*;

const THREADS: usize = 8;

#[test]
fn trip_event_once() {
    for _ in 0..200 {
        let circuit = circuit(1, 1);
        let start = Barrier::new(THREADS);
        let race = || {
            let permit = circuit.admit().expect("closed");
            start.wait();
            usize::from(led_to(permit.settle(result(Blame::Failure, 0))).is_some())
        };
        let events: usize = thread::scope(|scope| {
            let racers: Vec<_> = (0..THREADS).map(|_| scope.spawn(race)).collect();
            racers.into_iter().map(|racer| racer.join().expect("no panic")).sum()
        });
        assert_eq!((events, circuit.snapshot().generation), (1, 1));
    }
}

#[test]
fn every_permit_is_counted_once_or_late() {
    const EACH: u64 = 20_000;
    for shards in [1, 8] {
        let circuit = Circuit::new(Settings {
            shards,
            rates: Some(Rates { min_calls: u32::MAX, ..rates() }),
            ..settings(4095, 1)
        });
        let start = Barrier::new(THREADS);
        let work = |thread: usize| {
            start.wait();
            let (mut settled, mut late) = (0, 0);
            for n in 0..EACH {
                let blame = if n % 3 == 0 { Blame::Failure } else { Blame::Success };
                let Some(permit) = circuit.admit() else { continue };
                match permit.settle(CallResult { thread, ..result(blame, 0) }) {
                    Settled::Stale => late += 1,
                    Settled::NoTransition | Settled::Changed(_) => settled += 1,
                }
            }
            (settled, late)
        };
        let totals: Vec<(u64, u64)> = thread::scope(|scope| {
            let workers: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || work(thread))).collect();
            workers.into_iter().map(|worker| worker.join().expect("no panic")).collect()
        });
        let (settled, late) = totals.iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        assert_eq!((settled + late, late), (EACH * THREADS as u64, 0));
        assert_eq!(u64::from(circuit.counts(0).total()), settled, "{shards} shards");
    }
}

/// I2: generations are handed out once each, and each step is one that a circuit may take.
#[test]
fn the_events_sorted_by_generation_are_a_legal_path() {
    let circuit = Circuit::new(Settings { ramps: false, ..settings(2, 2) });
    let start = Barrier::new(THREADS);
    let work = |thread: usize| {
        start.wait();
        let mut events = Vec::new();
        for n in 0..5_000 {
            let settled = match (thread, n % 16) {
                (0, 1) => circuit.set_override(Override::ALL[n % 3]).map(Settled::Changed),
                (0, 2) => circuit.reset().map(Settled::Changed),
                (0, _) => circuit.begin_probing().map(Settled::Changed),
                (1, _) => circuit
                    .admit_probe()
                    .map(|permit| permit.settle(result([Blame::Success, Blame::Failure][usize::from(n % 5 == 0)], 0))),
                // I6: a permit that is dropped under everybody's feet loses nothing.
                (2, 3) => {
                    drop(circuit.admit());
                    None
                }
                _ => circuit.admit().map(|permit| permit.settle(result([Blame::Success, Blame::Failure][n % 2], 0))),
            };
            events.extend(settled.and_then(|settled| match settled {
                Settled::Changed(transition) => Some(transition),
                Settled::NoTransition | Settled::Stale => None,
            }));
        }
        events
    };
    let mut events: Vec<Transition> = thread::scope(|scope| {
        let workers: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || work(thread))).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("no panic")).collect()
    });
    events.sort_by_key(|event| event.generation);
    assert!(events.len() > 100, "{}", events.len());
    let (mut before, mut trips) = (State::Closed, 0);
    for (index, event) in events.iter().enumerate() {
        assert_eq!((event.generation, event.from), (index as u64 + 1, before), "{event:?}");
        let legal = match event.reason {
            TransitionReason::ConsecutiveFailures
            | TransitionReason::EarlyFailures
            | TransitionReason::FailureRate
            | TransitionReason::SlowCalls => (event.from, event.to) == (State::Closed, State::Open),
            TransitionReason::ProbeDue => (event.from, event.to) == (State::Open, State::HalfOpen),
            TransitionReason::ProbeFailed | TransitionReason::ProbeLost => {
                (event.from, event.to) == (State::HalfOpen, State::Open)
            }
            TransitionReason::ProbesTaken => (event.from, event.to) == (State::HalfOpen, State::Closed),
            TransitionReason::Override => event.from == event.to,
            TransitionReason::Reset => event.to == State::Closed,
            TransitionReason::AccountRefused | TransitionReason::Throttled => false,
        };
        assert!(legal, "{event:?}");
        let expected = match event.reason {
            TransitionReason::ConsecutiveFailures
            | TransitionReason::EarlyFailures
            | TransitionReason::FailureRate
            | TransitionReason::SlowCalls
            | TransitionReason::ProbeFailed => (trips + 1).min(31),
            TransitionReason::Reset => 0,
            _ => trips,
        };
        assert_eq!(event.trips, expected, "I14: {event:?} after {trips}");
        (before, trips) = (event.to, event.trips);
    }
}

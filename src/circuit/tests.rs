//! Scenarios of one circuit, each named for the claim; then random histories against a naive model.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Barrier;
use std::thread;

use proptest::prelude::*;

use super::*;

fn circuit(consecutive_failures: u16, probes_to_close: u16) -> Circuit {
    Circuit::new(Settings { consecutive_failures, probes_to_close })
}

fn mail(circuit: &Circuit, blame: Blame) -> Option<Transition> {
    circuit.admit().expect("a closed circuit").settle(blame)
}

fn probe(circuit: &Circuit, blame: Blame) -> Option<Transition> {
    circuit.admit_probe().expect("a half open circuit").settle(blame)
}

fn opened() -> Circuit {
    let circuit = circuit(1, 2);
    assert!(mail(&circuit, Blame::Failure).is_some());
    circuit
}

#[test]
fn only_failures_in_a_row_open_it_and_exactly_at_the_limit() {
    let circuit = circuit(3, 1);
    for _ in 0..100 {
        for blame in [Blame::Failure, Blame::Neutral, Blame::Failure, Blame::Success] {
            assert_eq!(mail(&circuit, blame), None);
        }
    }
    assert_eq!(mail(&circuit, Blame::Failure), None);
    assert_eq!(mail(&circuit, Blame::Failure), None);
    let transition = mail(&circuit, Blame::Failure).expect("the third failure opens");
    let expected = Transition { from: State::Closed, to: State::Open, generation: 1, trips: 1 };
    assert_eq!(transition, expected);
    assert!(circuit.admit().is_none());
}

#[test]
fn bad_message_is_neutral() {
    let circuit = circuit(1, 1);
    for _ in 0..10_000 {
        assert_eq!(mail(&circuit, Blame::Neutral), None);
    }
    assert_eq!(circuit.snapshot().state, State::Closed);
}

#[test]
fn an_open_circuit_admits_nothing_until_probes_in_a_row_close_it() {
    let circuit = opened();
    assert!(circuit.admit().is_none() && circuit.admit_probe().is_none());
    assert_eq!(circuit.begin_probing().map(|t| t.to), Some(State::HalfOpen));
    assert_eq!(circuit.begin_probing(), None);
    assert_eq!(probe(&circuit, Blame::Success), None);
    assert!(circuit.admit().is_none(), "real mail in a half open circuit");
    assert_eq!(probe(&circuit, Blame::Success).map(|t| t.to), Some(State::Closed));
    assert!(circuit.admit().is_some());
}

#[test]
fn a_failed_probe_opens_it_again_and_counts_a_trip() {
    let circuit = opened();
    for trips in 2..=40 {
        assert!(circuit.begin_probing().is_some());
        assert_eq!(probe(&circuit, Blame::Success), None);
        let transition = probe(&circuit, Blame::Failure).expect("one failure is enough");
        assert_eq!((transition.to, transition.trips), (State::Open, trips.min(31)));
    }
}

#[test]
fn stale_success_cannot_close() {
    let circuit = circuit(1, 1);
    let before = circuit.admit().expect("closed");
    assert!(mail(&circuit, Blame::Failure).is_some());
    assert_eq!(before.settle(Blame::Success), None);
    assert_eq!(circuit.snapshot().state, State::Open);
}

#[test]
fn stale_failure_cannot_break_probe() {
    let circuit = circuit(1, 1);
    let before = circuit.admit().expect("closed");
    assert!(mail(&circuit, Blame::Failure).is_some());
    assert!(circuit.begin_probing().is_some());
    assert_eq!(before.settle(Blame::Failure), None);
    assert_eq!(circuit.snapshot().state, State::HalfOpen);
}

#[test]
fn stale_failure_cannot_count_in_a_later_closed_generation() {
    let circuit = circuit(2, 1);
    let before = circuit.admit().expect("closed");
    assert_eq!(mail(&circuit, Blame::Failure), None);
    assert!(mail(&circuit, Blame::Failure).is_some());
    assert!(circuit.begin_probing().is_some());
    assert!(probe(&circuit, Blame::Success).is_some());
    assert_eq!(before.settle(Blame::Failure), None);
    assert_eq!(mail(&circuit, Blame::Failure), None, "the straggler was counted");
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
fn a_dropped_permit_is_neutral_but_a_panic_is_a_failure() {
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

#[test]
fn trip_event_once() {
    const THREADS: usize = 8;
    for _ in 0..200 {
        let circuit = circuit(1, 1);
        let start = Barrier::new(THREADS);
        let race = || {
            let permit = circuit.admit().expect("closed");
            start.wait();
            usize::from(permit.settle(Blame::Failure).is_some())
        };
        let events: usize = thread::scope(|scope| {
            let racers: Vec<_> = (0..THREADS).map(|_| scope.spawn(race)).collect();
            racers.into_iter().map(|racer| racer.join().expect("no panic")).sum()
        });
        assert_eq!((events, circuit.snapshot().generation), (1, 1));
    }
}

#[test]
fn shallow_probe_does_not_reset_trips() {
    let circuit = opened();
    assert!(circuit.begin_probing().is_some());
    assert_eq!(probe(&circuit, Blame::Success), None);
    assert!(probe(&circuit, Blame::Success).is_some());
    let closed = circuit.snapshot();
    assert_eq!((closed.state, closed.trips), (State::Closed, 1));
    assert!(!circuit.forgive(closed.generation), "dummies alone prove nothing");
    assert_eq!(mail(&circuit, Blame::Success), None);
    assert!(!circuit.forgive(closed.generation - 1), "news of another generation");
    assert!(circuit.forgive(closed.generation));
    assert_eq!(circuit.snapshot().trips, 0);
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Mail(Blame),
    BeginProbing,
    Probe(Blame),
    Forgive,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let blame = || prop_oneof![Just(Blame::Success), Just(Blame::Failure), Just(Blame::Neutral)];
    let step = prop_oneof![
        4 => blame().prop_map(Step::Mail),
        1 => Just(Step::BeginProbing),
        2 => blame().prop_map(Step::Probe),
        1 => Just(Step::Forgive),
    ];
    prop::collection::vec(step, 0..120)
}

/// The same circuit, written the slow and obvious way: the streak is read off a list of answers.
struct Model {
    state: State,
    answers: Vec<Blame>,
    generation: u64,
    trips: u8,
    proven: bool,
}

impl Model {
    fn run_of(&self, wanted: Blame) -> usize {
        self.answers.iter().rev().filter(|b| **b != Blame::Neutral).take_while(|b| **b == wanted).count()
    }

    fn enter(&mut self, state: State) {
        (self.state, self.proven) = (state, false);
        self.generation += 1;
        self.answers.clear();
    }

    fn apply(&mut self, step: Step, settings: Settings) {
        match (self.state, step) {
            (State::Closed, Step::Mail(blame)) => {
                self.answers.push(blame);
                self.proven |= blame == Blame::Success && self.trips > 0;
                if self.run_of(Blame::Failure) >= settings.consecutive_failures.into() {
                    self.trips = (self.trips + 1).min(31);
                    self.enter(State::Open);
                }
            }
            (State::Closed, Step::Forgive) if self.proven => {
                self.trips -= 1;
                self.proven = false;
            }
            (State::Open, Step::BeginProbing) => self.enter(State::HalfOpen),
            (State::HalfOpen, Step::Probe(blame)) => {
                self.answers.push(blame);
                match blame {
                    Blame::Success if self.run_of(Blame::Success) < settings.probes_to_close.into() => {}
                    Blame::Success => self.enter(State::Closed),
                    Blame::Failure => {
                        self.trips = (self.trips + 1).min(31);
                        self.enter(State::Open);
                    }
                    Blame::Neutral => self.enter(State::Open),
                }
            }
            _ => {}
        }
    }
}

fn apply(circuit: &Circuit, step: Step) {
    match step {
        Step::Mail(blame) => circuit.admit().and_then(|permit| permit.settle(blame)).is_some(),
        Step::BeginProbing => circuit.begin_probing().is_some(),
        Step::Probe(blame) => circuit.admit_probe().and_then(|permit| permit.settle(blame)).is_some(),
        Step::Forgive => circuit.forgive(circuit.snapshot().generation),
    };
}

proptest! {
    #[test]
    fn every_history_ends_where_the_naive_model_ends(steps in steps(), k in 1u16..5, n in 1u16..4) {
        let settings = Settings { consecutive_failures: k, probes_to_close: n };
        let circuit = Circuit::new(settings);
        let mut model = Model { state: State::Closed, answers: vec![], generation: 0, trips: 0, proven: false };
        for step in steps {
            apply(&circuit, step);
            model.apply(step, settings);
            let seen = circuit.snapshot();
            prop_assert_eq!((seen.state, seen.generation, seen.trips), (model.state, model.generation, model.trips), "{:?}", step);
        }
    }
}

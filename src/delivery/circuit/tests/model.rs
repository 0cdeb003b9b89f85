//! Random histories: the circuit ends each where the naive model ends.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::naive::Model;
use super::*;

#[derive(Clone, Copy, Debug)]
enum Step {
    Wait(u64),
    Admit,
    /// Settles the oldest permit that is still out.
    Settle {
        blame: Blame,
        slow: bool,
        is_repeat: bool,
        has_alternative: bool,
    },
    DropOldest,
    BeginProbing,
    AdmitProbe,
    SettleProbe(Blame),
    DropProbe,
    Evaluate,
    SetRamp(u8),
    DecayTrips,
    Order(Override),
    Reset,
}

fn blame() -> impl Strategy<Value = Blame> {
    prop_oneof![
        6 => Just(Blame::Success),
        6 => Just(Blame::Failure),
        2 => Just(Blame::Neutral),
        1 => Just(Blame::Throttled),
        1 => Just(Blame::Account),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0u64..2500).prop_map(Step::Wait),
        1 => (0u64..30_000).prop_map(Step::Wait),
        9 => Just(Step::Admit),
        9 => (blame(), prop::bool::weighted(0.3), prop::bool::weighted(0.3), any::<bool>()).prop_map(
            |(blame, slow, is_repeat, has_alternative)| Step::Settle { blame, slow, is_repeat, has_alternative }
        ),
        1 => Just(Step::DropOldest),
        3 => Just(Step::BeginProbing),
        3 => Just(Step::AdmitProbe),
        4 => blame().prop_map(Step::SettleProbe),
        1 => Just(Step::DropProbe),
        2 => Just(Step::Evaluate),
        1 => (0u8..=127).prop_map(Step::SetRamp),
        1 => Just(Step::DecayTrips),
        1 => prop::sample::select(Override::ALL.to_vec()).prop_map(Step::Order),
        1 => Just(Step::Reset),
    ]
}

/// Permits that are out, each with the generation that gave it.
#[derive(Default)]
struct Out<'a> {
    mails: VecDeque<(Permit<'a>, u64)>,
    probe: Option<(ProbePermit<'a>, u64)>,
}

fn apply<'a>(circuit: &'a Circuit, model: &mut Model, out: &mut Out<'a>, step: Step) -> Result<(), TestCaseError> {
    let now = model.now;
    let dated = |blame| CallResult { not_before: now + 5000, ..result(blame, now) };
    match step {
        Step::Wait(millis) => model.now += millis,
        Step::Admit => {
            let permit = circuit.admit();
            prop_assert_eq!(permit.is_some(), model.admits(), "I1");
            out.mails.extend(permit.map(|permit| (permit, model.generation)));
        }
        Step::Settle { blame, slow, is_repeat, has_alternative } => {
            if let Some((permit, generation)) = out.mails.pop_front() {
                let result = CallResult { slow, is_repeat, has_alternative, ..dated(blame) };
                let settled = permit.settle(result);
                prop_assert_eq!(settled == Settled::Stale, generation != model.generation, "I4");
                let before = model.generation;
                model.settle(generation, result);
                prop_assert_eq!(matches!(settled, Settled::Changed(_)), model.generation == before + 1, "I3");
            }
        }
        Step::DropOldest => drop(out.mails.pop_front()),
        Step::BeginProbing => {
            let began = circuit.begin_probing().is_some();
            prop_assert_eq!(began, model.state == State::Open);
            if began {
                model.state = State::HalfOpen;
                model.next_generation();
            }
        }
        Step::AdmitProbe if out.probe.is_none() => {
            out.probe = circuit.admit_probe().map(|permit| (permit, model.generation));
            prop_assert_eq!(out.probe.is_some(), model.state == State::HalfOpen);
        }
        Step::SettleProbe(blame) => {
            if let Some((permit, generation)) = out.probe.take() {
                let _ = permit.settle(dated(blame));
                model.settle_probe(generation, blame, now + 5000);
            }
        }
        Step::DropProbe => {
            if let Some((permit, generation)) = out.probe.take() {
                drop(permit);
                model.settle_probe(generation, Blame::Neutral, 0);
            }
        }
        Step::Evaluate => {
            let _ = circuit.evaluate(now);
            model.evaluate(false);
        }
        Step::SetRamp(share) => {
            circuit.set_ramp(model.generation, share);
            if model.state == State::Closed {
                model.ramp = model.ramp.max(share);
            }
        }
        Step::DecayTrips => {
            circuit.decay_trips(model.generation);
            if model.state == State::Closed {
                model.trips = model.trips.saturating_sub(1);
            }
        }
        Step::Order(order) => {
            let changed = circuit.set_override(order).is_some();
            prop_assert_eq!(changed, order != model.order);
            if changed {
                model.order = order;
                model.next_generation();
            }
        }
        Step::Reset => {
            prop_assert!(circuit.reset().is_some());
            (model.state, model.trips, model.ramp, model.held) = (State::Closed, 0, 127, false);
            (model.not_before, model.taken_in_a_row) = (0, 0);
            model.next_generation();
        }
        Step::AdmitProbe => {}
    }
    Ok(())
}

fn agrees(circuit: &Circuit, model: &Model) -> Result<(), TestCaseError> {
    let seen = circuit.snapshot();
    prop_assert_eq!((seen.state, seen.overriding, seen.generation), (model.state, model.order, model.generation), "I2");
    prop_assert_eq!((seen.trips, seen.held, seen.not_before), (model.trips, model.held, model.not_before), "I13, I14");
    prop_assert_eq!(circuit.counts(model.now), model.window(), "I5");
    if model.state == State::Closed {
        prop_assert_eq!(seen.ramp, model.ramp, "I15");
    }
    Ok(())
}

/// Ten thousand histories, unless `PROPTEST_CASES` asks for another number.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").map_or(10_000, |_| ProptestConfig::default().cases)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]
    #[test]
    fn every_history_ends_where_the_naive_model_ends(
        steps in prop::collection::vec(step(), 1..150),
        k in 1u16..6, n in 1u16..4, ramps: bool, min_calls in 1u32..8, slow in prop::bool::ANY, early in 0u8..4,
    ) {
        let early_failures = (early > 0).then_some(early);
        let rates = Rates { min_calls, slow_rate: slow.then_some(0.8), early_failures, ..rates() };
        let settings = Settings { rates: Some(rates), ramps, ..settings(k, n) };
        let circuit = Circuit::new(settings);
        let (mut model, mut out) = (Model::new(settings), Out::default());
        for step in steps {
            apply(&circuit, &mut model, &mut out, step)?;
            agrees(&circuit, &model).map_err(|error| TestCaseError::fail(format!("after {step:?}: {error}")))?;
        }
        // I6: permits that are left are dropped here, and must neither panic nor block.
    }
}

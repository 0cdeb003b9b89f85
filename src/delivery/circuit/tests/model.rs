//! Random histories against a circuit that is written the slow and obvious way: a list of answers with their times.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;

#[derive(Clone, Copy, Debug)]
enum Step {
    Wait(u64),
    Admit(u8),
    /// Settles the oldest permit that is still out.
    Settle(Blame, bool),
    DropOldest,
    BeginProbing,
    AdmitProbe,
    SettleProbe(Blame),
    DropProbe,
    Evaluate,
    SetRamp(u8),
    Forgive,
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
        9 => (0u8..=127).prop_map(Step::Admit),
        9 => (blame(), prop::bool::weighted(0.3)).prop_map(|(blame, slow)| Step::Settle(blame, slow)),
        1 => Just(Step::DropOldest),
        3 => Just(Step::BeginProbing),
        3 => Just(Step::AdmitProbe),
        4 => blame().prop_map(Step::SettleProbe),
        1 => Just(Step::DropProbe),
        2 => Just(Step::Evaluate),
        1 => (0u8..=127).prop_map(Step::SetRamp),
        1 => Just(Step::Forgive),
        1 => prop::sample::select(Override::ALL.to_vec()).prop_map(Step::Order),
        1 => Just(Step::Reset),
    ]
}

#[derive(Clone, Copy)]
struct Answer {
    blame: Blame,
    slow: bool,
    now: u64,
}

/// Everything is kept, nothing is packed; the answers are those of this generation.
struct Model {
    settings: Settings,
    state: State,
    order: Override,
    generation: u64,
    trips: u8,
    ramp: u8,
    held: bool,
    not_before: u64,
    answers: Vec<Answer>,
    taken_in_a_row: u16,
    now: u64,
}

impl Model {
    fn new(settings: Settings) -> Self {
        Self {
            settings,
            state: State::Closed,
            order: Override::Auto,
            generation: 0,
            trips: 0,
            ramp: 127,
            held: false,
            not_before: 0,
            answers: Vec::new(),
            taken_in_a_row: 0,
            now: 0,
        }
    }

    fn admits(&self, draw: u8) -> bool {
        match self.order {
            Override::Auto => self.state == State::Closed && (draw <= self.ramp),
            Override::Open => false,
            Override::Closed => true,
        }
    }

    fn next_generation(&mut self) {
        self.generation += 1;
        self.answers.clear();
    }

    fn open(&mut self, held: bool) {
        self.state = State::Open;
        self.held = held;
        self.trips = if held { self.trips } else { (self.trips + 1).min(31) };
        self.taken_in_a_row = 0;
        self.next_generation();
    }

    /// The answers of the last ten buckets, the present one included.
    fn window(&self) -> Counts {
        let bucket = |now| now / self.settings.rates.expect("rates").bucket;
        let live = |answer: &&Answer| bucket(answer.now) + 10 > bucket(self.now);
        let count = |wanted: fn(&Answer) -> bool| {
            u32::try_from(self.answers.iter().filter(live).filter(|answer| wanted(answer)).count()).expect("few")
        };
        Counts {
            ok: count(|answer| answer.blame == Blame::Success),
            failed: count(|answer| answer.blame == Blame::Failure),
            slow: count(|answer| answer.slow && matches!(answer.blame, Blame::Success | Blame::Failure)),
        }
    }

    fn failures_in_a_row(&self) -> usize {
        let judged = self.answers.iter().rev().filter(|answer| answer.blame != Blame::Neutral);
        judged.take_while(|answer| answer.blame == Blame::Failure).count()
    }

    fn evaluate(&mut self) {
        let (counts, rates) = (self.window(), self.settings.rates.expect("rates"));
        let share = |part| f64::from(part) / f64::from(counts.total());
        let enough = self.state == State::Closed && counts.total() >= rates.min_calls;
        if enough
            && (share(counts.failed) >= rates.failure_rate
                || rates.slow_rate.is_some_and(|rate| share(counts.slow) >= rate))
        {
            self.open(false);
        }
    }

    /// How long an open circuit is left alone is the provider's to say, however late; else only of this generation.
    fn hears(&self, generation: u64, blame: Blame) -> bool {
        let asked = matches!(blame, Blame::Throttled | Blame::Account) && generation == self.generation;
        asked || (blame == Blame::Throttled && self.state == State::Open)
    }

    /// A circuit that was in order is held; one that was recovering goes on recovering.
    fn throttle(&mut self) {
        let (held, trips) = (if self.state == State::Closed { self.ramp == 127 } else { self.held }, self.trips);
        self.open(held);
        self.trips = trips;
    }

    fn settle(&mut self, generation: u64, blame: Blame, slow: bool, not_before: u64) {
        if self.hears(generation, blame) {
            self.not_before = self.not_before.max(not_before);
        }
        if generation != self.generation {
            return;
        }
        self.answers.push(Answer { blame, slow, now: self.now });
        if self.state != State::Closed {
            return;
        }
        let streak = if self.ramp < 127 {
            self.settings.consecutive_failures.min(2)
        } else {
            self.settings.consecutive_failures
        };
        match blame {
            Blame::Throttled => self.throttle(),
            Blame::Account => self.open(false),
            Blame::Failure if self.failures_in_a_row() >= streak.into() => self.open(false),
            Blame::Failure => self.evaluate(),
            Blame::Success if slow => self.evaluate(),
            Blame::Success | Blame::Neutral => {}
        }
    }

    fn settle_probe(&mut self, generation: u64, blame: Blame, not_before: u64) {
        if self.hears(generation, blame) {
            self.not_before = self.not_before.max(not_before);
        }
        if generation != self.generation {
            return;
        }
        let needed = if self.held { 1 } else { self.settings.probes_to_close };
        match blame {
            Blame::Success if self.taken_in_a_row + 1 < needed => self.taken_in_a_row += 1,
            Blame::Success => {
                self.state = State::Closed;
                self.ramp = if self.held || !self.settings.ramps { 127 } else { 13 };
                self.held = false;
                self.next_generation();
            }
            Blame::Failure | Blame::Account => self.open(false),
            Blame::Throttled => self.throttle(),
            Blame::Neutral => {
                self.state = State::Open;
                self.taken_in_a_row = 0;
                self.next_generation();
            }
        }
    }
}

/// Permits that are out, each with the generation that gave it.
#[derive(Default)]
struct Out<'a> {
    mails: VecDeque<(Permit<'a>, u64)>,
    probe: Option<(ProbePermit<'a>, u64)>,
}

fn apply<'a>(circuit: &'a Circuit, model: &mut Model, out: &mut Out<'a>, step: Step) -> Result<(), TestCaseError> {
    let now = model.now;
    let dated = |blame, slow| News { blame, slow, now, not_before: now + 5000, thread: 0 };
    match step {
        Step::Wait(millis) => model.now += millis,
        Step::Admit(draw) => {
            let permit = circuit.admit(draw);
            prop_assert_eq!(permit.is_some(), model.admits(draw), "I1");
            out.mails.extend(permit.map(|permit| (permit, model.generation)));
        }
        Step::Settle(blame, slow) => {
            if let Some((permit, generation)) = out.mails.pop_front() {
                let settled = permit.settle(dated(blame, slow));
                prop_assert_eq!(settled == Settled::Late, generation != model.generation, "I4");
                let before = model.generation;
                model.settle(generation, blame, slow, now + 5000);
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
                let _ = permit.settle(dated(blame, false));
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
            model.evaluate();
        }
        Step::SetRamp(share) => {
            circuit.set_ramp(model.generation, share);
            if model.state == State::Closed {
                model.ramp = model.ramp.max(share);
            }
        }
        Step::Forgive => {
            circuit.forgive(model.generation);
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

fn same(circuit: &Circuit, model: &Model) -> Result<(), TestCaseError> {
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
        k in 1u16..6, n in 1u16..4, ramps: bool, min_calls in 1u32..8, slow in prop::bool::ANY,
    ) {
        let rates = Rates { min_calls, slow_rate: slow.then_some(0.8), ..rates() };
        let settings = Settings { rates: Some(rates), ramps, ..settings(k, n) };
        let circuit = Circuit::new(settings);
        let (mut model, mut out) = (Model::new(settings), Out::default());
        for step in steps {
            apply(&circuit, &mut model, &mut out, step)?;
            same(&circuit, &model).map_err(|error| TestCaseError::fail(format!("after {step:?}: {error}")))?;
        }
        // I6: permits that are left are dropped here, and must neither panic nor block.
    }
}

//! A circuit written the slow and obvious way: nothing is packed, and the window is a list of answers with their times.

use super::*;

#[derive(Clone, Copy)]
struct Answer {
    blame: Blame,
    slow: bool,
    now: u64,
    is_repeat: bool,
}

impl Answer {
    fn counts(&self) -> bool {
        matches!(self.blame, Blame::Success | Blame::Failure)
    }
}

/// Everything is kept, nothing is packed; the answers are those of this generation.
pub(super) struct Model {
    pub(super) settings: Settings,
    pub(super) state: State,
    pub(super) order: Override,
    pub(super) generation: u64,
    pub(super) trips: u8,
    pub(super) ramp: u8,
    pub(super) held: bool,
    pub(super) not_before: u64,
    answers: Vec<Answer>,
    pub(super) taken_in_a_row: u16,
    pub(super) now: u64,
}

impl Model {
    pub(super) fn new(settings: Settings) -> Self {
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

    pub(super) fn admits(&self) -> bool {
        match self.order {
            Override::Auto => self.state == State::Closed,
            Override::Open => false,
            Override::Closed => true,
        }
    }

    pub(super) fn next_generation(&mut self) {
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
    pub(super) fn window(&self) -> Counts {
        self.last(10)
    }

    /// The answers of the last `buckets` buckets, the present one included.
    fn last(&self, buckets: u64) -> Counts {
        let bucket = |now| now / self.settings.rates.expect("rates").bucket;
        let live = |answer: &&Answer| bucket(answer.now) + buckets > bucket(self.now);
        let count = |wanted: fn(&Answer) -> bool| {
            u32::try_from(self.answers.iter().filter(live).filter(|answer| wanted(answer)).count()).expect("few")
        };
        Counts {
            ok: count(|answer| answer.blame == Blame::Success),
            failed: count(|answer| answer.blame == Blame::Failure),
            slow: count(|answer| answer.slow && answer.counts()),
        }
    }

    fn failures_in_a_row(&self) -> impl Iterator<Item = &Answer> {
        let judged = self.answers.iter().rev().filter(|answer| answer.blame != Blame::Neutral);
        judged.take_while(|answer| answer.blame == Blame::Failure)
    }

    /// Two in a row on the ramp, or few mails where there is another provider; and a fifth of the window.
    fn opens_early(&self, has_alternative: bool) -> bool {
        let mails = self.failures_in_a_row().filter(|answer| !answer.is_repeat).count();
        let early = self.settings.rates.and_then(|rates| rates.early_failures);
        let is_early = has_alternative && early.is_some_and(|early| mails >= early.into());
        let on_ramp = self.ramp < 127 && self.failures_in_a_row().count() >= 2;
        let Counts { ok, failed, .. } = self.window();
        (is_early || on_ramp) && failed > 0 && 4 * failed >= ok
    }

    pub(super) fn evaluate(&mut self, has_alternative: bool) {
        let rates = self.settings.rates.expect("rates");
        let enough = self.answers.iter().rev().filter(|answer| answer.counts()).nth(rates.min_calls as usize - 1);
        let buckets_since = |answer: &Answer| self.now / rates.bucket - answer.now / rates.bucket + 1;
        let long = enough.map_or(120, buckets_since).clamp(10, 120);
        let counts = self.last(long);
        let share = |part| f64::from(part) / f64::from(counts.total());
        let enough = counts.total() >= rates.min_calls;
        let too_many = enough
            && (share(counts.failed) >= rates.failure_rate
                || rates.slow_rate.is_some_and(|rate| share(counts.slow) >= rate));
        if self.state == State::Closed && (too_many || self.opens_early(has_alternative)) {
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

    pub(super) fn settle(&mut self, generation: u64, result: CallResult) {
        let CallResult { blame, slow, not_before, is_repeat, has_alternative, .. } = result;
        if self.hears(generation, blame) {
            self.not_before = self.not_before.max(not_before);
        }
        if generation != self.generation {
            return;
        }
        self.answers.push(Answer { blame, slow, now: self.now, is_repeat });
        if self.state != State::Closed {
            return;
        }
        let streak = self.settings.consecutive_failures;
        match blame {
            Blame::Throttled => self.throttle(),
            Blame::Account => self.open(false),
            Blame::Failure if self.failures_in_a_row().count() >= streak.into() => self.open(false),
            Blame::Failure => self.evaluate(has_alternative),
            Blame::Success if slow => self.evaluate(has_alternative),
            Blame::Success | Blame::Neutral => {}
        }
    }

    pub(super) fn settle_probe(&mut self, generation: u64, blame: Blame, not_before: u64) {
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

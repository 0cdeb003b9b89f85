//! The circuit breaker of one upstream: real mail flows only while it is `Closed`; while `HalfOpen` only dummies do.
//!
//! Everything that decides lives in one atomic [`word`]; every visible change is one compare-and-swap on it and raises
//! the generation by one. A [`Permit`] belongs to the generation that gave it: an answer from before a trip changes
//! nothing after it. To admit costs one load. A success costs one count in the [`window`], and writes the word only if
//! there is a streak of failures to end.
//!
//! Deliberately absent: clocks, tasks, locks, I/O. Time is passed in, as milliseconds since a beginning of the caller's
//! choice. Two numbers stand beside the word, and neither decides who is admitted: `not_before`, raised before the trip
//! that it belongs to and forgotten once the circuit is closed, and `next_probe`, left by the supervisor for others to
//! read. A transition is returned to whoever
//! caused it, who publishes it after the swap; so no subscriber can block, re-enter or reorder a circuit.

mod permit;
mod policy;
mod settings;
mod snapshot;
mod sync;
mod transition;
mod window;
mod word;

pub use permit::{Permit, ProbePermit};
pub use settings::{Rates, Settings};
pub use snapshot::Snapshot;
pub use transition::{News, Reason, Settled, Transition};
pub use window::Counts;
pub use word::{Override, State};

use crate::model::outcome::Blame;
use policy::Step;
use sync::{AtomicU64, Ordering};
use window::{Kind, Window};
use word::{AtomicWord, FULL, Word};

/// One circuit.
pub struct Circuit {
    word: AtomicWord,
    window: Window,
    not_before: AtomicU64,
    next_probe: AtomicU64,
    settings: Settings,
}

impl Circuit {
    /// As its settings start it: closed, or held until a dummy has decided.
    pub fn new(settings: Settings) -> Self {
        let word = if settings.start_closed { Word::CLOSED } else { Word::held(settings.head_start()) };
        Self {
            word: AtomicWord::new(word),
            window: Window::new(settings.shards),
            not_before: AtomicU64::new(0),
            next_probe: AtomicU64::new(0),
            settings,
        }
    }

    /// Lets one real mail pass if the circuit is closed. `draw`, from 0 to 127 at random, decides while the circuit is
    /// ramped: it takes as many of 127 as its ramp says. 0 always passes.
    #[inline]
    pub fn admit(&self, draw: u8) -> Option<Permit<'_>> {
        let word = self.word.load();
        if word.is_open_road() || passes(word, draw) { Some(Permit::new(self, word.generation())) } else { None }
    }

    /// `Open` to `HalfOpen`: dummies may try. The supervisor's call.
    pub fn begin_probing(&self) -> Option<Transition> {
        self.change(|word| {
            let due = word.into_state(State::HalfOpen).with_streak(word.streak());
            (word.state() == State::Open).then_some((due, Some(Reason::ProbeDue)))
        })
    }

    /// Lets one dummy pass if the circuit is half open. The supervisor's call, one at a time.
    pub fn admit_probe(&self) -> Option<ProbePermit<'_>> {
        let word = self.word.load();
        (word.state() == State::HalfOpen).then(|| ProbePermit::new(self, word.generation()))
    }

    /// Looks whether the window of this closed circuit opens it, as every failure does by itself. The supervisor's call,
    /// so that a share that is reached by successes that fade away is seen too.
    pub fn evaluate(&self, now: u64) -> Option<Transition> {
        let word = self.word.load();
        self.evaluate_generation(word.generation(), now)
    }

    /// Sets the share of mail, of 127, that the closed circuit of this generation takes. The supervisor's call.
    pub fn set_ramp(&self, generation: u64, share: u8) {
        let ramped =
            |word: Word| if word.state() == State::Closed { word.with_ramp(word.ramp().max(share)) } else { word };
        // Not a visible change: nobody has to hear of it.
        let _ = self.step(generation, |word| (ramped(word), None));
    }

    /// Takes one trip back from the closed circuit of this generation: its next opening waits less. The supervisor's
    /// call, once it has seen real mail go through for long enough.
    pub fn forgive(&self, generation: u64) {
        let forgiven = |word: Word| {
            if word.state() == State::Closed { word.with_trips(word.trips().saturating_sub(1)) } else { word }
        };
        // Not a visible change either.
        let _ = self.step(generation, |word| (forgiven(word), None));
    }

    /// An operator's order, effective with this very swap. The window starts empty.
    pub fn set_override(&self, order: Override) -> Option<Transition> {
        self.change(|word| {
            let ordered = word.next().with_streak(kept_streak(word)).with_override(order);
            (word.overriding() != order).then_some((ordered, Some(Reason::Override)))
        })
    }

    /// An operator's clean slate: closed, nothing counted, no trips; an order stays. From every state.
    pub fn reset(&self) -> Option<Transition> {
        self.not_before.store(0, Ordering::Release);
        self.change(|word| {
            let fresh = word.into_state(State::Closed).with_trips(0).with_ramp(FULL);
            Some((fresh, Some(Reason::Reset)))
        })
    }

    /// Drops a hold that a closed circuit has outlived. The supervisor's call.
    pub fn forget_hold(&self) {
        let seen = self.not_before.load(Ordering::Acquire);
        if self.word.load().state() == State::Closed {
            // If it was raised meanwhile, that is a hold of its own.
            let _ = self.not_before.compare_exchange(seen, 0, Ordering::AcqRel, Ordering::Acquire);
        }
    }

    /// Leaves word of when the next dummy goes out.
    pub fn schedule_probe(&self, at: u64) {
        self.next_probe.store(at, Ordering::Release);
    }

    /// What it looks like now.
    pub fn snapshot(&self) -> Snapshot {
        let word = self.word.load();
        Snapshot {
            state: word.state(),
            overriding: word.overriding(),
            generation: word.generation(),
            trips: word.trips(),
            ramp: word.ramp(),
            held: word.state() != State::Closed && word.ramp() == FULL,
            not_before: self.not_before.load(Ordering::Acquire),
            next_probe: self.next_probe.load(Ordering::Acquire),
        }
    }

    /// What its window holds at this time.
    pub fn counts(&self, now: u64) -> Counts {
        self.settings
            .rates
            .map_or_else(Counts::default, |rates| self.window.sum(rates.tick(now), self.word.load().generation()))
    }

    #[inline]
    fn settle_mail(&self, generation: u64, news: News) -> Settled {
        let word = self.word.load();
        if word.generation() != generation {
            return self.late(news);
        }
        if news.blame == Blame::Success && !news.slow {
            self.count(Kind::Ok, generation, news);
            if word.streak() == 0 {
                return Settled::Quiet;
            }
        }
        self.settle_news(generation, news)
    }

    #[cold]
    fn settle_news(&self, generation: u64, news: News) -> Settled {
        match news.blame {
            Blame::Success if news.slow => self.count(Kind::Ok, generation, news),
            Blame::Failure => self.count(Kind::Failed, generation, news),
            _ => {}
        }
        let counted = matches!(news.blame, Blame::Success | Blame::Failure);
        if news.slow && counted {
            self.count(Kind::Slow, generation, news);
        }
        self.hold_until(news);
        match self.step(generation, |word| policy::after_mail(word, news.blame, &self.settings)) {
            Settled::Quiet if counted && (news.slow || news.blame == Blame::Failure) => {
                self.evaluate_generation(generation, news.now).map_or(Settled::Quiet, Settled::Changed)
            }
            settled => settled,
        }
    }

    fn settle_probe(&self, generation: u64, news: News) -> Settled {
        if self.word.load().generation() != generation {
            return self.late(news);
        }
        self.hold_until(news);
        self.step(generation, |word| policy::after_probe(word, news.blame, &self.settings))
    }

    /// Changes no state; but how long an open circuit is left alone is the provider's to say, however late.
    #[cold]
    fn late(&self, news: News) -> Settled {
        if news.blame == Blame::Throttled && self.word.load().state() == State::Open {
            self.hold_until(news);
        }
        Settled::Late
    }

    /// Before the swap, so that whoever sees the new generation sees how long it waits.
    fn hold_until(&self, news: News) {
        if matches!(news.blame, Blame::Throttled | Blame::Account) {
            self.not_before.fetch_max(news.not_before, Ordering::AcqRel);
        }
    }

    fn evaluate_generation(&self, generation: u64, now: u64) -> Option<Transition> {
        let rates = self.settings.rates.filter(|_| now != u64::MAX)?;
        let counts = self.window.sum(rates.tick(now), generation);
        match self.step(generation, |word| policy::after_counts(word, counts, &rates)) {
            Settled::Changed(transition) => Some(transition),
            Settled::Quiet | Settled::Late => None,
        }
    }

    #[inline]
    fn count(&self, kind: Kind, generation: u64, news: News) {
        if let Some(rates) = self.settings.rates.filter(|_| news.now != u64::MAX) {
            self.window.record(kind, rates.tick(news.now), generation, news.thread);
        }
    }

    /// One swap, for news of this generation alone.
    fn step(&self, generation: u64, next: impl Fn(Word) -> Step) -> Settled {
        let mut late = false;
        let transition = self.change(|word| {
            late = word.generation() != generation;
            (!late).then(|| next(word)).filter(|(next, _)| *next != word)
        });
        match transition {
            Some(transition) => Settled::Changed(transition),
            None if late => Settled::Late,
            None => Settled::Quiet,
        }
    }

    /// One swap, and the transition if it is a visible one.
    fn change(&self, mut next: impl FnMut(Word) -> Option<Step>) -> Option<Transition> {
        let mut why = None;
        let (before, after) = self.word.update(|word| {
            let (next, reason) = next(word)?;
            why = reason;
            Some(next)
        })?;
        why.map(|reason| Transition {
            from: before.state(),
            to: after.state(),
            overriding: after.overriding(),
            generation: after.generation(),
            trips: after.trips(),
            reason,
        })
    }
}

/// The rare cases of admission: an override, or a closed circuit that is ramped.
#[cold]
fn passes(word: Word, draw: u8) -> bool {
    match word.overriding() {
        Override::Auto => word.state() == State::Closed && draw <= word.ramp(),
        Override::Open => false,
        Override::Closed => true,
    }
}

/// An order does not end a recovery that is under way, but a closed circuit forgets its failures.
fn kept_streak(word: Word) -> u16 {
    if word.state() == State::Closed { 0 } else { word.streak() }
}

#[cfg(test)]
#[cfg(smsp_loom)]
mod interleavings;

#[cfg(test)]
#[cfg(not(smsp_loom))]
mod tests;

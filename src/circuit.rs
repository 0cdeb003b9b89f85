//! The circuit breaker of one upstream: real mail flows only while it is `Closed`; while `HalfOpen` only dummies do.
//!
//! Everything that decides behaviour lives in one atomic [`word`]; every change is one compare-and-swap on it, and
//! every change of state raises the generation by one. A [`Permit`] belongs to the generation that gave it, so an
//! answer from before a trip changes nothing after it. To admit costs one load; a success writes only if there is a
//! streak of failures to end.
//!
//! Deliberately absent: clocks, tasks, locks, I/O. `next_probe` is a number that the supervisor leaves here for
//! others to read; nothing is decided by it. A transition is returned to whoever caused it, who publishes it.

mod permit;
mod policy;
mod word;

use std::sync::atomic::{AtomicU64, Ordering};

pub use permit::{Permit, ProbePermit};
pub use word::State;

use crate::outcome::Blame;
use word::{AtomicWord, Word};

/// When a circuit opens and closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Failures in a row that open it: 1 to [`Settings::MAX_STREAK`].
    pub consecutive_failures: u16,
    /// Successful dummies in a row that close it: 1 to [`Settings::MAX_STREAK`].
    pub probes_to_close: u16,
}

impl Settings {
    /// The longest streak that the word can count.
    pub const MAX_STREAK: u16 = word::MAX_STREAK;
}

/// One circuit.
pub struct Circuit {
    word: AtomicWord,
    next_probe: AtomicU64,
    settings: Settings,
}

/// A change of state, for its author to publish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a transition that nobody publishes leaves the supervisor asleep"]
pub struct Transition {
    /// The state before.
    pub from: State,
    /// The state since.
    pub to: State,
    /// Counts the changes; this one made it what it is.
    pub generation: u64,
    /// Openings and failed probes since the provider was last seen stable.
    pub trips: u8,
}

/// What a circuit looks like at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Closed, open or half open.
    pub state: State,
    /// Counts the changes of state.
    pub generation: u64,
    /// Openings and failed probes since the provider was last seen stable.
    pub trips: u8,
    /// The number that [`Circuit::schedule_probe`] left last; means nothing while closed.
    pub next_probe: u64,
}

impl Circuit {
    /// A closed one.
    pub fn new(settings: Settings) -> Self {
        Self { word: AtomicWord::new(Word::CLOSED), next_probe: AtomicU64::new(0), settings }
    }

    /// Lets one real mail pass if the circuit is closed.
    pub fn admit(&self) -> Option<Permit<'_>> {
        let word = self.word.load();
        (word.state() == State::Closed).then(|| Permit::new(self, word.generation()))
    }

    /// `Open` to `HalfOpen`: dummies may try. The supervisor's call.
    pub fn begin_probing(&self) -> Option<Transition> {
        self.change(|word| (word.state() == State::Open).then(|| word.into_state(State::HalfOpen)))
    }

    /// Lets one dummy pass if the circuit is half open. The supervisor's call, one at a time.
    pub fn admit_probe(&self) -> Option<ProbePermit<'_>> {
        let word = self.word.load();
        (word.state() == State::HalfOpen).then(|| ProbePermit::new(self, word.generation()))
    }

    /// Takes one trip back, if the circuit has stayed closed since `generation` and real mail went through: the next
    /// opening then waits less. Says whether it did.
    pub fn forgive(&self, generation: u64) -> bool {
        self.step(generation, Word::forgiven).is_some()
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
            generation: word.generation(),
            trips: word.trips(),
            next_probe: self.next_probe.load(Ordering::Acquire),
        }
    }

    fn settle_mail(&self, generation: u64, blame: Blame) -> Option<Transition> {
        self.step(generation, |word| policy::after_mail(word, blame, self.settings)).flatten()
    }

    fn settle_probe(&self, generation: u64, blame: Blame) -> Option<Transition> {
        self.step(generation, |word| policy::after_probe(word, blame, self.settings)).flatten()
    }

    /// As [`Self::change`], for news from one generation only. `None`: nothing changed; `Some(None)`: no transition.
    fn step(&self, generation: u64, next: impl Fn(Word) -> Word) -> Option<Option<Transition>> {
        let mut changed = false;
        let transition = self.change(|word| {
            let next = (word.generation() == generation).then(|| next(word)).filter(|next| *next != word);
            changed = next.is_some();
            next
        });
        changed.then_some(transition)
    }

    fn change(&self, next: impl FnMut(Word) -> Option<Word>) -> Option<Transition> {
        let (before, after) = self.word.update(next)?;
        (before.generation() != after.generation()).then(|| Transition {
            from: before.state(),
            to: after.state(),
            generation: after.generation(),
            trips: after.trips(),
        })
    }
}

#[cfg(test)]
mod tests;

//! The state of one circuit, and every change of it that is not the answer to a call.

use super::policy::Step;
use super::settings::Settings;
use super::snapshot::Snapshot;
use super::sync::{AtomicU64, Ordering};
use super::transition::{Settled, Transition, TransitionReason};
use super::window::{Counts, Window};
use super::word::{AtomicWord, FULL, Override, State, Word};

/// One circuit.
pub struct Circuit {
    pub(super) word: AtomicWord,
    pub(super) window: Window,
    pub(super) not_before: AtomicU64,
    pub(super) settings: Settings,
    next_probe: AtomicU64,
}

impl Circuit {
    /// As its settings start it: closed, or held until a probe has decided.
    pub fn new(settings: Settings) -> Self {
        let word = if settings.start_closed { Word::CLOSED } else { Word::held(settings.precredited_probes()) };
        Self {
            word: AtomicWord::new(word),
            window: Window::new(settings.shards),
            not_before: AtomicU64::new(0),
            next_probe: AtomicU64::new(0),
            settings,
        }
    }

    /// `Open` to `HalfOpen`: probes may pass. The supervisor's call.
    pub fn begin_probing(&self) -> Option<Transition> {
        self.change(|word| {
            let due = word.into_state(State::HalfOpen).with_streak(word.streak());
            (word.state() == State::Open).then_some((due, Some(TransitionReason::ProbeDue)))
        })
    }

    /// Opens the closed circuit if its window says so. The supervisor's call: every failure looks at the window by itself,
    /// but old successes may also leave it while no answer comes.
    pub fn evaluate(&self, now: u64) -> Option<Transition> {
        let word = self.word.load();
        self.evaluate_generation(word.generation(), now, false)
    }

    /// Raises the share of mail, of 127, that the closed circuit of this generation takes. The supervisor's call.
    pub fn set_ramp(&self, generation: u64, share: u8) {
        let ramped =
            |word: Word| if word.state() == State::Closed { word.with_ramp(word.ramp().max(share)) } else { word };
        // Not a visible change: no transition.
        let _ = self.step(generation, |word| (ramped(word), None));
    }

    /// Takes one trip off the closed circuit of this generation: its next opening waits less. The supervisor's call, once
    /// real mail has gone through for long enough.
    pub fn decay_trips(&self, generation: u64) {
        let decayed = |word: Word| {
            if word.state() == State::Closed { word.with_trips(word.trips().saturating_sub(1)) } else { word }
        };
        // Not a visible change: no transition.
        let _ = self.step(generation, |word| (decayed(word), None));
    }

    /// Applies an operator's order, effective with this very swap. The window starts empty.
    pub fn set_override(&self, order: Override) -> Option<Transition> {
        self.change(|word| {
            let ordered = word.next().with_streak(kept_streak(word)).with_override(order);
            (word.overriding() != order).then_some((ordered, Some(TransitionReason::Override)))
        })
    }

    /// Closes the circuit from every state, with nothing counted and no trips; an override stays.
    pub fn reset(&self) -> Option<Transition> {
        self.not_before.store(0, Ordering::Release);
        self.change(|word| {
            let fresh = word.into_state(State::Closed).with_trips(0).with_ramp(FULL);
            Some((fresh, Some(TransitionReason::Reset)))
        })
    }

    /// Clears the hold that a closed circuit has outlived. The supervisor's call.
    pub fn clear_expired_hold(&self) {
        let seen = self.not_before.load(Ordering::Acquire);
        if self.word.load().state() == State::Closed {
            // A hold that was raised meanwhile is another one, and stays.
            let _ = self.not_before.compare_exchange(seen, 0, Ordering::AcqRel, Ordering::Acquire);
        }
    }

    /// Records when the next probe goes out, for others to read.
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

    /// What the window holds at this time.
    pub fn counts(&self, now: u64) -> Counts {
        self.settings
            .rates
            .map_or_else(Counts::default, |rates| self.window.sum(rates.tick(now), self.word.load().generation()))
    }

    /// One swap, unless the generation has changed.
    pub(super) fn step(&self, generation: u64, next: impl Fn(Word) -> Step) -> Settled {
        let mut stale = false;
        let transition = self.change(|word| {
            stale = word.generation() != generation;
            (!stale).then(|| next(word)).filter(|(next, _)| *next != word)
        });
        match transition {
            Some(transition) => Settled::Changed(transition),
            None if stale => Settled::Stale,
            None => Settled::NoTransition,
        }
    }

    /// One swap, and its transition if the change is a visible one.
    fn change(&self, mut next: impl FnMut(Word) -> Option<Step>) -> Option<Transition> {
        let mut transition_reason = None;
        let (before, after) = self.word.update(|word| {
            let (next, reason) = next(word)?;
            transition_reason = reason;
            Some(next)
        })?;
        transition_reason.map(|reason| Transition {
            from: before.state(),
            to: after.state(),
            overriding: after.overriding(),
            generation: after.generation(),
            trips: after.trips(),
            reason,
        })
    }
}

/// An order does not end a recovery that is under way, but a closed circuit forgets its failures.
fn kept_streak(word: Word) -> u16 {
    if word.state() == State::Closed { 0 } else { word.streak() }
}

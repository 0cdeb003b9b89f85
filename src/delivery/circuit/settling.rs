//! What the result of a call does to a circuit: counted in the window, a longer hold, at most one transition.

use super::breaker::Circuit;
use super::policy;
use super::sync::Ordering;
use super::transition::{CallResult, Settled, Transition};
use super::window::Kind;
use super::word::State;
use crate::model::outcome::Blame;

impl Circuit {
    #[inline]
    pub(super) fn settle_mail(&self, generation: u64, result: CallResult) -> Settled {
        let word = self.word.load();
        if word.generation() != generation {
            return self.stale(result);
        }
        if result.blame == Blame::Success && !result.slow {
            self.count(Kind::Ok, generation, result);
            if word.streak() == 0 {
                return Settled::NoTransition;
            }
        }
        self.settle_result(generation, result)
    }

    #[cold]
    fn settle_result(&self, generation: u64, result: CallResult) -> Settled {
        match result.blame {
            Blame::Success if result.slow => self.count(Kind::Ok, generation, result),
            Blame::Failure => self.count(Kind::Failed, generation, result),
            _ => {}
        }
        let counted = matches!(result.blame, Blame::Success | Blame::Failure);
        if result.slow && counted {
            self.count(Kind::Slow, generation, result);
        }
        self.hold_until(result);
        match self.step(generation, |word| policy::after_mail(word, result, &self.settings)) {
            Settled::NoTransition if counted && (result.slow || result.blame == Blame::Failure) => {
                let opened = self.evaluate_generation(generation, result.now, result.has_alternative);
                opened.map_or(Settled::NoTransition, Settled::Changed)
            }
            settled => settled,
        }
    }

    pub(super) fn settle_probe(&self, generation: u64, result: CallResult) -> Settled {
        if self.word.load().generation() != generation {
            return self.stale(result);
        }
        self.hold_until(result);
        self.step(generation, |word| policy::after_probe(word, result.blame, &self.settings))
    }

    /// Changes no state; but a provider may lengthen the wait of an open circuit, however late it asks.
    #[cold]
    fn stale(&self, result: CallResult) -> Settled {
        if result.blame == Blame::Throttled && self.word.load().state() == State::Open {
            self.hold_until(result);
        }
        Settled::Stale
    }

    /// Before the swap, so that a reader of the new generation sees how long it waits.
    fn hold_until(&self, result: CallResult) {
        if matches!(result.blame, Blame::Throttled | Blame::Account) {
            self.not_before.fetch_max(result.not_before, Ordering::AcqRel);
        }
    }

    pub(super) fn evaluate_generation(&self, generation: u64, now: u64, has_alternative: bool) -> Option<Transition> {
        let rates = self.settings.rates.filter(|_| now != u64::MAX)?;
        let answers = self.window.answers(rates.min_calls, rates.tick(now), generation);
        match self.step(generation, |word| policy::after_answers(word, answers, has_alternative, &rates)) {
            Settled::Changed(transition) => Some(transition),
            Settled::NoTransition | Settled::Stale => None,
        }
    }

    #[inline]
    fn count(&self, kind: Kind, generation: u64, result: CallResult) {
        if let Some(rates) = self.settings.rates.filter(|_| result.now != u64::MAX) {
            self.window.record(kind, rates.tick(result.now), generation, result.thread);
        }
    }
}

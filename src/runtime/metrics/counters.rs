//! Counters of one label, resolved once: to count takes no lock, no label and no allocation.

use std::hash::Hash;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

/// A counter for each word of a label, shown from the start as 0.
pub(super) struct Counters(Box<[(&'static str, Counter)]>);

impl Counters {
    pub(super) fn new<L: Clone + Eq + Hash>(
        words: &[&'static str],
        family: &Family<L, Counter>,
        labels: impl Fn(&'static str) -> L,
    ) -> Self {
        Self(words.iter().map(|word| (*word, family.get_or_create(&labels(word)).clone())).collect())
    }

    /// Counts one. A word that was not declared is not counted.
    pub(super) fn count(&self, word: &str) {
        self.add(word, 1);
    }

    /// Counts so many.
    pub(super) fn add(&self, word: &str, number: u64) {
        if let Some((_, counter)) = self.0.iter().find(|(known, _)| *known == word) {
            counter.inc_by(number);
        }
    }
}

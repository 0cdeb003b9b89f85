//! What is counted of repeated calls under an `Idempotency-Key`, and of the answers that are held for them.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::numbers::whole;

/// The part of the metrics that is about repeated calls.
#[derive(Default)]
pub struct Repeats {
    coalesced: Counter,
    replayed: Counter,
    held_answers: Gauge,
    evicted: Counter,
}

impl Repeats {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "coalesced",
            "Repeated calls under an Idempotency-Key that waited for the answer to the first",
            self.coalesced.clone(),
        );
        registry.register(
            "replayed",
            "Repeated calls under an Idempotency-Key that got a held answer",
            self.replayed.clone(),
        );
        registry.register("held_answers", "Answers held in memory for repeated calls, as SMSP_HELD_ANSWERS counts them; one with many recipients counts as several; none where there is a store, which holds them", self.held_answers.clone());
        registry.register(
            "held_answers_evicted",
            "Held answers evicted before their time because SMSP_HELD_ANSWERS was reached",
            self.evicted.clone(),
        );
    }

    /// Counts a repeated call that waited for the first call under its key.
    pub fn coalesced(&self) {
        self.coalesced.inc();
    }

    /// Counts a repeated call that got a held answer.
    pub fn replayed(&self) {
        self.replayed.inc();
    }

    /// Sets the number of held answers.
    pub fn held_answers(&self, count: usize) {
        self.held_answers.set(whole(count));
    }

    /// Counts held answers that were evicted before their time.
    pub fn evicted(&self, count: usize) {
        self.evicted.inc_by(count as u64);
    }
}

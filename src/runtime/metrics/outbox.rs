//! What is counted of the outbox. Where it is off, what has a label is not shown, and the rest is 0.

mod handles;
mod labels;

use std::sync::{Arc, OnceLock};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::counters::Counters;
use super::numbers::{Real, whole};
use super::rounds::Rounds;
pub use handles::OutboxMetrics;
use labels::{BounceResult, FallbackResult, Limit, Outcome, State, Task, To};

/// Upper bounds in seconds: a mail goes at once, or waits for the end of an outage.
const BUCKETS: [f64; 12] = [0.01, 0.05, 0.25, 1.0, 5.0, 30.0, 120.0, 600.0, 3600.0, 14_400.0, 86_400.0, 172_800.0];

/// The part of the metrics that is the outbox's.
pub struct Outbox {
    rows: Family<State, Gauge>,
    oldest: Family<State, Real>,
    bytes: Gauge,
    paused: Gauge,
    went_back: Gauge,
    max_rows: Gauge,
    max_bytes: Gauge,
    accepted: Counter,
    unclear: Counter,
    refused_in_batch: Counter,
    full: Family<Limit, Counter>,
    fallbacks: Family<FallbackResult, Counter>,
    wait: Histogram,
    marks_refused: Counter,
    fences_lost: Counter,
    sealed_elsewhere: Counter,
    buried: Family<To, Counter>,
    late: Family<Outcome, Counter>,
    replayed: Family<Outcome, Counter>,
    ended: Family<Outcome, Counter>,
    bounces: Family<BounceResult, Counter>,
    ages: Family<Task, Real>,
    /// None where the outbox is off.
    rounds: OnceLock<Arc<Rounds>>,
}

/// The values of the labels.
pub struct OutboxWords<'a> {
    /// The states of a row.
    pub states: &'a [&'static str],
    /// What a mail ends as.
    pub ended: &'a [&'static str],
    /// Where a late verdict leaves a mail.
    pub late: &'a [&'static str],
    /// Where a replay leaves a mail.
    pub replayed: &'a [&'static str],
    /// Where mail of a dead node goes.
    pub buried: &'a [&'static str],
    /// What there may be too much of.
    pub full: &'a [&'static str],
    /// What becomes of a mail that no provider takes now.
    pub fallbacks: &'a [&'static str],
    /// What becomes of a bounce that is due.
    pub bounces: &'a [&'static str],
    /// What goes round for ever.
    pub tasks: &'a [&'static str],
}

impl Default for Outbox {
    fn default() -> Self {
        Self {
            rows: Family::default(),
            oldest: Family::default(),
            bytes: Gauge::default(),
            paused: Gauge::default(),
            went_back: Gauge::default(),
            max_rows: Gauge::default(),
            max_bytes: Gauge::default(),
            accepted: Counter::default(),
            unclear: Counter::default(),
            refused_in_batch: Counter::default(),
            full: Family::default(),
            fallbacks: Family::default(),
            wait: Histogram::new(BUCKETS),
            marks_refused: Counter::default(),
            fences_lost: Counter::default(),
            sealed_elsewhere: Counter::default(),
            buried: Family::default(),
            late: Family::default(),
            replayed: Family::default(),
            ended: Family::default(),
            bounces: Family::default(),
            ages: Family::default(),
            rounds: OnceLock::new(),
        }
    }
}

impl Outbox {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("outbox_rows", "Mails in the outbox, by state, as counted last", self.rows.clone());
        registry.register(
            "outbox_oldest_seconds",
            "Time since the oldest mail of this state was due first, as counted last; 0 if there is none",
            self.oldest.clone(),
        );
        registry.register("outbox_bytes", "Bytes of mails that have not ended, as counted last", self.bytes.clone());
        registry.register(
            "outbox_paused",
            "1 if an operator has paused the outbox, or this node was started so, else 0",
            self.paused.clone(),
        );
        registry.register(
            "outbox_went_back",
            "1 if the store is an older copy of itself, from which nothing is sent, else 0",
            self.went_back.clone(),
        );
        registry.register("outbox_max_rows", "SMSP_OUTBOX_MAX_ROWS; 0 if the outbox is off", self.max_rows.clone());
        registry.register("outbox_max_bytes", "SMSP_OUTBOX_MAX_BYTES; 0 if the outbox is off", self.max_bytes.clone());
        registry.register("outbox_accepted", "Mails accepted into the outbox, without repeats", self.accepted.clone());
        registry.register(
            "outbox_unclear",
            "Mails of which the store did not say whether it has accepted them",
            self.unclear.clone(),
        );
        registry.register(
            "outbox_batch_refused",
            "Messages of POST /outbox/batch that were refused in an answer with status 202",
            self.refused_in_batch.clone(),
        );
        registry.register("outbox_full", "Mails that were refused because a limit was reached", self.full.clone());
        registry.register(
            "outbox_fallbacks",
            "Mails of POST /email that no provider took and that were to go into the outbox, by what became of that",
            self.fallbacks.clone(),
        );
        registry.register(
            "outbox_wait_seconds",
            "Time from the acceptance of a mail to its first claim, which an attempt follows",
            self.wait.clone(),
        );
        registry.register(
            "outbox_marks_refused",
            "Hand-overs that the store did not allow: the mail was expired, cancelled, erased or lost",
            self.marks_refused.clone(),
        );
        registry.register(
            "outbox_fences_lost",
            "Results that the store did not take, because the mail belonged to another claim by then",
            self.fences_lost.clone(),
        );
        registry.register(
            "outbox_sealed_elsewhere",
            "Looks of this node at mail that is sealed under a key which is not in its SMSP_STORE_KEY",
            self.sealed_elsewhere.clone(),
        );
        registry.register("outbox_buried", "Mails of nodes that have died, by where they went", self.buried.clone());
        registry.register("outbox_late", "Late verdicts, by where they left the mail", self.late.clone());
        registry.register("outbox_replayed", "Replays, by where they left the mail", self.replayed.clone());
        registry.register("outbox_ended", "Mails that have ended, by outcome", self.ended.clone());
        registry.register(
            "outbox_bounces",
            "Bounces that were due, each time that one was to come into the outbox, by what became of that",
            self.bounces.clone(),
        );
        registry.register(
            "outbox_task_age_seconds",
            "Time since a task of the outbox began its last round; it begins one every few seconds",
            self.ages.clone(),
        );
    }

    /// The metrics of an outbox that takes so many rows and bytes, from 0 on.
    pub fn of(&self, words: &OutboxWords<'_>, (rows, bytes): (u64, u64)) -> OutboxMetrics {
        self.max_rows.set(whole(rows));
        self.max_bytes.set(whole(bytes));
        let metrics = OutboxMetrics {
            accepted: self.accepted.clone(),
            unclear: self.unclear.clone(),
            refused_in_batch: self.refused_in_batch.clone(),
            full: Counters::new(words.full, &self.full, |limit| Limit { limit }),
            fallbacks: Counters::new(words.fallbacks, &self.fallbacks, |result| FallbackResult { result }),
            wait: self.wait.clone(),
            marks_refused: self.marks_refused.clone(),
            fences_lost: self.fences_lost.clone(),
            sealed_elsewhere: self.sealed_elsewhere.clone(),
            buried: Counters::new(words.buried, &self.buried, |to| To { to }),
            late: Counters::new(words.late, &self.late, |outcome| Outcome { outcome }),
            replayed: Counters::new(words.replayed, &self.replayed, |outcome| Outcome { outcome }),
            ended: Counters::new(words.ended, &self.ended, |outcome| Outcome { outcome }),
            bounces: Counters::new(words.bounces, &self.bounces, |result| BounceResult { result }),
            bytes: self.bytes.clone(),
            paused: self.paused.clone(),
            went_back: self.went_back.clone(),
            rows: self.rows.clone(),
            oldest: self.oldest.clone(),
            rounds: Arc::clone(self.rounds.get_or_init(|| Arc::new(Rounds::new(words.tasks)))),
        };
        words.states.iter().for_each(|state| metrics.rows(state, 0, 0.0));
        metrics
    }

    /// Sets how long ago each task went round, which grows though none does anything.
    pub(super) fn show_ages(&self) {
        for (task, age) in self.rounds.get().iter().flat_map(|rounds| rounds.ages()) {
            self.ages.get_or_create(&Task { task }).set(age);
        }
    }
}

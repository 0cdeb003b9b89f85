//! The metrics of a running outbox, each resolved once: to count takes no label and no allocation.

use std::sync::Arc;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;

use super::labels::State;
use crate::runtime::metrics::counters::Counters;
use crate::runtime::metrics::numbers::{Real, whole};
use crate::runtime::metrics::rounds::Rounds;

/// The metrics of an outbox, each resolved once.
pub struct OutboxMetrics {
    pub(super) accepted: Counter,
    pub(super) unclear: Counter,
    pub(super) refused_in_batch: Counter,
    pub(super) full: Counters,
    pub(super) fallbacks: Counters,
    pub(super) wait: Histogram,
    pub(super) marks_refused: Counter,
    pub(super) fences_lost: Counter,
    pub(super) sealed_elsewhere: Counter,
    pub(super) buried: Counters,
    pub(super) late: Counters,
    pub(super) replayed: Counters,
    pub(super) ended: Counters,
    pub(super) bounces: Counters,
    pub(super) bytes: Gauge,
    pub(super) paused: Gauge,
    pub(super) went_back: Gauge,
    pub(super) rows: Family<State, Gauge>,
    pub(super) oldest: Family<State, Real>,
    pub(super) rounds: Arc<Rounds>,
}

impl OutboxMetrics {
    /// This task begins another round.
    pub fn round_begins(&self, task: &str) {
        self.rounds.went(task);
    }

    /// Mails that were accepted.
    pub fn accepted(&self, mails: u64) {
        self.accepted.inc_by(mails);
    }

    /// Mails that may have been accepted.
    pub fn unclear(&self, mails: u64) {
        self.unclear.inc_by(mails);
    }

    /// Messages that were refused though the call that brought them was not.
    pub fn refused_in_batch(&self, messages: u64) {
        self.refused_in_batch.inc_by(messages);
    }

    /// A mail that was refused because this limit was reached.
    pub fn full(&self, limit: &str) {
        self.full.count(limit);
    }

    /// A mail of a call that no provider took was to go into the outbox, and this became of that.
    pub fn fallback(&self, result: &str) {
        self.fallbacks.count(result);
    }

    /// A mail that was claimed for the first time, so many seconds after its acceptance.
    pub fn waited(&self, seconds: f64) {
        self.wait.observe(seconds);
    }

    /// A hand-over that the store did not allow.
    pub fn mark_refused(&self) {
        self.marks_refused.inc();
    }

    /// Mails that belonged to another claim by then.
    pub fn fences_lost(&self, mails: u64) {
        self.fences_lost.inc_by(mails);
    }

    /// A mail that this node has not the key of.
    pub fn sealed_elsewhere(&self) {
        self.sealed_elsewhere.inc();
    }

    /// Mails of dead nodes that went there.
    pub fn buried(&self, to: &str, mails: u64) {
        self.buried.add(to, mails);
    }

    /// A late verdict left the mail there.
    pub fn late(&self, outcome: &str) {
        self.late.count(outcome);
    }

    /// A replay left the mail there.
    pub fn replayed(&self, outcome: &str) {
        self.replayed.count(outcome);
    }

    /// Mails that have ended so.
    pub fn ended(&self, outcome: &str, mails: u64) {
        self.ended.add(outcome, mails);
    }

    /// A bounce was due, and this became of it.
    pub fn bounced(&self, result: &str) {
        self.bounces.count(result);
    }

    /// So many mails are in this state, and the oldest was due so many seconds ago.
    pub fn rows(&self, state: &'static str, rows: u64, oldest: f64) {
        self.rows.get_or_create(&State { state }).set(whole(rows));
        self.oldest.get_or_create(&State { state }).set(oldest);
    }

    /// Mails that have not ended have so many bytes.
    pub fn bytes(&self, bytes: u64) {
        self.bytes.set(whole(bytes));
    }

    /// Is its store an older copy of itself?
    pub fn went_back(&self, went_back: bool) {
        self.went_back.set(i64::from(went_back));
    }

    /// Is it paused?
    pub fn paused(&self, paused: bool) {
        self.paused.set(i64::from(paused));
    }
}

//! What a node has in memory of mails with a key: those that are in flight here, and where there is no store, the answers.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::call_record::with;
use super::kept::Kept;
use super::known::Known;
use super::records::{Records, State};
use crate::model::message::Id;
use crate::model::message::key::IdempotencyKey;
use crate::model::outcome::Verdict;
use crate::runtime::metrics::Metrics;

/// Shared by all calls of a node.
pub(super) struct Node {
    records: Mutex<Records>,
    pub(super) metrics: Arc<Metrics>,
    /// Has the answers where there is a store: other nodes change them, so none is held here.
    pub(super) kept: Option<Kept>,
}

impl Node {
    pub(super) fn new(limit: usize, kept: Option<Kept>, metrics: Arc<Metrics>) -> Self {
        if kept.is_none() {
            metrics.limits.set("held_answers", limit);
        }
        Self { records: Mutex::new(Records::new(limit)), metrics, kept }
    }

    /// Records the verdict of an attempt that came after the answer to its call, which has this number.
    pub(super) fn late(&self, key: IdempotencyKey, number: u64, upstream: &str, verdict: &Verdict) {
        let mut records = self.records();
        match records.get_mut(&key) {
            Some((_, State::InFlight(in_flight))) if in_flight.number == number => {
                in_flight.late.push((upstream.into(), verdict.clone()));
            }
            Some((id, State::Held(held))) if held.of == number && held.known.is_unknown() => {
                let (id, known) = (*id, with(held.known.clone(), upstream, verdict));
                self.keep(&mut records, key, id, number, known);
            }
            _ => {}
        }
    }

    /// What a call came to, with the verdicts that came meanwhile. It is held for later ones.
    pub(super) fn end(&self, key: IdempotencyKey, id: Id, number: u64, known: Known) -> Known {
        let mut records = self.records();
        let late = match records.get_mut(&key) {
            Some((_, State::InFlight(in_flight))) => std::mem::take(&mut in_flight.late),
            _ => Vec::new(),
        };
        let known = late.iter().fold(known, |known, (upstream, verdict)| with(known, upstream, verdict));
        self.keep(&mut records, key, id, number, known.clone());
        known
    }

    /// Holds what says that somebody has the mail or may have it; anything else frees the key.
    fn keep(&self, records: &mut Records, key: IdempotencyKey, id: Id, number: u64, known: Known) {
        if known.is_none() || self.kept.is_some() {
            records.free(&key);
        } else {
            self.metrics.repeats.evicted(records.hold(key, id, number, known, Instant::now()));
        }
        self.metrics.repeats.held_answers(records.held());
    }

    pub(super) fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

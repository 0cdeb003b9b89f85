//! What becomes known of one call that has a record in the store: its end, and verdicts that come after that. A call without
//! a key has none before it ends `unknown`.
//!
//! All of it is folded into one answer here, and written by one task at a time, the newest. A store that is away for a moment
//! hears it then. A write that was given up may be carried out behind a newer one. That does no harm: the store changes
//! nothing that is certain and has nothing to change where the key was freed, so at worst an `unknown` says less of its
//! attempts.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::kept::{Kept, warn_of_answer};
use super::known::Known;
use super::retries::Retries;
use super::stored::{CallNumber, End, Settled};
use crate::model::caller::CallerName;
use crate::model::message::Id;
use crate::model::outcome::Verdict;
use crate::model::receipt::settle_late;

/// The record of one call.
pub(super) struct CallRecord {
    kept: Kept,
    id: Id,
    number: CallNumber,
    /// The call about whose `unknown` it asks again, if it does. That one has the record back where it was in vain.
    of: Option<CallNumber>,
    /// Held for a moment, never across an await.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// What has become known of its attempts before its end, by upstream.
    late: Vec<(Arc<str>, Verdict)>,
    /// What it came to.
    known: Option<Known>,
    /// How often that has changed.
    changes: u32,
    is_being_written: bool,
}

impl CallRecord {
    /// The record of a call that is in flight, in this store.
    pub(super) fn new(kept: Kept, id: Id, number: CallNumber, of: Option<CallNumber>) -> Self {
        Self { kept, id, number, of, state: Mutex::default() }
    }

    /// Hears what the call came to, and has the store hear it. What is known with all that came meanwhile.
    pub(super) async fn end(self: &Arc<Self>, known: Known) -> Known {
        let known = {
            let mut state = self.state();
            let late = std::mem::take(&mut state.late);
            let known = late.iter().fold(known, |known, (upstream, verdict)| with(known, upstream, verdict));
            (state.known, state.is_being_written) = (Some(known.clone()), true);
            known
        };
        if !self.write().await {
            self.write_on();
        }
        known
    }

    /// Hears what a call without a key came to, and has the store note it if it is `unknown`. What is known with all that
    /// came meanwhile.
    pub(super) async fn note(self: &Arc<Self>, caller: CallerName, known: Known) -> Known {
        let (known, changes) = {
            let mut state = self.state();
            let late = std::mem::take(&mut state.late);
            let known = late.iter().fold(known, |known, (upstream, verdict)| with(known, upstream, verdict));
            if !known.is_unknown() {
                return known;
            }
            (state.known, state.is_being_written) = (Some(known.clone()), true);
            (known, state.changes)
        };
        if let Known::Answered(Err(error)) = &known {
            self.kept.note(caller, self.number, error).await;
        }
        if !self.is_written(changes) {
            self.write_on();
        }
        known
    }

    /// Hears the verdict of an attempt of the call that came after its answer.
    pub(super) fn late(self: &Arc<Self>, upstream: &str, verdict: &Verdict) {
        let mut state = self.state();
        let Some(known) = state.known.take() else {
            return state.late.push((upstream.into(), verdict.clone()));
        };
        state.known = Some(with(known, upstream, verdict));
        state.changes += 1;
        if !std::mem::replace(&mut state.is_being_written, true) {
            drop(state);
            self.write_on();
        }
    }

    /// Writes what is known until the store has it, in a task of its own.
    fn write_on(self: &Arc<Self>) {
        let call_record = Arc::clone(self);
        let is_spawned = self.kept.spawn(async move {
            let mut retries = Retries::new();
            while !call_record.write().await {
                if !retries.wait().await {
                    return call_record.give_up();
                }
            }
        });
        if !is_spawned {
            self.give_up();
        }
    }

    /// The next verdict is written, if there is one.
    fn give_up(&self) {
        self.state().is_being_written = false;
        warn_of_answer(self.id);
    }

    /// Writes what is known now. True: the store has it, and nothing else has become known meanwhile.
    async fn write(&self) -> bool {
        let (changes, end) = {
            let state = self.state();
            let Some(known) = &state.known else { return true };
            (state.changes, self.end_of(known))
        };
        // After asking in vain the record is that of the call before.
        let numbers = [self.number, self.of.unwrap_or(self.number)];
        let numbers = if self.of.is_none() || end == End::AsBefore { &numbers[..1] } else { &numbers };
        let is_settled = match self.kept.end(self.id, numbers, end).await {
            Ok(Settled::Written | Settled::Gone) => true,
            Ok(Settled::NotYet) | Err(_) => false,
        };
        is_settled && self.is_written(changes)
    }

    /// The store has what was known after so many changes. True: nothing else has become known meanwhile.
    fn is_written(&self, changes: u32) -> bool {
        let mut state = self.state();
        let is_all = state.changes == changes;
        if is_all {
            state.is_being_written = false;
        }
        is_all
    }

    fn end_of(&self, known: &Known) -> End {
        let is_clear = matches!(known, Known::Answered(Ok(_)) | Known::Queued);
        // A call that asks again brings clarity, or nothing.
        if self.of.is_some() && !is_clear { End::AsBefore } else { self.kept.end_of(self.id, known) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is known with this verdict.
pub(super) fn with(known: Known, upstream: &str, verdict: &Verdict) -> Known {
    match known {
        Known::Answered(Err(error)) => Known::Answered(settle_late(error, upstream, verdict)),
        known => known,
    }
}

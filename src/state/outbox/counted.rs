//! An outbox whose calls are counted: neither the store nor its callers have to know of metrics.
//!
//! Invariant, for a node that has a store for itself and gets an answer to every call: accepted = ended + rows that have
//! not ended. A call whose answer is lost counts nothing but [`OutboxMetrics::unclear`], because nobody knows what it did.

mod parts;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{
    Acceptance, Answered, Batch, Bound, Buried, Change, Claimed, Count, CountedRows, Cursor, Ended, Erased, Erasing,
    Failed, Filter, Full, History, Hmac, Hold, Listing, Mark, NodeId, Note, Noted, Order, OrderAll, Ordered,
    OrderedAll, Outbox, Page, Place, Queued, Release, Released, Restored, Room, RouteSet, RowId, RulesVersion,
    Selection, Sort, Stale, State, Status, Swept, Walked, Wanted, WentBack, Withdrawal, tasks,
};
use crate::model::caller::CallerName;
use crate::model::message::Id;
use crate::runtime::metrics::{Metrics, OutboxMetrics, OutboxWords};
use crate::runtime::unix_time::UnixTime;

pub use parts::CountedParts;

/// The metrics of an outbox with this room.
pub fn metrics_of(metrics: &Metrics, room: Room) -> OutboxMetrics {
    let words = OutboxWords {
        states: &State::ALL.map(State::as_str),
        ended: &["accepted", "refused", "expired", "cancelled", "unknown"],
        late: &["accepted", "refused", "queued", "cancelled", "unknown"],
        replayed: &["accepted", "refused", "queued", "cancelled", "unknown"],
        buried: &["queued", "parked", "unknown"],
        full: &Full::ALL.map(Full::as_str),
        fallbacks: &["queued", "repeated", "full", "down", "unclear"],
        bounces: &["queued", "no_room", "no_store", "nobody"],
        tasks: &tasks::ALL,
    };
    metrics.limits.set("outbox_rows", room.rows);
    metrics.limits.set("outbox_bytes", room.bytes);
    metrics.outbox.of(&words, (room.rows, room.bytes))
}

/// An outbox, and what is counted of it.
pub struct CountedOutbox {
    outbox: Arc<dyn Outbox>,
    metrics: Arc<OutboxMetrics>,
    /// Replays under way; held for a moment, never across an await. Bounded by what is in flight at upstreams.
    replays: Mutex<HashSet<Hold>>,
}

/// Mails whose acceptance nobody has answered for yet. Dropped before the store has begun with it, it is withdrawn.
struct Unanswered<'a> {
    metrics: &'a OutboxMetrics,
    withdrawal: Withdrawal,
    mails: u64,
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        if self.mails > 0 && !self.withdrawal.withdraw() {
            self.metrics.unclear(self.mails);
        }
    }
}

impl CountedOutbox {
    /// Counts the calls to this one.
    pub fn new(outbox: Arc<dyn Outbox>, metrics: Arc<OutboxMetrics>) -> Self {
        Self { outbox, metrics, replays: Mutex::default() }
    }

    fn counting<'a, T: Send + 'a>(
        &'a self,
        call: Answered<'a, T>,
        count: impl FnOnce(&T) + Send + 'a,
    ) -> Answered<'a, T> {
        Box::pin(async move { call.await.inspect(count) })
    }

    fn accepted(&self, answer: &Acceptance) {
        match answer {
            Acceptance::Accepted(_) => self.metrics.accepted(1),
            Acceptance::Full(full) => self.metrics.full(full.as_str()),
            Acceptance::TooLarge(_) | Acceptance::Repeated(_) | Acceptance::KeyInUse | Acceptance::Withheld => {}
        }
    }

    fn ended(&self, hold: &Hold, is_late: bool, state: Option<State>) {
        let is_replay = self.replays().remove(hold);
        let Some(state) = state else { return self.metrics.fences_lost(1) };
        if is_replay {
            self.metrics.replayed(state.as_str());
        }
        if is_late {
            self.metrics.late(state.as_str());
        }
        if state.is_final() {
            self.metrics.ended(state.as_str(), 1);
        }
    }

    fn cancelled(&self, change: &Change) {
        // In parts of which one is taken or in doubt a mail is not cancelled as a whole.
        if let Change::Cancelled(status) = change
            && status.ticket.state.is_final()
        {
            self.metrics.ended(status.ticket.state.as_str(), 1);
        }
    }

    fn replays(&self) -> MutexGuard<'_, HashSet<Hold>> {
        self.replays.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Outbox for CountedOutbox {
    fn now(&self) -> UnixTime {
        self.outbox.now()
    }

    fn accept(&self, batch: Batch) -> Answered<'_, Vec<Acceptance>> {
        Box::pin(async move {
            // Counted where this is dropped, too.
            let (withdrawal, mails) = (batch.withdrawal.clone(), batch.rows.len() as u64);
            let mut unanswered = Unanswered { metrics: &self.metrics, withdrawal, mails };
            let answers = self.outbox.accept(batch).await;
            if answers.as_ref().err() != Some(&Failed::Unclear) {
                unanswered.mails = 0;
            }
            answers.iter().flatten().for_each(|answer| self.accepted(answer));
            answers
        })
    }

    fn claim<'a>(&'a self, node: NodeId, wanted: &'a Wanted) -> Answered<'a, Vec<Claimed>> {
        self.counting(self.outbox.claim(node, wanted), |claimed| {
            let now = self.outbox.now();
            let first = claimed.iter().filter(|claimed| claimed.fence().is_first());
            first.for_each(|claimed| self.metrics.waited(now.since(claimed.accepted_at).as_secs_f64()));
        })
    }

    fn give_back<'a>(&'a self, holds: &'a [Hold]) -> Answered<'a, usize> {
        let lost = |given: &usize| self.metrics.fences_lost(holds.len().saturating_sub(*given) as u64);
        self.counting(self.outbox.give_back(holds), lost)
    }

    fn mark<'a>(&'a self, hold: &'a Hold, mark: &'a Mark) -> Answered<'a, bool> {
        self.counting(self.outbox.mark(hold, mark), |consents| {
            if !consents {
                self.metrics.mark_refused();
            }
        })
    }

    fn end<'a>(&'a self, hold: &'a Hold, ended: &'a Ended) -> Answered<'a, Option<State>> {
        let is_late = ended.verdicts().iter().any(|verdict| verdict.late);
        self.counting(self.outbox.end(hold, ended), move |state| self.ended(hold, is_late, *state))
    }

    fn replay<'a>(&'a self, node: NodeId, upstream: &'a str, bound: Bound) -> Answered<'a, Vec<Claimed>> {
        let remember = |claimed: &Vec<Claimed>| self.replays().extend(claimed.iter().map(|claimed| claimed.hold));
        self.counting(self.outbox.replay(node, upstream, bound), remember)
    }

    fn heartbeat(&self, node: NodeId) -> Answered<'_, Option<WentBack>> {
        self.counting(self.outbox.heartbeat(node), |went_back| self.metrics.went_back(went_back.is_some()))
    }

    fn bury(&self, own: NodeId) -> Answered<'_, Buried> {
        self.counting(self.outbox.bury(own), |buried| {
            for (to, mails) in
                [(State::Queued, buried.queued), (State::Parked, buried.parked), (State::Unknown, buried.unknown)]
            {
                self.metrics.buried(to.as_str(), mails);
            }
        })
    }

    fn sweep(&self, bound: Bound) -> Answered<'_, Swept> {
        self.counting(self.outbox.sweep(bound), |swept| {
            self.metrics.ended(State::Expired.as_str(), swept.expired);
            self.metrics.ended(State::Unknown.as_str(), swept.unknown);
            swept.partly.iter().for_each(|mail| self.metrics.ended(mail.state.as_str(), 1));
            swept.erased.iter().for_each(|state| self.metrics.ended(state.as_str(), 1));
        })
    }

    fn route_sets(&self) -> Answered<'_, Vec<Queued>> {
        self.outbox.route_sets()
    }

    fn stale(&self, rules: RulesVersion, bound: Bound) -> Answered<'_, Vec<Stale>> {
        self.outbox.stale(rules, bound)
    }

    fn reroute<'a>(&'a self, rules: RulesVersion, sets: &'a [(RowId, RouteSet)]) -> Answered<'a, ()> {
        self.outbox.reroute(rules, sets)
    }

    fn status<'a>(&'a self, caller: &'a CallerName, id: Id) -> Answered<'a, Option<Status>> {
        self.outbox.status(caller, id)
    }

    fn has<'a>(&'a self, caller: &'a CallerName, id: Id) -> Answered<'a, bool> {
        self.outbox.has(caller, id)
    }

    fn list<'a>(
        &'a self,
        caller: &'a CallerName,
        filter: Filter,
        after: Option<Cursor>,
        limit: usize,
    ) -> Answered<'a, Page> {
        self.outbox.list(caller, filter, after, limit)
    }

    fn reschedule<'a>(&'a self, caller: &'a CallerName, id: Id, send_at: UnixTime) -> Answered<'a, Change> {
        self.outbox.reschedule(caller, id, send_at)
    }

    fn cancel<'a>(&'a self, caller: &'a CallerName, id: Id) -> Answered<'a, Change> {
        self.counting(self.outbox.cancel(caller, id), |change| self.cancelled(change))
    }

    fn erase<'a>(&'a self, caller: &'a CallerName, id: Id) -> Answered<'a, Change> {
        self.counting(self.outbox.erase(caller, id), |change| self.cancelled(change))
    }

    fn counts(&self) -> Answered<'_, Vec<Count>> {
        self.outbox.counts()
    }

    fn pause(&self, paused: bool, note: Note) -> Answered<'_, ()> {
        self.counting(self.outbox.pause(paused, note), move |()| self.metrics.paused(paused))
    }

    fn is_paused(&self) -> Answered<'_, bool> {
        self.outbox.is_paused()
    }

    fn accept_restore(&self, limit: usize, note: Note) -> Answered<'_, Restored> {
        self.outbox.accept_restore(limit, note)
    }

    fn release(&self, release: Release, note: Note) -> Answered<'_, Released> {
        self.outbox.release(release, note)
    }

    fn history(&self) -> Answered<'_, History> {
        self.outbox.history()
    }

    fn note(&self, note: Note) -> Answered<'_, ()> {
        self.outbox.note(note)
    }

    fn audit(&self, before: Option<i64>, limit: usize) -> Answered<'_, Vec<Noted>> {
        self.outbox.audit(before, limit)
    }

    fn sweep_audit(&self, keep: Duration) -> Answered<'_, bool> {
        self.outbox.sweep_audit(keep)
    }

    fn order(&self, id: Id, order: Order, note: Note) -> Answered<'_, Ordered> {
        self.counting(self.outbox.order(id, order, note), |ordered| {
            if let Ordered::Done(state) = ordered
                && state.is_final()
            {
                self.metrics.ended(state.as_str(), 1);
            }
        })
    }

    fn select<'a>(
        &'a self,
        selection: &'a Selection,
        sort: Sort,
        after: Option<Place>,
        limit: usize,
    ) -> Answered<'a, Listing> {
        self.outbox.select(selection, sort, after, limit)
    }

    fn count<'a>(&'a self, selection: &'a Selection, after: Option<Walked>) -> Answered<'a, CountedRows> {
        self.outbox.count(selection, after)
    }

    fn order_all(&self, all: OrderAll, bound: Bound) -> Answered<'_, OrderedAll> {
        self.counting(self.outbox.order_all(all, bound), |ordered| {
            let ended = ordered.changed.iter().filter(|(state, _)| state.is_final());
            ended.for_each(|(state, rows)| self.metrics.ended(state.as_str(), *rows));
        })
    }

    fn of_recipient<'a>(&'a self, hmacs: &'a [Hmac], limit: usize, note: Note) -> Answered<'a, Vec<(CallerName, Id)>> {
        self.outbox.of_recipient(hmacs, limit, note)
    }

    fn erase_recipient<'a>(&'a self, hmacs: &'a [Hmac], step: Erasing, bound: Bound) -> Answered<'a, Erased> {
        let count = |erased: &Erased| {
            self.metrics.ended(State::Cancelled.as_str(), erased.cancelled as u64);
            self.metrics.ended(State::Accepted.as_str(), erased.accepted as u64);
        };
        self.counting(self.outbox.erase_recipient(hmacs, step, bound), count)
    }
}

#[cfg(test)]
mod tests;

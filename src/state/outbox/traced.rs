//! An outbox whose calls are spans of the request or the mail that they are made for. It is put in between only where traces
//! are recorded.
//!
//! A claim is one call for many mails; the pump shows it in the trace of each.

use std::sync::Arc;
use std::time::Duration;

use super::{
    Acceptance, Answered, Batch, Bound, Buried, Change, Claimed, Count, CountedRows, Cursor, Ended, Erased, Erasing,
    Filter, History, Hmac, Hold, Listing, Mark, NodeId, Note, Noted, Order, OrderAll, Ordered, OrderedAll, Outbox,
    Page, Place, Queued, Release, Released, Restored, RouteSet, RowId, RulesVersion, Selection, Sort, Stale, State,
    Status, Swept, Walked, Wanted, WentBack,
};
use crate::model::caller::CallerName;
use crate::model::message::Id;
use crate::runtime::telemetry::trace::Tracer;
use crate::runtime::unix_time::UnixTime;
use crate::state::store::Spans;

/// Where the traces of an outbox go.
#[derive(Clone, Default)]
pub struct Traces {
    /// Begins those of mails that are handed over.
    pub tracer: Tracer,
    /// The store, by its name in OpenTelemetry's conventions.
    pub system: &'static str,
}

/// An outbox in a store of this system.
pub struct TracedOutbox {
    outbox: Arc<dyn Outbox>,
    spans: Spans,
}

impl TracedOutbox {
    /// Over this one.
    pub fn new(outbox: Arc<dyn Outbox>, system: &'static str) -> Self {
        Self { outbox, spans: spans_in(system) }
    }
}

/// Those of an outbox in a store of this system.
pub(super) fn spans_in(system: &'static str) -> Spans {
    Spans { system, collection: "outbox" }
}

impl Outbox for TracedOutbox {
    fn now(&self) -> UnixTime {
        self.outbox.now()
    }

    fn accept(&self, batch: Batch) -> Answered<'_, Vec<Acceptance>> {
        self.spans.of("accept", self.outbox.accept(batch))
    }

    fn claim<'a>(&'a self, node: NodeId, wanted: &'a Wanted) -> Answered<'a, Vec<Claimed>> {
        self.spans.of("claim", self.outbox.claim(node, wanted))
    }

    fn give_back<'a>(&'a self, holds: &'a [Hold]) -> Answered<'a, usize> {
        self.spans.of("give_back", self.outbox.give_back(holds))
    }

    fn mark<'a>(&'a self, hold: &'a Hold, mark: &'a Mark) -> Answered<'a, bool> {
        self.spans.of("mark", self.outbox.mark(hold, mark))
    }

    fn end<'a>(&'a self, hold: &'a Hold, ended: &'a Ended) -> Answered<'a, Option<State>> {
        self.spans.of("end", self.outbox.end(hold, ended))
    }

    fn replay<'a>(&'a self, node: NodeId, upstream: &'a str, bound: Bound) -> Answered<'a, Vec<Claimed>> {
        self.spans.of("replay", self.outbox.replay(node, upstream, bound))
    }

    fn heartbeat(&self, node: NodeId) -> Answered<'_, Option<WentBack>> {
        self.spans.of("heartbeat", self.outbox.heartbeat(node))
    }

    fn bury(&self, own: NodeId) -> Answered<'_, Buried> {
        self.spans.of("bury", self.outbox.bury(own))
    }

    fn sweep(&self, bound: Bound) -> Answered<'_, Swept> {
        self.spans.of("sweep", self.outbox.sweep(bound))
    }

    fn route_sets(&self) -> Answered<'_, Vec<Queued>> {
        self.spans.of("route_sets", self.outbox.route_sets())
    }

    fn stale(&self, rules: RulesVersion, bound: Bound) -> Answered<'_, Vec<Stale>> {
        self.spans.of("stale", self.outbox.stale(rules, bound))
    }

    fn reroute<'a>(&'a self, rules: RulesVersion, sets: &'a [(RowId, RouteSet)]) -> Answered<'a, ()> {
        self.spans.of("reroute", self.outbox.reroute(rules, sets))
    }

    fn status<'a>(&'a self, caller: &'a CallerName, id: Id) -> Answered<'a, Option<Status>> {
        self.spans.of("status", self.outbox.status(caller, id))
    }

    fn has<'a>(&'a self, caller: &'a CallerName, id: Id) -> Answered<'a, bool> {
        self.spans.of("has", self.outbox.has(caller, id))
    }

    fn list<'a>(
        &'a self,
        caller: &'a CallerName,
        filter: Filter,
        after: Option<Cursor>,
        limit: usize,
    ) -> Answered<'a, Page> {
        self.spans.of("list", self.outbox.list(caller, filter, after, limit))
    }

    fn reschedule<'a>(&'a self, caller: &'a CallerName, id: Id, send_at: UnixTime) -> Answered<'a, Change> {
        self.spans.of("reschedule", self.outbox.reschedule(caller, id, send_at))
    }

    fn cancel<'a>(&'a self, caller: &'a CallerName, id: Id) -> Answered<'a, Change> {
        self.spans.of("cancel", self.outbox.cancel(caller, id))
    }

    fn erase<'a>(&'a self, caller: &'a CallerName, id: Id) -> Answered<'a, Change> {
        self.spans.of("erase", self.outbox.erase(caller, id))
    }

    fn counts(&self) -> Answered<'_, Vec<Count>> {
        self.spans.of("counts", self.outbox.counts())
    }

    fn pause(&self, paused: bool, note: Note) -> Answered<'_, ()> {
        self.spans.of("pause", self.outbox.pause(paused, note))
    }

    fn is_paused(&self) -> Answered<'_, bool> {
        self.spans.of("is_paused", self.outbox.is_paused())
    }

    fn order(&self, id: Id, order: Order, note: Note) -> Answered<'_, Ordered> {
        self.spans.of("order", self.outbox.order(id, order, note))
    }

    fn select<'a>(
        &'a self,
        selection: &'a Selection,
        sort: Sort,
        after: Option<Place>,
        limit: usize,
    ) -> Answered<'a, Listing> {
        self.spans.of("select", self.outbox.select(selection, sort, after, limit))
    }

    fn count<'a>(&'a self, selection: &'a Selection, after: Option<Walked>) -> Answered<'a, CountedRows> {
        self.spans.of("count", self.outbox.count(selection, after))
    }

    fn order_all(&self, all: OrderAll, bound: Bound) -> Answered<'_, OrderedAll> {
        self.spans.of("order_all", self.outbox.order_all(all, bound))
    }

    fn accept_restore(&self, limit: usize, note: Note) -> Answered<'_, Restored> {
        self.spans.of("accept_restore", self.outbox.accept_restore(limit, note))
    }

    fn release(&self, release: Release, note: Note) -> Answered<'_, Released> {
        self.spans.of("release", self.outbox.release(release, note))
    }

    fn history(&self) -> Answered<'_, History> {
        self.spans.of("history", self.outbox.history())
    }

    fn note(&self, note: Note) -> Answered<'_, ()> {
        self.spans.of("note", self.outbox.note(note))
    }

    fn audit(&self, before: Option<i64>, limit: usize) -> Answered<'_, Vec<Noted>> {
        self.spans.of("audit", self.outbox.audit(before, limit))
    }

    fn sweep_audit(&self, keep: Duration) -> Answered<'_, bool> {
        self.spans.of("sweep_audit", self.outbox.sweep_audit(keep))
    }

    fn of_recipient<'a>(&'a self, hmacs: &'a [Hmac], limit: usize, note: Note) -> Answered<'a, Vec<(CallerName, Id)>> {
        self.spans.of("of_recipient", self.outbox.of_recipient(hmacs, limit, note))
    }

    fn erase_recipient<'a>(&'a self, hmacs: &'a [Hmac], step: Erasing, bound: Bound) -> Answered<'a, Erased> {
        self.spans.of("erase_recipient", self.outbox.erase_recipient(hmacs, step, bound))
    }
}

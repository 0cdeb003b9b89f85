//! An outbox whose calls are spans of the request or the mail that they are made for: neither the store nor its callers have
//! to know of traces. It is put in between only where traces are recorded.
//!
//! Deliberately absent: spans of what is done for no mail, such as heartbeats and sweeps: no trace is recorded where they run.
//! A claim is one call for many mails; the pump shows it in the trace of each.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::{
    Acceptance, Answered, Batch, Bound, Buried, Change, Claimed, Count, CountedRows, Cursor, Ended, Erased, Erasing,
    Failed, Filter, History, Hmac, Hold, Listing, Mark, NodeId, Note, Noted, Order, OrderAll, Ordered, OrderedAll,
    Outbox, Page, Place, Queued, Release, Released, Restored, RouteSet, RowId, RulesVersion, Selection, Sort, Stale,
    State, Status, Swept, Walked, Wanted, WentBack,
};
use crate::model::caller::CallerName;
use crate::model::message::Id;
use crate::runtime::telemetry::trace::{self, About, Attribute, Kind, Recording, Tracer, Value};
use crate::runtime::unix_time::UnixTime;

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
    system: &'static str,
}

/// A call under way; its span is made when it ends, even if that is because nobody waits any longer.
struct Call {
    recording: Arc<Recording>,
    system: &'static str,
    name: &'static str,
    start: Instant,
    /// How it failed.
    error: Option<&'static str>,
}

impl Drop for Call {
    fn drop(&mut self) {
        let times = (self.start.into_std(), Instant::now().into_std());
        self.recording.add(about(self.system, self.name, self.error), times);
    }
}

/// What is said of a call to a store of this system (OpenTelemetry's conventions for databases).
pub(super) fn about(system: &'static str, call: &'static str, error: Option<&'static str>) -> About {
    let mut attributes: Vec<Attribute> = vec![
        ("db.system.name", system.into()),
        ("db.operation.name", call.into()),
        ("db.collection.name", "outbox".into()),
    ];
    attributes.extend(error.map(|error| ("error.type", Value::from(error))));
    About { name: format!("{call} outbox").into(), kind: Kind::Client, attributes, is_error: error.is_some() }
}

impl TracedOutbox {
    /// Over this one.
    pub fn new(outbox: Arc<dyn Outbox>, system: &'static str) -> Self {
        Self { outbox, system }
    }

    /// The call, with a span where a trace is recorded.
    fn traced<'a, T: Send + 'a>(&self, name: &'static str, call: Answered<'a, T>) -> Answered<'a, T> {
        let (Some(recording), system) = (trace::current(), self.system) else { return call };
        Box::pin(async move {
            let start = Instant::now();
            let mut span = Call { recording, system, name, start, error: Some("timeout") };
            let answer = call.await;
            span.error = answer.as_ref().err().map(|failed| match failed {
                Failed::Down => "down",
                Failed::Unclear => "unclear",
            });
            answer
        })
    }
}

impl Outbox for TracedOutbox {
    fn accept(&self, batch: Batch) -> Answered<'_, Vec<Acceptance>> {
        self.traced("accept", self.outbox.accept(batch))
    }

    fn claim<'a>(&'a self, node: NodeId, wanted: &'a Wanted) -> Answered<'a, Vec<Claimed>> {
        self.traced("claim", self.outbox.claim(node, wanted))
    }

    fn give_back<'a>(&'a self, holds: &'a [Hold]) -> Answered<'a, usize> {
        self.traced("give_back", self.outbox.give_back(holds))
    }

    fn mark<'a>(&'a self, hold: &'a Hold, mark: &'a Mark) -> Answered<'a, bool> {
        self.traced("mark", self.outbox.mark(hold, mark))
    }

    fn end<'a>(&'a self, hold: &'a Hold, ended: &'a Ended) -> Answered<'a, Option<State>> {
        self.traced("end", self.outbox.end(hold, ended))
    }

    fn replay<'a>(&'a self, node: NodeId, upstream: &'a str, bound: Bound) -> Answered<'a, Vec<Claimed>> {
        self.traced("replay", self.outbox.replay(node, upstream, bound))
    }

    fn heartbeat(&self, node: NodeId) -> Answered<'_, Option<WentBack>> {
        self.traced("heartbeat", self.outbox.heartbeat(node))
    }

    fn bury(&self, own: NodeId) -> Answered<'_, Buried> {
        self.traced("bury", self.outbox.bury(own))
    }

    fn sweep(&self, bound: Bound) -> Answered<'_, Swept> {
        self.traced("sweep", self.outbox.sweep(bound))
    }

    fn route_sets(&self) -> Answered<'_, Vec<Queued>> {
        self.traced("route_sets", self.outbox.route_sets())
    }

    fn stale(&self, rules: RulesVersion, bound: Bound) -> Answered<'_, Vec<Stale>> {
        self.traced("stale", self.outbox.stale(rules, bound))
    }

    fn reroute<'a>(&'a self, rules: RulesVersion, sets: &'a [(RowId, RouteSet)]) -> Answered<'a, ()> {
        self.traced("reroute", self.outbox.reroute(rules, sets))
    }

    fn status<'a>(&'a self, caller: &'a CallerName, id: Id) -> Answered<'a, Option<Status>> {
        self.traced("status", self.outbox.status(caller, id))
    }

    fn has<'a>(&'a self, caller: &'a CallerName, id: Id) -> Answered<'a, bool> {
        self.traced("has", self.outbox.has(caller, id))
    }

    fn list<'a>(
        &'a self,
        caller: &'a CallerName,
        filter: Filter,
        after: Option<Cursor>,
        limit: usize,
    ) -> Answered<'a, Page> {
        self.traced("list", self.outbox.list(caller, filter, after, limit))
    }

    fn reschedule<'a>(&'a self, caller: &'a CallerName, id: Id, send_at: UnixTime) -> Answered<'a, Change> {
        self.traced("reschedule", self.outbox.reschedule(caller, id, send_at))
    }

    fn cancel<'a>(&'a self, caller: &'a CallerName, id: Id) -> Answered<'a, Change> {
        self.traced("cancel", self.outbox.cancel(caller, id))
    }

    fn erase<'a>(&'a self, caller: &'a CallerName, id: Id) -> Answered<'a, Change> {
        self.traced("erase", self.outbox.erase(caller, id))
    }

    fn counts(&self) -> Answered<'_, Vec<Count>> {
        self.traced("counts", self.outbox.counts())
    }

    fn pause(&self, paused: bool, note: Note) -> Answered<'_, ()> {
        self.traced("pause", self.outbox.pause(paused, note))
    }

    fn is_paused(&self) -> Answered<'_, bool> {
        self.traced("is_paused", self.outbox.is_paused())
    }

    fn order(&self, id: Id, order: Order, note: Note) -> Answered<'_, Ordered> {
        self.traced("order", self.outbox.order(id, order, note))
    }

    fn select<'a>(
        &'a self,
        selection: &'a Selection,
        sort: Sort,
        after: Option<Place>,
        limit: usize,
    ) -> Answered<'a, Listing> {
        self.traced("select", self.outbox.select(selection, sort, after, limit))
    }

    fn count<'a>(&'a self, selection: &'a Selection, after: Option<Walked>) -> Answered<'a, CountedRows> {
        self.traced("count", self.outbox.count(selection, after))
    }

    fn order_all(&self, all: OrderAll, bound: Bound) -> Answered<'_, OrderedAll> {
        self.traced("order_all", self.outbox.order_all(all, bound))
    }

    fn accept_restore(&self, limit: usize, note: Note) -> Answered<'_, Restored> {
        self.traced("accept_restore", self.outbox.accept_restore(limit, note))
    }

    fn release(&self, release: Release, note: Note) -> Answered<'_, Released> {
        self.traced("release", self.outbox.release(release, note))
    }

    fn history(&self) -> Answered<'_, History> {
        self.traced("history", self.outbox.history())
    }

    fn audit(&self, before: Option<i64>, limit: usize) -> Answered<'_, Vec<Noted>> {
        self.traced("audit", self.outbox.audit(before, limit))
    }

    fn sweep_audit(&self, keep: Duration) -> Answered<'_, bool> {
        self.traced("sweep_audit", self.outbox.sweep_audit(keep))
    }

    fn of_recipient<'a>(&'a self, hmacs: &'a [Hmac], limit: usize, note: Note) -> Answered<'a, Vec<(CallerName, Id)>> {
        self.traced("of_recipient", self.outbox.of_recipient(hmacs, limit, note))
    }

    fn erase_recipient<'a>(&'a self, hmacs: &'a [Hmac], step: Erasing, bound: Bound) -> Answered<'a, Erased> {
        self.traced("erase_recipient", self.outbox.erase_recipient(hmacs, step, bound))
    }
}

//! The calls of the outbox, each a command of the thread that writes or of the one that reads.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;

use super::{
    SqliteOutbox, accept, audit, change, claim, erase, hand_over, history, list, nodes, operators, order_all, reroute,
    restore, select, status, sweep,
};
use crate::model::caller::CallerName;
use crate::model::message::Id;
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::{
    Acceptance, Answered, Batch, Bound, Buried, Change, Claimed, Count, CountedRows, Cursor, Ended, Erased, Erasing,
    Filter, History, Hmac, Hold, Listing, Mark, NodeId, Note, Noted, Order, OrderAll, Ordered, OrderedAll, Outbox,
    Page, Place, Queued, Release, Released, Restored, RouteSet, RowId, RulesVersion, Selection, Sort, Stale, State,
    Status, Swept, Walked, Wanted, WentBack,
};

impl Outbox for SqliteOutbox {
    fn now(&self) -> UnixTime {
        self.store.clock().now()
    }

    fn accept(&self, batch: Batch) -> Answered<'_, Vec<Acceptance>> {
        let (has_disk, clock, bytes) = (self.has_disk(), self.store.clock().clone(), batch.size().bytes);
        let accept = move |database: &Connection| match batch.withdrawal.begin() {
            true => accept::accept(database, clock.now(), &batch, has_disk),
            // Nobody waits for the answer.
            false => Ok(Vec::new()),
        };
        Box::pin(self.store.write_mail(bytes, accept))
    }

    fn claim<'a>(&'a self, node: NodeId, wanted: &'a Wanted) -> Answered<'a, Vec<Claimed>> {
        let (wanted, memory) = (wanted.clone(), Arc::clone(&self.memory));
        let take = move |database: &Connection, now, number| match history::check(database, &memory)? {
            None => claim::claim(database, now, node, number, &wanted),
            Some(_) => Ok(Vec::new()),
        };
        self.take(node, take, claim::in_hand)
    }

    fn give_back<'a>(&'a self, holds: &'a [Hold]) -> Answered<'a, usize> {
        let holds = holds.to_vec();
        self.write(move |database, _| claim::give_back(database, &holds))
    }

    fn mark<'a>(&'a self, hold: &'a Hold, mark: &'a Mark) -> Answered<'a, bool> {
        let (hold, mark, memory) = (*hold, mark.clone(), Arc::clone(&self.memory));
        self.write(move |database, now| {
            let consents =
                history::check(database, &memory)?.is_none() && hand_over::mark(database, now, &hold, &mark)?;
            if consents {
                memory.marked();
            }
            Ok(consents)
        })
    }

    fn end<'a>(&'a self, hold: &'a Hold, ended: &'a Ended) -> Answered<'a, Option<State>> {
        let (hold, ended) = (*hold, ended.clone());
        self.write(move |database, now| hand_over::end(database, now, &hold, &ended))
    }

    fn replay<'a>(&'a self, node: NodeId, upstream: &'a str, bound: Bound) -> Answered<'a, Vec<Claimed>> {
        let (upstream, memory) = (upstream.to_owned(), Arc::clone(&self.memory));
        let take = move |database: &Connection, now, number| {
            if history::check(database, &memory)?.is_some() {
                return Ok(Vec::new());
            }
            memory.marked();
            hand_over::replay(database, now, node, number, &upstream, bound)
        };
        self.take(node, take, claim::in_hand)
    }

    fn heartbeat(&self, node: NodeId) -> Answered<'_, Option<WentBack>> {
        Box::pin(async move {
            let (lost, memory) = (self.lost.of(node), Arc::clone(&self.memory));
            let freeing = lost.clone();
            let went_back = self.write(move |database, now| {
                nodes::seen(database, now, node)?;
                nodes::release(database, now, node, &freeing)?;
                history::check(database, &memory)
            });
            let went_back = went_back.await?;
            self.lost.forget(&lost, Duration::ZERO);
            Ok(went_back)
        })
    }

    fn bury(&self, own: NodeId) -> Answered<'_, Buried> {
        self.write(move |database, now| nodes::bury(database, now, own))
    }

    fn sweep(&self, bound: Bound) -> Answered<'_, Swept> {
        let (keep, before, clock) = (self.keeping.keep, self.passed(), self.store.clock().clone());
        Box::pin(async move {
            let sweep = move |database: &Connection, _| sweep::sweep(database, clock.times(), keep, before, bound);
            let (swept, passed) = self.write(sweep).await?;
            self.pass(passed);
            Ok(swept)
        })
    }

    fn route_sets(&self) -> Answered<'_, Vec<Queued>> {
        self.read(reroute::route_sets)
    }

    fn stale(&self, rules: RulesVersion, bound: Bound) -> Answered<'_, Vec<Stale>> {
        self.read(move |database| reroute::stale(database, rules, bound))
    }

    fn reroute<'a>(&'a self, rules: RulesVersion, sets: &'a [(RowId, RouteSet)]) -> Answered<'a, ()> {
        let sets = sets.to_vec();
        self.write(move |database, _| reroute::reroute(database, rules, &sets))
    }

    fn status<'a>(&'a self, caller: &'a CallerName, id: Id) -> Answered<'a, Option<Status>> {
        let caller = caller.clone();
        self.read(move |database| status::status(database, &caller, id))
    }

    fn has<'a>(&'a self, caller: &'a CallerName, id: Id) -> Answered<'a, bool> {
        let caller = caller.clone();
        self.read(move |database| Ok(status::find(database, &caller, id)?.is_some()))
    }

    fn list<'a>(
        &'a self,
        caller: &'a CallerName,
        filter: Filter,
        after: Option<Cursor>,
        limit: usize,
    ) -> Answered<'a, Page> {
        let caller = caller.clone();
        self.read(move |database| list::list(database, &caller, filter, after, limit))
    }

    fn reschedule<'a>(&'a self, caller: &'a CallerName, id: Id, send_at: UnixTime) -> Answered<'a, Change> {
        let caller = caller.clone();
        self.write(move |database, now| change::reschedule(database, now, &caller, id, send_at))
    }

    fn cancel<'a>(&'a self, caller: &'a CallerName, id: Id) -> Answered<'a, Change> {
        let caller = caller.clone();
        self.write(move |database, now| change::cancel(database, now, &caller, id))
    }

    fn erase<'a>(&'a self, caller: &'a CallerName, id: Id) -> Answered<'a, Change> {
        let caller = caller.clone();
        let erasing = self.write(move |database, now| change::erase(database, now, &caller, id));
        Box::pin(async move {
            let change = erasing.await?;
            if let Change::Done(_) | Change::Cancelled(_) = change {
                self.store.empty_log();
            }
            Ok(change)
        })
    }

    fn counts(&self) -> Answered<'_, Vec<Count>> {
        self.read(operators::counts)
    }

    fn pause(&self, paused: bool, note: Note) -> Answered<'_, ()> {
        self.write(move |database, now| {
            operators::pause(database, paused)?;
            audit::write(database, now, &note)
        })
    }

    fn is_paused(&self) -> Answered<'_, bool> {
        self.read(operators::is_paused)
    }

    fn order(&self, id: Id, order: Order, note: Note) -> Answered<'_, Ordered> {
        self.write(move |database, now| {
            let ordered = operators::order(database, now, id, order)?;
            if let Ordered::Done(_) = ordered {
                audit::write(database, now, &note)?;
            }
            Ok(ordered)
        })
    }

    fn select<'a>(
        &'a self,
        selection: &'a Selection,
        sort: Sort,
        after: Option<Place>,
        limit: usize,
    ) -> Answered<'a, Listing> {
        let selection = selection.clone();
        self.read(move |database| select::select(database, &selection, sort, after, limit))
    }

    fn count<'a>(&'a self, selection: &'a Selection, after: Option<Walked>) -> Answered<'a, CountedRows> {
        let selection = selection.clone();
        self.read(move |database| select::count(database, &selection, after.as_ref()))
    }

    fn order_all(&self, all: OrderAll, bound: Bound) -> Answered<'_, OrderedAll> {
        self.write(move |database, now| order_all::step(database, now, &all, bound))
    }

    fn accept_restore(&self, limit: usize, note: Note) -> Answered<'_, Restored> {
        let memory = Arc::clone(&self.memory);
        self.write(move |database, now| {
            let restored = restore::accept(database, now, &memory, limit)?;
            if !restored.more {
                audit::write(database, now, &note)?;
            }
            Ok(restored)
        })
    }

    fn release(&self, release: Release, note: Note) -> Answered<'_, Released> {
        self.write(move |database, now| {
            let released = restore::release(database, now, &release)?;
            audit::write(database, now, &note)?;
            Ok(released)
        })
    }

    fn history(&self) -> Answered<'_, History> {
        let memory = Arc::clone(&self.memory);
        self.read(move |database| history::read(database, &memory))
    }

    fn note(&self, note: Note) -> Answered<'_, ()> {
        self.write(move |database, now| audit::write(database, now, &note))
    }

    fn audit(&self, before: Option<i64>, limit: usize) -> Answered<'_, Vec<Noted>> {
        self.read(move |database| audit::read(database, before, limit))
    }

    fn sweep_audit(&self, keep: Duration) -> Answered<'_, bool> {
        let clock = self.store.clock().clone();
        self.write(move |database, _| audit::sweep(database, clock.over().before(keep)))
    }

    fn of_recipient<'a>(&'a self, hmacs: &'a [Hmac], limit: usize, note: Note) -> Answered<'a, Vec<(CallerName, Id)>> {
        let hmacs = hmacs.to_vec();
        self.write(move |database, now| {
            audit::write(database, now, &note)?;
            operators::of_recipient(database, &hmacs, limit)
        })
    }

    fn erase_recipient<'a>(&'a self, hmacs: &'a [Hmac], step: Erasing, bound: Bound) -> Answered<'a, Erased> {
        let hmacs = hmacs.to_vec();
        let erasing = self.write(move |database, now| erase::erase_recipient(database, now, &hmacs, &step, bound));
        Box::pin(async move {
            let erased = erasing.await?;
            if erased.next.is_none() {
                self.store.empty_log();
            }
            Ok(erased)
        })
    }
}

//! The calls of the outbox, and the transactions that carry them out.

use std::time::Duration;

use super::{
    ON_ITS_WAY, PostgresOutbox, audit, care, claim, counts, erase, hand_over, history, list, order_all, orders,
    restore, routes, select, status,
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

/// One transaction around this call.
macro_rules! transaction {
    ($self:ident, $work:path $(, $argument:expr)*) => {
        Box::pin(async move {
            let mut transaction = $self.begin().await?;
            let answer = $work(&mut transaction $(, $argument)*).await?;
            transaction.commit().await?;
            Ok(answer)
        })
    };
}

/// One transaction around a call that writes nothing.
macro_rules! reading {
    ($self:ident, $work:path $(, $argument:expr)*) => {
        Box::pin(async move {
            let mut transaction = $self.begin().await?;
            let answer = $work(&mut transaction $(, $argument)*).await?;
            transaction.end().await?;
            Ok(answer)
        })
    };
}

/// One transaction around a look that callers and operators may take as often as they like: begun so.
macro_rules! looking {
    ($self:ident, $begin:ident, $work:path $(, $argument:expr)*) => {
        Box::pin(async move {
            let mut transaction = $self.database.$begin().await?;
            let answer = $work(&mut transaction $(, $argument)*).await?;
            transaction.end().await?;
            Ok(answer)
        })
    };
}

/// One transaction around an order that is carried out, with who gave it.
macro_rules! ordering {
    ($self:ident, $note:ident, $was_done:expr, $work:path $(, $argument:expr)*) => {
        Box::pin(async move {
            let mut transaction = $self.begin().await?;
            let answer = $work(&mut transaction $(, $argument)*).await?;
            if $was_done(&answer) {
                audit::write(&mut transaction, &$note).await?;
            }
            transaction.commit().await?;
            Ok(answer)
        })
    };
}

/// One transaction around a call that takes rows, if the outbox is not paused and no older copy. A claim is a sign of life
/// too. The messages are read once the rows are taken. What is lost of it, or cannot be read, is remembered.
macro_rules! taking {
    ($self:ident, $node:ident, $work:path $(, $argument:expr)*) => {
        Box::pin(async move {
            let mut transaction = $self.begin().await?;
            let freed = $self.release_lost(&mut transaction, $node).await?;
            let findings = $self.check(&mut transaction).await?;
            if findings.paused || findings.went_back.is_some() {
                transaction.commit().await?;
                $self.lost.forget(&freed, ON_ITS_WAY);
                return Ok(Vec::new());
            }
            care::heartbeat(&mut transaction, $node).await?;
            let number = $self.lost.number($node);
            let rows = $work(&mut transaction, $node, number.get() $(, $argument)*).await?;
            transaction.commit().await?;
            $self.lost.forget(&freed, ON_ITS_WAY);
            $self.remember(findings);
            let claimed = $self.in_hand($node, number.get(), &rows).await?;
            number.answered();
            Ok(claimed)
        })
    };
}

impl Outbox for PostgresOutbox {
    fn now(&self) -> UnixTime {
        self.time.now()
    }

    fn accept(&self, batch: Batch) -> Answered<'_, Vec<Acceptance>> {
        Box::pin(self.accepting.call(batch))
    }

    fn claim<'a>(&'a self, node: NodeId, wanted: &'a Wanted) -> Answered<'a, Vec<Claimed>> {
        taking!(self, node, claim::claim, wanted)
    }

    fn give_back<'a>(&'a self, holds: &'a [Hold]) -> Answered<'a, usize> {
        transaction!(self, hand_over::give_back, holds)
    }

    fn mark<'a>(&'a self, hold: &'a Hold, mark: &'a Mark) -> Answered<'a, bool> {
        Box::pin(self.marks.call((*hold, mark.clone())))
    }

    fn end<'a>(&'a self, hold: &'a Hold, ended: &'a Ended) -> Answered<'a, Option<State>> {
        Box::pin(self.ends.call((*hold, ended.clone())))
    }

    fn replay<'a>(&'a self, node: NodeId, upstream: &'a str, bound: Bound) -> Answered<'a, Vec<Claimed>> {
        taking!(self, node, hand_over::replay, upstream, bound)
    }

    fn heartbeat(&self, node: NodeId) -> Answered<'_, Option<WentBack>> {
        Box::pin(self.seen(node))
    }

    fn bury(&self, own: NodeId) -> Answered<'_, Buried> {
        transaction!(self, care::bury, own)
    }

    fn sweep(&self, bound: Bound) -> Answered<'_, Swept> {
        Box::pin(self.swept(bound))
    }

    fn route_sets(&self) -> Answered<'_, Vec<Queued>> {
        reading!(self, routes::route_sets)
    }

    fn stale<'a>(&'a self, rules: RulesVersion, bound: Bound) -> Answered<'a, Vec<Stale>> {
        reading!(self, routes::stale, rules, bound)
    }

    fn reroute<'a>(&'a self, rules: RulesVersion, sets: &'a [(RowId, RouteSet)]) -> Answered<'a, ()> {
        transaction!(self, routes::reroute, rules, sets)
    }

    fn status<'a>(&'a self, caller: &'a CallerName, id: Id) -> Answered<'a, Option<Status>> {
        looking!(self, begin_to_look_up, status::status, caller, id)
    }

    fn has<'a>(&'a self, caller: &'a CallerName, id: Id) -> Answered<'a, bool> {
        Box::pin(self.having.call((caller.clone(), id)))
    }

    fn list<'a>(
        &'a self,
        caller: &'a CallerName,
        filter: Filter,
        after: Option<Cursor>,
        limit: usize,
    ) -> Answered<'a, Page> {
        looking!(self, begin_to_list, list::list, caller, filter, after, limit)
    }

    fn reschedule<'a>(&'a self, caller: &'a CallerName, id: Id, send_at: UnixTime) -> Answered<'a, Change> {
        transaction!(self, status::reschedule, caller, id, send_at)
    }

    fn cancel<'a>(&'a self, caller: &'a CallerName, id: Id) -> Answered<'a, Change> {
        transaction!(self, status::cancel, caller, id)
    }

    fn erase<'a>(&'a self, caller: &'a CallerName, id: Id) -> Answered<'a, Change> {
        transaction!(self, status::erase, caller, id)
    }

    fn counts(&self) -> Answered<'_, Vec<Count>> {
        reading!(self, counts::counts)
    }

    fn pause(&self, paused: bool, note: Note) -> Answered<'_, ()> {
        ordering!(self, note, |&()| true, orders::pause, paused)
    }

    fn is_paused(&self) -> Answered<'_, bool> {
        reading!(self, orders::is_paused)
    }

    fn order(&self, id: Id, order: Order, note: Note) -> Answered<'_, Ordered> {
        ordering!(self, note, |ordered: &Ordered| matches!(ordered, Ordered::Done(_)), orders::order, id, order)
    }

    fn select<'a>(
        &'a self,
        selection: &'a Selection,
        sort: Sort,
        after: Option<Place>,
        limit: usize,
    ) -> Answered<'a, Listing> {
        looking!(self, begin_to_list, select::select, selection, sort, after, limit)
    }

    fn count<'a>(&'a self, selection: &'a Selection, after: Option<Walked>) -> Answered<'a, CountedRows> {
        looking!(self, begin_to_list, select::count, selection, after.as_ref())
    }

    fn order_all(&self, all: OrderAll, bound: Bound) -> Answered<'_, OrderedAll> {
        transaction!(self, order_all::step, &all, bound)
    }

    fn accept_restore(&self, limit: usize, note: Note) -> Answered<'_, Restored> {
        ordering!(self, note, |restored: &Restored| !restored.more, restore::accept, limit)
    }

    fn release(&self, release: Release, note: Note) -> Answered<'_, Released> {
        ordering!(self, note, |_| true, restore::release, &release)
    }

    fn history(&self) -> Answered<'_, History> {
        reading!(self, history::read)
    }

    fn note(&self, note: Note) -> Answered<'_, ()> {
        transaction!(self, audit::write, &note)
    }

    fn audit(&self, before: Option<i64>, limit: usize) -> Answered<'_, Vec<Noted>> {
        reading!(self, audit::read, before, limit)
    }

    fn sweep_audit(&self, keep: Duration) -> Answered<'_, bool> {
        transaction!(self, audit::sweep, keep)
    }

    fn of_recipient<'a>(&'a self, hmacs: &'a [Hmac], limit: usize, note: Note) -> Answered<'a, Vec<(CallerName, Id)>> {
        ordering!(self, note, |_: &Vec<_>| true, orders::of_recipient, hmacs, limit)
    }

    fn erase_recipient<'a>(&'a self, hmacs: &'a [Hmac], step: Erasing, bound: Bound) -> Answered<'a, Erased> {
        transaction!(self, erase::erase_recipient, hmacs, &step, bound)
    }
}

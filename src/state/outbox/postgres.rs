//! The outbox on PostgreSQL: the rows of all nodes in one database, whose clock is the time.
//!
//! Each change is a conditional statement; none rests on a lock that outlives its transaction. A claim or replay whose
//! answer is lost holds rows that nobody knows of: it is remembered by its number, and the next claim or sign of life of
//! this node frees them.

mod accept;
mod accepting;
mod care;
mod claim;
mod content;
mod hand_over;
mod orders;
mod room;
mod rows;
mod routes;
mod status;
mod verdicts;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::lost::Lost;
use super::{
    Acceptance, Answered, Batch, Buried, Change, Claimed, Count, Cursor, Ended, Erased, Failed, Filter, Hmac, Hold,
    Mark, NodeId, Order, Ordered, Outbox, Page, RouteSet, RowId, RulesVersion, Stale, State, Status, Swept, Wanted,
};
use crate::model::caller::CallerName;
use crate::model::message::Id;
use crate::runtime::unix_time::UnixTime;
use crate::state::store::postgres::{Database, Transaction};
use crate::state::store::{Module, Step};
use accepting::Accepting;

/// The tables of the outbox.
pub const TABLES: Module = Module {
    name: "outbox",
    steps: &[Step { sql: include_str!("postgres/tables.sql"), works_with: 1 }],
    uses_key: "select 1 from smsp_submission where content_key_id = $1 or recipients_key_id = $1 limit 1",
};

/// The database ends a transaction that has waited for its client for less than this.
const ON_ITS_WAY: Duration = Duration::from_secs(60);

/// The outbox in a database.
pub struct PostgresOutbox {
    database: Arc<Database>,
    /// How long what has ended is kept.
    keep: Duration,
    lost: Lost,
    accepting: Arc<Accepting>,
}

impl PostgresOutbox {
    /// In this database, which has the tables of [`TABLES`].
    pub fn new(database: Arc<Database>, keep: Duration) -> Self {
        let accepting = Arc::new(Accepting::new(Arc::clone(&database)));
        Self { database, keep, lost: Lost::default(), accepting }
    }

    async fn begin(&self) -> Result<Transaction<'_>, Failed> {
        self.database.begin().await
    }

    /// Frees what lost answers of this node hold.
    async fn release(&self, transaction: &mut Transaction<'_>, node: NodeId) -> Result<Vec<Uuid>, Failed> {
        let numbers = self.lost.of(node);
        if !numbers.is_empty() {
            care::release(transaction, node, &numbers).await?;
        }
        Ok(numbers)
    }
}

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

/// One transaction around a call that takes rows: what is lost of it is remembered.
macro_rules! taking {
    ($self:ident, $node:ident, $work:path $(, $argument:expr)*) => {
        Box::pin(async move {
            let mut transaction = $self.begin().await?;
            let freed = $self.release(&mut transaction, $node).await?;
            let number = $self.lost.number($node);
            let claimed = $work(&mut transaction, $node, number.get() $(, $argument)*).await?;
            transaction.commit().await?;
            number.answered();
            $self.lost.forget(&freed, ON_ITS_WAY);
            Ok(claimed)
        })
    };
}

impl Outbox for PostgresOutbox {
    fn accept(&self, batch: Batch) -> Answered<'_, Vec<Acceptance>> {
        Box::pin(self.accepting.accept(batch))
    }

    fn claim<'a>(&'a self, node: NodeId, wanted: &'a Wanted) -> Answered<'a, Vec<Claimed>> {
        taking!(self, node, claim::claim, wanted)
    }

    fn give_back<'a>(&'a self, holds: &'a [Hold]) -> Answered<'a, usize> {
        transaction!(self, hand_over::give_back, holds)
    }

    fn mark<'a>(&'a self, hold: &'a Hold, mark: &'a Mark) -> Answered<'a, bool> {
        transaction!(self, hand_over::mark, hold, mark)
    }

    fn end<'a>(&'a self, hold: &'a Hold, ended: &'a Ended) -> Answered<'a, Option<State>> {
        transaction!(self, hand_over::end, hold, ended)
    }

    fn replay<'a>(&'a self, node: NodeId, upstream: &'a str, limit: usize) -> Answered<'a, Vec<Claimed>> {
        taking!(self, node, hand_over::replay, upstream, limit)
    }

    fn heartbeat(&self, node: NodeId) -> Answered<'_, ()> {
        Box::pin(async move {
            let mut transaction = self.begin().await?;
            care::heartbeat(&mut transaction, node).await?;
            let freed = self.release(&mut transaction, node).await?;
            transaction.commit().await?;
            self.lost.forget(&freed, ON_ITS_WAY);
            Ok(())
        })
    }

    fn bury(&self) -> Answered<'_, Buried> {
        transaction!(self, care::bury)
    }

    fn sweep(&self, limit: usize) -> Answered<'_, Swept> {
        transaction!(self, care::sweep, self.keep, limit)
    }

    fn next_due<'a>(&'a self, sets: &'a [RouteSet]) -> Answered<'a, Option<UnixTime>> {
        reading!(self, routes::next_due, sets)
    }

    fn route_sets(&self) -> Answered<'_, Vec<RouteSet>> {
        reading!(self, routes::route_sets)
    }

    fn stale<'a>(&'a self, rules: RulesVersion, limit: usize) -> Answered<'a, Vec<Stale>> {
        reading!(self, routes::stale, rules, limit)
    }

    fn reroute<'a>(&'a self, rules: RulesVersion, sets: &'a [(RowId, RouteSet)]) -> Answered<'a, ()> {
        transaction!(self, routes::reroute, rules, sets)
    }

    fn status<'a>(&'a self, caller: &'a CallerName, id: Id) -> Answered<'a, Option<Status>> {
        reading!(self, status::status, caller, id)
    }

    fn list<'a>(
        &'a self,
        caller: &'a CallerName,
        filter: Filter,
        after: Option<Cursor>,
        limit: usize,
    ) -> Answered<'a, Page> {
        reading!(self, status::list, caller, filter, after, limit)
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
        reading!(self, orders::counts)
    }

    fn pause(&self, paused: bool) -> Answered<'_, ()> {
        transaction!(self, orders::pause, paused)
    }

    fn is_paused(&self) -> Answered<'_, bool> {
        reading!(self, orders::is_paused)
    }

    fn order(&self, id: Id, order: Order) -> Answered<'_, Ordered> {
        transaction!(self, orders::order, id, order)
    }

    fn of_recipient<'a>(&'a self, hmacs: &'a [Hmac], limit: usize) -> Answered<'a, Vec<(CallerName, Id)>> {
        reading!(self, orders::of_recipient, hmacs, limit)
    }

    fn erase_recipient<'a>(&'a self, hmacs: &'a [Hmac]) -> Answered<'a, Erased> {
        transaction!(self, orders::erase_recipient, hmacs)
    }
}

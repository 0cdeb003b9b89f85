//! The outbox on PostgreSQL: the rows of all nodes in one database, whose clock is the time.
//!
//! Each change is a conditional statement; none rests on a lock that outlives its transaction. A claim or replay whose
//! answer is lost holds rows that nobody knows of: it is remembered by its number, and the next claim or sign of life of
//! this node frees them.

mod accept;
mod accepting;
mod audit;
mod care;
mod claim;
mod content;
mod hand_over;
mod history;
mod orders;
mod restore;
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
    Acceptance, Answered, Batch, Buried, Change, Claimed, Count, Cursor, Ended, Erased, Failed, Filter, History, Hmac,
    Hold, Mark, NodeId, Note, Noted, Order, Ordered, Outbox, Page, Release, Released, Restored, RouteSet, RowId,
    RulesVersion, Stale, State, Status, Swept, Wanted, WentBack,
};
use crate::model::caller::CallerName;
use crate::model::message::Id;
use crate::runtime::unix_time::UnixTime;
use crate::state::store::postgres::{Database, Transaction};
use crate::state::store::{Module, Step};
use accepting::Accepting;
use history::{DOUBT, Findings, Remembering};

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
    remembering: Remembering,
    /// How long a new place of the database is doubted.
    doubt: Duration,
}

impl PostgresOutbox {
    /// In this database, which has the tables of [`TABLES`].
    pub fn new(database: Arc<Database>, keep: Duration) -> Self {
        let accepting = Arc::new(Accepting::new(Arc::clone(&database)));
        let (lost, remembering) = (Lost::default(), Remembering::default());
        Self { database, keep, lost, accepting, remembering, doubt: DOUBT }
    }

    async fn begin(&self) -> Result<Transaction<'_>, Failed> {
        self.database.begin().await
    }

    async fn check(&self, transaction: &mut Transaction<'_>) -> Result<Findings, Failed> {
        history::check(transaction, &self.remembering, self.doubt).await
    }

    /// Once what was found is on the disk.
    fn remember(&self, Findings { went_back, point, .. }: Findings) -> Option<WentBack> {
        if went_back.is_none() {
            self.remembering.memory.keep(point);
        }
        went_back
    }

    async fn marked(&self, hold: &Hold, mark: &Mark) -> Result<bool, Failed> {
        let mut transaction = self.begin().await?;
        let point = hand_over::mark(&mut transaction, hold, mark, &self.remembering.memory).await?;
        transaction.commit().await?;
        let consents = point.is_some();
        point.into_iter().for_each(|point| self.remembering.memory.keep(point));
        Ok(consents)
    }

    async fn seen(&self, node: NodeId) -> Result<Option<WentBack>, Failed> {
        let mut transaction = self.begin().await?;
        care::heartbeat(&mut transaction, node).await?;
        let freed = self.release_lost(&mut transaction, node).await?;
        let findings = self.check(&mut transaction).await?;
        transaction.commit().await?;
        self.lost.forget(&freed, ON_ITS_WAY);
        Ok(self.remember(findings))
    }

    /// Frees what lost answers of this node hold.
    async fn release_lost(&self, transaction: &mut Transaction<'_>, node: NodeId) -> Result<Vec<Uuid>, Failed> {
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
/// too. What is lost of it is remembered.
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
            let claimed = $work(&mut transaction, $node, number.get() $(, $argument)*).await?;
            transaction.commit().await?;
            number.answered();
            $self.lost.forget(&freed, ON_ITS_WAY);
            $self.remember(findings);
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
        Box::pin(self.marked(hold, mark))
    }

    fn end<'a>(&'a self, hold: &'a Hold, ended: &'a Ended) -> Answered<'a, Option<State>> {
        transaction!(self, hand_over::end, hold, ended)
    }

    fn replay<'a>(&'a self, node: NodeId, upstream: &'a str, limit: usize) -> Answered<'a, Vec<Claimed>> {
        taking!(self, node, hand_over::replay, upstream, limit)
    }

    fn heartbeat(&self, node: NodeId) -> Answered<'_, Option<WentBack>> {
        Box::pin(self.seen(node))
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

    fn pause(&self, paused: bool, note: Note) -> Answered<'_, ()> {
        ordering!(self, note, |&()| true, orders::pause, paused)
    }

    fn is_paused(&self) -> Answered<'_, bool> {
        reading!(self, orders::is_paused)
    }

    fn order(&self, id: Id, order: Order, note: Note) -> Answered<'_, Ordered> {
        ordering!(self, note, |ordered: &Ordered| matches!(ordered, Ordered::Done(_)), orders::order, id, order)
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

    fn audit(&self, limit: usize) -> Answered<'_, Vec<Noted>> {
        reading!(self, audit::read, limit)
    }

    fn of_recipient<'a>(&'a self, hmacs: &'a [Hmac], limit: usize) -> Answered<'a, Vec<(CallerName, Id)>> {
        reading!(self, orders::of_recipient, hmacs, limit)
    }

    fn erase_recipient<'a>(&'a self, hmacs: &'a [Hmac], note: Note) -> Answered<'a, Erased> {
        ordering!(self, note, |_| true, orders::erase_recipient, hmacs)
    }
}

//! The outbox in a SQLite store.
//!
//! Every call runs as one command of the thread that writes; what only looks runs beside it. Time is read when a command
//! runs, so that it goes up in the order of the commands. Invariant: each change of a state is one conditional update, with
//! the state, and where a claim is at stake the fence and the owner, in its WHERE.

mod accept;
mod attempts;
mod audit;
mod change;
mod choose;
mod claim;
mod columns;
mod content;
mod hand_over;
mod history;
mod names;
mod nodes;
mod operators;
mod remembering;
mod reroute;
mod restore;
mod status;
mod sweep;

use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use tracing::error;
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
use crate::state::store::{Module, Sqlite, Step};
use remembering::Remembering;

/// The outbox's tables in a SQLite store.
pub const TABLES: Module = Module {
    name: "outbox",
    steps: &[Step { sql: include_str!("sqlite/tables.sql"), works_with: 1 }],
    uses_key: "select 1 from submission where key_id = ?1
        and (content_key is not null or recipients_key is not null) limit 1",
};

/// How an outbox keeps.
#[derive(Clone, Copy, Debug)]
pub struct Keeping {
    /// For how long what has ended, or is `unknown`.
    pub keep: Duration,
    /// The share of the disk that stays free, in hundredths of a percent.
    pub min_free: u64,
}

/// The outbox of one process.
pub struct SqliteOutbox {
    store: Arc<Sqlite>,
    keeping: Keeping,
    lost: Lost,
    memory: Arc<Remembering>,
}

impl SqliteOutbox {
    /// In this store, which has [`TABLES`]. Its lock proves that the nodes before this process are dead.
    pub async fn new(store: Arc<Sqlite>, keeping: Keeping) -> Result<Self, Failed> {
        let memory = Remembering::open(&store.database()).map_err(|error| {
            error!(%error, "what is remembered of the store cannot be read");
            Failed::Down
        })?;
        let memory = Arc::new(memory);
        let keeping_up = Arc::clone(&memory);
        store.after_commits(move |database| {
            if keeping_up.is_due() {
                // What cannot be read now is kept after the next COMMIT.
                history::point(database).map_or_else(|_| keeping_up.marked(), |point| keeping_up.keep(point));
            }
        });
        let opening = Arc::clone(&memory);
        let open = move |database: &Connection| {
            history::settle(database, opening.place())?;
            history::check(database, &opening)?;
            nodes::forget_all(database)
        };
        store.write(open).await?;
        Ok(Self { store, keeping, lost: Lost::default(), memory })
    }

    fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection, UnixTime) -> rusqlite::Result<T> + Send + 'static,
    ) -> Answered<'_, T> {
        let clock = self.store.clock().clone();
        Box::pin(self.store.write(move |database| work(database, clock.now())))
    }

    /// Runs a call that takes rows, after what lost ones hold is free. Commands run in their order, so no lost one is still
    /// on its way then.
    fn take(
        &self,
        node: NodeId,
        work: impl FnOnce(&Connection, UnixTime, Uuid) -> rusqlite::Result<Vec<Claimed>> + Send + 'static,
    ) -> Answered<'_, Vec<Claimed>> {
        Box::pin(async move {
            let (lost, number) = (self.lost.of(node), self.lost.number(node));
            let (freeing, claim) = (lost.clone(), number.get());
            let answer = self.write(move |database, now| {
                nodes::release(database, now, node, &freeing)?;
                work(database, now, claim)
            });
            let answer = answer.await;
            if !matches!(answer, Err(Failed::Unclear)) {
                number.answered();
            }
            let claimed = answer?;
            self.lost.forget(&lost, Duration::ZERO);
            Ok(claimed)
        })
    }

    fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Answered<'_, T> {
        Box::pin(self.store.read(work))
    }
}

impl Outbox for SqliteOutbox {
    fn accept(&self, batch: Batch) -> Answered<'_, Vec<Acceptance>> {
        // Where nothing is known of the disk, the database will tell.
        let has_disk = self.store.free_disk().is_none_or(|free| free >= self.keeping.min_free);
        self.write(move |database, now| accept::accept(database, now, &batch, has_disk))
    }

    fn claim<'a>(&'a self, node: NodeId, wanted: &'a Wanted) -> Answered<'a, Vec<Claimed>> {
        let (wanted, memory) = (wanted.clone(), Arc::clone(&self.memory));
        self.take(node, move |database, now, number| match history::check(database, &memory)? {
            None => claim::claim(database, now, node, number, &wanted),
            Some(_) => Ok(Vec::new()),
        })
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

    fn replay<'a>(&'a self, node: NodeId, upstream: &'a str, limit: usize) -> Answered<'a, Vec<Claimed>> {
        let (upstream, memory, limit) = (upstream.to_owned(), Arc::clone(&self.memory), columns::signed(limit as u64));
        self.take(node, move |database, now, number| {
            if history::check(database, &memory)?.is_some() {
                return Ok(Vec::new());
            }
            memory.marked();
            hand_over::replay(database, now, node, number, &upstream, limit)
        })
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

    fn bury(&self) -> Answered<'_, Buried> {
        self.write(nodes::bury)
    }

    fn sweep(&self, limit: usize) -> Answered<'_, Swept> {
        let keep = self.keeping.keep;
        self.write(move |database, now| sweep::sweep(database, now, keep, limit))
    }

    fn next_due<'a>(&'a self, sets: &'a [RouteSet]) -> Answered<'a, Option<UnixTime>> {
        let sets = sets.to_vec();
        self.read(move |database| claim::next_due(database, &sets))
    }

    fn route_sets(&self) -> Answered<'_, Vec<RouteSet>> {
        self.read(reroute::route_sets)
    }

    fn stale(&self, rules: RulesVersion, limit: usize) -> Answered<'_, Vec<Stale>> {
        self.read(move |database| reroute::stale(database, rules, limit))
    }

    fn reroute<'a>(&'a self, rules: RulesVersion, sets: &'a [(RowId, RouteSet)]) -> Answered<'a, ()> {
        let sets = sets.to_vec();
        self.write(move |database, _| reroute::reroute(database, rules, &sets))
    }

    fn status<'a>(&'a self, caller: &'a CallerName, id: Id) -> Answered<'a, Option<Status>> {
        let caller = caller.clone();
        self.read(move |database| status::status(database, &caller, id))
    }

    fn list<'a>(
        &'a self,
        caller: &'a CallerName,
        filter: Filter,
        after: Option<Cursor>,
        limit: usize,
    ) -> Answered<'a, Page> {
        let caller = caller.clone();
        self.read(move |database| status::list(database, &caller, filter, after, limit))
    }

    fn reschedule<'a>(&'a self, caller: &'a CallerName, id: Id, send_at: UnixTime) -> Answered<'a, Change> {
        let caller = caller.clone();
        self.write(move |database, _| change::reschedule(database, &caller, id, send_at))
    }

    fn cancel<'a>(&'a self, caller: &'a CallerName, id: Id) -> Answered<'a, Change> {
        let caller = caller.clone();
        self.write(move |database, now| change::cancel(database, now, &caller, id))
    }

    fn erase<'a>(&'a self, caller: &'a CallerName, id: Id) -> Answered<'a, Change> {
        let caller = caller.clone();
        self.write(move |database, now| change::erase(database, now, &caller, id))
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

    fn audit(&self, limit: usize) -> Answered<'_, Vec<Noted>> {
        self.read(move |database| audit::read(database, limit))
    }

    fn of_recipient<'a>(&'a self, hmacs: &'a [Hmac], limit: usize) -> Answered<'a, Vec<(CallerName, Id)>> {
        let hmacs = hmacs.to_vec();
        self.read(move |database| operators::of_recipient(database, &hmacs, limit))
    }

    fn erase_recipient<'a>(&'a self, hmacs: &'a [Hmac], note: Note) -> Answered<'a, Erased> {
        let hmacs = hmacs.to_vec();
        self.write(move |database, now| {
            audit::write(database, now, &note)?;
            operators::erase_recipient(database, now, &hmacs)
        })
    }
}

#[cfg(test)]
mod tests;

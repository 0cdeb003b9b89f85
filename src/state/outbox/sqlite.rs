//! The outbox in a SQLite store.
//!
//! Every call runs as one command of the thread that writes; what only looks runs beside it. Time is read when a command
//! runs, so that it goes up in the order of the commands. Invariant: each change of a state is one conditional update, with
//! the state, and where a claim is at stake the fence and the owner, in its WHERE.

mod accept;
mod attempts;
mod audit;
mod bounces;
mod calls;
mod change;
mod choose;
mod claim;
mod columns;
mod content;
mod erase;
mod hand_over;
mod history;
mod late;
mod list;
mod look;
mod names;
mod nodes;
mod operators;
mod order_all;
mod parts;
mod recount;
mod remembering;
mod reroute;
mod restore;
mod select;
mod status;
mod sweep;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use tracing::error;
use uuid::Uuid;

use super::lost::Lost;
use super::{Answered, Failed, NodeId};
use crate::runtime::unix_time::UnixTime;
use crate::state::store::{Module, Sqlite, Step};
use remembering::Remembering;
use sweep::Passed;

/// The outbox's tables in a SQLite store.
pub const TABLES: Module = Module {
    name: "outbox",
    steps: &[
        Step {
            sql: concat!(
                include_str!("sqlite/tables.sql"),
                "\n",
                include_str!("sqlite/counted.sql"),
                "\n",
                include_str!("sqlite/indexes.sql")
            ),
            works_with: 1,
        },
        Step { sql: concat!(include_str!("sqlite/parts.sql"), include_str!("sqlite/bounces.sql")), works_with: 1 },
    ],
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
    /// How far sweeps have come; held for a moment.
    passed: Mutex<Passed>,
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
        Ok(Self { store, keeping, lost: Lost::default(), memory, passed: Mutex::default() })
    }

    fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection, UnixTime) -> rusqlite::Result<T> + Send + 'static,
    ) -> Answered<'_, T> {
        let clock = self.store.clock().clone();
        Box::pin(self.store.write(move |database| work(database, clock.now())))
    }

    /// Runs a call that takes rows, after what lost ones hold is free. Commands run in their order, so no lost one is still
    /// on its way then. The messages are read once the rows are taken; where that fails, the call counts as lost.
    fn take<H: Send + 'static, C: Send + 'static>(
        &self,
        node: NodeId,
        work: impl FnOnce(&Connection, UnixTime, Uuid) -> rusqlite::Result<Vec<H>> + Send + 'static,
        read: fn(&Connection, &[H]) -> rusqlite::Result<Vec<C>>,
    ) -> Answered<'_, Vec<C>> {
        Box::pin(async move {
            let (lost, number) = (self.lost.of(node), self.lost.number(node));
            let (freeing, claim) = (lost.clone(), number.get());
            let answer = self.write(move |database, now| {
                nodes::release(database, now, node, &freeing)?;
                work(database, now, claim)
            });
            let answer = answer.await;
            if matches!(answer, Err(Failed::Down)) {
                // Nothing was taken.
                number.answered();
                return Err(Failed::Down);
            }
            let holds = answer?;
            self.lost.forget(&lost, Duration::ZERO);
            let claimed =
                if holds.is_empty() { Vec::new() } else { self.read(move |database| read(database, &holds)).await? };
            number.answered();
            Ok(claimed)
        })
    }

    /// Is there room on the disk? Where nothing is known of it, the database will tell.
    fn has_disk(&self) -> bool {
        self.store.free_disk().is_none_or(|free| free >= self.keeping.min_free)
    }

    fn passed(&self) -> Passed {
        *self.passed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pass(&self, passed: Passed) {
        *self.passed.lock().unwrap_or_else(PoisonError::into_inner) = passed;
    }

    fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Answered<'_, T> {
        Box::pin(self.store.read(work))
    }
}

#[cfg(test)]
mod tests;

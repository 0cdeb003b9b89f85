//! The outbox on PostgreSQL: the rows of all nodes in one database, whose clock is the time.
//!
//! Each change is a conditional statement; none rests on a lock that outlives its transaction. A claim or replay whose
//! answer is lost holds rows that nobody knows of: it is remembered by its number, and the next claim or sign of life of
//! this node frees them.

mod accept;
mod accepting;
mod audit;
mod bounces;
mod calls;
mod care;
mod claim;
mod content;
mod counts;
mod database_time;
mod doubt;
mod earlier;
mod ends;
mod erase;
mod hand_over;
mod having;
mod history;
mod holds;
mod late;
mod list;
mod look;
mod marks;
mod order_all;
mod orders;
mod parts;
mod restore;
mod room;
mod rows;
mod routes;
mod select;
mod status;
mod sweep;
mod bounce_conditions;
mod verdicts;

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::timeout;
use uuid::Uuid;

use super::lost::Lost;
use super::{Bound, Claimed, Failed, NodeId, Swept, WentBack};
use crate::state::store::postgres::{Database, Grouped, Transaction};
use crate::state::store::{Module, Step};
use accepting::Accepting;
use database_time::DatabaseTime;
use ends::Ends;
use having::Having;
use history::{DOUBT, Findings, Remembering};
use marks::Marks;
use parts::{PartEnds, PartMarks, Splits};
use sweep::Passed;

/// The tables of the outbox.
pub const TABLES: Module = Module {
    name: "outbox",
    steps: &[
        Step {
            sql: concat!(
                include_str!("postgres/tables.sql"),
                "\n",
                include_str!("postgres/counted.sql"),
                "\n",
                include_str!("postgres/indexes.sql")
            ),
            works_with: 1,
        },
        Step { sql: concat!(include_str!("postgres/parts.sql"), include_str!("postgres/bounces.sql")), works_with: 1 },
    ],
    uses_key: "select 1 from smsp_submission
        where recipients_key_id = $1 or recipients_key_id is null and content_key_id = $1 limit 1",
};

/// The database ends a transaction that has waited for its client for less than this.
const ON_ITS_WAY: Duration = Duration::from_secs(60);
/// For a sign of life to free what lost answers hold: somebody may have locked those rows.
const FREEING: Duration = Duration::from_secs(1);

/// The outbox in a database.
pub struct PostgresOutbox {
    database: Arc<Database>,
    /// How long what has ended is kept.
    keep: Duration,
    lost: Lost,
    /// How far sweeps have come; held for a moment, never across an await.
    passed: Mutex<Passed>,
    accepting: Grouped<Accepting>,
    marks: Grouped<Marks>,
    ends: Grouped<Ends>,
    splits: Grouped<Splits>,
    part_marks: Grouped<PartMarks>,
    part_ends: Grouped<PartEnds>,
    having: Grouped<Having>,
    remembering: Arc<Remembering>,
    /// How long a new place of the database is doubted.
    doubt: Duration,
    time: DatabaseTime,
}

impl PostgresOutbox {
    /// In this database, which has the tables of [`TABLES`].
    pub fn new(database: Arc<Database>, keep: Duration) -> Self {
        let (lost, remembering) = (Lost::default(), Arc::<Remembering>::default());
        let restarts = database.restarts();
        let accepting = Grouped::new(Accepting::new(Arc::clone(&database)), restarts);
        let marks = Marks { database: Arc::clone(&database), remembering: Arc::clone(&remembering) };
        let marks = Grouped::new(marks, restarts);
        let ends = Grouped::new(Ends { database: Arc::clone(&database) }, restarts);
        let splits = Splits { database: Arc::clone(&database), remembering: Arc::clone(&remembering) };
        let splits = Grouped::new(splits, restarts);
        let part_marks = PartMarks { database: Arc::clone(&database), remembering: Arc::clone(&remembering) };
        let part_marks = Grouped::new(part_marks, restarts);
        let part_ends = Grouped::new(PartEnds { database: Arc::clone(&database) }, restarts);
        let having = Grouped::new(Having { database: Arc::clone(&database) }, restarts);
        let (passed, time) = (Mutex::default(), DatabaseTime::default());
        Self {
            database,
            keep,
            lost,
            passed,
            accepting,
            marks,
            ends,
            splits,
            part_marks,
            part_ends,
            having,
            remembering,
            doubt: DOUBT,
            time,
        }
    }

    async fn begin(&self) -> Result<Transaction<'_>, Failed> {
        self.database.begin().await
    }

    async fn check(&self, transaction: &mut Transaction<'_>) -> Result<Findings, Failed> {
        history::check(transaction, &self.remembering, self.doubt).await
    }

    /// Rows that a committed call has taken, with their messages.
    async fn in_hand(&self, node: NodeId, number: Uuid, rows: &[i64]) -> Result<Vec<Claimed>, Failed> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let mut transaction = self.begin().await?;
        let claimed = rows::claimed_rows(&mut transaction, node, number, rows).await?;
        transaction.end().await?;
        Ok(claimed)
    }

    /// Once what was found is on the disk.
    fn remember(&self, Findings { went_back, point, .. }: Findings) -> Option<WentBack> {
        if went_back.is_none() {
            self.remembering.memory.keep(point);
        }
        went_back
    }

    async fn swept(&self, bound: Bound) -> Result<Swept, Failed> {
        // On its own: what a sweep may fail at must not let the changes pile up.
        let mut transaction = self.begin().await?;
        counts::fold(&mut transaction).await?;
        transaction.commit().await?;
        let before = *self.passed();
        let mut transaction = self.begin().await?;
        let (swept, passed) = sweep::sweep(&mut transaction, self.keep, before, bound).await?;
        transaction.commit().await?;
        *self.passed() = passed;
        Ok(swept)
    }

    fn passed(&self) -> MutexGuard<'_, Passed> {
        self.passed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// On a connection that nothing else uses. What is said first waits for no lock of a row.
    async fn seen(&self, node: NodeId) -> Result<Option<WentBack>, Failed> {
        let mut transaction = self.database.begin_reserved().await?;
        if let Some(time) = care::heartbeat(&mut transaction, node).await? {
            self.time.heard(time);
        }
        let findings = self.check(&mut transaction).await?;
        transaction.commit().await?;
        let went_back = self.remember(findings);
        // Where that is not done in time, it is at the next sign of life or claim.
        let _ = timeout(FREEING, self.free_lost(node)).await;
        Ok(went_back)
    }

    async fn free_lost(&self, node: NodeId) -> Result<(), Failed> {
        if self.lost.of(node).is_empty() {
            return Ok(());
        }
        let mut transaction = self.database.begin_reserved().await?;
        let freed = self.release_lost(&mut transaction, node).await?;
        transaction.commit().await?;
        self.lost.forget(&freed, ON_ITS_WAY);
        Ok(())
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

//! What rows take that have not ended: asked of the database when a limit is near, else remembered.
//!
//! To add up what all nodes have changed takes longer than to accept a mail, so a sum is used for a few seconds, with what
//! this node has accepted since. What other nodes accept in that time is not in it, which is why it is not used near a
//! limit. Nodes that accept at the same moment do not see each other's rows: together they may go beyond a limit by those.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::rows::Columns;
use crate::state::outbox::{Acceptance, Batch, Full, Room};
use crate::state::store::Failed;
use crate::state::store::postgres::Transaction;

pub(super) const COUNT: &str = "select caller, sum(held)::bigint, sum(bytes)::bigint
    from (select * from smsp_count union all select * from smsp_change) c group by caller having sum(held) > 0";
/// How long a count is used.
const USED_FOR: Duration = Duration::from_secs(5);
const NOTHING: Room = Room { rows: 0, bytes: 0 };

/// What is used by caller.
pub(super) struct Counted {
    callers: HashMap<String, Room>,
    at: Instant,
}

/// What a batch finds used, of all and of its caller.
#[derive(Clone, Copy)]
pub(super) struct Used {
    all: Room,
    callers: Room,
}

impl Counted {
    /// Nothing is used.
    pub(super) fn none() -> Self {
        Self { callers: HashMap::new(), at: Instant::now() }
    }

    /// Asks the database.
    pub(super) async fn count(transaction: &mut Transaction<'_>) -> Result<Self, Failed> {
        let mut counted = Self::none();
        for row in transaction.query(COUNT, &[]).await? {
            let mut columns = Columns::of(&row);
            let (caller, rows, bytes): (String, i64, i64) = (columns.value()?, columns.value()?, columns.value()?);
            counted.callers.insert(caller, Room { rows: rows.unsigned_abs(), bytes: bytes.unsigned_abs() });
        }
        Ok(counted)
    }

    /// Is it new?
    pub(super) fn is_new(&self) -> bool {
        self.at.elapsed() < USED_FOR
    }

    /// What it says for this batch.
    pub(super) fn used(&self, batch: &Batch) -> Used {
        let all = self.callers.values().fold(NOTHING, |all, used| all.plus(*used));
        Used { all, callers: self.callers.get(batch.caller.as_str()).copied().unwrap_or(NOTHING) }
    }

    /// Are these batches together far from each limit, so that it does not matter what other nodes have accepted just now?
    pub(super) fn is_far(&self, batches: &[&Batch]) -> bool {
        let size = batches.iter().fold(NOTHING, |size, batch| size.plus(batch.size()));
        batches.iter().all(|batch| self.used(batch).is_far(batch, size))
    }

    /// Counts what was accepted since.
    pub(super) fn add(&mut self, batch: &Batch, answers: &[Acceptance]) {
        let used = self.callers.entry(batch.caller.as_str().to_owned()).or_insert(NOTHING);
        for (row, answer) in batch.rows.iter().zip(answers) {
            if let Acceptance::Accepted(_) = answer {
                *used = used.plus(Room { rows: 1, bytes: row.sealed.size });
            }
        }
    }
}

impl Used {
    /// Nothing is used.
    pub(super) const NOTHING: Self = Self { all: NOTHING, callers: NOTHING };

    /// With what others have taken.
    pub(super) fn plus(self, other: Self) -> Self {
        Self { all: self.all.plus(other.all), callers: self.callers.plus(other.callers) }
    }

    /// Is this batch, together with all that is as large as this, far from each limit?
    fn is_far(self, batch: &Batch, size: Room) -> bool {
        let far = |used: Room, limit: Room| {
            let used = used.plus(size);
            used.rows < limit.rows / 10 * 9 && used.bytes < limit.bytes / 10 * 9
        };
        far(self.all, batch.room) && far(self.callers, batch.callers_room)
    }

    /// Takes room for a row of so many bytes, or says which limit it would go beyond.
    pub(super) fn take(&mut self, size: u64, batch: &Batch) -> Result<(), Full> {
        let row = Room { rows: 1, bytes: size };
        let (all, callers) = (self.all.plus(row), self.callers.plus(row));
        let limits = [
            (all.rows > batch.room.rows, Full::Rows),
            (all.bytes > batch.room.bytes, Full::Bytes),
            (callers.rows > batch.callers_room.rows, Full::CallersRows),
            (callers.bytes > batch.callers_room.bytes, Full::CallersBytes),
        ];
        if let Some((_, full)) = limits.into_iter().find(|(is_full, _)| *is_full) {
            return Err(full);
        }
        *self = Self { all, callers };
        Ok(())
    }
}

#[cfg(test)]
mod tests;

//! Acceptance of calls that have come together: without that a node would accept no more than a mail per connection and fsync
//! of the database's log.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::accept::accept;
use super::room::{Counted, Used};
use crate::state::outbox::{Acceptance, Batch, Room};
use crate::state::store::Failed;
use crate::state::store::postgres::{Database, Size, Together, Transaction, Undone, told};

/// A transaction whose keys other nodes take meanwhile is begun anew so often.
const RACES: usize = 3;

/// Accepts for one node.
pub(super) struct Accepting {
    database: Arc<Database>,
    /// As the database has counted it last; held for a moment, never across an await.
    counted: Mutex<Option<Counted>>,
}

impl Together for Accepting {
    type Call = Batch;
    type Answer = Vec<Acceptance>;

    /// One runs its statements while another one is committed. The pump needs connections too.
    const WORKERS: usize = 2;

    fn size(batch: &Batch) -> Size {
        let Room { rows, bytes } = batch.size();
        Size { rows, bytes }
    }

    fn fit(_: &Batch, _: &Batch) -> bool {
        true
    }

    async fn carry_out(&self, batches: &[&Batch]) -> Result<Vec<Option<Vec<Acceptance>>>, Undone> {
        for _ in 0..RACES {
            let mut transaction = self.database.begin().await?;
            let begun: Vec<_> = batches.iter().map(|batch| batch.withdrawal.begin()).collect();
            let wanted: Vec<_> =
                batches.iter().zip(&begun).filter(|(_, begun)| **begun).map(|(batch, _)| *batch).collect();
            self.count(&mut transaction, &wanted).await?;
            let used =
                |batch: &Batch| self.counted().as_ref().map(|counted| counted.used(batch)).unwrap_or(Used::NOTHING);
            let accepted = accept(&mut transaction, &wanted, used).await;
            if let Some(answers) = told(&transaction, accepted)? {
                transaction.commit().await?;
                if let Some(counted) = &mut *self.counted() {
                    wanted.iter().zip(&answers).for_each(|(batch, answers)| counted.add(batch, answers));
                }
                let mut answers = answers.into_iter();
                // Nobody waits for the answer to one that was withdrawn.
                let answer = |begun: &bool| if *begun { answers.next() } else { Some(Vec::new()) };
                return Ok(begun.iter().map(answer).collect());
            }
        }
        Err(Failed::Down.into())
    }
}

impl Accepting {
    pub(super) fn new(database: Arc<Database>) -> Self {
        Self { database, counted: Mutex::default() }
    }

    /// Counts anew where the last count is old, or where a batch is near a limit.
    async fn count(&self, transaction: &mut Transaction<'_>, batches: &[&Batch]) -> Result<(), Failed> {
        let is_far = |counted: &Counted| counted.is_new() && counted.is_far(batches);
        if !self.counted().as_ref().is_some_and(is_far) {
            let counted = Counted::count(transaction).await?;
            *self.counted() = Some(counted);
        }
        Ok(())
    }

    fn counted(&self) -> MutexGuard<'_, Option<Counted>> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! Calls that wait at the same moment share one transaction, and so one fsync of the database's log: without that a node
//! would accept no more than a mail per connection and fsync.
//!
//! A call that comes while nobody works on those before it is begun at once. What comes meanwhile waits, up to a bound, and
//! is taken together. A transaction that fails is answered to each of its calls; nothing of them was written.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::accept::accept;
use super::room::{Counted, NOTHING, Used};
use crate::state::outbox::{Acceptance, Batch, Room};
use crate::state::store::Failed;
use crate::state::store::postgres::{Database, Transaction};

/// Transactions at once: one runs its statements while another one is committed. The pump needs connections too.
const WORKERS: usize = 2;
/// Calls that may wait.
const WAITING: usize = 1024;
/// In a transaction at most, unless one call alone has more.
const TOGETHER: Room = Room { rows: 128, bytes: 4 * 1024 * 1024 };
/// A transaction whose keys other nodes take meanwhile is begun anew so often.
const RACES: usize = 3;

type Answer = Result<Vec<Acceptance>, Failed>;

/// Accepts for one node.
pub(super) struct Accepting {
    database: Arc<Database>,
    /// As the database has counted it last; held for a moment, never across an await.
    counted: Mutex<Option<Counted>>,
    /// Held for a moment, too.
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    calls: VecDeque<Call>,
    workers: usize,
}

struct Call {
    batch: Batch,
    reply: oneshot::Sender<Answer>,
}

/// Runs transactions, until nothing waits.
struct Worker {
    accepting: Arc<Accepting>,
    /// Does it take calls still?
    is_counted: bool,
}

impl Accepting {
    pub(super) fn new(database: Arc<Database>) -> Self {
        Self { database, counted: Mutex::default(), waiting: Mutex::default() }
    }

    /// A call that is dropped may be carried out all the same.
    pub(super) async fn accept(self: &Arc<Self>, batch: Batch) -> Answer {
        let (reply, answer) = oneshot::channel();
        self.begin(Call { batch, reply })?;
        answer.await.unwrap_or(Err(Failed::Unclear))
    }

    fn begin(self: &Arc<Self>, call: Call) -> Result<(), Failed> {
        let mut waiting = self.waiting();
        if waiting.calls.len() >= WAITING {
            return Err(Failed::Down);
        }
        waiting.calls.push_back(call);
        if waiting.workers < WORKERS {
            waiting.workers += 1;
            tokio::spawn(Worker { accepting: Arc::clone(self), is_counted: true }.work());
        }
        Ok(())
    }

    async fn carry_out(&self, batches: &[&Batch]) -> Result<Vec<Vec<Acceptance>>, Failed> {
        for _ in 0..RACES {
            let mut transaction = self.database.begin().await?;
            self.count(&mut transaction, batches).await?;
            let used =
                |batch: &Batch| self.counted().as_ref().map(|counted| counted.used(batch)).unwrap_or(Used::NOTHING);
            if let Some(answers) = accept(&mut transaction, batches, used).await? {
                transaction.commit().await?;
                if let Some(counted) = &mut *self.counted() {
                    batches.iter().zip(&answers).for_each(|(batch, answers)| counted.add(batch, answers));
                }
                return Ok(answers);
            }
        }
        Err(Failed::Down)
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

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Worker {
    async fn work(mut self) {
        while let Some(calls) = self.take() {
            let batches: Vec<_> = calls.iter().map(|call| &call.batch).collect();
            let answers = self.accepting.carry_out(&batches).await;
            let each =
                answers.map_or_else(|failed| vec![Err(failed); calls.len()], |all| all.into_iter().map(Ok).collect());
            for (call, answer) in calls.into_iter().zip(each) {
                // Who asked may have gone.
                let _ = call.reply.send(answer);
            }
        }
    }

    /// The calls of the next transaction, but for those that nobody waits for any more. Without any this worker ends, and is
    /// no longer counted before the next call can come.
    fn take(&mut self) -> Option<Vec<Call>> {
        let (mut waiting, mut calls, mut size) = (self.accepting.waiting(), Vec::new(), NOTHING);
        while let Some(call) = waiting.calls.pop_front() {
            let with = size.plus(call.batch.size());
            if !calls.is_empty() && (with.rows > TOGETHER.rows || with.bytes > TOGETHER.bytes) {
                waiting.calls.push_front(call);
                break;
            }
            if !call.reply.is_closed() {
                calls.push(call);
                size = with;
            }
        }
        if calls.is_empty() {
            waiting.workers -= 1;
            self.is_counted = false;
            return None;
        }
        Some(calls)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if self.is_counted {
            self.accepting.waiting().workers -= 1;
        }
    }
}

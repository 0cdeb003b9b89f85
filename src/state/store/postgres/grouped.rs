//! Calls that wait at the same moment share one transaction, and so one fsync of the database's log.
//!
//! A call that comes while nobody works on those before it is begun at once. What comes meanwhile waits, up to a bound, and
//! is taken together. Each call has its own answer; a transaction that fails, or whose COMMIT is unclear, is answered so to
//! each of its calls. Where the database refuses the values of one call, each is carried out alone, so that only that one
//! fails. A transaction that panics leaves its calls unclear; those that wait behind it are carried out all the same.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use tokio::time::sleep;

use crate::runtime::restart::{Restarts, restart_and_count};
use crate::state::store::Failed;

use super::undone::Undone;

/// Calls that may wait.
const WAITING: usize = 1024;
/// In a transaction at most, unless one call alone has more.
const TOGETHER: Size = Size { rows: 128, bytes: 4 * 1024 * 1024 };
/// Until calls are tried again that could not be carried out because of what somebody else does.
const PAUSE: std::time::Duration = std::time::Duration::from_millis(20);

/// How much of a transaction calls take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Rows that they write.
    pub rows: u64,
    /// Bytes of content in them.
    pub bytes: u64,
}

impl Size {
    /// One row without content.
    pub const ROW: Self = Self { rows: 1, bytes: 0 };

    fn plus(self, other: Self) -> Self {
        Self { rows: self.rows.saturating_add(other.rows), bytes: self.bytes.saturating_add(other.bytes) }
    }
}

/// What is done with calls that have come together.
pub trait Together: Send + Sync + 'static {
    /// What is asked for.
    type Call: Send + Sync;
    /// What it is told.
    type Answer: Send;

    /// Transactions at once.
    const WORKERS: usize;

    /// How much of a transaction a call takes.
    fn size(call: &Self::Call) -> Size;

    /// May these two be in one transaction?
    fn fit(one: &Self::Call, other: &Self::Call) -> bool;

    /// In one transaction, an answer for each call in order. None: not yet, the call is to be tried once more.
    fn carry_out(
        &self,
        calls: &[&Self::Call],
    ) -> impl Future<Output = Result<Vec<Option<Self::Answer>>, Undone>> + Send;
}

/// Carries out the calls of one node.
pub struct Grouped<T: Together>(Arc<Shared<T>>);

struct Shared<T: Together> {
    work: T,
    /// Held for a moment, never across an await.
    waiting: Mutex<Waiting<T>>,
    restarts: Arc<Restarts>,
}

struct Waiting<T: Together> {
    calls: VecDeque<Call<T>>,
    workers: usize,
}

struct Call<T: Together> {
    call: T::Call,
    reply: oneshot::Sender<Result<T::Answer, Failed>>,
}

impl<T: Together> Grouped<T> {
    /// Workers that panic are counted there.
    pub fn new(work: T, restarts: &Arc<Restarts>) -> Self {
        let waiting = Mutex::new(Waiting { calls: VecDeque::new(), workers: 0 });
        Self(Arc::new(Shared { work, waiting, restarts: Arc::clone(restarts) }))
    }

    /// A call that is dropped may be carried out all the same.
    pub async fn call(&self, call: T::Call) -> Result<T::Answer, Failed> {
        let (reply, answer) = oneshot::channel();
        self.begin(Call { call, reply })?;
        answer.await.unwrap_or(Err(Failed::Unclear))
    }

    fn begin(&self, call: Call<T>) -> Result<(), Failed> {
        let mut waiting = self.0.waiting();
        // The mail of those that have gone takes memory. That of the others is what their callers hold anyway.
        waiting.calls.retain(|call| !call.reply.is_closed());
        if waiting.calls.len() >= WAITING {
            return Err(Failed::Down);
        }
        waiting.calls.push_back(call);
        if waiting.workers < T::WORKERS {
            waiting.workers += 1;
            tokio::spawn(work(Arc::clone(&self.0)));
        }
        Ok(())
    }
}

impl<T: Together> Shared<T> {
    fn waiting(&self) -> MutexGuard<'_, Waiting<T>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The calls of the next transaction, but for those that nobody waits for any more. Without any the worker ends: it is
    /// no longer counted before the next call can come.
    fn take(&self) -> Option<Vec<Call<T>>> {
        let (mut waiting, mut calls, mut size) = (self.waiting(), Vec::<Call<T>>::new(), Size::default());
        while let Some(call) = waiting.calls.pop_front() {
            let with = size.plus(T::size(&call.call));
            let is_too_much = with.rows > TOGETHER.rows || with.bytes > TOGETHER.bytes;
            if !calls.is_empty() && is_too_much || !calls.iter().all(|other| T::fit(&other.call, &call.call)) {
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
            return None;
        }
        Some(calls)
    }

    /// Answers each call; those that are to be tried once more stay.
    async fn carry_out(&self, calls: Vec<Call<T>>) {
        let answers = self.work.carry_out(&calls.iter().map(|call| &call.call).collect::<Vec<_>>()).await;
        let each = match answers {
            Ok(answers) => answers.into_iter().map(|answer| answer.map(Ok)).collect(),
            Err(Undone::Refused) if calls.len() > 1 => self.one_by_one(&calls).await,
            Err(undone) => calls.iter().map(|_| Some(Err(undone.into()))).collect::<Vec<_>>(),
        };
        let (mut is_done, mut again) = (false, Vec::new());
        for (call, answer) in calls.into_iter().zip(each) {
            match answer {
                // Who asked may have gone.
                Some(answer) => (is_done, _) = (true, call.reply.send(answer)),
                None => again.push(call),
            }
        }
        self.waiting().calls.extend(again);
        if !is_done {
            sleep(PAUSE).await;
        }
    }

    /// Once one has failed for another reason, no more are tried.
    async fn one_by_one(&self, calls: &[Call<T>]) -> Vec<Option<Result<T::Answer, Failed>>> {
        let (mut each, mut goes_on) = (Vec::new(), true);
        for Call { call, .. } in calls {
            let answer = if goes_on { self.work.carry_out(&[call]).await } else { Err(Failed::Down.into()) };
            goes_on = !matches!(answer, Err(Undone::Failed(_)));
            each.push(match answer {
                Ok(mut answers) => answers.pop().flatten().map(Ok),
                Err(undone) => Some(Err(undone.into())),
            });
        }
        each
    }
}

/// Runs transactions, until nothing waits.
async fn work<T: Together>(shared: Arc<Shared<T>>) {
    restart_and_count("worker of the store", &shared.restarts, async || {
        while let Some(calls) = shared.take() {
            shared.carry_out(calls).await;
        }
    })
    .await;
}

#[cfg(test)]
mod given_up;
#[cfg(test)]
mod grouping;
#[cfg(test)]
mod tests;

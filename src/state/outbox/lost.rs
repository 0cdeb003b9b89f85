//! Claims and replays whose answer was lost: rows that a living node holds and knows nothing of.
//!
//! Each call that takes rows has a number, which the rows keep. It counts as lost until its answer is there, also where its
//! future is dropped; the next claim or sign of life of the node frees what was taken under it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use super::row::NodeId;

/// The lost calls of this process's nodes.
#[derive(Default)]
pub(super) struct Lost(Mutex<Vec<Call>>);

struct Call {
    node: NodeId,
    number: Uuid,
    since: Instant,
}

impl Lost {
    /// For a call that begins now.
    pub(super) fn number(&self, node: NodeId) -> Number<'_> {
        Number { lost: self, node, number: Uuid::now_v7(), answered: false }
    }

    /// The numbers of a node.
    pub(super) fn of(&self, node: NodeId) -> Vec<Uuid> {
        self.lock().iter().filter(|call| call.node == node).map(|call| call.number).collect()
    }

    /// Forgets calls whose rows were freed, once no COMMIT of them can be on its way any more.
    pub(super) fn forget(&self, freed: &[Uuid], on_its_way: Duration) {
        self.lock().retain(|call| !freed.contains(&call.number) || call.since.elapsed() < on_its_way);
    }

    /// Held for a moment, never across an await.
    fn lock(&self) -> MutexGuard<'_, Vec<Call>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The number of a call that takes rows: lost, until its answer is there.
pub(super) struct Number<'a> {
    lost: &'a Lost,
    node: NodeId,
    number: Uuid,
    answered: bool,
}

impl Number<'_> {
    /// For the rows.
    pub(super) fn get(&self) -> Uuid {
        self.number
    }

    /// It is clear what the call has done.
    pub(super) fn answered(mut self) {
        self.answered = true;
    }
}

impl Drop for Number<'_> {
    fn drop(&mut self) {
        if !self.answered {
            self.lost.lock().push(Call { node: self.node, number: self.number, since: Instant::now() });
        }
    }
}

//! A command for a thread of the store, and its answer.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rusqlite::Connection;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::oneshot::Sender;

use crate::state::store::failed::Failed;

/// What became of the work of a command, before it is committed.
#[derive(Debug)]
pub(super) enum Done {
    /// It waits for the COMMIT.
    Well,
    /// SQLite refused.
    Failed(rusqlite::Error),
    /// A fault of ours.
    Panicked,
}

/// A command that waits for its turn.
pub(super) trait Job: Send {
    /// Does its work, which is not committed yet.
    fn run(&mut self, database: &Connection) -> Done;

    /// Gives the answer: what the work has brought, or why there is none.
    fn answer(self: Box<Self>, committed: Result<(), Failed>);
}

/// A place in a queue and the room for its mail, free again once this is dropped.
pub(super) struct Reservation {
    pub(super) _place: OwnedSemaphorePermit,
    pub(super) _room: OwnedSemaphorePermit,
}

/// A command whose work is `F`.
pub(super) struct Command<T, F> {
    pub(super) work: Option<F>,
    pub(super) result: Option<T>,
    pub(super) reply: Sender<Result<T, Failed>>,
    /// Held until it is answered.
    pub(super) _reservation: Reservation,
}

impl<T: Send, F: FnOnce(&Connection) -> rusqlite::Result<T> + Send> Job for Command<T, F> {
    fn run(&mut self, database: &Connection) -> Done {
        let Some(work) = self.work.take() else { return Done::Panicked };
        match catch_unwind(AssertUnwindSafe(|| work(database))) {
            Ok(Ok(result)) => {
                self.result = Some(result);
                Done::Well
            }
            Ok(Err(error)) => Done::Failed(error),
            Err(_) => Done::Panicked,
        }
    }

    fn answer(self: Box<Self>, committed: Result<(), Failed>) {
        let Self { result, reply, .. } = *self;
        // The caller may have gone.
        let _ = reply.send(committed.and_then(|()| result.ok_or(Failed::Down)));
    }
}

//! The connections that no transaction uses.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio_postgres::Client;

/// Whole connections; the lock is held for a push or a pop, never across an await.
#[derive(Default)]
pub(super) struct Idle(Mutex<Vec<Client>>);

impl Idle {
    /// Takes a connection back whose transaction has ended well.
    pub(super) fn put_back(&self, client: Client) {
        self.lock().push(client);
    }

    /// Gives the one out that was used last.
    pub(super) fn pop(&self) -> Option<Client> {
        self.lock().pop()
    }

    /// Drops them all.
    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Client>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

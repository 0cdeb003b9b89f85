//! The connections of a pool: those that no transaction uses, and how many are lent to one.

use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use tokio_postgres::Client;

/// Whole connections; the lock is held for a push or a pop, never across an await.
#[derive(Default)]
pub(super) struct Idle {
    clients: Mutex<Vec<Client>>,
    lent: AtomicUsize,
    returned: Notify,
}

/// A connection that is used. Dropped, it is closed.
pub(super) struct Lent<'a> {
    client: Client,
    counted: Counted<'a>,
}

/// Counts a connection for as long as it is lent.
struct Counted<'a>(&'a Idle);

impl Idle {
    /// The one that was used last.
    pub(super) fn pop(&self) -> Option<Lent<'_>> {
        let mut clients = self.lock();
        let client = clients.pop()?;
        Some(self.lend(client))
    }

    /// For a new one.
    pub(super) fn lend(&self, client: Client) -> Lent<'_> {
        self.lent.fetch_add(1, Ordering::SeqCst);
        Lent { client, counted: Counted(self) }
    }

    /// Is one of them used, or idle?
    pub(super) fn has_any(&self) -> bool {
        let clients = self.lock();
        !clients.is_empty() || self.lent.load(Ordering::SeqCst) > 0
    }

    /// Is over once one is used no more, from this call on.
    pub(super) fn returned(&self) -> Notified<'_> {
        self.returned.notified()
    }

    /// Drops those that are idle.
    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Client>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lent<'_> {
    /// Keeps it for the next transaction: this one has ended well.
    pub(super) fn put_back(self) {
        let Self { client, counted } = self;
        counted.0.lock().push(client);
    }
}

impl Deref for Lent<'_> {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.lent.fetch_sub(1, Ordering::SeqCst);
        self.0.returned.notify_waiters();
    }
}

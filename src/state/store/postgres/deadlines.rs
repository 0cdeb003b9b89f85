//! How long anything may take that the database has part in.

use std::time::Duration;

/// One set of deadlines.
#[derive(Clone, Copy)]
pub(super) struct Deadlines {
    /// For one of the connections, while other transactions have them all.
    pub(super) place: Duration,
    /// For a new connection: its address, TCP, TLS and login together.
    pub(super) connect: Duration,
    /// For the database to work on a statement.
    pub(super) statement: Duration,
    /// For the way there and back: the database gives up first, and says so.
    pub(super) way: Duration,
    /// For the next statement of a transaction: then the database ends it, and frees the rows that it locked.
    pub(super) idle: Duration,
}

impl Deadlines {
    /// Those of a node.
    pub(super) const USUAL: Self = Self {
        place: Duration::from_secs(5),
        connect: Duration::from_secs(5),
        statement: Duration::from_secs(10),
        way: Duration::from_secs(2),
        idle: Duration::from_secs(15),
    };

    /// For the answer to a statement.
    pub(super) fn answer(&self, statement: Duration) -> Duration {
        statement.saturating_add(self.way)
    }
}

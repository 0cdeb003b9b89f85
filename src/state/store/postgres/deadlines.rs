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

    /// Those of the connection that tells that the node lives, which are over before anybody takes it for dead.
    pub(super) fn of_reserved(self) -> Self {
        Self {
            place: self.place.min(Duration::from_secs(2)),
            connect: self.connect.min(Duration::from_secs(3)),
            statement: self.statement.min(Duration::from_secs(3)),
            way: self.way.min(Duration::from_secs(1)),
            idle: self.idle,
        }
    }

    /// For the answer to a statement.
    pub(super) fn answer(&self, statement: Duration) -> Duration {
        statement.saturating_add(self.way)
    }
}

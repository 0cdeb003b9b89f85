//! The audit log: who changed what, when and from where.
//!
//! Each node keeps its own newest [`CAPACITY`] records in memory. A record never changes; the oldest one makes room for a new
//! one. Where there is a store, it keeps those of all nodes ([`KeptAudit`]): what makes a change writes its [`Entry`] in the
//! transaction of that change. What a change is (`C`) belongs to the module that makes changes. Deliberately absent: requests
//! that were refused, which would push real changes out; and orders to the outbox, which has notes of its own.

mod entry;
mod interface;
pub(in crate::state) mod postgres;
pub mod settings;
pub(in crate::state) mod sqlite;
mod sweeping;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

pub use entry::{Entry, Kept};
pub use interface::KeptAudit;
pub use postgres::{PostgresAudit, TABLES as POSTGRES_TABLES, write as write_to_postgres};
pub use settings::Settings;
pub use sqlite::{SqliteAudit, TABLES, write as write_to_sqlite};
pub use sweeping::keep_swept;

/// Records that a node keeps in memory.
pub const CAPACITY: usize = 1000;

/// Who has made a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The holder of an admin key, by name.
    Admin(Arc<str>),
    /// A process on this machine, where no admin keys are set.
    Loopback,
    /// This node itself: the time was over.
    Timer,
}

impl Actor {
    /// Names that stand for an actor without a key, so no key may have them.
    pub const RESERVED: [&str; 2] = ["loopback", "timer"];

    /// The name for logs and answers.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Admin(name) => name,
            Self::Loopback => Self::RESERVED[0],
            Self::Timer => Self::RESERVED[1],
        }
    }
}

/// Whom a change comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Who makes it.
    pub actor: Actor,
    /// The other end of the connection that it came over, if it came over one.
    pub peer: Option<SocketAddr>,
}

/// One change.
#[derive(Debug, PartialEq, Eq)]
pub struct Record<C> {
    /// When it took effect.
    pub at: SystemTime,
    /// Whom it came from.
    pub origin: Origin,
    /// What was changed, from what to what.
    pub change: C,
}

/// A record, and its number: a later record has a higher one.
pub type Numbered<C> = (i64, Arc<Record<C>>);

/// The newest records.
pub struct AuditLog<C>(Mutex<VecDeque<Numbered<C>>>);

impl<C> Default for AuditLog<C> {
    fn default() -> Self {
        Self(Mutex::new(VecDeque::new()))
    }
}

impl<C> AuditLog<C> {
    /// Adds a record; the oldest one goes if there are [`CAPACITY`].
    pub fn push(&self, record: Record<C>) {
        let mut records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = records.back().map_or(1, |(last, _)| last + 1);
        if records.len() == CAPACITY {
            records.pop_front();
        }
        records.push_back((number, Arc::new(record)));
    }

    /// The newest records, or those before this number, the newest first: at most `limit`.
    pub fn page(&self, before: Option<i64>, limit: usize) -> Vec<Numbered<C>> {
        let records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_meant = |(number, _): &&Numbered<C>| before.is_none_or(|before| *number < before);
        let numbered = |(number, record): &Numbered<C>| (*number, Arc::clone(record));
        records.iter().rev().filter(is_meant).take(limit).map(numbered).collect()
    }
}

#[cfg(test)]
pub(in crate::state) mod suite;

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn the_newest_records_are_kept_and_come_first() {
        let log = AuditLog::default();
        for change in 0..=CAPACITY {
            let origin = Origin { actor: Actor::Loopback, peer: None };
            log.push(Record { at: UNIX_EPOCH, origin, change });
        }
        let changes = |page: Vec<Numbered<usize>>| page.iter().map(|(_, record)| record.change).collect::<Vec<_>>();
        assert_eq!(changes(log.page(None, CAPACITY)), (1..=CAPACITY).rev().collect::<Vec<_>>());
        let page = log.page(None, 2);
        assert_eq!(changes(log.page(page.last().map(|(number, _)| *number), 2)), [CAPACITY - 2, CAPACITY - 3]);
    }
}

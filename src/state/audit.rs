//! The audit log: who changed what, when and from where.
//!
//! The newest [`CAPACITY`] records are kept in memory. A record never changes; the oldest one makes room for a new one.
//! What a change is (`C`) belongs to the module that makes changes. Deliberately absent: a store, so a restart loses the
//! records (the log of the process has them too), and requests that were refused, which would push real changes out.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// Records that are kept.
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

/// The newest records.
pub struct AuditLog<C>(Mutex<VecDeque<Arc<Record<C>>>>);

impl<C> Default for AuditLog<C> {
    fn default() -> Self {
        Self(Mutex::new(VecDeque::new()))
    }
}

impl<C> AuditLog<C> {
    /// Adds a record; the oldest one goes if there are [`CAPACITY`].
    pub fn push(&self, record: Record<C>) {
        let mut records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if records.len() == CAPACITY {
            records.pop_front();
        }
        records.push_back(Arc::new(record));
    }

    /// All records, the newest first.
    pub fn newest_first(&self) -> Vec<Arc<Record<C>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().rev().cloned().collect()
    }
}

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
        let changes: Vec<_> = log.newest_first().iter().map(|record| record.change).collect();
        assert_eq!(changes, (1..=CAPACITY).rev().collect::<Vec<_>>());
    }
}

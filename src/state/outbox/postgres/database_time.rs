//! The time of the database, as far as a node knows it: by its own clock, and by how far that one is behind.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::SystemTime;

use crate::runtime::unix_time::UnixTime;

/// How far the database was ahead of this node at the last sign of life, in milliseconds.
#[derive(Default)]
pub(super) struct DatabaseTime(AtomicI64);

impl DatabaseTime {
    /// It has said what time it is.
    pub(super) fn heard(&self, time: UnixTime) {
        self.0.store(time.0.saturating_sub(own().0), Ordering::Relaxed);
    }

    /// The time there.
    pub(super) fn now(&self) -> UnixTime {
        UnixTime(own().0.saturating_add(self.0.load(Ordering::Relaxed)))
    }
}

fn own() -> UnixTime {
    SystemTime::now().into()
}

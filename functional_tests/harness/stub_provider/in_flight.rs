//! How many there are at a time, and how many there ever were.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts what comes and goes.
#[derive(Default)]
pub(super) struct InFlight {
    now: AtomicUsize,
    most: AtomicUsize,
}

/// One of them, until it is dropped.
pub(super) struct Pending<'a>(&'a InFlight);

impl InFlight {
    /// One more, if it counts.
    pub(super) fn enter(&self, counts: bool) -> Option<Pending<'_>> {
        counts.then(|| {
            let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(now, Ordering::SeqCst);
            Pending(self)
        })
    }

    pub(super) fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, Ordering::SeqCst);
    }
}

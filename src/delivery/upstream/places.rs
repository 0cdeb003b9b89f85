//! How many mails are in flight at one upstream, so that a slow provider does not hold every place of this node.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The places of one upstream. Taking one never waits.
pub(super) struct Places {
    taken: AtomicUsize,
    limit: usize,
}

/// The place of one mail, free again when it is dropped.
pub struct Place<'a>(&'a Places);

impl Places {
    pub(super) fn new(limit: usize) -> Self {
        Self { taken: AtomicUsize::new(0), limit }
    }

    /// A place, unless all are taken.
    pub(super) fn take(&self) -> Option<Place<'_>> {
        let next = |taken: usize| (taken < self.limit).then_some(taken + 1);
        self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).ok().map(|_| Place(self))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_it_is_dropped() {
        let places = Places::new(2);
        let (first, second) = (places.take(), places.take());
        assert!(first.is_some() && second.is_some() && places.take().is_none());
        drop(first);
        assert!(places.take().is_some());
    }
}

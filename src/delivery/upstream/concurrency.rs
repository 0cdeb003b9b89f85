//! How many mails are in flight at one upstream, so that a slow provider does not take all that this node may have.

use std::sync::atomic::{AtomicUsize, Ordering};

/// A limit on mails in flight. To acquire a permit never waits.
pub(super) struct ConcurrencyLimit {
    in_flight: AtomicUsize,
    limit: usize,
}

/// Lets one mail be in flight, until it is dropped.
pub struct ConcurrencyPermit<'a>(&'a ConcurrencyLimit);

impl ConcurrencyLimit {
    pub(super) fn new(limit: usize) -> Self {
        Self { in_flight: AtomicUsize::new(0), limit }
    }

    /// Would a permit be given now?
    pub(super) fn has_room(&self) -> bool {
        self.in_flight() < self.limit
    }

    /// How many permits are held.
    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// A permit, unless as many as may be are in flight.
    pub(super) fn try_acquire(&self) -> Option<ConcurrencyPermit<'_>> {
        let next = |in_flight: usize| (in_flight < self.limit).then_some(in_flight + 1);
        self.in_flight.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).ok().map(|_| ConcurrencyPermit(self))
    }
}

impl Drop for ConcurrencyPermit<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dropped_permit_makes_room_for_another() {
        let limit = ConcurrencyLimit::new(2);
        let (first, second) = (limit.try_acquire(), limit.try_acquire());
        assert!(first.is_some() && second.is_some() && limit.try_acquire().is_none());
        drop(first);
        assert!(limit.try_acquire().is_some());
    }
}

//! The bytes of the messages in hand. A node claims no more while it holds as many as it may; one message alone may be
//! larger.

use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes that a node has in hand of rows, and as many of parts.
pub(super) const MAX_BYTES: u64 = 32 * 1024 * 1024;

/// Bytes of all messages in hand.
#[derive(Default)]
pub(super) struct InHand(AtomicU64);

/// The bytes of one message, for as long as it is held.
pub(super) struct Held<'a>(&'a InHand, u64);

impl InHand {
    /// Adds a message.
    pub(super) fn hold(&self, bytes: usize) -> Held<'_> {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX / 2);
        self.0.fetch_add(bytes, Ordering::AcqRel);
        Held(self, bytes)
    }

    /// How many more there may be.
    pub(super) fn left(&self) -> u64 {
        MAX_BYTES.saturating_sub(self.0.load(Ordering::Acquire))
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(self.1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_held_until_they_are_dropped_and_one_message_may_be_larger() {
        let in_hand = InHand::default();
        let (small, large) = (in_hand.hold(1024), in_hand.hold(64 * 1024 * 1024));
        assert_eq!(in_hand.left(), 0);
        drop(large);
        assert_eq!(in_hand.left(), MAX_BYTES - 1024);
        drop(small);
        assert_eq!(in_hand.left(), MAX_BYTES);
    }
}

//! How much mail that has upstreams is split ahead: about as much as its recipients' servers take, so that what waits beyond
//! that is there for an upstream that takes mail again. What was split never returns.
//!
//! Each part that a server, or the DNS, has answered makes room for the next one; some more is split as time goes by, so that
//! servers which answer nothing hold up no mail to others. This node alone remembers it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Parts that may be split ahead at once.
const MOST: usize = 100;
/// As time goes by: so many parts in each second.
const IN_A_SECOND: usize = 10;
const SECOND: Duration = Duration::from_secs(1);

/// How many parts may be split now.
pub(in super::super) struct Ahead(Mutex<Room>);

struct Room {
    left: usize,
    since: Instant,
}

impl Default for Ahead {
    fn default() -> Self {
        Self(Mutex::new(Room { left: MOST, since: Instant::now() }))
    }
}

impl Ahead {
    /// Parts that may be split now.
    pub(in super::super) fn left(&self) -> usize {
        let mut room = self.lock();
        let seconds = room.since.elapsed().as_secs();
        room.since += SECOND * u32::try_from(seconds).unwrap_or(u32::MAX);
        let more = usize::try_from(seconds).unwrap_or(usize::MAX).saturating_mul(IN_A_SECOND);
        room.left = room.left.saturating_add(more).min(MOST);
        room.left
    }

    /// So many parts are split.
    pub(in super::super) fn split(&self, parts: usize) {
        let mut room = self.lock();
        room.left = room.left.saturating_sub(parts);
    }

    /// One of them was answered for the first time.
    pub(super) fn answered(&self) {
        let mut room = self.lock();
        room.left = (room.left + 1).min(MOST);
    }

    fn lock(&self) -> MutexGuard<'_, Room> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn room_for_a_part_comes_with_each_answer_and_slowly_by_itself_up_to_what_there_was_at_first() {
        let ahead = Ahead::default();
        assert_eq!(ahead.left(), MOST);
        ahead.split(MOST - 1);
        ahead.split(7);
        assert_eq!(ahead.left(), 0);
        (0..3).for_each(|_| ahead.answered());
        assert_eq!(ahead.left(), 3);
        tokio::time::advance(Duration::from_millis(2_500)).await;
        assert_eq!((ahead.left(), ahead.left()), (23, 23));
        tokio::time::advance(Duration::from_millis(500)).await;
        assert_eq!(ahead.left(), 33);
        tokio::time::advance(Duration::from_secs(3600)).await;
        ahead.answered();
        assert_eq!(ahead.left(), MOST);
    }
}

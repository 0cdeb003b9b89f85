//! How much mail that has upstreams is split ahead: about as much as its recipients' servers take, so that what waits beyond
//! that is there for an upstream that takes mail again. What was split never returns.
//!
//! Each mail that took room makes it again as its parts are answered by a server, or the DNS; other mail makes none. Some more
//! is split as time goes by, so that servers which answer nothing hold up no mail to others. This node alone remembers it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::model::message::Id;

/// Parts that may be split ahead at once.
const MOST: usize = 100;
/// As time goes by: so many parts in each second.
const IN_A_SECOND: usize = 10;
/// Mails that took room and are remembered; of an older one no answer makes room.
const REMEMBERED: usize = 1000;
const SECOND: Duration = Duration::from_secs(1);

/// How many parts may be split now.
pub(in super::super) struct Ahead(Mutex<Room>);

struct Room {
    left: usize,
    since: Instant,
    /// Mails that took room, with their parts that were not answered yet.
    owed: HashMap<Id, usize>,
    /// The same, the oldest first.
    order: VecDeque<Id>,
}

impl Default for Ahead {
    fn default() -> Self {
        Self(Mutex::new(Room { left: MOST, since: Instant::now(), owed: HashMap::new(), order: VecDeque::new() }))
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

    /// This mail is split into so many parts.
    pub(in super::super) fn split(&self, mail: Id, parts: usize) {
        let mut room = self.lock();
        room.left = room.left.saturating_sub(parts);
        if room.owed.insert(mail, parts).is_none() {
            room.order.push_back(mail);
        }
        if room.order.len() > REMEMBERED
            && let Some(oldest) = room.order.pop_front()
        {
            room.owed.remove(&oldest);
        }
    }

    /// A part of this mail was answered for the first time.
    pub(super) fn answered(&self, mail: Id) {
        let mut room = self.lock();
        let Some(owed) = room.owed.get_mut(&mail) else { return };
        *owed = owed.saturating_sub(1);
        if *owed == 0 {
            room.owed.remove(&mail);
            room.order.retain(|other| *other != mail);
        }
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
        let (ahead, mail, other) = (Ahead::default(), id(), id());
        assert_eq!(ahead.left(), MOST);
        ahead.split(mail, MOST - 1);
        ahead.split(other, 2);
        assert_eq!(ahead.left(), 0);
        (0..3).for_each(|_| ahead.answered(mail));
        assert_eq!(ahead.left(), 3);
        tokio::time::advance(Duration::from_millis(2_500)).await;
        assert_eq!((ahead.left(), ahead.left()), (23, 23));
        tokio::time::advance(Duration::from_millis(500)).await;
        assert_eq!(ahead.left(), 33);
        tokio::time::advance(Duration::from_secs(3600)).await;
        ahead.answered(mail);
        assert_eq!(ahead.left(), MOST);
    }

    #[tokio::test(start_paused = true)]
    async fn mail_that_took_no_room_makes_none_and_what_did_makes_no_more_than_it_took() {
        let (ahead, mail) = (Ahead::default(), id());
        ahead.split(id(), MOST);
        ahead.split(mail, 2);
        (0..9).for_each(|_| ahead.answered(id()));
        assert_eq!(ahead.left(), 0);
        (0..9).for_each(|_| ahead.answered(mail));
        assert_eq!(ahead.left(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_remembered_is_bounded() {
        let (ahead, first) = (Ahead::default(), id());
        ahead.split(first, 1);
        (0..REMEMBERED).for_each(|_| ahead.split(id(), 1));
        ahead.answered(first);
        let room = ahead.lock();
        assert_eq!((room.left, room.owed.len(), room.order.len()), (0, REMEMBERED, REMEMBERED));
    }

    fn id() -> Id {
        crate::runtime::ids::fresh().into()
    }
}

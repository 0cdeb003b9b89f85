//! The hand-over of one mail to a provider: how far it has come, and the one choice between giving its end and revoking it.
//!
//! The adapter asks [`HandOver::give`] before the last bytes of a mail; its caller, which keeps the time, calls
//! [`HandOver::revoke`].
//! Exactly one of them wins. So "nobody has the mail" is said after a time-out only if the end of the mail was withheld.
//! A hand-over that nobody has promised to ask for cannot be revoked: what is not tracked proves nothing.
//!
//! Deliberately absent: a timer. What was handed to the client may still stand in buffers of the client or the kernel.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::connections::{Connections, Unsent};
use crate::model::outcome::Verdict;
use crate::runtime::millis::millis;

/// Nobody has promised to ask before the end.
const UNTRACKED: u8 = 0;
/// The end is not given yet.
const OPEN: u8 = 1;
/// The end was given: the provider may have the mail.
const GIVEN: u8 = 2;
/// The end will never be given: nobody has the mail.
const REVOKED: u8 = 3;

/// The hand-over of one mail.
pub struct HandOver {
    /// Bytes of the mail, as [`Message::size`](crate::model::message::Message::size) counts them.
    size: usize,
    state: AtomicU8,
    start: Instant,
    /// When some of the mail was taken last: milliseconds from the start, and one; 0 as long as none was.
    moved: AtomicU64,
    /// Is the mail itself being written?
    writing: AtomicBool,
    /// Has the head of an answer come?
    answered: AtomicBool,
    late: Option<OnLate>,
    /// The connections of the client that carries it.
    connections: OnceLock<Connections>,
}

/// Hears what became of a mail after its call has ended.
type OnLate = Box<dyn Fn(&Verdict) + Send + Sync>;

impl HandOver {
    /// Begins the hand-over of a mail of this size. What becomes known only after the call has ended is told to `late`.
    pub fn begin(size: usize, late: Option<OnLate>) -> Self {
        let (state, moved, writing) = (AtomicU8::new(UNTRACKED), AtomicU64::new(0), AtomicBool::new(false));
        Self {
            size,
            state,
            start: Instant::now(),
            moved,
            writing,
            answered: AtomicBool::new(false),
            late,
            connections: OnceLock::new(),
        }
    }

    /// Bytes of the mail.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Promises that the end of the mail is not written before [`HandOver::give`] has allowed it.
    pub fn track(&self) {
        // A call that is made once more has been told already.
        let _ = self.state.compare_exchange(UNTRACKED, OPEN, Ordering::AcqRel, Ordering::Acquire);
    }

    /// The mail itself is written from now on: a provider that takes nothing of it for too long is given up.
    pub fn write(&self) {
        self.writing.store(true, Ordering::Release);
    }

    /// Some of the mail, or of what is said before it, was taken.
    pub fn moved(&self) {
        let now = millis(self.start.elapsed());
        self.moved.store(now.saturating_add(1), Ordering::Release);
    }

    /// May the end of the mail be written? From then on nobody can revoke it.
    pub fn give(&self) -> bool {
        let give = |state| (state != REVOKED).then_some(GIVEN);
        self.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, give).is_ok()
    }

    /// Withholds the end of the mail. Was it in time, so that nobody has the mail?
    pub fn revoke(&self) -> bool {
        self.state.compare_exchange(OPEN, REVOKED, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Is the end withheld?
    pub fn is_revoked(&self) -> bool {
        self.state.load(Ordering::Acquire) == REVOKED
    }

    /// Was the end of the mail given?
    pub fn is_given(&self) -> bool {
        self.state.load(Ordering::Acquire) == GIVEN
    }

    /// Is the mail being written, and its end not given yet?
    pub fn is_writing(&self) -> bool {
        self.writing.load(Ordering::Acquire) && self.state.load(Ordering::Acquire) == OPEN
    }

    /// The provider has begun to answer, so what it waits for is no more of this mail.
    pub fn answered(&self) {
        self.answered.store(true, Ordering::SeqCst);
    }

    /// Has the head of an answer come?
    pub fn is_answered(&self) -> bool {
        self.answered.load(Ordering::SeqCst)
    }

    /// The mail goes along one of these connections.
    pub(super) fn watch(&self, connections: Connections) {
        // A call that is made once more goes along the same ones.
        let _ = self.connections.set(connections);
    }

    /// What the kernel holds for the client's connections; nothing, where there is no such client. `None`: nobody can tell.
    /// Reads files of the kernel's: not for a worker.
    pub fn unsent(&self) -> Option<Unsent> {
        self.connections.get().map_or_else(|| Some(Unsent::default()), Connections::unsent)
    }

    /// Tells what became of the mail after its call has ended.
    pub fn tell_late(&self, verdict: &Verdict) {
        if let Some(late) = &self.late {
            late(verdict);
        }
    }

    /// When it began, or when some of the mail was taken last.
    pub fn last_moved(&self) -> Instant {
        self.start + Duration::from_millis(self.moved.load(Ordering::Acquire).saturating_sub(1))
    }

    /// Was any of the mail taken?
    pub fn has_moved(&self) -> bool {
        self.moved.load(Ordering::Acquire) > 0
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;

    use super::*;

    #[test]
    fn untracked_hand_over_cannot_be_revoked() {
        let hand_over = HandOver::begin(0, None);
        assert!(!hand_over.revoke() && hand_over.give());
    }

    #[test]
    fn revoke_and_give_are_final() {
        let [revoked, given] = [(); 2].map(|()| HandOver::begin(0, None));
        revoked.track();
        assert!(revoked.revoke() && !revoked.give() && revoked.is_revoked());
        given.track();
        assert!(given.give() && !given.revoke() && !given.is_revoked());
    }

    #[test]
    fn give_and_revoke_exclude_each_other() {
        for _ in 0..2000 {
            let hand_over = Arc::new(HandOver::begin(0, None));
            hand_over.track();
            let writer = thread::spawn({
                let hand_over = Arc::clone(&hand_over);
                move || hand_over.give()
            });
            let revoked = hand_over.revoke();
            assert_ne!(writer.join().unwrap(), revoked);
        }
    }
}

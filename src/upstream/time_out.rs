//! What a time-out proves, and against whom it speaks.
//!
//! Before the end of the mail was given, a time-out proves that nobody has it: the end is revoked. After it nobody knows.
//! A provider is to blame if it took nothing for [`STALL`], or had all of the mail and was silent. While the mail was still
//! moving nobody is: a caller chooses how large a mail is, and the uplink how long that takes.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep_until};

use crate::outcome::{Outcome, Reason, Verdict};
use crate::provider::HandOver;

/// A provider that takes nothing of a mail for so long is given up.
const STALL: Duration = Duration::from_secs(5);
/// Of a smaller mail the kernel holds too little for too short a time to be worth a look: bytes.
const VISIBLE: usize = 128 * 1024;

/// Waits until the deadline, or until the provider has taken nothing for too long. The first bytes may also wait for a
/// connection, for as long as `connect`. Was the mail still moving at the end?
pub(super) async fn over(hand_over: &Arc<HandOver>, deadline: Instant, connect: Duration) -> bool {
    // An attempt of little time cannot wait for so long to see whether anything moves.
    let pause = STALL.min((deadline - Instant::now()) / 2);
    let mut sent_before = None;
    loop {
        // What is not written yet may be by then: it is looked at again after as long as a stall takes.
        let stalled = hand_over.is_writing().then(|| stalls_at(hand_over, connect));
        let next = stalled.unwrap_or_else(|| Instant::now() + STALL).min(deadline);
        let look = deadline.checked_sub(pause).filter(|look| hand_over.size() > VISIBLE && *look > Instant::now());
        sleep_until(look.map_or(next, |look| look.min(next))).await;
        if Some(Instant::now()) >= look && look.is_some() {
            sent_before = Some(unsent(hand_over).await);
        }
        let now = Instant::now();
        if now >= deadline {
            return is_moving(hand_over, pause) || is_in_the_kernel(hand_over, sent_before).await;
        }
        // Looked at once more: it may have moved, or have been given, meanwhile.
        if hand_over.is_writing() && stalls_at(hand_over, connect) <= now {
            return false;
        }
    }
}

/// Has some of the mail been taken a moment ago, and is more to come?
fn is_moving(hand_over: &HandOver, pause: Duration) -> bool {
    !hand_over.is_given() && hand_over.has_moved() && hand_over.last_moved().elapsed() < pause
}

/// Is some of a large mail, all of which was given, still on its way out of the kernel? What does not get less is stuck.
async fn is_in_the_kernel(hand_over: &Arc<HandOver>, before: Option<Option<u64>>) -> bool {
    if hand_over.size() <= VISIBLE || !hand_over.is_given() {
        return false;
    }
    match (before.flatten(), unsent(hand_over).await) {
        (_, Some(0)) => false,
        (Some(before), Some(now)) => now != before,
        // Who cannot see blames nobody.
        (None, _) | (_, None) => true,
    }
}

async fn unsent(hand_over: &Arc<HandOver>) -> Option<u64> {
    let hand_over = Arc::clone(hand_over);
    spawn_blocking(move || hand_over.unsent()).await.ok().flatten()
}

fn stalls_at(hand_over: &HandOver, connect: Duration) -> Instant {
    let wait = if hand_over.has_moved() { STALL } else { STALL + connect };
    hand_over.last_moved() + wait
}

/// The verdict once the time is over, for a mail that was still moving or not.
pub(super) fn judge(hand_over: &HandOver, moving: bool) -> Verdict {
    let outcome = if hand_over.revoke() { Outcome::Unavailable } else { Outcome::Unknown };
    Verdict::new(outcome, if moving { Reason::StillSending } else { Reason::Timeout })
}

/// The verdict if this node has no time left.
pub(super) fn judge_cut(hand_over: &HandOver) -> Verdict {
    let outcome = if hand_over.revoke() { Outcome::Cancelled } else { Outcome::Unknown };
    Verdict::new(outcome, Reason::Deadline)
}

#[cfg(test)]
mod tests;

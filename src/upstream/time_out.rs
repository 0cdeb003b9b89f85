//! What a time-out proves, and against whom it speaks.
//!
//! Before the end of the mail was given, a time-out proves that nobody has it: the end is revoked. After it nobody knows.
//! A provider is to blame if it took nothing for [`STALL`], or had all of the mail and was silent. While the mail was still
//! moving nobody is: a caller chooses how large a mail is, and the uplink how long that takes.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::outcome::{Outcome, Reason, Verdict};
use crate::provider::HandOver;

/// A provider that takes nothing of a mail for so long is given up.
const STALL: Duration = Duration::from_secs(5);

/// Waits until the deadline, or until the provider has taken nothing for too long. The first bytes may also wait for a
/// connection, for as long as `connect`.
pub(super) async fn over(hand_over: &HandOver, deadline: Instant, connect: Duration) {
    loop {
        // What is not written yet may be by then: it is looked at again after as long as a stall takes.
        let stalled = hand_over.is_writing().then(|| stalls_at(hand_over, connect));
        let next = stalled.unwrap_or_else(|| Instant::now() + STALL).min(deadline);
        sleep_until(next).await;
        // Looked at once more: it may have moved, or have been given, meanwhile.
        if next == deadline || (hand_over.is_writing() && stalls_at(hand_over, connect) <= next) {
            return;
        }
    }
}

fn stalls_at(hand_over: &HandOver, connect: Duration) -> Instant {
    let wait = if hand_over.has_moved() { STALL } else { STALL + connect };
    hand_over.last_moved() + wait
}

/// The verdict once the time is over.
pub(super) fn judge(hand_over: &HandOver) -> Verdict {
    // Before it is revoked: the client that sees it revoked takes nothing any more.
    let is_moving = hand_over.has_moved() && hand_over.last_moved().elapsed() < STALL;
    if !hand_over.revoke() {
        Verdict::new(Outcome::Unknown, Reason::Timeout)
    } else if is_moving {
        Verdict::new(Outcome::Unavailable, Reason::StillSending)
    } else {
        Verdict::new(Outcome::Unavailable, Reason::Timeout)
    }
}

/// The verdict if this node has no time left.
pub(super) fn judge_cut(hand_over: &HandOver) -> Verdict {
    let outcome = if hand_over.revoke() { Outcome::Cancelled } else { Outcome::Unknown };
    Verdict::new(outcome, Reason::Deadline)
}

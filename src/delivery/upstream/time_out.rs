//! What a time-out proves, and against whom it speaks.
//!
//! Before the end of the mail was given, a time-out proves that the provider does not have it: the end is revoked. After it
//! that is unknown.
//! A provider is to blame if it took nothing for [`STALL`], or had all of the mail and was silent. While the mail was still
//! moving it is not: a caller chooses how large a mail is, and the uplink how long that takes.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep_until, timeout};

use crate::delivery::provider::{HandOver, Mode, Unsent};
use crate::model::outcome::{Outcome, Reason, Verdict};

/// A provider that takes nothing of a mail for so long is given up.
const STALL: Duration = Duration::from_secs(5);
/// Bytes. The kernel holds too little of a smaller mail, for too short a time, to be worth a look.
const VISIBLE: usize = 16 * 1024;
/// For the kernel's tables to be read.
const LOOK_TIMEOUT: Duration = Duration::from_secs(1);

/// Waits until the deadline, or until the provider has taken nothing for too long. The first bytes may also wait for a
/// connection, for as long as `connect`. Was the mail still moving at the end?
pub(super) async fn over(hand_over: &Arc<HandOver>, deadline: Instant, connect: Duration) -> bool {
    // An attempt of little time cannot wait for so long to see whether anything moves.
    let pause = STALL.min((deadline - Instant::now()) / 2);
    let mut kernel = Kernel::default();
    loop {
        // What is not written yet may be by then: it is looked at again after as long as a stall takes.
        let stalled = hand_over.is_writing().then(|| stalls_at(hand_over, connect));
        let end = stalled.unwrap_or_else(|| Instant::now() + STALL).min(deadline);
        // The kernel is looked at twice: some time before, and then.
        let look = end.checked_sub(pause * 3 / 4).filter(|look| *look > Instant::now() && hand_over.size() > VISIBLE);
        if let Some(look) = look {
            sleep_until(look).await;
            kernel.look(hand_over).await;
        }
        sleep_until(end).await;
        if Instant::now() >= deadline {
            let may_drain = hand_over.is_given() && !hand_over.is_answered();
            return is_moving(hand_over, pause) || (may_drain && kernel.is_draining(hand_over).await);
        }
        // Looked at once more: it may have moved, or have been given, meanwhile.
        if hand_over.is_writing() && stalls_at(hand_over, connect) <= Instant::now() {
            if !kernel.is_draining(hand_over).await {
                return false;
            }
            // What leaves the kernel is taken as well: it lets the client write only once much of its buffer is free.
            hand_over.moved();
        }
    }
}

/// Has some of the mail been taken a moment ago, and is more to come?
fn is_moving(hand_over: &HandOver, pause: Duration) -> bool {
    !hand_over.is_given() && hand_over.has_moved() && hand_over.last_moved().elapsed() < pause
}

/// What the kernel held of large mails to this provider when it was looked at last; `None`: it could not be read.
#[derive(Default)]
struct Kernel(Option<Unsent>);

impl Kernel {
    async fn look(&mut self, hand_over: &Arc<HandOver>) {
        self.0 = unsent(hand_over).await;
    }

    /// Is some of a large mail still on its way out? What does not get less is stuck. Where the kernel shows nothing, the
    /// provider is not blamed.
    async fn is_draining(&self, hand_over: &Arc<HandOver>) -> bool {
        if hand_over.size() <= VISIBLE {
            return false;
        }
        match (&self.0, unsent(hand_over).await) {
            (_, Some(now)) if now.is_empty() => false,
            (Some(before), Some(now)) => now.has_less_than(before),
            (None, _) | (_, None) => true,
        }
    }
}

/// Not for a worker, and not for ever: the pool for blocking work may be full.
async fn unsent(hand_over: &Arc<HandOver>) -> Option<Unsent> {
    let hand_over = Arc::clone(hand_over);
    timeout(LOOK_TIMEOUT, spawn_blocking(move || hand_over.unsent())).await.ok()?.ok()?
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

/// The verdict on an answer, or on a connection that broke. One that comes before the end of the mail was given proves that
/// the provider does not have it. A large mail that broke off on its way blames no provider: its size is the caller's choice,
/// and a front end may have no time or room for it.
pub(super) fn judge_answer(hand_over: &HandOver, mode: Mode, verdict: Verdict) -> Verdict {
    if verdict.outcome == Outcome::Accepted && mode != Mode::Probe && hand_over.revoke() {
        // Of what it says to have taken it has not got the end.
        return Verdict::new(Outcome::Unknown, Reason::UnreadableAnswer);
    }
    let before_the_end = match verdict.outcome {
        Outcome::Unknown => hand_over.revoke(),
        Outcome::Unavailable => verdict.reason == Reason::ConnectionLost && hand_over.is_writing(),
        _ => false,
    };
    let large = hand_over.size() > VISIBLE && hand_over.has_moved();
    match before_the_end {
        true if large => Verdict { outcome: Outcome::Unavailable, reason: Reason::StillSending, ..verdict },
        true => Verdict { outcome: Outcome::Unavailable, ..verdict },
        false => verdict,
    }
}

/// The verdict if this node has no time left.
pub(super) fn judge_cut(hand_over: &HandOver) -> Verdict {
    let outcome = if hand_over.revoke() { Outcome::Cancelled } else { Outcome::Unknown };
    Verdict::new(outcome, Reason::Deadline)
}

#[cfg(test)]
mod tests;

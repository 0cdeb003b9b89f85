//! The rule that draws one answer from attempts that differ.
//!
//! Precedence: accepted; else a provider may have it; else the message is at fault; else it might go through later; else
//! no upstream can carry it; else every one that can refused its sender; else every one refused.

use std::time::Duration;

use super::answer::{Answer, Receipt, SendError};
use super::attempt::Attempt;
use super::failure::Failure;
use crate::model::message::Id;
use crate::model::outcome::{Delivery, Outcome, Reason, Verdict};

/// The shortest wait that a caller is asked for.
const MIN_WAIT: Duration = Duration::from_secs(1);

/// Which upstreams remain that this mail could go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remaining {
    /// None.
    Exhausted,
    /// One that would take it now: without failover it was not asked, but the next call may be.
    Unasked,
    /// One that may take it later.
    Later,
}

/// The answer that these attempts add up to. `wait`: the shortest for an upstream that may take the mail.
pub fn conclude(id: Id, attempts: Vec<Attempt>, remaining: Remaining, wait: Duration) -> Answer {
    if attempts.last().is_some_and(|attempt| attempt.verdict.outcome.delivery() == Delivery::Accepted) {
        return Ok(Receipt::new(id, attempts));
    }
    let failure = failure(&attempts, remaining, wait);
    Err(SendError::new(id, failure, attempts))
}

/// The answer once the verdict is known of an attempt that had ended `unknown`.
pub fn settle_late(error: SendError, upstream: &str, verdict: &Verdict) -> Answer {
    let SendError { id, failure: before, mut attempts, rule, replayed } = error;
    let settles = |attempt: &Attempt| *attempt.upstream == *upstream && attempt.is_unknown();
    if let Some(at) = attempts.iter().position(settles) {
        attempts[at].verdict = verdict.clone();
        if verdict.outcome == Outcome::Accepted {
            let taken = attempts.remove(at);
            attempts.push(taken);
            return Ok(Receipt { id, attempts, rule, replayed });
        }
    }
    let unknown = attempts.is_empty() || attempts.iter().any(Attempt::is_unknown);
    let failure = if unknown { before } else { failure(&attempts, Remaining::Exhausted, MIN_WAIT) };
    Err(SendError { id, failure, attempts, rule, replayed })
}

fn failure(attempts: &[Attempt], remaining: Remaining, wait: Duration) -> Failure {
    let outcomes = || attempts.iter().map(|attempt| attempt.verdict.outcome);
    let any = |wanted| outcomes().any(|outcome| outcome == wanted);
    let mut by_capable = outcomes().filter(|outcome| *outcome != Outcome::NotCapable);
    if attempts.iter().any(|attempt| attempt.verdict.reason == Reason::Panic) {
        Failure::Panicked
    } else if outcomes().any(|outcome| outcome.delivery() == Delivery::Unknown) {
        Failure::Unknown
    } else if any(Outcome::MessageRejected) {
        Failure::MessageRejected
    } else if remaining == Remaining::Later || attempts.is_empty() || attempts.iter().any(Attempt::was_put_off) {
        Failure::NotNow { retry_after: wait.max(MIN_WAIT) }
    } else if remaining == Remaining::Unasked {
        Failure::Refused { retryable: true }
    } else if by_capable.clone().next().is_none() {
        Failure::NotCapable
    } else if by_capable.all(|outcome| outcome == Outcome::SenderRejected) {
        Failure::SenderRejected
    } else {
        Failure::Refused { retryable: any(Outcome::Unavailable) }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    fn attempts(outcomes: &[Outcome]) -> Vec<Attempt> {
        let attempt = |&outcome| Attempt {
            upstream: "mg".into(),
            verdict: Verdict::new(outcome, Reason::Status(0)),
            took: Some(Duration::ZERO),
            ended_at: Instant::now().into_std(),
            lookup: None,
        };
        outcomes.iter().map(attempt).collect()
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn precedence_holds_for_every_mixture() {
        use Outcome::*;
        let not_now = Failure::NotNow { retry_after: seconds(9) };
        for (outcomes, later, expected) in [
            (&[Unavailable, Unknown][..], false, Failure::Unknown),
            (&[Throttled, Unknown], true, Failure::Unknown),
            (&[SenderRejected, MessageRejected], true, Failure::MessageRejected),
            (&[Unavailable, MessageRejected], false, Failure::MessageRejected),
            (&[], true, not_now),
            (&[], false, not_now),
            (&[Unavailable], true, not_now),
            (&[SenderRejected], true, not_now),
            (&[Throttled, SenderRejected], false, not_now),
            (&[SenderRejected, SenderRejected], false, Failure::SenderRejected),
            (&[SenderRejected, AccountRefused], false, Failure::Refused { retryable: false }),
            (&[SenderRejected, Unavailable], false, Failure::Refused { retryable: true }),
            (&[AccountRefused, Unclassified], false, Failure::Refused { retryable: false }),
            (&[Unavailable], false, Failure::Refused { retryable: true }),
            (&[NotCapable, Unknown], false, Failure::Unknown),
            (&[NotCapable, MessageRejected], true, Failure::MessageRejected),
            (&[NotCapable], true, not_now),
            (&[NotCapable, NotCapable], false, Failure::NotCapable),
            (&[NotCapable, SenderRejected], false, Failure::SenderRejected),
            (&[NotCapable, AccountRefused], false, Failure::Refused { retryable: false }),
            (&[Unavailable, Cancelled], false, not_now),
            (&[Cancelled], false, not_now),
            (&[Unknown, Cancelled], false, Failure::Unknown),
        ] {
            let remaining = if later { Remaining::Later } else { Remaining::Exhausted };
            assert_eq!(failure(&attempts(outcomes), remaining, seconds(9)), expected, "{outcomes:?}");
        }
    }

    #[test]
    fn a_refusal_that_the_next_call_may_not_meet_is_retryable() {
        use Outcome::*;
        for outcome in [SenderRejected, AccountRefused, Unclassified, Unavailable] {
            assert_eq!(
                failure(&attempts(&[outcome]), Remaining::Unasked, seconds(9)),
                Failure::Refused { retryable: true }
            );
        }
        assert_eq!(failure(&attempts(&[MessageRejected]), Remaining::Unasked, seconds(9)), Failure::MessageRejected);
        assert_eq!(failure(&attempts(&[Unknown]), Remaining::Unasked, seconds(9)), Failure::Unknown);
    }

    #[test]
    fn the_wait_is_a_second_at_least() {
        assert_eq!(failure(&[], Remaining::Later, Duration::ZERO), Failure::NotNow { retry_after: seconds(1) });
    }

    #[test]
    fn panic_is_told_as_our_fault() {
        let mut list = attempts(&[Outcome::Unavailable, Outcome::Unknown]);
        list[1].verdict.reason = Reason::Panic;
        assert_eq!(failure(&list, Remaining::Exhausted, Duration::ZERO), Failure::Panicked);
    }
}

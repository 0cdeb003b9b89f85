//! The answer for the whole request, and the rule that draws it from attempts that differ.
//!
//! Precedence: accepted; else somebody may have it; else the message is at fault; else it might go through later;
//! else every upstream refused its sender; else every one refused.

use std::time::Duration;

use super::Attempt;
use crate::message::Id;
use crate::outcome::{Outcome, Reason};

/// The shortest wait that we ask of a caller.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);

/// A provider took the mail.
#[derive(Debug)]
pub struct Receipt {
    /// Our id of the mail.
    pub id: Id,
    /// Every attempt; the last one is the one that was accepted.
    pub attempts: Vec<Attempt>,
}

/// No provider is known to have taken the mail.
#[derive(Debug)]
pub struct SendError {
    /// Our id of the mail.
    pub id: Id,
    /// What the caller may conclude.
    pub failure: Failure,
    /// Every attempt.
    pub attempts: Vec<Attempt>,
}

/// What the attempts together prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// A provider may have it.
    Unknown,
    /// Our code panicked while a provider may have been taking it.
    Panicked,
    /// Nobody has it: a provider refused the message itself.
    MessageRejected,
    /// Nobody has it: no upstream could take it now.
    NotNow {
        /// When to try again: the next probe, or what a throttling provider asks for.
        retry_after: Duration,
    },
    /// Nobody has it: every upstream refused its sender.
    SenderRejected,
    /// Nobody has it: every upstream refused.
    Refused {
        /// Was one of them merely out of reach?
        retryable: bool,
    },
}

/// The attempts of one message so far.
pub(super) struct Tour {
    id: Id,
    attempts: Vec<Attempt>,
    out_of_time: bool,
}

impl Tour {
    pub(super) fn new(id: Id) -> Self {
        Self { id, attempts: Vec::new(), out_of_time: false }
    }

    pub(super) fn add(&mut self, attempt: Attempt) {
        self.attempts.push(attempt);
    }

    /// A closed circuit was left out because the request's time is over.
    pub(super) fn out_of_time(&mut self) {
        self.out_of_time = true;
    }

    /// Has no upstream had its attempt yet?
    pub(super) fn is_empty(&self) -> bool {
        self.attempts.is_empty()
    }

    /// Has this upstream had its attempt?
    pub(super) fn has_tried(&self, upstream: &str) -> bool {
        self.attempts.iter().any(|attempt| attempt.upstream == upstream)
    }

    /// The answer, given the wait until the first probe of a circuit that was left out because it was open.
    pub(super) fn conclude(self, next_probe: Option<Duration>) -> Result<Receipt, SendError> {
        let Self { id, attempts, .. } = self;
        if attempts.last().is_some_and(|attempt| attempt.verdict.outcome == Outcome::Accepted) {
            return Ok(Receipt { id, attempts });
        }
        let failure = failure(&attempts, self.out_of_time, next_probe);
        Err(SendError { id, failure, attempts })
    }
}

fn failure(attempts: &[Attempt], out_of_time: bool, next_probe: Option<Duration>) -> Failure {
    let any = |outcome| attempts.iter().any(|attempt| attempt.verdict.outcome == outcome);
    if attempts.iter().any(|attempt| attempt.verdict.reason == Reason::Panic) {
        Failure::Panicked
    } else if any(Outcome::Unknown) {
        Failure::Unknown
    } else if any(Outcome::MessageRejected) {
        Failure::MessageRejected
    } else if out_of_time || next_probe.is_some() || any(Outcome::Throttled) {
        let waits = attempts.iter().filter_map(|attempt| attempt.verdict.retry_after).chain(next_probe);
        Failure::NotNow { retry_after: waits.min().unwrap_or_default().max(SHORTEST_WAIT) }
    } else if attempts.iter().all(|attempt| attempt.verdict.outcome == Outcome::SenderRejected) {
        Failure::SenderRejected
    } else {
        Failure::Refused { retryable: any(Outcome::Unavailable) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Verdict;

    fn attempts(outcomes: &[Outcome]) -> Vec<Attempt> {
        let attempt = |&outcome| Attempt {
            upstream: "mg".to_owned(),
            verdict: Verdict::new(outcome, Reason::Status(0)),
            took: Duration::ZERO,
        };
        outcomes.iter().map(attempt).collect()
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn precedence_holds_for_every_mixture() {
        use Outcome::*;
        let not_now = |wait| Failure::NotNow { retry_after: seconds(wait) };
        for (outcomes, next_probe, expected) in [
            (&[Unavailable, Unknown][..], None, Failure::Unknown),
            (&[Throttled, Unknown], Some(9), Failure::Unknown),
            (&[SenderRejected, MessageRejected], Some(9), Failure::MessageRejected),
            (&[Unavailable, MessageRejected], None, Failure::MessageRejected),
            (&[], Some(9), not_now(9)),
            (&[], Some(0), not_now(1)),
            (&[Unavailable], Some(9), not_now(9)),
            (&[SenderRejected], Some(9), not_now(9)),
            (&[Throttled, SenderRejected], None, not_now(1)),
            (&[SenderRejected, SenderRejected], None, Failure::SenderRejected),
            (&[SenderRejected, AccountRefused], None, Failure::Refused { retryable: false }),
            (&[SenderRejected, Unavailable], None, Failure::Refused { retryable: true }),
            (&[AccountRefused, Unclassified], None, Failure::Refused { retryable: false }),
            (&[Unavailable], None, Failure::Refused { retryable: true }),
        ] {
            assert_eq!(failure(&attempts(outcomes), false, next_probe.map(seconds)), expected, "{outcomes:?}");
        }
    }

    #[test]
    fn a_throttled_mail_may_come_back_after_the_smallest_wait() {
        let mut list = attempts(&[Outcome::Throttled, Outcome::Throttled]);
        list[0].verdict.retry_after = Some(seconds(40));
        list[1].verdict.retry_after = Some(seconds(30));
        assert_eq!(failure(&list, false, None), Failure::NotNow { retry_after: seconds(30) });
        assert_eq!(failure(&list, false, Some(seconds(20))), Failure::NotNow { retry_after: seconds(20) });
    }

    #[test]
    fn a_deadline_that_leaves_an_upstream_untried_is_no_refusal() {
        let expected = Failure::NotNow { retry_after: seconds(1) };
        assert_eq!(failure(&attempts(&[Outcome::Unavailable]), true, None), expected);
        assert_eq!(failure(&[], true, None), expected);
    }

    #[test]
    fn a_panic_is_our_fault_and_says_so() {
        let mut list = attempts(&[Outcome::Unavailable, Outcome::Unknown]);
        list[1].verdict.reason = Reason::Panic;
        assert_eq!(failure(&list, false, None), Failure::Panicked);
    }
}

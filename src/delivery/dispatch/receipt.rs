//! The answer for the whole request, and the rule that draws it from attempts that differ.
//!
//! Precedence: accepted; else somebody may have it; else the message is at fault; else it might go through later;
//! else no upstream can carry it; else every one that can refused its sender; else every one refused.

use std::time::Duration;

use super::{Attempt, Failover};
use crate::model::message::Id;
use crate::model::outcome::{Delivery, Outcome, Reason, Verdict};

/// The shortest wait that we ask of a caller.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);

/// A provider took the mail.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// Our id of the mail.
    pub id: Id,
    /// Every attempt; the last one is the one that was accepted.
    pub attempts: Vec<Attempt>,
    /// Is it the answer to an earlier call under the same key?
    pub replayed: bool,
}

impl Receipt {
    pub(super) fn new(id: Id, attempts: Vec<Attempt>) -> Self {
        Self { id, attempts, replayed: false }
    }

    /// May another upstream have it too? One upstream is asked again only if it takes a mail once.
    pub fn may_be_doubled(&self) -> bool {
        let unknown = |attempt: &&Attempt| attempt.verdict.outcome.delivery() == Delivery::Unknown;
        let taker = self.attempts.last().map(|attempt| &attempt.upstream);
        self.attempts.iter().filter(unknown).any(|attempt| Some(&attempt.upstream) != taker)
    }
}

/// No provider is known to have taken the mail.
#[derive(Clone, Debug)]
pub struct SendError {
    /// Our id of the mail.
    pub id: Id,
    /// What the caller may conclude.
    pub failure: Failure,
    /// Every attempt.
    pub attempts: Vec<Attempt>,
    /// Is it the answer to an earlier call under the same key?
    pub replayed: bool,
}

impl SendError {
    pub(super) fn new(id: Id, failure: Failure, attempts: Vec<Attempt>) -> Self {
        Self { id, failure, attempts, replayed: false }
    }
}

/// What the attempts together prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// A provider may have it.
    Unknown,
    /// Our code panicked while a provider may have been taking it.
    Panicked,
    /// Nobody has this one: its key names another mail.
    KeyReused,
    /// Nobody has it: a provider refused the message itself.
    MessageRejected,
    /// Nobody has it: no upstream could take it now.
    NotNow {
        /// When to try again: the next probe, or what a throttling provider asks for.
        retry_after: Duration,
    },
    /// Nobody has it: no upstream can carry it whole.
    NotCapable,
    /// Nobody has it: every upstream refused its sender.
    SenderRejected,
    /// Nobody has it: every upstream refused.
    Refused {
        /// Was one of them merely out of reach?
        retryable: bool,
    },
}

impl Failure {
    /// May somebody have the mail all the same?
    pub fn is_unknown(self) -> bool {
        matches!(self, Self::Unknown | Self::Panicked)
    }
}

/// Which upstreams are left that this mail could go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// None.
    Nobody,
    /// One that would take it now: without failover it was not asked, but the next call may be.
    Unasked,
    /// One that may take it later.
    Later,
}

/// The way of one message from upstream to upstream so far.
pub(super) struct Tour {
    id: Id,
    visited: Vec<String>,
    attempts: Vec<Attempt>,
}

impl Tour {
    pub(super) fn new(id: Id) -> Self {
        Self { id, visited: Vec::new(), attempts: Vec::new() }
    }

    /// It has been at this upstream, and had an attempt there unless the circuit was against it.
    pub(super) fn visit(&mut self, upstream: &str, attempt: Option<Attempt>) {
        self.visited.push(upstream.to_owned());
        self.attempts.extend(attempt);
    }

    pub(super) fn has_visited(&self, upstream: &str) -> bool {
        self.visited.iter().any(|visited| visited == upstream)
    }

    pub(super) fn has_tried(&self, upstream: &str) -> bool {
        self.attempts.iter().any(|attempt| attempt.upstream == upstream)
    }

    /// Was it handed over at all?
    pub(super) fn was_handed_over(&self) -> bool {
        self.attempts.iter().any(|attempt| attempt.took.is_some())
    }

    /// May another upstream try, given everything so far? What was not handed over is no failure to recover from.
    pub(super) fn goes_on(&self, failover: Failover) -> bool {
        self.attempts.iter().all(|attempt| match (attempt.took, attempt.verdict.outcome) {
            (None, outcome) => outcome != Outcome::Cancelled,
            (Some(_), outcome) => failover.follows(outcome.another()),
        })
    }

    /// Is it unknown whether this upstream has it, for want of a clear answer?
    pub(super) fn was_silent_at(&self, upstream: &str) -> bool {
        self.attempts.iter().any(|attempt| attempt.was_silent() && attempt.upstream == upstream)
    }

    /// Was it put off everywhere where it was not refused, for its own sake?
    pub(super) fn was_deferred(&self) -> bool {
        let put_off = |attempt: &&Attempt| is_for_now(attempt.verdict.outcome);
        let deferred = |attempt: &Attempt| attempt.verdict.outcome == Outcome::Deferred;
        self.attempts.iter().any(deferred) && self.attempts.iter().filter(put_off).all(deferred)
    }

    /// Might this upstream take it later, though it was tried?
    pub(super) fn was_put_off(&self, upstream: &str) -> bool {
        let put_off = |attempt: &&Attempt| is_for_now(attempt.verdict.outcome);
        self.attempts.iter().filter(put_off).any(|attempt| attempt.upstream == upstream)
    }

    /// The answer, given which upstreams are left, and the shortest wait for one that may take the mail.
    pub(super) fn conclude(self, left: Left, wait: Duration) -> Result<Receipt, SendError> {
        let Self { id, attempts, .. } = self;
        if attempts.last().is_some_and(|attempt| attempt.verdict.outcome.delivery() == Delivery::Accepted) {
            return Ok(Receipt::new(id, attempts));
        }
        let failure = failure(&attempts, left, wait);
        Err(SendError::new(id, failure, attempts))
    }
}

/// The answer once the end of an attempt is known that was `unknown`.
pub(super) fn settled(error: SendError, upstream: &str, verdict: &Verdict) -> Result<Receipt, SendError> {
    let SendError { id, failure: before, mut attempts, replayed } = error;
    let settles = |attempt: &Attempt| attempt.upstream == upstream && attempt.is_unknown();
    if let Some(at) = attempts.iter().position(settles) {
        attempts[at].verdict = verdict.clone();
        if verdict.outcome == Outcome::Accepted {
            let taken = attempts.remove(at);
            attempts.push(taken);
            return Ok(Receipt { id, attempts, replayed });
        }
    }
    let unknown = attempts.is_empty() || attempts.iter().any(Attempt::is_unknown);
    let failure = if unknown { before } else { failure(&attempts, Left::Nobody, SHORTEST_WAIT) };
    Err(SendError { id, failure, attempts, replayed })
}

/// Might the same upstream take it later?
fn is_for_now(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Throttled | Outcome::Deferred | Outcome::Cancelled)
}

fn failure(attempts: &[Attempt], left: Left, wait: Duration) -> Failure {
    let outcomes = || attempts.iter().map(|attempt| attempt.verdict.outcome);
    let any = |wanted| outcomes().any(|outcome| outcome == wanted);
    let mut of_the_capable = outcomes().filter(|outcome| *outcome != Outcome::NotCapable);
    if attempts.iter().any(|attempt| attempt.verdict.reason == Reason::Panic) {
        Failure::Panicked
    } else if outcomes().any(|outcome| outcome.delivery() == Delivery::Unknown) {
        Failure::Unknown
    } else if any(Outcome::MessageRejected) {
        Failure::MessageRejected
    } else if left == Left::Later || attempts.is_empty() || outcomes().any(is_for_now) {
        Failure::NotNow { retry_after: wait.max(SHORTEST_WAIT) }
    } else if left == Left::Unasked {
        Failure::Refused { retryable: true }
    } else if of_the_capable.clone().next().is_none() {
        Failure::NotCapable
    } else if of_the_capable.all(|outcome| outcome == Outcome::SenderRejected) {
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
            upstream: "mg".to_owned(),
            verdict: Verdict::new(outcome, Reason::Status(0)),
            took: Some(Duration::ZERO),
            at: Instant::now(),
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
            let left = if later { Left::Later } else { Left::Nobody };
            assert_eq!(failure(&attempts(outcomes), left, seconds(9)), expected, "{outcomes:?}");
        }
    }

    #[test]
    fn a_refusal_that_the_next_call_may_not_meet_is_retryable() {
        use Outcome::*;
        for outcome in [SenderRejected, AccountRefused, Unclassified, Unavailable] {
            assert_eq!(failure(&attempts(&[outcome]), Left::Unasked, seconds(9)), Failure::Refused { retryable: true });
        }
        assert_eq!(failure(&attempts(&[MessageRejected]), Left::Unasked, seconds(9)), Failure::MessageRejected);
        assert_eq!(failure(&attempts(&[Unknown]), Left::Unasked, seconds(9)), Failure::Unknown);
    }

    #[test]
    fn nobody_is_asked_to_come_back_at_once() {
        assert_eq!(failure(&[], Left::Later, Duration::ZERO), Failure::NotNow { retry_after: seconds(1) });
    }

    #[test]
    fn a_panic_is_our_fault_and_says_so() {
        let mut list = attempts(&[Outcome::Unavailable, Outcome::Unknown]);
        list[1].verdict.reason = Reason::Panic;
        assert_eq!(failure(&list, Left::Nobody, Duration::ZERO), Failure::Panicked);
    }
}

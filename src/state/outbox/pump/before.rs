//! A mail that was tried before it comes into the outbox waits there as after a claim that ended so.

use std::time::{Duration, Instant};

use super::super::earlier::Earlier;
use super::super::ending::Ended;
use super::conclusion::{Facts, Policy};
use super::evidence;
use crate::model::message::Message;
use crate::model::receipt::Answer;

impl Policy {
    /// What the outbox knows from its first moment of a mail that was answered so, and how long the mail waits there; with no
    /// hand-over so far, not at all. `None`: after a claim that ends so, nothing more would be tried without a risk.
    ///
    /// `draw`: a random number from 0 to 1.
    pub fn before(&self, message: &Message, answer: &Answer, now: Instant, draw: f64) -> Option<(Earlier, Duration)> {
        let attempts = answer.as_ref().err().map(|error| &error.attempts[..]).unwrap_or_default();
        let tried = evidence::earlier(message, attempts, now);
        let facts = Facts { is_marked: true, attempts: 1, times: 1, draw, ..Facts::default() };
        let Ended::Again { wait, counted, possible_duplicate: false, .. } = self.conclude(answer, facts) else {
            return None;
        };
        if attempts.iter().all(|attempt| attempt.took.is_none()) {
            return Some((Earlier { tried, attempts: 0 }, Duration::ZERO));
        }
        Some((Earlier { tried, attempts: counted.into() }, wait))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::dispatch::fixture::mail;
    use crate::model::outcome::{Outcome, Reason, Verdict};
    use crate::model::receipt::{Attempt, Failure, Receipt, SendError};

    const SECOND: Duration = Duration::from_secs(1);

    fn attempt(outcome: Outcome, took: Option<Duration>, ended_at: Instant) -> Attempt {
        let verdict = Verdict::new(outcome, Reason::Status(503));
        Attempt { upstream: "mg".into(), verdict, took, ended_at, lookup: None }
    }

    /// Attempts that count, and the wait.
    fn before(policy: &Policy, failure: Failure, outcomes: &[(Outcome, bool)]) -> Option<(u32, Duration)> {
        let (message, now) = (mail("a@example.org"), tokio::time::Instant::now().into_std());
        let attempts = outcomes.iter().map(|(outcome, was_made)| attempt(*outcome, was_made.then_some(SECOND), now));
        let error = SendError::new(message.id(), failure, attempts.collect());
        let (earlier, wait) = policy.before(&message, &Err(error), now, 0.0)?;
        assert_eq!(earlier.tried.len(), outcomes.len());
        Some((earlier.attempts, wait))
    }

    #[test]
    fn a_mail_waits_as_after_a_claim_that_ended_so_and_not_at_all_where_it_was_not_handed_over() {
        let not_now = Failure::NotNow { retry_after: 7 * SECOND };
        let (open, busy, down) =
            ((Outcome::Unavailable, false), (Outcome::Throttled, false), (Outcome::Unavailable, true));
        for (failure, outcomes, expected) in [
            (not_now, &[][..], Some((0, Duration::ZERO))),
            (not_now, &[open, busy], Some((0, Duration::ZERO))),
            (not_now, &[down, busy], Some((0, 7 * SECOND))),
            (Failure::Refused { retryable: true }, &[down, down], Some((1, 60 * SECOND))),
            (Failure::Unknown, &[(Outcome::Unknown, true)], None),
            (Failure::Panicked, &[], None),
            (Failure::MessageRejected, &[(Outcome::MessageRejected, true)], None),
        ] {
            assert_eq!(before(&Policy::default(), failure, outcomes), expected, "{failure:?} {outcomes:?}");
        }
    }

    #[test]
    fn attempts_that_are_used_up_and_risks_keep_a_mail_out() {
        let refused = Failure::Refused { retryable: true };
        let once = Policy { attempts: Some(1), ..Policy::default() };
        assert_eq!(before(&once, refused, &[(Outcome::Unavailable, true)]), None);
        let not_now = Failure::NotNow { retry_after: SECOND };
        assert_eq!(before(&once, not_now, &[]), Some((0, Duration::ZERO)), "none was made");
        let resending = Policy { resends_unknown: true, ..Policy::default() };
        assert_eq!(before(&resending, Failure::Unknown, &[(Outcome::Unknown, true)]), None);
        let message = mail("a@example.org");
        let receipt = Receipt::new(message.id(), Vec::new());
        let now = tokio::time::Instant::now().into_std();
        assert_eq!(Policy::default().before(&message, &Ok(receipt), now, 0.0), None);
    }

    #[test]
    fn what_was_tried_is_kept_with_when_it_began() {
        let (message, ended_at) = (mail("a@example.org"), tokio::time::Instant::now().into_std());
        let attempts = vec![
            attempt(Outcome::Unavailable, Some(2 * SECOND), ended_at),
            attempt(Outcome::Throttled, None, ended_at),
        ];
        let error = SendError::new(message.id(), Failure::Refused { retryable: true }, attempts);
        let (earlier, _) =
            Policy::default().before(&message, &Err(error), ended_at + SECOND, 0.0).expect("it may wait");
        let tried = earlier.tried.iter().map(|tried| (&*tried.verdict.upstream, tried.verdict.outcome, tried.ago));
        assert_eq!(
            tried.collect::<Vec<_>>(),
            [("mg", Outcome::Unavailable, 3 * SECOND), ("mg", Outcome::Throttled, SECOND)]
        );
        assert_eq!(earlier.tried[0].verdict.reason, "http_503");
    }
}

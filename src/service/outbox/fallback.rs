//! Acceptance of a mail that was to be sent now: no provider takes it now, or its caller does not want to wait for one.
//!
//! Invariant: each attempt so far is a definite no. The mail keeps its id, its key, its attempts and how far its caller lets
//! it fail over.

use std::time::Duration;

use tokio::time::Instant;

use super::service::OutboxService;
use crate::model::outcome::Delivery;
use crate::model::receipt::{Answer, Failure, SendError};
use crate::model::submission::Submission;
use crate::state::outbox::{Acceptance, Batch, Earlier, Failed, Lane, When, Withdrawal};

/// How long the store may take for a mail that no provider takes now, beyond the time of its request.
pub const FALLBACK_TIME: Duration = Duration::from_secs(2);

/// Mails and bytes that a caller may have in the outbox, where that is set for it.
pub type Share = (Option<usize>, Option<usize>);

/// What was tried with a mail, and how long it waits therefore.
pub struct Before(Earlier, Duration);

impl Before {
    /// Nothing was tried.
    pub fn nothing() -> Self {
        Self(Earlier::default(), Duration::ZERO)
    }
}

impl OutboxService {
    /// Does mail come here that no provider takes now?
    pub fn falls_back(&self) -> bool {
        self.falls_back
    }

    /// What the outbox would know of a mail that was answered so; `None`: it is not for the outbox. That takes the providers'
    /// fault, and proof that none of them has the mail.
    pub fn before(&self, submission: &Submission, answer: &Answer) -> Option<Before> {
        let error = answer.as_ref().err().filter(|error| is_none_for_now(error))?;
        let (message, now) = (&submission.message, Instant::now().into_std());
        let (earlier, wait) = self.parts.policy.before(message, answer, now, fastrand::f64())?;
        let may_ever_go = (self.parts.file)(submission).refusal.is_none();
        (may_ever_go && error.id == message.id()).then_some(Before(earlier, wait))
    }

    /// Takes a mail over that was to be sent now, which has the id that its key gives it.
    pub async fn take_over(&self, submission: &Submission, before: Before, share: Share) -> Result<Acceptance, Failed> {
        // While it is known to be down nobody waits for it: a mail may be sent without it.
        if !self.parts.up.is_up() {
            return Err(Failed::Down);
        }
        let Before(earlier, wait) = before;
        let row = self.new_row(submission, Lane::Normal, When::After(wait), When::After(self.expiry), earlier)?;
        let (room, callers_room) = (self.room, self.callers_room(share.0, share.1));
        let (withdrawal, caller) = (Withdrawal::default(), submission.caller.clone());
        let batch = Batch { withdrawal, caller, rows: vec![row], atomic: false, room, callers_room };
        let answers = self.accepted(batch, FALLBACK_TIME).await?;
        // The store answers for every mail; were it not so, nobody would know.
        let answer = answers.into_iter().next().ok_or(Failed::Unclear)?;
        if let Acceptance::Accepted(_) = answer {
            (self.parts.wake)();
        }
        Ok(answer)
    }

    /// Counts what became of a mail that no provider took and that was to go into the outbox.
    pub fn count_fallback(&self, accepted: &Result<Acceptance, Failed>) {
        self.parts.metrics.fallback(match accepted {
            Ok(Acceptance::Accepted(_)) => "queued",
            Ok(Acceptance::Repeated(_) | Acceptance::KeyInUse) => "repeated",
            Ok(Acceptance::Full(_) | Acceptance::TooLarge(_) | Acceptance::Withheld) => "full",
            Err(Failed::Down) => "down",
            Err(Failed::Unclear) => "unclear",
        });
    }
}

/// Does no provider have the mail for certain, and might one take it later?
fn is_none_for_now(error: &SendError) -> bool {
    let is_for_now =
        matches!(error.failure, Failure::NotNow { .. } | Failure::OutboxAlone | Failure::Refused { retryable: true });
    is_for_now && error.attempts.iter().all(|attempt| attempt.verdict.outcome.delivery() == Delivery::None)
}

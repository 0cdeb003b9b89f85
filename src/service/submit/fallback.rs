//! What the outbox does for mail that was to be sent now: it takes what no provider takes now, and what its caller does not
//! want to wait for.
//!
//! Invariants: a mail goes there only if each attempt so far is a definite no, and with its attempts. Whatever the store
//! cannot do changes no answer: it is then the one that it would have been without an outbox. Only where the store does not
//! say whether it has the mail, the answer says that. Deliberately absent: mail that this node refuses before a submission,
//! because it sheds, drains or limits its caller.

use std::sync::Arc;
use std::time::Duration;

use tracing::{info, warn};

use super::end::End;
use super::sent::Queued;
use crate::model::receipt::{Answer, Failure, SendError};
use crate::model::submission::Submission;
use crate::service::outbox::{Before, FALLBACK_TIME, OutboxService, Share};
use crate::state::outbox::{Acceptance, Failed};

/// May a mail be queued instead of being sent now?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Queueing {
    /// No.
    Never,
    /// Where no provider takes it now, if this node queues such mail.
    #[default]
    Fallback,
    /// At once, wherever there is an outbox.
    AtOnce,
}

/// Whether one mail may be queued, and how much of the outbox it may take.
#[derive(Clone, Copy, Debug, Default)]
pub struct QueueOptions {
    /// May it be queued?
    pub queueing: Queueing,
    /// What the mail of its caller may take of the outbox.
    pub share: Share,
}

/// The outbox, for mail that was to be sent now.
pub(super) struct Fallback(Arc<OutboxService>);

impl Fallback {
    pub(super) fn new(outbox: Arc<OutboxService>) -> Self {
        Self(outbox)
    }

    /// Queues a mail that was answered so, if it may be; else the answer stands.
    pub(super) async fn after(&self, submission: &Submission, answer: Answer, share: Share) -> End {
        let before = self.0.before(submission, &answer);
        let (Err(error), Some(before)) = (&answer, before) else { return End::Answered(answer) };
        let accepted = self.0.take_over(submission, before, share).await;
        self.0.count_fallback(&accepted);
        taken_over(submission, accepted, error, false).unwrap_or_else(|| End::Answered(answer.map_err(for_now)))
    }

    /// Queues a mail that was not tried. `None`: there is no room for it now, or the store is down; then it is sent now.
    pub(super) async fn at_once(&self, submission: &Submission, share: Share) -> Option<End> {
        if let Some(refusal) = self.0.refusal_of(submission) {
            return Some(End::Answered(Err(refusal)));
        }
        let accepted = self.0.take_over(submission, Before::nothing(), share).await;
        let not_tried = SendError::new(submission.message.id(), NOT_NOW, Vec::new());
        taken_over(submission, accepted, &not_tried, true)
    }

    /// Whether the store has a mail of which it did not say so. What it says now holds for the earlier call too: it takes a
    /// mail once.
    pub(super) async fn again(&self, submission: &Submission, unclear: &SendError, queue: QueueOptions) -> End {
        let Submission { message, caller, .. } = submission;
        let answer = Err(SendError { failure: before_unclear(unclear.failure), ..unclear.clone() });
        let taken_over = match self.0.before(submission, &answer) {
            Some(before) if queue.queueing != Queueing::Never => {
                let accepted = self.0.take_over(submission, before, queue.share).await;
                self.0.count_fallback(&accepted);
                taken_over(submission, accepted, unclear, false)
            }
            _ => matches!(self.0.status(caller, message.id()).await, Ok(Some(_))).then_some(End::Repeated),
        };
        taken_over.unwrap_or_else(|| End::Answered(Err(unclear.clone())))
    }

    /// Does the outbox take what was answered so, as far as can be told without a look at it?
    pub(super) fn may_take(&self, answer: &Answer, queue: QueueOptions) -> bool {
        let waits_for_outbox =
            |error: &SendError| error.failure == Failure::OutboxAlone && queue.queueing == Queueing::AtOnce;
        let may_be = |error: &SendError| self.0.falls_back() || waits_for_outbox(error);
        answer.as_ref().err().is_some_and(may_be) && queue.queueing != Queueing::Never
    }

    /// How much longer a call may take: its mail is queued at once, and where that has failed, after it was sent.
    pub(super) fn lasts(&self) -> Duration {
        2 * FALLBACK_TIME
    }
}

/// Until an outbox that has no room, or whose store is down, may be asked again.
const AFTER_REFUSAL: Duration = Duration::from_secs(5);
const NOT_NOW: Failure = Failure::NotNow { retry_after: Duration::ZERO };

/// `None`: the store has not taken it for certain.
fn taken_over(
    submission: &Submission,
    accepted: Result<Acceptance, Failed>,
    error: &SendError,
    is_asked_for: bool,
) -> Option<End> {
    let (id, caller) = (submission.message.id(), submission.caller.as_str());
    match accepted {
        Ok(Acceptance::Accepted(ticket)) => {
            let SendError { attempts, rule, .. } = error.clone();
            info!(%id, caller, attempts = attempts.len(), "mail queued");
            Some(End::Queued(Box::new(Queued { ticket, attempts, rule, is_asked_for })))
        }
        Ok(Acceptance::Repeated(_)) => Some(End::Repeated),
        Ok(Acceptance::KeyInUse) => answered(SendError::new(id, Failure::KeyReused, Vec::new())),
        Ok(Acceptance::Full(_) | Acceptance::TooLarge(_) | Acceptance::Withheld) | Err(Failed::Down) => None,
        Err(Failed::Unclear) => {
            warn!(%id, caller, "the store did not say whether it has this mail");
            let failure = unclear(error.failure);
            answered(SendError { failure, replayed: false, ..error.clone() })
        }
    }
}

/// What only the outbox delivers, and it does not take now, it may take later.
fn for_now(error: SendError) -> SendError {
    let failure = match error.failure {
        Failure::OutboxAlone => Failure::NotNow { retry_after: AFTER_REFUSAL },
        other => other,
    };
    SendError { failure, ..error }
}

fn answered(error: SendError) -> Option<End> {
    Some(End::Answered(Err(error)))
}

fn unclear(before: Failure) -> Failure {
    match before {
        Failure::NotNow { retry_after } => Failure::QueueUnclear { retry_after: Some(retry_after) },
        Failure::QueueUnclear { .. } => before,
        _ => Failure::QueueUnclear { retry_after: None },
    }
}

/// What the failure was, before the store was asked.
fn before_unclear(unclear: Failure) -> Failure {
    match unclear {
        Failure::QueueUnclear { retry_after: Some(retry_after) } => Failure::NotNow { retry_after },
        Failure::QueueUnclear { retry_after: None } => Failure::Refused { retryable: true },
        other => other,
    }
}

//! Sending now, for every way in: a submission in, one answer out.
//!
//! A repeat under a key in flight waits for the first call and hears its answer. A repeat of what was answered hears the
//! held answer; an `unknown` is asked about again where that cannot send a second mail.
//!
//! The work is done where [`Submitted::answer`] is awaited, and nowhere else. A way in must await it to the end though its
//! client has gone: what is dropped half-way may be sent or not, and its key then says `unknown`.

mod sent;

use std::sync::Arc;

use tracing::info;

use crate::delivery::dispatch::Dispatcher;
use crate::delivery::upstream::LateVerdict;
use crate::model::message::Id;
use crate::model::message::key::IdempotencyKey;
use crate::model::receipt::{Failure, Receipt, SendError};
use crate::model::submission::Submission;
use crate::runtime::metrics::Metrics;
use crate::runtime::off_worker::off_worker;
use crate::state::answers::{Answers, Follower, Known, Leader, Role};
pub use sent::Sent;

/// Sends submissions, and knows those with a key again.
pub struct Submit {
    dispatcher: Arc<Dispatcher>,
    answers: Answers,
    metrics: Arc<Metrics>,
}

/// A submission whose way is decided; [`Submitted::answer`] goes it.
#[must_use = "a submission that is not awaited is not sent"]
pub struct Submitted<'a> {
    submit: &'a Submit,
    id: Id,
    step: Step,
}

enum Step {
    /// Hand it over; where something is known of it already, ask about it again.
    Send { submission: Submission, leader: Option<Leader>, before: Option<Box<SendError>> },
    /// Wait for the first call under the key.
    Wait(Follower),
    /// Nothing: this is known.
    Answered(Known),
}

impl Submit {
    /// Sends by this dispatcher, and holds the answers to mails with a key.
    pub fn new(dispatcher: Arc<Dispatcher>, answers: Answers, metrics: Arc<Metrics>) -> Self {
        Self { dispatcher, answers, metrics }
    }

    /// Decides what is to be done for this submission; does none of it yet.
    pub async fn submit(&self, submission: Submission) -> Submitted<'_> {
        match submission.options.key {
            None => {
                let id = submission.message.id();
                Submitted { submit: self, id, step: Step::Send { submission, leader: None, before: None } }
            }
            // Apart, so that mail without a key has no room for it in its future.
            Some(key) => Box::pin(self.join(submission, key)).await,
        }
    }

    async fn join(&self, submission: Submission, key: IdempotencyKey) -> Submitted<'_> {
        let Submission { message, caller, options } = submission;
        // The id under a key is a digest of the whole message.
        let message = off_worker(message.size(), || message.identified_by(&key));
        let id = message.id();
        let can_ask_again = |error: &SendError| self.dispatcher.can_ask_again(options, error);
        let submission = Submission { message, caller, options };
        let step = match self.answers.join(key, id, can_ask_again) {
            Role::Leader(leader) => Step::Send { submission, leader: Some(leader), before: None },
            Role::Again(leader, before) => {
                Step::Send { submission, leader: Some(leader), before: Some(Box::new(before)) }
            }
            Role::Follower(follower) => {
                self.metrics.coalesced();
                info!(%id, "repeated call waits for the first");
                Step::Wait(follower)
            }
            Role::Held(known) => {
                self.metrics.replayed();
                info!(%id, "repeated call gets the held answer");
                Step::Answered(replayed(known))
            }
            Role::Reused => Step::Answered(Known::Answered(Err(SendError::new(id, Failure::KeyReused, Vec::new())))),
        };
        Submitted { submit: self, id, step }
    }
}

impl Submitted<'_> {
    /// Will a mail be handed over? If not, the call only waits or has its answer, and needs no in-flight permit.
    pub fn hands_over(&self) -> bool {
        matches!(self.step, Step::Send { .. })
    }

    /// Does what was decided, until there is an answer.
    pub async fn answer(mut self) -> Result<Sent, SendError> {
        let dispatcher = &self.submit.dispatcher;
        let known = match self.step {
            // By reference: what is moved across an await would be in the future twice.
            Step::Send { ref submission, ref mut leader, ref before } => {
                let late = leader.as_ref().map(|leader| Arc::new(leader.on_late_verdict()) as LateVerdict);
                let answer = match before {
                    Some(before) => dispatcher.ask_again(submission, before, late.as_ref()).await,
                    None => dispatcher.send(submission, late.as_ref()).await,
                };
                let known = Known::Answered(answer);
                match leader.take() {
                    Some(leader) => leader.finish(known).await,
                    None => known,
                }
            }
            Step::Wait(follower) => follower.answer().await,
            Step::Answered(known) => known,
        };
        match known {
            Known::Answered(answer) => answer.map(Sent::Accepted),
            Known::Queued => Ok(Sent::Queued(self.id)),
        }
    }
}

/// What an earlier call has come to, marked as such.
fn replayed(known: Known) -> Known {
    match known {
        Known::Answered(Ok(receipt)) => Known::Answered(Ok(Receipt { replayed: true, ..receipt })),
        Known::Answered(Err(error)) => Known::Answered(Err(SendError { replayed: true, ..error })),
        Known::Queued => Known::Queued,
    }
}

#[cfg(test)]
mod tests;

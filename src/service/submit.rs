//! Sending now, for every way in: a submission in, one answer out.
//!
//! A repeat under a key in flight waits for the first call and hears its answer. A repeat of what was answered hears the
//! held answer; an `unknown` is asked about again where that cannot send a second mail. A repeat of what was queued hears
//! where it is now, also at a node whose outbox is off. Where there is a store, it is asked before a mail with a key is handed
//! over, and without its answer none is. Mail without a key asks it for nothing.
//!
//! The work is done where [`Submitted::answer`] is awaited, and nowhere else. A way in must await it to the end though its
//! client has gone: what is dropped half-way may be sent or not, and its key then says `unknown`.

mod end;
mod fallback;
mod look;
mod sent;

use std::sync::Arc;
use std::time::Duration;

use tracing::info;

use crate::delivery::dispatch::Dispatcher;
use crate::delivery::upstream::LateVerdict;
use crate::model::caller::CallerName;
use crate::model::message::Id;
use crate::model::message::key::IdempotencyKey;
use crate::model::receipt::{Failure, SendError};
use crate::model::submission::{SendOptions, Submission};
use crate::runtime::metrics::{DeliveryLabel, Metrics};
use crate::runtime::off_worker::off_worker;
use crate::service::outbox::{OutboxService, Rows};
use crate::state::answers::{Answers, Call, Follower, Known, Leader, Role};
use crate::state::store::Failed;
use end::End;
use fallback::Fallback;
pub use fallback::{QueueOptions, Queueing};
pub use look::Look;
pub use sent::{Kept, Lookup, Queued, Sent};

/// Sends submissions, and knows those with a key again.
pub struct Submit {
    dispatcher: Arc<Dispatcher>,
    answers: Answers,
    metrics: Arc<Metrics>,
    /// `None`: there is no outbox, or it is off.
    fallback: Option<Fallback>,
    /// Mails that were queued, whether the outbox is on or off. `None`: there is no store.
    rows: Option<Rows>,
}

/// A submission whose way is decided; [`Submitted::answer`] goes it.
#[must_use = "a submission that is not awaited is not sent"]
pub struct Submitted<'a> {
    submit: &'a Submit,
    id: Id,
    caller: CallerName,
    queue: QueueOptions,
    step: Step,
    /// How to look the mail up, where it was queued before.
    lookups: Vec<Lookup>,
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
    pub fn new(
        dispatcher: Arc<Dispatcher>,
        answers: Answers,
        outbox: Option<Arc<OutboxService>>,
        metrics: Arc<Metrics>,
    ) -> Self {
        let rows = outbox.as_ref().map(|outbox| outbox.rows());
        Self { dispatcher, answers, metrics, fallback: outbox.map(Fallback::new), rows }
    }

    /// Where the outbox is off at this node: what others have queued in its store is not sent here.
    pub fn beside(self, rows: Rows) -> Self {
        Self { rows: Some(rows), ..self }
    }

    /// What is known of a caller's mail. Another caller's is as unknown as one that does not exist.
    pub async fn look(&self, caller: &CallerName, id: Id) -> Result<Option<Look>, Failed> {
        look::look(&self.answers, self.rows.as_ref(), caller, id).await
    }

    /// Decides what is to be done for this submission; does none of it yet.
    pub async fn submit(&self, submission: Submission, queue: QueueOptions) -> Submitted<'_> {
        match submission.options.key {
            None => {
                let (id, caller) = (submission.message.id(), submission.caller.clone());
                let step = Step::Send { submission, leader: None, before: None };
                Submitted { submit: self, id, caller, queue, step, lookups: Vec::new() }
            }
            // Apart, so that mail without a key has no room for it in its future.
            Some(key) => Box::pin(self.join(submission, key, queue)).await,
        }
    }

    async fn join(&self, submission: Submission, key: IdempotencyKey, queue: QueueOptions) -> Submitted<'_> {
        let Submission { message, caller, options } = submission;
        let open = self.metrics.mails.open(caller.as_str(), 1);
        // The id under a key is a digest of the whole message.
        let message = off_worker(message.size(), || message.identified_by(&key));
        let id = message.id();
        let lasts = self.dispatcher.lasts(&message) + self.fallback.as_ref().map_or(Duration::ZERO, Fallback::lasts);
        let submission = Submission { message, caller: caller.clone(), options };
        let call = Call { key, id, caller: &caller, lasts };
        let mut lookups = Vec::new();
        let role = self.role(call, options).await;
        drop(open);
        let step = match role {
            Role::Leader(leader) => Step::Send { submission, leader: Some(leader), before: None },
            Role::Again(leader, before) => {
                Step::Send { submission, leader: Some(leader), before: Some(Box::new(before)) }
            }
            Role::Follower(follower) => {
                self.metrics.repeats.coalesced();
                info!(%id, "repeated call waits for the first");
                Step::Wait(follower)
            }
            Role::Held(known) => {
                self.metrics.repeats.replayed();
                info!(%id, "repeated call gets the held answer");
                if let Known::Queued = known {
                    lookups = self.dispatcher.lookups(&submission.message);
                }
                Step::Answered(known.replayed())
            }
            Role::Refused(failure) => Step::Answered(Known::Answered(Err(SendError::new(id, failure, Vec::new())))),
        };
        Submitted { submit: self, id, caller, queue, step, lookups }
    }

    /// Can it become clear what has become of a mail that ended so, without the danger of a second one?
    fn can_ask_again(&self, options: SendOptions, error: &SendError) -> bool {
        match error.failure {
            Failure::QueueUnclear { .. } => self.fallback.is_some(),
            _ => self.dispatcher.can_ask_again(options, error),
        }
    }

    /// Hands a submission over, or queues it; where something is known of it already, asks about it again.
    async fn send(
        &self,
        submission: &Submission,
        before: Option<&SendError>,
        late: Option<&LateVerdict>,
        queue: QueueOptions,
    ) -> End {
        let fallback = self.fallback.as_ref();
        if let (Some(before), Some(fallback)) = (before, fallback)
            && let Failure::QueueUnclear { .. } = before.failure
        {
            return Box::pin(fallback.again(submission, before, queue)).await;
        }
        if let (None, Some(fallback), Queueing::AtOnce) = (before, fallback, queue.queueing)
            && let Some(end) = Box::pin(fallback.at_once(submission, queue.share)).await
        {
            return end;
        }
        let answer = match before {
            Some(before) => self.dispatcher.ask_again(submission, before, late).await,
            None => self.dispatcher.send(submission, late).await,
        };
        match fallback.filter(|fallback| fallback.may_take(&answer, queue)) {
            Some(fallback) => Box::pin(fallback.after(submission, answer, queue.share)).await,
            None => End::Answered(answer),
        }
    }

    /// Where a mail is that an earlier call has queued.
    async fn kept(&self, caller: &CallerName, id: Id, lookups: Vec<Lookup>) -> Result<Sent, SendError> {
        let Some(rows) = &self.rows else { return Ok(Sent::Kept(id, None)) };
        match rows.shown(caller, id).await {
            Ok(Some(shown)) => Ok(Sent::Kept(id, Some(Box::new(Kept { shown, lookups })))),
            // Its row is gone and its record is not: a copy of the store was restored, or the row was dropped just now.
            Ok(None) => Err(SendError { replayed: true, ..SendError::new(id, Failure::Unknown, Vec::new()) }),
            Err(_) => Ok(Sent::Kept(id, None)),
        }
    }

    /// What the outbox has is not sent here, however long ago its key was held.
    async fn role(&self, call: Call<'_>, options: SendOptions) -> Role {
        let is_queued = look::is_in_outbox(self.rows.as_ref(), call.caller, call.id);
        self.answers.join(call, is_queued, |error: &SendError| self.can_ask_again(options, error)).await
    }
}

impl Submitted<'_> {
    /// Will a mail be handed over? If not, the call only waits or has its answer, and needs no in-flight permit.
    pub fn hands_over(&self) -> bool {
        matches!(self.step, Step::Send { .. })
    }

    /// Does what was decided, until there is an answer.
    pub async fn answer(mut self) -> Result<Sent, SendError> {
        let (mut queued, mut lookups) = (None, std::mem::take(&mut self.lookups));
        // A repeat is no mail.
        let is_first = matches!(self.step, Step::Send { before: None, .. });
        let open = is_first.then(|| self.submit.metrics.mails.open(self.caller.as_str(), 1));
        let known = match self.step {
            // By reference: what is moved across an await would be in the future twice.
            Step::Send { ref submission, ref mut leader, ref before } => {
                let (tells_late, answers) = (self.submit.dispatcher.tells_late(), &self.submit.answers);
                let (late, without_key) = match leader {
                    _ if !tells_late => (None, None),
                    Some(leader) => (Some(Arc::new(leader.on_late_verdict()) as LateVerdict), None),
                    None => {
                        let call = answers.without_key(self.id);
                        (call.as_ref().map(|call| Arc::new(call.on_late_verdict()) as LateVerdict), call)
                    }
                };
                let known = match self.submit.send(submission, before.as_deref(), late.as_ref(), self.queue).await {
                    End::Answered(answer) => Known::Answered(answer),
                    End::Queued(now) => {
                        queued = Some(now);
                        Known::Queued
                    }
                    End::Repeated => {
                        lookups = self.submit.dispatcher.lookups(&submission.message);
                        Known::Queued
                    }
                };
                match leader.take() {
                    Some(leader) => Box::pin(leader.finish(known)).await,
                    None if known.is_unknown() && !is_queue_unclear(&known) => {
                        match without_key.or_else(|| answers.without_key(self.id)) {
                            // Apart, so that other mail has no room for it in its future.
                            Some(call) => Box::pin(call.finish(self.caller.clone(), known)).await,
                            None => known,
                        }
                    }
                    None => known,
                }
            }
            Step::Wait(follower) => follower.answer().await,
            Step::Answered(known) => known,
        };
        drop(open);
        if let Some(delivery) = told(&known, queued.is_some()).filter(|_| is_first) {
            self.submit.metrics.mails.told(self.caller.as_str(), delivery, 1);
        }
        match (known, queued) {
            (Known::Answered(answer), _) => answer.map(Sent::Accepted),
            (Known::Queued, Some(queued)) => Ok(Sent::Queued(queued)),
            (Known::Queued, None) => Box::pin(self.submit.kept(&self.caller, self.id, lookups)).await,
        }
    }
}

/// Is it unclear whether the outbox has the mail? Its row alone tells of it then: a record beside that would say for a day that
/// somebody may have a mail that nobody has.
fn is_queue_unclear(known: &Known) -> bool {
    matches!(known, Known::Answered(Err(SendError { failure: Failure::QueueUnclear { .. }, .. })))
}

/// What the caller of a mail hears of it, for metrics. None: it is a repeat of one that the outbox has, or its key names
/// another mail.
fn told(known: &Known, is_queued_now: bool) -> Option<DeliveryLabel> {
    match known {
        Known::Answered(Ok(_)) => Some(DeliveryLabel::Accepted),
        Known::Answered(Err(error)) if error.failure.is_unknown() => Some(DeliveryLabel::Unknown),
        Known::Answered(Err(error)) => (error.failure != Failure::KeyReused).then_some(DeliveryLabel::None),
        Known::Queued => is_queued_now.then_some(DeliveryLabel::Queued),
    }
}

#[cfg(test)]
mod tests;

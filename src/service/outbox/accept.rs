//! Acceptance: from submissions to rows.

use std::time::Duration;

use tracing::warn;

use crate::model::caller::CallerName;
use crate::model::message::{Address, Id, Message};
use crate::model::receipt::SendError;
use crate::model::submission::Submission;
use crate::runtime::metrics::DeliveryLabel;
use crate::runtime::off_worker::off_worker;
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::{Acceptance, Batch, Earlier, Failed, Lane, NewRow, When, Withdrawal};

use super::filed::Filed;
use super::service::{OutboxService, STORE_TIMEOUT};

/// A submission that is to be sent later.
#[derive(Clone, Debug)]
pub struct Later {
    /// What to send.
    pub submission: Submission,
    /// Before or behind others.
    pub lane: Lane,
    /// Not before; none: as soon as it can be.
    pub send_at: Option<UnixTime>,
    /// Not after; none: as this node is configured.
    pub expires_at: Option<UnixTime>,
}

/// Submissions of one caller, ready for the store.
pub struct Offer {
    batch: Batch,
}

impl Offer {
    /// The ids of their messages, in their order.
    pub fn ids(&self) -> impl Iterator<Item = Id> {
        self.batch.rows.iter().map(|row| row.id)
    }
}

impl Later {
    /// With the id that its key gives its message: a repeat has the same one.
    pub fn identified(self) -> Self {
        let Some(key) = self.submission.options.key else { return self };
        let Submission { message, caller, options } = self.submission;
        let message = off_worker(message.size(), || message.identified_by(&key));
        Self { submission: Submission { message, caller, options }, ..self }
    }
}

impl OutboxService {
    /// Why no upstream may ever send this mail as the node is configured, if that is so: then it is not to be accepted.
    pub fn refusal(&self, later: &Later) -> Option<SendError> {
        self.refusal_of(&later.submission)
    }

    /// [`Self::refusal`] of a mail that was to be sent now.
    pub fn refusal_of(&self, submission: &Submission) -> Option<SendError> {
        (self.parts.file)(submission).refusal
    }

    /// Seals submissions of one caller, at least one, which may take so many rows and bytes where its share is set. An
    /// error: nothing is written.
    pub fn offer(
        &self,
        caller: CallerName,
        mails: Vec<Later>,
        (rows, bytes): (Option<usize>, Option<usize>),
        atomic: bool,
    ) -> Result<Offer, Failed> {
        let open = self.parts.mails.open(caller.as_str(), mails.len() as u64);
        let callers_room = self.callers_room(rows, bytes);
        // Many small mails take as long as a large one.
        let size = mails.iter().map(|later| later.submission.message.size()).sum();
        let rows = off_worker(size, || mails.into_iter().map(|later| self.row(later)).collect::<Result<_, _>>());
        drop(open);
        let rows = rows?;
        Ok(Offer {
            batch: Batch { withdrawal: Withdrawal::default(), caller, rows, atomic, room: self.room, callers_room },
        })
    }

    /// Asks the store to take an offer; an answer for each of its submissions, in their order, once it is on the disk.
    pub async fn accept(&self, offer: Offer) -> Result<Vec<Acceptance>, Failed> {
        let (caller, ids) = (offer.batch.caller.clone(), offer.ids().collect::<Vec<_>>());
        let open = self.parts.mails.open(caller.as_str(), ids.len() as u64);
        let answers = self.accepted(offer.batch, STORE_TIMEOUT).await;
        drop(open);
        self.count_told(&caller, ids.len(), &answers);
        for id in ids.into_iter().filter(|_| matches!(answers, Err(Failed::Unclear))) {
            warn!(%id, caller = caller.as_str(), "the store did not say whether it has this mail");
        }
        let answers = answers?;
        if answers.iter().any(|answer| matches!(answer, Acceptance::Accepted(_))) {
            (self.parts.wake)();
        }
        Ok(answers)
    }

    /// A mail of the node's own, ready for the store. Who looks for one of these addresses, or erases it, finds this mail too.
    pub fn own(&self, submission: Submission, names: &[Address]) -> Result<Batch, Failed> {
        let caller = submission.caller.clone();
        let later = Later { submission, lane: Lane::default(), send_at: None, expires_at: None };
        let mut batch = self.offer(caller, vec![later], (None, None), false)?.batch;
        let hmacs = || names.iter().filter_map(|address| self.parts.sealer.hmacs(address).first().copied());
        batch.rows.iter_mut().for_each(|row| row.sealed.hmacs.extend(hmacs()));
        Ok(batch)
    }

    /// Counts messages that were refused though the call that brought them was not.
    pub fn count_refused_in_batch(&self, messages: usize) {
        self.parts.metrics.refused_in_batch(messages as u64);
    }

    /// Counts what a caller is told of so many mails; one that was accepted before is not counted again.
    fn count_told(&self, caller: &CallerName, mails: usize, answers: &Result<Vec<Acceptance>, Failed>) {
        let count = |delivery, mails| self.parts.mails.told(caller.as_str(), delivery, mails as u64);
        match answers {
            Err(Failed::Down) => count(DeliveryLabel::None, mails),
            Err(Failed::Unclear) => count(DeliveryLabel::Unknown, mails),
            Ok(answers) => answers.iter().filter_map(told).for_each(|delivery| count(delivery, 1)),
        }
    }

    fn row(&self, later: Later) -> Result<NewRow, Failed> {
        let Later { submission, lane, send_at, expires_at } = later.identified();
        let send = send_at.map_or(When::After(Duration::ZERO), When::At);
        let expires = expires_at.map_or(When::After(self.expiry), When::At);
        self.new_row(&submission, lane, send, expires, Earlier::default())
    }

    /// Seals a submission, which has its id already.
    pub(super) fn new_row(
        &self,
        submission: &Submission,
        lane: Lane,
        send: When,
        expires: When,
        earlier: Earlier,
    ) -> Result<NewRow, Failed> {
        let sealed = self.parts.sealer.seal(submission).map_err(|_| Failed::Down)?;
        let Filed { route_set, rules, .. } = (self.parts.file)(submission);
        Ok(NewRow {
            id: submission.message.id(),
            key: submission.options.key,
            sealed,
            from_domain: from_domain(&submission.message),
            lane,
            route_set,
            rules,
            send,
            expires,
            earlier,
            bounces: submission.message.can_bounce(),
        })
    }
}

/// What is said of a mail of which the store has answered so. None: it is a repeat, or its key names another mail.
fn told(answer: &Acceptance) -> Option<DeliveryLabel> {
    match answer {
        Acceptance::Accepted(_) => Some(DeliveryLabel::Queued),
        Acceptance::Repeated(_) | Acceptance::KeyInUse => None,
        Acceptance::Full(_) | Acceptance::TooLarge(_) | Acceptance::Withheld => Some(DeliveryLabel::None),
    }
}

fn from_domain(message: &Message) -> String {
    message.from().address().domain().to_owned()
}

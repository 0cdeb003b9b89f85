//! What became of hand-overs, as the store keeps it: without addresses, a recipient being its place in the message.

use std::time::{Duration, Instant};

use super::super::earlier::Tried;
use super::super::ending::{RecipientVerdict, Verdict};
use crate::model::message::Message;
use crate::model::outcome::{self, Recipient};
use crate::model::receipt::{Answer, Attempt, Failure};

/// The verdict on each hand-over. Where none was possible because of the mail itself, why each upstream was left out: else
/// nobody could see what stands in its way. What else was decided without a hand-over is left out: it may be decided anew
/// every few seconds, for as long as an outage lasts.
pub(super) fn of_answer(message: &Message, answer: &Answer) -> Vec<Verdict> {
    let (attempts, with_left_out) = match answer {
        Ok(receipt) => (&receipt.attempts, false),
        Err(error) => (&error.attempts, matches!(error.failure, Failure::NotCapable | Failure::SenderRejected)),
    };
    let is_kept = |attempt: &&Attempt| attempt.took.is_some() || with_left_out;
    attempts.iter().filter(is_kept).map(|attempt| of_attempt(message, attempt)).collect()
}

/// The verdict on a replay, if it was handed over.
pub(super) fn of_replay(message: &Message, attempt: Option<&Attempt>) -> Vec<Verdict> {
    attempt.filter(|attempt| attempt.took.is_some()).map(|attempt| of_attempt(message, attempt)).into_iter().collect()
}

/// A verdict that came after the claim had ended.
pub(super) fn late(message: &Message, upstream: &str, verdict: &outcome::Verdict, took: Duration) -> Verdict {
    Verdict { late: true, ..of_verdict(message, upstream, verdict, Some(took)) }
}

/// What was tried before the mail came into the outbox, hand-overs and upstreams that were left out: one call has made them.
pub(super) fn earlier(message: &Message, attempts: &[Attempt], now: Instant) -> Vec<Tried> {
    let tried = |attempt: &Attempt| {
        let ago = now.saturating_duration_since(attempt.ended_at) + attempt.took.unwrap_or_default();
        Tried { verdict: of_attempt(message, attempt), ago }
    };
    attempts.iter().map(tried).collect()
}

fn of_attempt(message: &Message, attempt: &Attempt) -> Verdict {
    of_verdict(message, &attempt.upstream, &attempt.verdict, attempt.took)
}

fn of_verdict(message: &Message, upstream: &str, verdict: &outcome::Verdict, took: Option<Duration>) -> Verdict {
    Verdict {
        upstream: upstream.to_owned(),
        outcome: verdict.outcome,
        reason: verdict.reason.to_string(),
        code: verdict.code.map(|code| code.to_string()),
        provider_message_id: verdict.provider_message_id.clone(),
        took,
        late: false,
        recipients: verdict.recipients.iter().filter_map(|recipient| of_recipient(message, recipient)).collect(),
    }
}

fn of_recipient(message: &Message, recipient: &Recipient) -> Option<RecipientVerdict> {
    let Recipient { email, outcome, reason } = recipient;
    let place = message.recipient_mailboxes().position(|mailbox| mailbox.address().as_str() == email)?;
    Some(RecipientVerdict { place: u32::try_from(place).ok()?, outcome: *outcome, reason: reason.to_string() })
}

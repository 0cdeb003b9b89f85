//! What became of hand-overs, as the store keeps it: without addresses, a recipient being its place in the message.

use std::time::Duration;

use super::super::ending::{RecipientVerdict, Verdict};
use crate::model::message::Message;
use crate::model::outcome::{self, Recipient};
use crate::model::receipt::Attempt;

/// The verdict on each hand-over among these attempts. What was decided without one is left out.
pub(super) fn verdicts(message: &Message, attempts: &[Attempt]) -> Vec<Verdict> {
    let verdict = |attempt: &Attempt| {
        let Attempt { upstream, verdict, took, .. } = attempt;
        took.map(|took| of_verdict(message, upstream, verdict, took, false))
    };
    attempts.iter().filter_map(verdict).collect()
}

/// A verdict that came after the claim had ended.
pub(super) fn late(message: &Message, upstream: &str, verdict: &outcome::Verdict, took: Duration) -> Verdict {
    of_verdict(message, upstream, verdict, took, true)
}

fn of_verdict(message: &Message, upstream: &str, verdict: &outcome::Verdict, took: Duration, late: bool) -> Verdict {
    Verdict {
        upstream: upstream.to_owned(),
        outcome: verdict.outcome,
        reason: verdict.reason.to_string(),
        code: verdict.code.map(|code| code.to_string()),
        provider_message_id: verdict.provider_message_id.clone(),
        took,
        late,
        recipients: verdict.recipients.iter().filter_map(|recipient| of_recipient(message, recipient)).collect(),
    }
}

fn of_recipient(message: &Message, recipient: &Recipient) -> Option<RecipientVerdict> {
    let Recipient { email, outcome, reason } = recipient;
    let place = message.recipient_mailboxes().position(|mailbox| mailbox.address().as_str() == email)?;
    Some(RecipientVerdict { place: u32::try_from(place).ok()?, outcome: *outcome, reason: reason.to_string() })
}

//! A receipt as JSON.

use serde::Serialize;
use utoipa::ToSchema;

use crate::ingress::api::attempt::AttemptBody;
use crate::ingress::api::delivery::Delivery;
use crate::ingress::api::words;
use crate::model::outcome::{Outcome, Recipient};
use crate::model::receipt::Receipt;
use crate::service::outbox::Shown;
use crate::state::outbox::{RecipientVerdict, TriedAt};

/// A provider took the mail, or a recipient's own mail server.
#[derive(Serialize, ToSchema)]
#[schema(as = Receipt)]
pub(in crate::ingress::api) struct ReceiptBody {
    /// The id of the mail, which the provider has too.
    id: String,
    /// Always `accepted`.
    delivery: Delivery,
    /// The name of the provider that took it, as the node is configured; `mx`: recipients' own mail servers.
    provider: String,
    /// The provider's own id of the mail, if it gave one.
    #[schema(required = true)]
    provider_message_id: Option<String>,
    /// The rule of `SMSP_ROUTES` that chose the upstreams: its name, else `rule_<n>`; absent if none holds for the mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    rule: Option<String>,
    /// Every attempt that was made, and every provider that was skipped.
    attempts: Vec<AttemptBody>,
    /// A provider may have a second copy: an attempt before this one is `unknown` (`SMSP_FAILOVER=always`), or a person has had
    /// a queued mail sent again.
    #[serde(skip_serializing_if = "is_false")]
    #[schema(required = false)]
    possible_duplicate: bool,
    /// The mail was taken for some recipients and not for others: `recipients` tells which.
    #[serde(skip_serializing_if = "is_false")]
    #[schema(required = false)]
    partial: bool,
    /// Every recipient, where some were taken and others were not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    recipients: Option<Vec<RecipientBody>>,
}

/// What became of one recipient.
#[derive(Serialize, ToSchema)]
#[schema(as = Recipient)]
pub(in crate::ingress::api) struct RecipientBody {
    /// The address.
    email: String,
    outcome: RecipientOutcome,
    #[schema(schema_with = words::reason)]
    reason: String,
    /// May a mail to this recipient alone succeed later, without the danger of a second one?
    retryable: bool,
}

/// `accepted`; `deferred`: the provider or the recipient's own server would not take it now; `message_rejected`: it will not send
/// to it; `unknown`: the provider does not say who was refused, or nobody knows whether the recipient's server has it.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::ingress::api) enum RecipientOutcome {
    Accepted,
    Deferred,
    MessageRejected,
    Unknown,
}

impl From<Outcome> for RecipientOutcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Accepted => Self::Accepted,
            Outcome::Unknown => Self::Unknown,
            Outcome::Deferred | Outcome::Throttled | Outcome::Unavailable | Outcome::Cancelled => Self::Deferred,
            Outcome::MessageRejected
            | Outcome::NotCapable
            | Outcome::SenderRejected
            | Outcome::AccountRefused
            | Outcome::Unclassified
            | Outcome::Unlisted => Self::MessageRejected,
        }
    }
}

impl From<Receipt> for ReceiptBody {
    fn from(receipt: Receipt) -> Self {
        let taken = receipt.attempts.last();
        Self {
            id: receipt.id.to_string(),
            delivery: Delivery::Accepted,
            provider: taken.map(|attempt| attempt.upstream.to_string()).unwrap_or_default(),
            provider_message_id: taken.and_then(|attempt| attempt.verdict.provider_message_id.clone()),
            rule: receipt.rule.as_deref().map(str::to_owned),
            attempts: receipt.attempts.iter().map(AttemptBody::from).collect(),
            possible_duplicate: receipt.may_be_duplicate(),
            partial: taken.is_some_and(|attempt| !attempt.verdict.recipients.is_empty()),
            recipients: recipients(&receipt),
        }
    }
}

impl ReceiptBody {
    /// The receipt of a mail that was queued, and that a provider took then.
    pub(super) fn of_queued(Shown { status, recipients }: &Shown) -> Self {
        let accepted = |tried: &&TriedAt| tried.outcome.as_deref() == Some(Outcome::Accepted.as_str());
        // A person has settled it: of those that might have it, the last one.
        let may_have_it =
            |tried: &&TriedAt| tried.outcome.as_deref().is_none_or(|word| word == Outcome::Unknown.as_str());
        let taken = status.attempts.iter().rfind(accepted).or(status.attempts.iter().rfind(may_have_it));
        let recipients = recipients.as_deref().unwrap_or_default();
        let body = |verdict: &RecipientVerdict| {
            let email = recipients.get(usize::try_from(verdict.place).ok()?)?.clone();
            Some(RecipientBody::new(email, verdict.outcome, verdict.reason.clone()))
        };
        let verdicts = status.of_recipients();
        let partial = !verdicts.is_empty();
        Self {
            id: status.ticket.id.to_string(),
            delivery: Delivery::Accepted,
            provider: taken.map(|tried| tried.upstream.clone()).unwrap_or_default(),
            provider_message_id: taken.and_then(|tried| tried.provider_message_id.clone()),
            rule: None,
            attempts: status.attempts.iter().filter_map(AttemptBody::of_tried).collect(),
            possible_duplicate: status.ticket.possible_duplicate,
            partial,
            recipients: partial.then(|| verdicts.iter().filter_map(body).collect()),
        }
    }
}

impl RecipientBody {
    fn new(email: String, outcome: Outcome, reason: String) -> Self {
        let outcome = RecipientOutcome::from(outcome);
        Self { email, outcome, reason, retryable: matches!(outcome, RecipientOutcome::Deferred) }
    }
}

/// Only where some were taken and others refused.
fn recipients(receipt: &Receipt) -> Option<Vec<RecipientBody>> {
    let recipients = &receipt.attempts.last()?.verdict.recipients;
    let body = |recipient: &Recipient| {
        RecipientBody::new(recipient.email.clone(), recipient.outcome, recipient.reason.to_string())
    };
    (!recipients.is_empty()).then(|| recipients.iter().map(body).collect())
}

/// Serde wants a reference.
fn is_false(value: &bool) -> bool {
    !value
}

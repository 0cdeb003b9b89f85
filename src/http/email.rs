//! `POST /email`: one message in, one truthful answer out.

mod failures;

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::Door;
use super::caller::Caller;
use super::problem::{Problem, ProblemBody};
use super::query::NoQuery;
use super::replayed::{Replayed, replayed};
use super::wire::Mail;
use super::wishes::Wishes;
use crate::dispatch::{Attempt, Receipt};
use crate::outcome::{Outcome, Recipient};
use failures::problem;

/// A provider took the mail.
#[derive(Serialize, ToSchema)]
#[schema(as = Receipt)]
pub(super) struct ReceiptBody {
    /// Our id of the mail; the provider has it too.
    id: String,
    /// The upstream that took it.
    provider: String,
    /// The provider's own id of the mail, if it gave one.
    #[schema(required = true)]
    provider_message_id: Option<String>,
    /// Every attempt that was made, and every provider that was passed over.
    attempts: Vec<AttemptBody>,
    /// An attempt before this one is `unknown`, so another provider may have the mail too (`SMSP_FAILOVER=always`).
    #[serde(skip_serializing_if = "is_false")]
    #[schema(required = false)]
    possible_duplicate: bool,
    /// The provider took the mail for some recipients and not for others: `recipients` tells which.
    #[serde(skip_serializing_if = "is_false")]
    #[schema(required = false)]
    partial: bool,
    /// Every recipient, where the provider took some and refused others.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    recipients: Option<Vec<RecipientBody>>,
}

/// What became of one recipient.
#[derive(Serialize, ToSchema)]
#[schema(as = Recipient)]
pub(super) struct RecipientBody {
    email: String,
    outcome: RecipientOutcome,
    /// Why.
    reason: String,
    /// May a mail to this recipient alone succeed later, without the danger of a second one?
    retryable: bool,
}

/// `accepted`; `deferred`: the provider would not take it now; `message_rejected`: this provider will not send to it;
/// `unknown`: the provider does not say who was refused.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum RecipientOutcome {
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

/// One try at one provider.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Attempt)]
pub(super) struct AttemptBody {
    /// The upstream's name.
    provider: String,
    /// What it came to.
    #[schema(examples("accepted", "unavailable"))]
    outcome: &'static str,
    /// Why.
    #[schema(examples("http_202", "connect"))]
    reason: String,
    /// The provider's own code for its answer, where it has one that its document lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("5.1.1", "406"))]
    provider_code: Option<String>,
    /// How long it took, in milliseconds; 0 where the mail was not offered.
    duration_ms: u64,
}

/// How to find out whether a provider has a mail of which that is not known.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Lookup)]
pub(super) struct LookupBody {
    /// The upstream that may have it.
    upstream: String,
    /// The provider's field that has our mark of the mail.
    field: &'static str,
    /// What stands in that field.
    value: String,
}

/// Send one message
///
/// The answer says what is known about the mail after this call: 200, a provider has it; `delivery: none`, nobody has it
/// from this call; `delivery: unknown`, somebody may have it, so sending it again may send it twice. What an earlier call
/// under the same key came to stays as it is.
#[utoipa::path(
    post,
    path = "/email",
    operation_id = "sendEmail",
    tag = "email",
    params(
        ("Idempotency-Key" = Option<String>, Header, nullable = false, description = "Names the mail: a repeat under the same key within 10 minutes sends no second mail, but waits for the first answer or hears it again (`Idempotency-Replayed: true`); a `none` frees the key. Without a store this is not promised on another node, after a restart, or after 10 minutes", min_length = 1, max_length = 256, pattern = "^[!-~]+$"),
        ("X-SMSP-Failover" = Option<String>, Header, nullable = false, description = "`never` or `safe`: lowers what this service does after a failure", pattern = "^(never|safe)$"),
    ),
    request_body(content = inline(Mail), description = "The message"),
    responses(
        (status = 200, description = "A provider took the mail", body = ReceiptBody,
            headers(("Idempotency-Replayed" = bool, description = "`true`: the answer to an earlier call under this key"))),
        (status = 400, description = "The body is not JSON, or a header cannot be read", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "The API key is missing or wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "This key may not send from that domain", body = ProblemBody, content_type = "application/problem+json"),
        (status = 408, description = "The body did not arrive in time", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not plain JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The message is invalid, or was refused as such, or its key names another message", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "This key, or whoever tries wrong ones, calls too often", body = ProblemBody, content_type = "application/problem+json",
            headers(("Retry-After" = u64, description = "Seconds"))),
        (status = 500, description = "A fault of this service; delivery unknown", body = ProblemBody, content_type = "application/problem+json"),
        (status = 502, description = "Every provider refused; delivery none", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "No provider, or not this node, can take the mail now; delivery none", body = ProblemBody, content_type = "application/problem+json",
            headers(("Retry-After" = u64, description = "Seconds"))),
        (status = 504, description = "A provider may have the mail; delivery unknown", body = ProblemBody, content_type = "application/problem+json",
            headers(("Idempotency-Replayed" = bool, description = "`true`: the answer to an earlier call under this key"))),
    ),
    security(("X-API-KEY" = []))
)]
pub(super) async fn send(
    State(door): State<Door>,
    caller: Caller,
    _: NoQuery,
    wishes: Wishes,
    Mail(mail, place): Mail,
) -> Result<(Replayed, Json<ReceiptBody>), Problem> {
    caller.standing.allows(&mail)?;
    let held = (place, caller.standing.place()?);
    let receipt = door.dispatcher.send(mail, wishes.of(&caller), held).await.map_err(problem)?;
    Ok((replayed(receipt.replayed), Json(self::receipt(receipt))))
}

fn receipt(receipt: Receipt) -> ReceiptBody {
    let taken = receipt.attempts.last();
    ReceiptBody {
        id: receipt.id.to_string(),
        provider: taken.map(|attempt| attempt.upstream.clone()).unwrap_or_default(),
        provider_message_id: taken.and_then(|attempt| attempt.verdict.provider_message_id.clone()),
        attempts: receipt.attempts.iter().map(attempt).collect(),
        possible_duplicate: receipt.may_be_doubled(),
        partial: taken.is_some_and(|attempt| !attempt.verdict.recipients.is_empty()),
        recipients: recipients(&receipt),
    }
}

/// Only where some were taken and others refused.
fn recipients(receipt: &Receipt) -> Option<Vec<RecipientBody>> {
    let recipients = &receipt.attempts.last()?.verdict.recipients;
    let body = |recipient: &Recipient| {
        let outcome = RecipientOutcome::from(recipient.outcome);
        let (email, reason) = (recipient.email.clone(), recipient.reason.to_string());
        RecipientBody { email, outcome, reason, retryable: matches!(outcome, RecipientOutcome::Deferred) }
    };
    (!recipients.is_empty()).then(|| recipients.iter().map(body).collect())
}

/// Serde wants a reference.
fn is_false(value: &bool) -> bool {
    !value
}

fn attempt(attempt: &Attempt) -> AttemptBody {
    AttemptBody {
        provider: attempt.upstream.clone(),
        outcome: attempt.verdict.outcome.as_str(),
        reason: attempt.verdict.reason.to_string(),
        provider_code: attempt.verdict.code.map(|code| code.to_string()),
        duration_ms: millis(attempt.took.unwrap_or_default()),
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

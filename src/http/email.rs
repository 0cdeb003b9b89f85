//! `POST /email`: one message in, one truthful answer out.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::Door;
use super::caller::Caller;
use super::problem::{FieldError, Kind, Problem, ProblemBody};
use super::query::NoQuery;
use super::wire::Mail;
use super::wishes::{IDEMPOTENCY_KEY, Wishes};
use crate::dispatch::{Attempt, Failure, Receipt, SendError};
use crate::outcome::{Reason, Recipient};

/// A provider took the mail.
#[derive(Serialize, ToSchema)]
#[schema(title = "Receipt")]
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
    /// Every recipient, where the provider took some and refused others.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    recipients: Option<Vec<RecipientBody>>,
}

/// What became of one recipient.
#[derive(Serialize, ToSchema)]
#[schema(title = "Recipient")]
pub(super) struct RecipientBody {
    email: String,
    /// `accepted`; `message_rejected`: this provider will not send to it; or `unknown`, where it does not say who was refused.
    outcome: &'static str,
    /// Why.
    reason: String,
}

/// One try at one provider.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(title = "Attempt")]
pub(super) struct AttemptBody {
    /// The upstream's name.
    provider: String,
    /// What it came to.
    #[schema(examples("accepted", "unavailable"))]
    outcome: &'static str,
    /// Why.
    #[schema(examples("http_202", "connect"))]
    reason: String,
    /// How long it took, in milliseconds; 0 where the mail was not offered.
    duration_ms: u64,
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
        ("Idempotency-Key" = Option<String>, Header, nullable = false, description = "Names the mail: a repeat under the same key has the same id, and waits for the first while that is under way", min_length = 1, max_length = 256, pattern = "^[!-~]+$"),
        ("X-SMSP-Failover" = Option<String>, Header, nullable = false, description = "`never` or `safe`: lowers what this service does after a failure", pattern = "^(never|safe)$"),
    ),
    request_body(content = Mail, description = "The message"),
    responses(
        (status = 200, description = "A provider took the mail", body = ReceiptBody),
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
        (status = 504, description = "A provider may have the mail; delivery unknown", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("X-API-KEY" = []))
)]
pub(super) async fn send(
    State(door): State<Door>,
    caller: Caller,
    _: NoQuery,
    wishes: Wishes,
    Mail(mail, place): Mail,
) -> Result<Json<ReceiptBody>, Problem> {
    caller.standing.allows(&mail)?;
    let held = (place, caller.standing.place()?);
    door.dispatcher.send(mail, wishes.of(&caller), held).await.map(receipt).map(Json).map_err(problem)
}

fn receipt(receipt: Receipt) -> ReceiptBody {
    let taken = receipt.attempts.last();
    ReceiptBody {
        id: receipt.id.to_string(),
        provider: taken.map(|attempt| attempt.upstream.clone()).unwrap_or_default(),
        provider_message_id: taken.and_then(|attempt| attempt.verdict.provider_message_id.clone()),
        attempts: receipt.attempts.iter().map(attempt).collect(),
        possible_duplicate: receipt.may_be_doubled(),
        recipients: recipients(&receipt),
    }
}

/// Only where some were taken and others refused.
fn recipients(receipt: &Receipt) -> Option<Vec<RecipientBody>> {
    let recipients = &receipt.attempts.last()?.verdict.recipients;
    let body = |recipient: &Recipient| RecipientBody {
        email: recipient.email.clone(),
        outcome: recipient.outcome.as_str(),
        reason: recipient.reason.to_string(),
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
        duration_ms: millis(attempt.took.unwrap_or_default()),
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn problem(error: SendError) -> Problem {
    let problem = match error.failure {
        Failure::Unknown => Problem::new(
            Kind::Unknown,
            "A provider was handed the mail and gave no clear answer. Look the id up there before you send it again.",
        ),
        Failure::Panicked => Problem::new(
            Kind::Panicked,
            "A fault of this service while it handed over the mail. Look the id up at the provider before you send it again.",
        ),
        Failure::KeyReused => Problem::of_fields(
            Kind::IdempotencyKeyReused,
            vec![field_error(IDEMPOTENCY_KEY, "names another message that is under way: a key belongs to one message")],
        ),
        Failure::NotCapable => Problem::of_fields(Kind::NotCapable, error.attempts.iter().map(lack).collect()),
        Failure::MessageRejected => Problem::new(
            Kind::MessageRejected,
            "A provider refused the message itself; correct it before you send it again.",
        ),
        Failure::NotNow { retry_after } => {
            Problem::new(Kind::NotNow, "No provider can take the mail now. Send it again after Retry-After.")
                .retry_after(retry_after)
        }
        Failure::SenderRejected => {
            Problem::of_fields(Kind::SenderRejected, vec![field_error("from", "no provider may send for this address")])
        }
        Failure::Refused { retryable } => {
            Problem::new(Kind::Refused { retryable }, "No provider has taken the mail: each that was asked refused.")
        }
    };
    problem.of_mail(error.id, error.attempts.iter().map(attempt).collect())
}

/// Who lacks what, by the field that asks for it.
fn lack(attempt: &Attempt) -> FieldError {
    let (field, what) = match attempt.verdict.reason {
        Reason::Recipients => ("to", "so many recipients"),
        Reason::Smtp(_) => ("to", "a mail to these recipients"),
        Reason::Inline => ("attachments", "a picture inside of the HTML"),
        Reason::AttachmentType => ("attachments", "a file whose type its name does not tell"),
        Reason::Tags => ("tags", "so many tags"),
        Reason::ReplyTo => ("reply_to", "so many addresses for answers"),
        Reason::Headers => ("headers", "one of these headers"),
        Reason::Template => ("subject", "{{ in a subject, a name or a header"),
        Reason::Smtputf8 => ("to", "letters beyond ASCII before an @"),
        _ => ("body", "a mail of this size"),
    };
    field_error(field, &format!("{} cannot carry {what}", attempt.upstream))
}

fn field_error(field: &str, reason: &str) -> FieldError {
    FieldError { field: field.to_owned(), reason: reason.to_owned() }
}

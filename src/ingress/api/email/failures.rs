//! What a caller is told of a mail that no provider is known to have taken.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::ingress::api::attempt::{AttemptBody, LookupBody};
use crate::ingress::api::problem::{Kind, OfMail, Problem};
use crate::ingress::api::send_options::IDEMPOTENCY_KEY;
use crate::ingress::server::field_error::FieldError;
use crate::model::outcome::{Outcome, Reason, Subject};
use crate::model::receipt::{Attempt, Failure, SendError};

/// Seconds until a store that could not be reached may be asked again.
const AFTER_DOWN: RangeInclusive<u64> = 1..=5;

pub(in crate::ingress::api) fn problem(error: SendError) -> Problem {
    let problem = match error.failure {
        Failure::Unknown => Problem::new(Kind::Unknown, unknown(&error)),
        Failure::QueueUnclear { .. } => Problem::new(
            Kind::OutboxUnknown,
            "No provider has the mail now, and the store did not say whether it keeps it to send it later. With an \
             Idempotency-Key, repeat the call under the same key: the mail is never kept twice. Without one, ask for the id.",
        ),
        Failure::Panicked => Problem::new(
            Kind::InternalError,
            "This service failed while it handed over the mail. Look the id up at the provider before you send it again.",
        ),
        Failure::KeyReused => Problem::of_fields(
            Kind::IdempotencyKeyReused,
            vec![field_error(IDEMPOTENCY_KEY, "names another message: a key belongs to one message".to_owned())],
        ),
        Failure::InFlightElsewhere { retry_after } => Problem::new(
            Kind::IdempotencyKeyInFlight,
            "A call under this key is under way, or its node has ended. Repeat the call after Retry-After to hear what became of it.",
        )
        .retry_after(retry_after),
        Failure::StoreUnavailable => store_unavailable(
            "The store does not say whether the mail was sent under its key before. Repeat the call after Retry-After.",
        ),
        Failure::NotCapable => Problem::of_fields(Kind::NotCapable, error.attempts.iter().map(lack).collect()),
        Failure::MessageRejected => rejected(&error.attempts),
        Failure::NotNow { retry_after } => Problem::new(
            Kind::TemporarilyUnavailable,
            "No provider can take the mail now. Send it again after Retry-After.",
        )
        .retry_after(retry_after),
        Failure::OutboxAlone => Problem::new(
            Kind::OutboxAlone,
            "The route of this mail leads to mx, to which the outbox alone delivers, and this call does not queue it. Send it \
             with POST /outbox or Prefer: respond-async, or let the operator set SMSP_OUTBOX_FALLBACK=true.",
        ),
        Failure::SenderRejected => {
            let reason = "no provider may send for this address".to_owned();
            Problem::of_fields(Kind::SenderRejected, vec![field_error("from", reason)])
        }
        Failure::Refused { retryable } => Problem::new(
            Kind::Refused,
            "No provider has the mail: each that was asked refused it or could not be reached.",
        )
        .retryable(retryable),
    };
    let lookup = lookup(&error);
    let attempts = error.attempts.iter().map(AttemptBody::from).collect();
    problem.of_mail(OfMail { id: error.id, attempts, rule: error.rule, lookup }).replayed(error.replayed)
}

/// The store has not answered. Callers do not all come back at once.
pub(super) fn store_unavailable(detail: &'static str) -> Problem {
    let wait = Duration::from_secs(fastrand::u64(AFTER_DOWN));
    Problem::new(Kind::StoreUnavailable, detail).retry_after(wait)
}

/// The upstream that was asked last, of those that may have the mail.
fn lookup(error: &SendError) -> Option<LookupBody> {
    let body = |attempt: &Attempt| {
        let (field, value) = *attempt.lookup.clone()?;
        Some(LookupBody { upstream: attempt.upstream.to_string(), field, value })
    };
    error.attempts.iter().rev().filter(|attempt| attempt.is_unknown()).find_map(body)
}

fn unknown(error: &SendError) -> String {
    if error.attempts.is_empty() {
        return "A provider may have the mail: a node has ended before it could say, or its answer cannot be read. Look the id \
                up at the providers before you send it again."
            .to_owned();
    }
    let who = lookup(error).map_or_else(|| "A provider".to_owned(), |lookup| lookup.upstream);
    format!(
        "{who} was handed the mail and gave no clear answer. Look it up there, by `lookup`, before you send it again."
    )
}

/// By the field that the provider's answer speaks of, where it does.
fn rejected(attempts: &[Attempt]) -> Problem {
    let detail = "A provider refused the message itself; correct it before you send it again.";
    let refusal = attempts.iter().find(|attempt| attempt.verdict.outcome == Outcome::MessageRejected);
    let errors = refusal.and_then(|Attempt { upstream, verdict, .. }| {
        let field = verdict.subject.and_then(Subject::field)?;
        let code = verdict.code.map(|code| format!(" ({code})")).unwrap_or_default();
        Some(vec![field_error(field, format!("was refused by {upstream}{code}"))])
    });
    Problem::new(Kind::MessageRejected, detail).errors(errors)
}

/// Who lacks what, by the field that asks for it.
fn lack(attempt: &Attempt) -> FieldError {
    let (field, what) = match attempt.verdict.reason {
        Reason::Recipients => ("to", "so many recipients"),
        Reason::NoTo => ("to", "a mail without a recipient in to"),
        Reason::Intranet => ("to", "an address whose domain has no dot"),
        Reason::Name => ("from", "a display name of this length, or such a long From"),
        Reason::Sender => ("headers.Sender", "a Sender"),
        Reason::MessageId => ("headers.Message-ID", "a Message-ID of yours"),
        Reason::Subject => ("subject", "a subject of this length"),
        Reason::Metadata => ("metadata", "so much metadata, or such words in it"),
        Reason::EmptyFile => ("attachments", "an empty file"),
        Reason::Inline => ("attachments", "such a file inside of the HTML"),
        Reason::AttachmentType => ("attachments", "a file of such a type or name"),
        Reason::Tags => ("tags", "so many tags, or such words as tags"),
        Reason::ReplyTo => ("reply_to", "so many addresses for answers"),
        Reason::Headers => ("headers", "so many, so long or one of these headers"),
        Reason::Template => ("subject", "{{ in a subject, a name, an address or a header"),
        Reason::Smtputf8 => ("to", "letters beyond ASCII before an @"),
        Reason::Size => ("body", "a mail of this size"),
        Reason::SenderHeld | Reason::SenderNotAllowed => ("from", "a mail of this sender"),
        Reason::Status(_)
        | Reason::Smtp(_)
        | Reason::Dns
        | Reason::Connect
        | Reason::Tls
        | Reason::RefusedStream
        | Reason::Timeout
        | Reason::ConnectionLost
        | Reason::RefusedInBody
        | Reason::Stuck
        | Reason::Suppressed
        | Reason::UnreadableAnswer
        | Reason::WrongBaseUrl
        | Reason::NotSent
        | Reason::Deadline
        | Reason::Busy
        | Reason::RateSpent
        | Reason::Disk
        | Reason::Duplicate
        | Reason::LocalLimit
        | Reason::StillSending
        | Reason::Mock
        | Reason::Panic => by_subject(attempt.verdict.subject),
    };
    field_error(field, format!("{} cannot carry {what}", attempt.upstream))
}

/// What the provider's own refusal speaks of.
fn by_subject(subject: Option<Subject>) -> (&'static str, &'static str) {
    let what = match subject {
        Some(Subject::Sender) => "a mail of this sender",
        Some(Subject::Recipient) => "a mail to these recipients",
        Some(Subject::Size) => "a mail of this size",
        Some(Subject::Content) => "a mail with this content",
        Some(Subject::Account | Subject::System) | None => "this mail",
    };
    (subject.and_then(Subject::field).unwrap_or("body"), what)
}

fn field_error(field: &str, reason: String) -> FieldError {
    FieldError { field: field.to_owned(), reason }
}

//! From the JSON of a request to a [`Message`]: the one place that knows the names of the fields.
//!
//! [`FIELDS`] drives both the reading and the document. Every fault is found, not just the first, and each names the
//! field as the caller wrote it. Nothing is dropped in silence: an unknown or duplicate field is an error. A large body is
//! read off the worker, whose other connections would wait for it.

mod attachment;
mod batch;
mod body;
mod field;
mod fields;
mod later;
mod mailboxes;
mod malformed;
mod schema;
mod surrogates;
mod unknown;
mod value;

use std::panic::resume_unwind;

use axum::extract::{FromRequest, Request};
use tokio::task::spawn_blocking;

use super::field_error::FieldError;
use super::problem::{Kind, Problem};
use super::settings::MailLimits;
use super::state::ApiState;
use crate::access::admission::{BodyReservation, InFlightPermit};
use crate::model::message::{BadDraft, Draft, Header, Message, Metadata};
pub(super) use batch::{MAX_MAILS, OutboxBatch};
use field::{ATTACHMENTS, BCC, CC, FIELDS, FROM, Field, HEADERS, HTML, METADATA, REPLY_TO, SUBJECT, TAGS, TEXT, TO};
use fields::Fields;
pub(super) use later::{LaterMail, OutboxMail, SendAt};
use value::Value;

/// A body of more bytes takes a worker about a millisecond or longer.
const LARGE: usize = 256 * 1024;

/// U+FEFF in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The message of a request, and the permit to have it in flight.
pub(super) struct Mail(pub(super) Message, pub(super) InFlightPermit);

impl FromRequest<ApiState> for Mail {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self, Problem> {
        let (body, room) = body::read(request, state).await?;
        let permit = state.admission.admit(room).await?;
        read(body, state.settings.mail).await.map(|message| Self(message, permit))
    }
}

/// The message of a request that sends nothing, and the room for its bytes: it is not in flight.
pub(super) struct UnsentMail(pub(super) Message, pub(super) BodyReservation);

impl FromRequest<ApiState> for UnsentMail {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self, Problem> {
        let (body, room) = body::read(request, state).await?;
        read(body, state.settings.mail).await.map(|message| Self(message, room))
    }
}

/// The message that these bytes are.
async fn read(body: Vec<u8>, most: MailLimits) -> Result<Message, Problem> {
    read_as(body, move |body| parse(body, most)).await
}

/// What `parse` makes of these bytes; of a large body, off the worker.
async fn read_as<T: Send + 'static>(
    mut body: Vec<u8>,
    parse: impl FnOnce(&mut [u8]) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    if body.len() <= LARGE {
        return parse(&mut body);
    }
    off_the_worker(move || parse(&mut body)).await
}

/// So many at a time as there is room for bodies: a limit of threads would be one more line to wait in.
async fn off_the_worker<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    spawn_blocking(work).await.unwrap_or_else(|error| match error.try_into_panic() {
        // It is the request's, as everywhere.
        Ok(panic) => resume_unwind(panic),
        Err(_) => Err(Problem::new(Kind::Draining, "This node is shutting down; send the mail to another.")),
    })
}

fn parse(body: &mut [u8], most: MailLimits) -> Result<Message, Problem> {
    parse_as(body, |value| message(value, most))
}

fn parse_as<T>(body: &mut [u8], read: impl Fn(Value<'_>) -> Result<T, Vec<FieldError>>) -> Result<T, Problem> {
    let json = without_byte_order_mark(body);
    let result = match value_of(json).map(&read) {
        Err(_) if surrogates::mark(json) => value_of(json).map(|mut value| {
            value.refuse_marked();
            read(value)
        }),
        result => result,
    };
    let read = result.map_err(|error| malformed::problem(json, &error))?;
    read.map_err(|errors| Problem::of_fields(Kind::InvalidMessage, errors))
}

/// RFC 8259 8.1: a reader may ignore it.
fn without_byte_order_mark(body: &mut [u8]) -> &mut [u8] {
    if body.starts_with(BYTE_ORDER_MARK) { &mut body[BYTE_ORDER_MARK.len()..] } else { body }
}

/// Parses a body. UTF-8 is checked once for all of it, where the library would check each string; for a body that is not
/// UTF-8 the library tells the place.
fn value_of(json: &[u8]) -> serde_json::Result<Value<'_>> {
    str::from_utf8(json).map_or_else(|_| serde_json::from_slice(json), serde_json::from_str)
}

fn message(value: Value<'_>, most: MailLimits) -> Result<Message, Vec<FieldError>> {
    let mut fields = Fields::of(value);
    let message = fields_of_message(&mut fields, most, &FIELDS);
    fields.finish(message)
}

/// The message of these fields; whatever is none of the `known` ones is a fault.
fn fields_of_message(fields: &mut Fields<'_>, most: MailLimits, known: &[&Field]) -> Option<Message> {
    let from = fields.mailbox(&FROM);
    let draft = Draft {
        to: fields.mailboxes(&TO),
        cc: fields.mailboxes(&CC),
        bcc: fields.mailboxes(&BCC),
        reply_to: fields.mailboxes(&REPLY_TO),
        subject: fields.text(&SUBJECT).unwrap_or_default(),
        text: fields.text(&TEXT),
        html: fields.text(&HTML),
        attachments: fields.attachments(&ATTACHMENTS, most.attachments),
        headers: fields.pairs(&HEADERS, most.headers, |name, value| Header::new(name, value, most.reserved_headers)),
        tags: fields.words(&TAGS),
        metadata: fields.pairs(&METADATA, Metadata::MAX, Metadata::new),
        ..Draft::default()
    };
    fields.refuse_the_rest(known);
    let recipients = [(&TO, &draft.to), (&CC, &draft.cc), (&BCC, &draft.bcc)];
    if recipients.iter().all(|(field, list)| list.is_empty() && !fields.has_fault(field)) {
        fields.fault(TO.name, &BadDraft::NoRecipient.to_string());
    }
    let message = from.and_then(|from| {
        Message::new(crate::runtime::ids::fresh().into(), from, draft)
            .map_err(|error| {
                if error == BadDraft::ReplyToTwice {
                    fields.fault("headers.Reply-To", &error.to_string());
                }
            })
            .ok()
    });
    if let Some(recipients) = message.as_ref().map(Message::recipients).filter(|count| *count > most.recipients) {
        let reason = format!("{recipients} recipients in to, cc and bcc; at most {} are allowed", most.recipients);
        fields.fault(TO.name, &reason);
    }
    message
}

#[cfg(test)]
mod tests;

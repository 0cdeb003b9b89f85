//! From the JSON of a request to a [`Message`]: the one place that knows the names of the fields.
//!
//! [`FIELDS`](field::FIELDS) drives both the reading and the document. Every fault is found, not just the first, and each names the
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
mod message;
mod reading;
mod schema;
mod surrogates;
mod unknown;
mod value;

use axum::extract::{FromRequest, Request};

use super::problem::Problem;
use super::settings::MailLimits;
use super::state::ApiState;
use crate::access::admission::{BodyReservation, InFlightPermit};
use crate::model::message::Message;
pub(super) use batch::{MAX_MAILS, OutboxBatch};
pub(super) use later::{LaterMail, OutboxMail, SendAt};
use message::message;
use reading::{parse_as, read_as};

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

fn parse(body: &mut [u8], most: MailLimits) -> Result<Message, Problem> {
    parse_as(body, |value| message(value, most))
}

#[cfg(test)]
mod tests;

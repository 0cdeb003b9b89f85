//! A message that is sent later: the fields of every message, and when it is to be sent, until when, and before which others.
//!
//! A time is read strictly: one that is misunderstood sends a mail at once that was to wait. A time that has passed is no
//! fault of `send_at`, or a repeat of a call would be refused whose first answer was lost.

use std::str::FromStr;
use std::time::{Duration, SystemTime};

use axum::extract::{FromRequest, Request};

use super::body;
use super::field::{EXPIRES_AT, Field, OUTBOX_FIELDS, PRIORITY, SEND_AT};
use super::fields::Fields;
use super::message::fields_of_message;
use super::reading::{parse_as, read_as};
use super::value::Value;
use crate::access::admission::BodyReservation;
use crate::ingress::api::problem::Problem;
use crate::ingress::api::settings::MailLimits;
use crate::ingress::api::state::ApiState;
use crate::ingress::server::field_error::FieldError;
use crate::model::message::Message;
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::Lane;

/// How far ahead a time may lie: of `send_at` from now, of `expires_at` from `send_at`.
const FURTHEST: Duration = Duration::from_secs(30 * 24 * 3600);

/// The words for a priority.
pub(super) const PRIORITIES: [(&str, Lane); 3] = [("high", Lane::High), ("normal", Lane::Normal), ("low", Lane::Low)];

/// A message that is sent later.
pub(in crate::ingress::api) struct LaterMail {
    pub(in crate::ingress::api) message: Message,
    pub(in crate::ingress::api) lane: Lane,
    /// Perhaps in the past; none: as soon as it can be.
    pub(in crate::ingress::api) send_at: Option<UnixTime>,
    /// After `send_at`, but perhaps in the past.
    pub(in crate::ingress::api) expires_at: Option<UnixTime>,
}

/// The message of a request that is sent later, and the room for its bytes. It is not in flight.
pub(in crate::ingress::api) struct OutboxMail(
    pub(in crate::ingress::api) LaterMail,
    pub(in crate::ingress::api) BodyReservation,
);

impl FromRequest<ApiState> for OutboxMail {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self, Problem> {
        let (body, room) = body::read(request, state).await?;
        let (most, now) = (state.settings.mail, SystemTime::now().into());
        let mail = read_as(body, move |body| parse_as(body, |value| later(value, most, now))).await?;
        Ok(Self(mail, room))
    }
}

/// When a message that waits is to be sent.
pub(in crate::ingress::api) struct SendAt(pub(in crate::ingress::api) UnixTime);

impl FromRequest<ApiState> for SendAt {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self, Problem> {
        let (mut body, _room) = body::read(request, state).await?;
        let now = SystemTime::now().into();
        parse_as(&mut body, |value| {
            let field = Field { required: true, ..SEND_AT };
            let mut fields = Fields::of(value);
            let time = send_at(&mut fields, &field, now);
            fields.refuse_the_rest(&[&field]);
            fields.finish(time.map(Self))
        })
    }
}

/// The message of a JSON value, at this time.
pub(super) fn later(value: Value<'_>, most: MailLimits, now: UnixTime) -> Result<LaterMail, Vec<FieldError>> {
    let mut fields = Fields::of(value);
    let send_at = send_at(&mut fields, &SEND_AT, now);
    let expires_at = expires_at(&mut fields, send_at, now);
    let lane = fields.text::<Priority>(&PRIORITY).map(|Priority(lane)| lane).unwrap_or_default();
    let message = fields_of_message(&mut fields, most, &OUTBOX_FIELDS);
    fields.finish(message.map(|message| LaterMail { message, lane, send_at, expires_at }))
}

/// `None`: it is not there, or wrong. Whether it has passed is for the store to say: this clock may be wrong.
fn send_at(fields: &mut Fields<'_>, field: &Field, now: UnixTime) -> Option<UnixTime> {
    let Time(time) = fields.text(field)?;
    if time > now.after(FURTHEST) {
        fields.fault(field.name, "is more than 30 days from now");
        return None;
    }
    Some(time)
}

fn expires_at(fields: &mut Fields<'_>, send_at: Option<UnixTime>, now: UnixTime) -> Option<UnixTime> {
    let Time(time) = fields.text(&EXPIRES_AT)?;
    if send_at.is_some_and(|send_at| time <= send_at) {
        fields.fault(EXPIRES_AT.name, "is not after send_at");
    }
    if time > send_at.unwrap_or(now).after(FURTHEST) {
        fields.fault(EXPIRES_AT.name, "is more than 30 days after send_at, or from now without it");
    }
    Some(time)
}

struct Time(UnixTime);

#[derive(thiserror::Error, Debug)]
#[error("must be a time as RFC 3339 writes it, with its offset from UTC, such as 2026-12-24T18:00:00+01:00")]
struct NotATime;

impl FromStr for Time {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<Self, NotATime> {
        UnixTime::parse(text).map(Self).ok_or(NotATime)
    }
}

struct Priority(Lane);

#[derive(thiserror::Error, Debug)]
#[error("must be high, normal or low")]
struct NotAPriority;

impl FromStr for Priority {
    type Err = NotAPriority;

    fn from_str(text: &str) -> Result<Self, NotAPriority> {
        let found = PRIORITIES.into_iter().find(|(word, _)| *word == text);
        found.map(|(_, lane)| Self(lane)).ok_or(NotAPriority)
    }
}

//! Messages that are sent later, several in one body: `{"messages": [...]}`.
//!
//! Each message is read by itself, from its own bytes, so that one that is wrong says nothing of the others. Names of faults
//! begin with its place: `messages[3].to[1]`.

use std::borrow::Cow;
use std::fmt;
use std::time::SystemTime;

use axum::extract::{FromRequest, Request};
use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::later::{LaterMail, later};
use super::reading::{parse_as, read_as, without_byte_order_mark};
use super::{body, malformed};
use crate::access::admission::BodyReservation;
use crate::ingress::api::problem::{Kind, Problem};
use crate::ingress::api::settings::MailLimits;
use crate::ingress::api::state::ApiState;
use crate::ingress::server::field_error::FieldError;
use crate::runtime::unix_time::UnixTime;

/// The one field.
pub(super) const MESSAGES: &str = "messages";

/// What the library says was expected.
const AN_OBJECT: &str = "an object";
const AN_ARRAY: &str = "an array";

/// Messages of one call.
pub(in crate::ingress::api) const MAX_MAILS: usize = 100;

/// The messages of a request, at least one, each or why it is none; and the room for its bytes.
pub(in crate::ingress::api) struct OutboxBatch(
    pub(in crate::ingress::api) Vec<Result<LaterMail, Problem>>,
    pub(in crate::ingress::api) BodyReservation,
);

impl FromRequest<ApiState> for OutboxBatch {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self, Problem> {
        let (body, room) = body::read(request, state).await?;
        let (most, now) = (state.settings.mail, SystemTime::now().into());
        let mails = read_as(body, move |body| mails(body, most, now)).await?;
        Ok(Self(mails, room))
    }
}

/// The messages of a body.
pub(super) fn mails(
    body: &mut [u8],
    most: MailLimits,
    now: UnixTime,
) -> Result<Vec<Result<LaterMail, Problem>>, Problem> {
    let json: &[u8] = without_byte_order_mark(body);
    let Messages(raw) = serde_json::from_slice(json).map_err(|error| {
        if error.is_data() { invalid(&error.to_string()) } else { malformed::problem(json, &error) }
    })?;
    Ok(raw.into_iter().enumerate().map(|(place, raw)| mail(place, raw, most, now)).collect())
}

fn mail(place: usize, raw: &RawValue, most: MailLimits, now: UnixTime) -> Result<LaterMail, Problem> {
    let mut own = raw.get().as_bytes().to_vec();
    parse_as(&mut own, |value| later(value, most, now)).map_err(|problem| problem.in_item(place))
}

/// The words name the field; what the library adds to them would repeat a part of the body.
fn invalid(error: &str) -> Problem {
    let text = error.rsplit_once(" at line ").map_or(error, |(text, _)| text);
    let (field, reason) = match text {
        _ if text.ends_with(AN_OBJECT) => ("body", "must be an object with messages"),
        _ if text.ends_with(AN_ARRAY) => (MESSAGES, "must be an array of messages"),
        _ => text.split_once(": ").unwrap_or(("body", "must be an object with messages")),
    };
    let error = FieldError { field: field.to_owned(), reason: reason.to_owned() };
    Problem::of_fields(Kind::InvalidMessage, vec![error])
}

/// The bytes of each message. What is too much is read, but not kept.
struct Messages<'a>(Vec<&'a RawValue>);

impl<'de> Deserialize<'de> for Messages<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Batch)
    }
}

struct Batch;

impl<'de> Visitor<'de> for Batch {
    type Value = Messages<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(AN_OBJECT)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Messages<'de>, A::Error> {
        let mut found = None;
        while let Some(name) = members.next_key::<Name>()? {
            match name {
                Name::Messages if found.is_some() => return Err(de::Error::custom("messages: is given twice")),
                Name::Messages => found = Some(members.next_value::<List<'de>>()?.0),
                Name::Other(name) => {
                    let reason = format!("{name}: is not a field of a batch: it has messages alone");
                    return Err(de::Error::custom(reason));
                }
            }
        }
        match found {
            None => Err(de::Error::custom("messages: is required")),
            Some(list) if list.is_empty() => Err(de::Error::custom("messages: holds no message")),
            Some(list) if list.len() > MAX_MAILS => {
                Err(de::Error::custom(format!("messages: holds more than {MAX_MAILS} messages")))
            }
            Some(list) => Ok(Messages(list)),
        }
    }
}

enum Name {
    Messages,
    /// Short and printable.
    Other(String),
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const MAX_NAME: usize = 64;
        let name = Cow::<'de, str>::deserialize(deserializer)?;
        let plain = |c: char| if c.is_ascii_graphic() && c != ':' { c } else { '?' };
        Ok(if name == MESSAGES {
            Self::Messages
        } else {
            Self::Other(name.chars().take(MAX_NAME).map(plain).collect())
        })
    }
}

struct List<'a>(Vec<&'a RawValue>);

impl<'de> Deserialize<'de> for List<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Items)
    }
}

struct Items;

impl<'de> Visitor<'de> for Items {
    type Value = List<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(AN_ARRAY)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<List<'de>, A::Error> {
        let mut list = Vec::new();
        while list.len() <= MAX_MAILS {
            match items.next_element()? {
                Some(item) => list.push(item),
                None => return Ok(List(list)),
            }
        }
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(List(list))
    }
}

//! JSON as it was written: the members of an object keep their order and their doubles, which a map would swallow.
//!
//! Texts without escapes are the body's own bytes. What no message can be (too long, too deep) is read, but not kept: a
//! hostile body costs no more memory than its bytes.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::http::MailLimits;

/// In their order.
pub(super) type Members<'a> = Vec<(Cow<'a, str>, Value<'a>)>;

/// A JSON value, as far as a message needs one.
#[derive(Clone, PartialEq)]
pub(super) enum Value<'a> {
    Text(Cow<'a, str>),
    List(Vec<Self>),
    Object(Members<'a>),
    /// One of more items than any message has, or one that lies deeper; it was not kept.
    LongList,
    /// One of more members than any message has, or one that lies deeper; it was not kept.
    LongObject,
    /// `null`, a boolean or a number: none of which a message holds.
    Other(&'static str),
}

impl Value<'_> {
    /// What it is, for the words "must be ..., not ...".
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::List(_) => "an array",
            Self::Object(_) => "an object",
            Self::LongList => "an array that is too long or too deep",
            Self::LongObject => "an object with too many members or too deep",
            Self::Other(kind) => kind,
        }
    }
}

/// Redacted: it holds addresses and bodies.
impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())
    }
}

/// Deeper than a message goes: body, list, mailbox, text.
const DEEPEST: u8 = 3;
/// No list of recipients is longer, whatever the operator allows.
pub(super) const MOST_ITEMS: usize = MailLimits::MOST.recipients;
/// More than the body, a mailbox or an attachment has.
const MOST_MEMBERS: usize = 32;

impl<'de> Deserialize<'de> for Value<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Any { depth: 0 }.deserialize(deserializer)
    }
}

#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// Reads whatever stands here; what no message can be is read to its end, but not kept.
#[derive(Clone, Copy)]
struct Any {
    depth: u8,
}

impl Any {
    fn below(self) -> Self {
        Self { depth: self.depth + 1 }
    }

    /// Headers and metadata stand inside of the body.
    fn most_members(self) -> usize {
        if self.depth == 1 { MailLimits::MOST.headers } else { MOST_MEMBERS }
    }
}

impl<'de> DeserializeSeed<'de> for Any {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Any {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value<'de>, E> {
        Ok(Value::Other("null"))
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Value<'de>, E> {
        Ok(Value::Other("a boolean"))
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Value<'de>, E> {
        Ok(Value::Other("a number"))
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Value<'de>, E> {
        Ok(Value::Other("a number"))
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Value<'de>, E> {
        Ok(Value::Other("a number"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value<'de>, A::Error> {
        let mut list = Vec::new();
        while self.depth < DEEPEST && list.len() <= MOST_ITEMS {
            match items.next_element_seed(self.below())? {
                Some(item) => list.push(item),
                None => return Ok(Value::List(list)),
            }
        }
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::LongList)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value<'de>, A::Error> {
        let mut object = Vec::new();
        while self.depth < DEEPEST && object.len() <= self.most_members() {
            match members.next_key()? {
                Some(Name(name)) => object.push((name, members.next_value_seed(self.below())?)),
                None => return Ok(Value::Object(object)),
            }
        }
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Value::LongObject)
    }
}

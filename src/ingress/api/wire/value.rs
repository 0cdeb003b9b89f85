//! JSON as it was written: the members of an object keep their order and their doubles, which a map would swallow, and
//! the numbers of metadata keep their digits.
//!
//! Texts without escapes are the body's own bytes. What no message can be (too long, too deep) is read, but not kept: a
//! hostile body costs no more memory than its bytes.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::surrogates::MARK;
use crate::ingress::api::settings::MailLimits;

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
    /// A number, `true` or `false` in an object inside of the body, as it is written.
    Literal(&'a str),
    /// The value says that nothing is there.
    Null,
    /// What no message holds where it stands: a number, a list in a pair, half of a surrogate pair.
    Other(&'static str),
}

const A_HALF: Value<'_> = Value::Other("text with half of a surrogate pair, such as \\ud83d alone");

impl Value<'_> {
    /// What it is, for the words "must be ..., not ...".
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::List(_) => "an array",
            Self::Object(_) => "an object",
            Self::LongList => "an array that is too long or too deep",
            Self::LongObject => "an object with too many members or too deep",
            Self::Literal("true" | "false") => "a boolean",
            Self::Literal(_) => "a number",
            Self::Null => "null",
            Self::Other(kind) => kind,
        }
    }

    /// Puts what no message holds in the place of every marked text, and of whatever goes by a marked name.
    pub(super) fn refuse_marked(&mut self) {
        match self {
            Self::Text(text) if text.contains(MARK) => *self = A_HALF,
            Self::List(items) => items.iter_mut().for_each(Self::refuse_marked),
            Self::Object(members) => {
                for (name, value) in members {
                    value.refuse_marked();
                    if name.contains(MARK) {
                        (*name, *value) = (name.replace(MARK, "\u{fffd}").into(), A_HALF);
                    }
                }
            }
            _ => {}
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
pub(super) const MAX_ITEMS: usize = MailLimits::MAX.recipients;
/// More than the body, a mailbox or an attachment has.
const MAX_MEMBERS: usize = 32;

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
        if self.depth == 1 { MailLimits::MAX.headers } else { MAX_MEMBERS }
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
        Ok(Value::Null)
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
        while self.depth < DEEPEST && list.len() <= MAX_ITEMS {
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
                Some(Name(name)) if self.depth == 1 => object.push((name, written(members.next_value()?)?)),
                Some(Name(name)) => object.push((name, members.next_value_seed(self.below())?)),
                None => return Ok(Value::Object(object)),
            }
        }
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Value::LongObject)
    }
}

/// The value of a pair. Read as a type of ours, a number might lose digits.
fn written<E: de::Error>(raw: &RawValue) -> Result<Value<'_>, E> {
    match raw.get().as_bytes() {
        [b'{', ..] => Ok(Value::Other("an object")),
        [b'[', ..] => Ok(Value::Other("an array")),
        [b'-' | b'0'..=b'9' | b't' | b'f', ..] => Ok(Value::Literal(raw.get())),
        _ => serde_json::from_str(raw.get()).map_err(E::custom),
    }
}

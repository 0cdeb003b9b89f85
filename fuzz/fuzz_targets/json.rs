//! JSON as it was written: duplicate names and the digits of numbers stay, which the library's own value would swallow.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

#[derive(Debug)]
pub enum Json {
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
    /// A number, `true` or `false`.
    Literal(String),
    Null,
}

impl Json {
    pub fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes)).ok()
    }

    pub fn members(&self) -> &[(String, Json)] {
        match self {
            Self::Object(members) => members,
            other => panic!("no object: {other:?}"),
        }
    }

    pub fn items(&self) -> &[Json] {
        match self {
            Self::List(items) => items,
            other => panic!("no array: {other:?}"),
        }
    }

    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A text, or a literal as it is written.
    pub fn written(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Literal(text) => Some(text),
            _ => None,
        }
    }

    pub fn names(&self) -> Vec<&str> {
        self.members().iter().map(|(name, _)| name.as_str()).collect()
    }

    /// The one member that goes by one of these names and is not `null`.
    pub fn only(&self, names: &[&str]) -> Option<&Self> {
        let is_named = |(name, value): &&(String, Json)| names.contains(&name.as_str()) && !matches!(value, Self::Null);
        let mut found = self.members().iter().filter(is_named);
        let first = found.next().map(|(_, value)| value);
        assert!(found.next().is_none(), "{names:?} more than once");
        first
    }

    /// An object with no other names than these, and each at most once.
    pub fn has_only(&self, names: &[&str]) {
        assert!(self.names().iter().all(|name| names.contains(name)), "{:?}", self.names());
        assert!(names.iter().all(|name| self.names().iter().filter(|named| *named == name).count() <= 1));
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = <&RawValue>::deserialize(deserializer)?.get();
        let read = match written.as_bytes() {
            [b'"', ..] => serde_json::from_str(written).map(Self::Text),
            [b'[', ..] => serde_json::from_str(written).map(Self::List),
            [b'{', ..] => serde_json::from_str(written).map(|Members(members)| Self::Object(members)),
            [b'n', ..] => Ok(Self::Null),
            _ => Ok(Self::Literal(written.to_owned())),
        };
        read.map_err(D::Error::custom)
    }
}

struct Members(Vec<(String, Json)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Members, A::Error> {
        let mut object = Vec::new();
        while let Some(member) = members.next_entry()? {
            object.push(member);
        }
        Ok(Members(object))
    }
}

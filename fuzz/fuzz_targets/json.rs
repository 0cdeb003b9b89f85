//! JSON as it was written: doubled names stay, which the library's own value would swallow.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

#[derive(Debug)]
pub enum Json {
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
    Other,
}

impl Json {
    pub fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
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

    pub fn names(&self) -> Vec<&str> {
        self.members().iter().map(|(name, _)| name.as_str()).collect()
    }

    /// The one member that goes by one of these names.
    pub fn only(&self, names: &[&str]) -> Option<&Self> {
        let mut found = self.members().iter().filter(|(name, _)| names.contains(&name.as_str()));
        let first = found.next().map(|(_, value)| value);
        assert!(found.next().is_none(), "{names:?} more than once");
        first
    }

    /// An object with no other names than these, and each at most once.
    pub fn has_only(&self, names: &[&str]) {
        assert!(self.names().iter().all(|name| names.contains(name)), "{:?}", self.names());
        assert!(names.iter().filter_map(|name| self.only(&[name])).count() == self.names().len());
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_unit<E: Error>(self) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
        let mut object = Vec::new();
        while let Some(member) = members.next_entry()? {
            object.push(member);
        }
        Ok(Json::Object(object))
    }
}

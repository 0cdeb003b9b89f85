//! The body of an order: a JSON object, and which member of it is wrong where it is none of ours.
//!
//! Read strictly: a member that is misspelt must not order more than was meant.

use std::fmt;
use std::marker::PhantomData;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use serde::de::value::{MapAccessDeserializer, StringDeserializer};
use serde::de::{DeserializeSeed, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Error, Value};

use super::refusal::{BODY, invalid_as, invalid_order, rejected};
use crate::ingress::server::field_error::FieldError;
use crate::ingress::server::problem::Problem;

/// Bytes of a name that is shown.
const MAX_NAME: usize = 32;

/// A JSON object, or what is wrong with a member of it. Serde would read a struct from an array too.
pub(super) struct Object<T>(pub(super) Result<T, FieldError>);

/// The body of an order that has no members. One that says something was meant for another order.
pub(super) struct NoBody;

impl<S: Send + Sync> FromRequest<S> for NoBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let body = Bytes::from_request(request, state).await;
        let says_nothing = body.is_ok_and(|body| matches!(body.trim_ascii(), b"" | b"{}"));
        let error = || FieldError::new(BODY, "must be empty: this order has no members");
        says_nothing.then_some(Self).ok_or_else(|| invalid_order(error()))
    }
}

/// The order in this body; what is wrong with it is told with how to write one.
pub(super) fn read<T>(order: Result<Json<Object<T>>, JsonRejection>, how: &'static str) -> Result<T, Problem> {
    let Json(Object(order)) = order.map_err(|rejection| rejected(&rejection, how))?;
    order.map_err(|error| invalid_as(error, how))
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<T>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Object(of_members(members)))
            }
        }
        deserializer.deserialize_map(Members(PhantomData))
    }
}

fn of_members<'de, T: Deserialize<'de>>(members: Vec<(String, Value)>) -> Result<T, FieldError> {
    let mut at = None;
    let members = Followed { members: members.into_iter(), value: Value::Null, at: &mut at };
    let order = T::deserialize(MapAccessDeserializer::new(members));
    order.map_err(|error| wrong(at.as_ref(), &error.to_string()))
}

/// In words of ours: those of the library quote the value.
fn wrong(at: Option<&At>, error: &str) -> FieldError {
    match at {
        Some(At::Name(name)) if error.starts_with("duplicate") => FieldError::new(name, "is given twice"),
        Some(At::Name(name)) if looks_like_ours(name) => FieldError::new(name, "is unknown"),
        Some(At::Name(_)) => FieldError::new(BODY, "has a member that is unknown"),
        Some(At::Value(name)) => FieldError::new(name, "has a wrong value"),
        None => FieldError::new(missing(error), "is required"),
    }
}

/// Any other name may be a secret or an address.
fn looks_like_ours(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
    name.len() <= MAX_NAME && name.bytes().all(is_plain)
}

/// The member of ours that the library names: missing field `paused`.
fn missing(error: &str) -> &str {
    error.split('`').nth(1).unwrap_or(BODY)
}

/// How far reading has come.
enum At {
    Name(String),
    Value(String),
}

/// Members that are followed while they are read.
struct Followed<'a> {
    members: std::vec::IntoIter<(String, Value)>,
    value: Value,
    at: &'a mut Option<At>,
}

impl<'de> MapAccess<'de> for Followed<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some((name, value)) = self.members.next() else {
            *self.at = None;
            return Ok(None);
        };
        *self.at = Some(At::Name(name.clone()));
        self.value = value;
        let name: StringDeserializer<Error> = name.into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        if let Some(At::Name(name)) = self.at.take() {
            *self.at = Some(At::Value(name));
        }
        seed.deserialize(self.value.take())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Order {
        paused: bool,
        #[serde(default)]
        over: Option<String>,
    }

    #[test]
    fn a_fault_names_its_member_and_never_its_value() {
        for (json, expected) in [
            (r#"{"paused": true}"#, Ok(Order { paused: true, over: None })),
            (r#"{"paused": "canary"}"#, Err("paused: has a wrong value")),
            (r#"{"paused": true, "over": {"canary": 1}}"#, Err("over: has a wrong value")),
            (r#"{"pause": true}"#, Err("pause: is unknown")),
            (r#"{"canary@example.org": true}"#, Err("body: has a member that is unknown")),
            (r#"{"paused": true, "paused": false}"#, Err("paused: is given twice")),
            (r#"{"over": "1h"}"#, Err("paused: is required")),
        ] {
            let Object(order) = serde_json::from_str(json).unwrap();
            assert_eq!(order.map_err(|error| error.to_string()), expected.map_err(str::to_owned), "{json}");
        }
        for json in ["[true, null]", "null", "true"] {
            assert!(serde_json::from_str::<Object<Order>>(json).is_err(), "{json}");
        }
    }
}

//! The query of a call: a name in it that the call does not take is refused, for a call that was misunderstood may send a mail that
//! was not meant to be sent (`?dry-run`).
//!
//! Only names are told back, never values: a client may have put a key there.

use axum::extract::FromRequestParts;
use axum::http::Uri;
use axum::http::request::Parts;

use super::problem::{Kind, Problem};
use crate::ingress::server::field_error::FieldError;

/// Names that one answer tells back.
const MAX_NAMES: usize = 10;

/// There is no name in the query.
pub(super) struct NoQuery;

impl<S: Sync> FromRequestParts<S> for NoQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let pairs = parts.uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        let errors: Vec<_> = pairs.map(error).take(MAX_NAMES).collect();
        if errors.is_empty() { Ok(Self) } else { Err(Problem::of_fields(Kind::Malformed, errors)) }
    }
}

/// The values of these parameters in a query. Another name in it, a name without a value and a name that is given twice are
/// faults. Values are not decoded: none of ours has a sign that is escaped.
pub(super) fn parameters<'a, const N: usize>(uri: &'a Uri, names: [&str; N]) -> Result<[Option<&'a str>; N], Problem> {
    let (mut values, mut errors) = ([None; N], Vec::new());
    for pair in uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()).take(MAX_NAMES) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match names.iter().position(|known| *known == name) {
            None => errors.push(FieldError::of_parameter(pair, not_one_of(&names))),
            Some(_) if value.is_empty() => errors.push(fault(name, "has no value")),
            Some(place) if values[place].is_some() => errors.push(fault(name, "is given twice")),
            Some(place) => values[place] = Some(value),
        }
    }
    if errors.is_empty() { Ok(values) } else { Err(Problem::of_fields(Kind::Malformed, errors)) }
}

/// A parameter that may be `true` or `false`.
pub(super) fn switch(name: &str, value: Option<&str>) -> Result<bool, Problem> {
    match value {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(Problem::of_fields(Kind::Malformed, vec![fault(name, "must be true or false")])),
    }
}

/// There is no name in the query of a call whose body is no message.
pub(super) struct NoParameters;

impl<S: Sync> FromRequestParts<S> for NoParameters {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parameters(&parts.uri, []).map(|[]| Self)
    }
}

fn not_one_of(names: &[&str]) -> String {
    if names.is_empty() {
        return "is not a parameter of this call: it has none".to_owned();
    }
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    format!("is not a parameter of this call: it has {}", names.join(", "))
}

/// A parameter that is wrong.
pub(super) fn fault(name: &str, reason: impl Into<String>) -> FieldError {
    FieldError::new(name, reason)
}

fn error(pair: &str) -> FieldError {
    FieldError::of_parameter(pair, "is not a parameter of this call: it has none; send the message as its body")
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    /// The fields that are named, if the query is refused.
    async fn named(uri: &str) -> Vec<String> {
        let (mut parts, ()) = Request::get(uri).body(()).unwrap().into_parts();
        let refused = NoQuery::from_request_parts(&mut parts, &()).await.err();
        let problem = refused.map(|problem| format!("{problem:?}")).unwrap_or_default();
        problem.split("field: \"").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect()
    }

    #[tokio::test]
    async fn every_name_is_refused_and_no_value_is_told_back() {
        for (query, names) in [
            ("", &[][..]),
            ("?", &[]),
            ("?&&", &[]),
            ("?dry-run=canary", &["dry-run"]),
            ("?a=canary&b&a", &["a", "b", "a"]),
            ("?=canary", &["query"]),
            ("?a%0Ab=canary=canary", &["a%0Ab"]),
        ] {
            assert_eq!(named(&format!("/email{query}")).await, names, "{query}");
        }
    }

    #[tokio::test]
    async fn few_names_are_told_back() {
        let many = named(&format!("/email?{}", "a&".repeat(1000))).await;
        assert_eq!(many.len(), MAX_NAMES);
    }

    #[test]
    fn known_parameters_are_read_and_every_other_is_named() {
        let uri: Uri = "/outbox?limit=5&status=queued".parse().unwrap();
        assert_eq!(parameters(&uri, ["status", "after", "limit"]).unwrap(), [Some("queued"), None, Some("5")]);
        for (query, field, reason) in [
            ("limit=1&limit=2", "limit", "is given twice"),
            ("limit", "limit", "has no value"),
            ("stats=canary", "stats", "is not a parameter of this call: it has `limit`"),
        ] {
            let uri: Uri = format!("/outbox?{query}").parse().unwrap();
            let problem = format!("{:?}", parameters(&uri, ["limit"]).unwrap_err());
            assert!(problem.contains(field) && problem.contains(reason), "{problem}");
            assert!(!problem.contains("canary"), "{problem}");
        }
    }
}

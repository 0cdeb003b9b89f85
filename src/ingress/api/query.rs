//! The query of a call that takes none: a name in it is refused, for a call that was misunderstood may send a mail that
//! was not meant to be sent (`?dry-run`).
//!
//! Only names are told back, never values: a client may have put a key there.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::field_error::FieldError;
use super::problem::{Kind, Problem};

/// Names that one answer tells back, and characters of each.
const MAX_NAMES: usize = 10;
const MAX_NAME: usize = 64;

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

fn error(pair: &str) -> FieldError {
    let name = pair.split('=').next().unwrap_or_default();
    let plain = |c: char| if c.is_ascii_graphic() { c } else { '?' };
    let field: String = if name.is_empty() { "query" } else { name }.chars().take(MAX_NAME).map(plain).collect();
    FieldError {
        field,
        reason: "is not a parameter of this call: it has none; send the message as its body".to_owned(),
    }
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
    async fn what_is_told_back_is_short_and_printable() {
        let many = named(&format!("/email?{}", "a&".repeat(1000))).await;
        assert_eq!(many.len(), MAX_NAMES);
        assert_eq!(named(&format!("/email?{}", "a".repeat(1000))).await, ["a".repeat(MAX_NAME)]);
        assert_eq!(error("\u{e9}\u{7f}=1").field, "??");
    }
}

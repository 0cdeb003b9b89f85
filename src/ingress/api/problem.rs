//! The one error body: `application/problem+json` (RFC 9457), with what is particular to mail: is it sent or not?
//!
//! A handler answers with a [`Problem`]; the outermost layer writes it out, for it alone knows the request's id. Never
//! in it: a provider's text, a stack, a key, an address.

mod body;
mod kind;

use std::borrow::Cow;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::email::{AttemptBody, LookupBody};
use super::replayed::IDEMPOTENCY_REPLAYED;
use crate::model::message::Id;
pub(super) use body::{FieldError, ProblemBody};
pub(super) use kind::Kind;

pub(super) const MEDIA_TYPE: &str = "application/problem+json";

/// A failed call, before it is written out.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    kind: Kind,
    detail: Cow<'static, str>,
    id: Option<Id>,
    attempts: Option<Vec<AttemptBody>>,
    errors: Option<Vec<FieldError>>,
    lookup: Option<Box<LookupBody>>,
    retryable: bool,
    retry_after: Option<Duration>,
    replayed: bool,
}

impl Problem {
    pub(super) fn new(kind: Kind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            id: None,
            attempts: None,
            errors: None,
            lookup: None,
            retryable: kind.retryable(),
            retry_after: None,
            replayed: false,
        }
    }

    pub(super) fn not_found() -> Self {
        Self::new(Kind::NotFound, "There is nothing here. Mail is sent with POST /email.")
    }

    pub(super) fn too_large(max_body: usize) -> Self {
        Self::new(Kind::TooLarge, format!("The body may have at most {max_body} bytes."))
    }

    /// One or more fields are wrong; the detail is the first of them in words.
    pub(super) fn of_fields(kind: Kind, errors: Vec<FieldError>) -> Self {
        let detail = errors.first().map(|error| format!("{}: {}", error.field, error.reason)).unwrap_or_default();
        Self { errors: Some(errors), ..Self::new(kind, detail) }
    }

    pub(super) fn of_mail(self, id: Id, attempts: Vec<AttemptBody>) -> Self {
        Self { id: Some(id), attempts: Some(attempts), ..self }
    }

    pub(super) fn errors(self, errors: Option<Vec<FieldError>>) -> Self {
        Self { errors, ..self }
    }

    pub(super) fn lookup(self, lookup: Option<LookupBody>) -> Self {
        Self { lookup: lookup.map(Box::new), ..self }
    }

    /// May the very same call succeed later, where its kind does not say so?
    pub(super) fn retryable(self, retryable: bool) -> Self {
        Self { retryable, ..self }
    }

    pub(super) fn retry_after(self, wait: Duration) -> Self {
        Self { retry_after: Some(wait), ..self }
    }

    /// The answer to an earlier call under the same key, if it is one.
    pub(super) fn replayed(self, replayed: bool) -> Self {
        Self { replayed, ..self }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.kind.describe().0.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Writes out the problem that a response carries, if it does.
pub(super) fn write(mut response: Response, request_id: &str) -> Response {
    let unknown_asset = response.status() == StatusCode::NOT_FOUND;
    let problem = response.extensions_mut().remove::<Problem>().or_else(|| unknown_asset.then(Problem::not_found));
    let Some(problem) = problem else { return response };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    if let Some(wait) = problem.retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
    }
    if problem.replayed {
        headers.insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
    }
    // Strings and numbers always serialise.
    let body = serde_json::to_vec(&ProblemBody::new(problem, request_id)).unwrap_or_default();
    *response.body_mut() = Body::from(body);
    response
}

/// Rounded up: who comes back at the named second must not be early.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_rounded_up() {
        assert_eq!(whole_seconds(Duration::from_millis(4001)), 5);
        assert_eq!(whole_seconds(Duration::from_secs(4)), 4);
    }
}

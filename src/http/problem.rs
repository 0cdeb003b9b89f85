//! The one error body: `application/problem+json` (RFC 9457), with what is particular to mail: is it sent or not?
//!
//! A handler answers with a [`Problem`]; the outermost layer writes it out, for it alone knows the request's id. Never
//! in it: a provider's text, a stack, a key, an address.

use std::borrow::Cow;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::email::{AttemptBody, LookupBody};
use super::replayed::IDEMPOTENCY_REPLAYED;
use crate::message::Id;

pub(super) const MEDIA_TYPE: &str = "application/problem+json";

/// Every way in which a call can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Malformed,
    Unauthorized,
    SenderNotAllowed,
    TooManyCalls,
    NotFound,
    MethodNotAllowed,
    BodyTimeout,
    TooLarge,
    UnsupportedMediaType,
    InvalidMessage,
    IdempotencyKeyReused,
    MessageRejected,
    NotCapable,
    SenderRejected,
    Panicked,
    Refused { retryable: bool },
    NotNow,
    Overloaded,
    Draining,
    Unknown,
}

/// Status, type and title: the same for every problem of a kind.
struct Description {
    status: StatusCode,
    slug: &'static str,
    title: &'static str,
}

impl Kind {
    fn describe(self) -> Description {
        let (status, slug, title) = match self {
            Self::Malformed => (StatusCode::BAD_REQUEST, "malformed", "The call is malformed"),
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, "unauthorized", "The API key is missing or wrong"),
            Self::SenderNotAllowed => {
                (StatusCode::FORBIDDEN, "sender-not-allowed", "This key may not send from that domain")
            }
            Self::TooManyCalls => (StatusCode::TOO_MANY_REQUESTS, "too-many-calls", "This caller calls too often"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not-found", "There is no such path"),
            Self::MethodNotAllowed => {
                (StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "This path has no such method")
            }
            Self::BodyTimeout => (StatusCode::REQUEST_TIMEOUT, "body-timeout", "The body did not arrive in time"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too large"),
            Self::UnsupportedMediaType => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "The body is not plain JSON")
            }
            Self::InvalidMessage => (StatusCode::UNPROCESSABLE_ENTITY, "invalid-message", "The message is invalid"),
            Self::IdempotencyKeyReused => {
                (StatusCode::UNPROCESSABLE_ENTITY, "idempotency-key-reused", "The key is in use for another message")
            }
            Self::NotCapable => (StatusCode::UNPROCESSABLE_ENTITY, "not-capable", "No provider can carry the message"),
            Self::MessageRejected => {
                (StatusCode::UNPROCESSABLE_ENTITY, "message-rejected", "A provider refused the message")
            }
            Self::SenderRejected => {
                (StatusCode::UNPROCESSABLE_ENTITY, "sender-rejected", "No provider may send for this sender")
            }
            Self::Panicked => (StatusCode::INTERNAL_SERVER_ERROR, "fault", "A fault of this service"),
            Self::Refused { .. } => (StatusCode::BAD_GATEWAY, "refused", "Every provider refused"),
            Self::NotNow => (StatusCode::SERVICE_UNAVAILABLE, "not-now", "No provider can take the mail now"),
            Self::Overloaded => (StatusCode::SERVICE_UNAVAILABLE, "overloaded", "This node is overloaded"),
            Self::Draining => (StatusCode::SERVICE_UNAVAILABLE, "draining", "This node is leaving"),
            Self::Unknown => (StatusCode::GATEWAY_TIMEOUT, "unknown", "A provider may have the mail"),
        };
        Description { status, slug, title }
    }

    fn delivery(self) -> &'static str {
        match self {
            Self::Unknown | Self::Panicked => "unknown",
            _ => "none",
        }
    }

    /// May the very same call succeed later, without the danger of a second mail?
    fn retryable(self) -> bool {
        match self {
            Self::Refused { retryable } => retryable,
            Self::TooManyCalls | Self::BodyTimeout | Self::NotNow | Self::Overloaded | Self::Draining => true,
            _ => false,
        }
    }
}

/// One field that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct FieldError {
    /// The field as the caller named it, for example `to[1]`.
    pub(super) field: String,
    /// What is wrong with it.
    pub(super) reason: String,
}

/// A failed call, before it is written out.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    kind: Kind,
    detail: Cow<'static, str>,
    id: Option<Id>,
    attempts: Option<Vec<AttemptBody>>,
    errors: Option<Vec<FieldError>>,
    lookup: Option<Box<LookupBody>>,
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
        let mut response = self.kind.describe().status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// The body of every answer that is not a success.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct ProblemBody {
    /// The kind of problem, as a URN.
    #[schema(examples("urn:smsp:problem:invalid-message"))]
    r#type: String,
    /// The kind of problem, in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What to know about this one.
    detail: String,
    /// The same as `detail`, under the name that the original used.
    message: String,
    /// Our id of the mail, where there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    id: Option<String>,
    /// Of this call. `none`: nobody has the mail from it. `unknown`: somebody may have it.
    #[schema(pattern = "^(none|unknown)$")]
    delivery: &'static str,
    /// May the very same call succeed later, without the danger of a second mail?
    retryable: bool,
    /// The id of the request, also in `X-Request-Id` and in our log.
    request_id: String,
    /// Where to look the mail up, if it is not known whether a provider has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    lookup: Option<LookupBody>,
    /// Every attempt that was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    attempts: Option<Vec<AttemptBody>>,
    /// Every field that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    errors: Option<Vec<FieldError>>,
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
    let body = serde_json::to_vec(&body(problem, request_id)).unwrap_or_default();
    *response.body_mut() = Body::from(body);
    response
}

/// Rounded up: who comes back at the named second must not be early.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

fn body(problem: Problem, request_id: &str) -> ProblemBody {
    let Problem { kind, detail, id, attempts, errors, lookup, .. } = problem;
    let Description { status, slug, title } = kind.describe();
    ProblemBody {
        r#type: format!("urn:smsp:problem:{slug}"),
        title,
        status: status.as_u16(),
        message: detail.clone().into_owned(),
        detail: detail.into_owned(),
        id: id.map(|id| id.to_string()),
        delivery: kind.delivery(),
        retryable: kind.retryable(),
        request_id: request_id.to_owned(),
        lookup: lookup.map(|lookup| *lookup),
        attempts,
        errors,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_may_have_been_sent_is_called_retryable() {
        for kind in [Kind::Unknown, Kind::Panicked] {
            assert_eq!((kind.delivery(), kind.retryable()), ("unknown", false), "{kind:?}");
        }
    }

    #[test]
    fn a_wait_is_rounded_up() {
        assert_eq!(whole_seconds(Duration::from_millis(4001)), 5);
        assert_eq!(whole_seconds(Duration::from_secs(4)), 4);
    }
}

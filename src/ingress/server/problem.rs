//! The answer to a request that is refused or has failed: `application/problem+json` (RFC 9457).
//!
//! The members of the RFC and `request_id` are written here; a way in adds its own (section 3.2) with a body of its own
//! type. Never in a problem: a provider's text, a stack, a key, an address.

use std::borrow::Cow;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::context::RequestContext;
use super::field_error::FieldError;
use super::logged::LoggedProblem;

/// The media type of every problem.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// How the type of every problem begins.
pub const URN: &str = "urn:smsp:problem:";

/// A problem without members of a way in.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The HTTP status.
    pub status: StatusCode,
    /// The last part of its type, `urn:smsp:problem:<name>`.
    pub name: Cow<'static, str>,
    /// What all problems of the type have in common.
    pub title: &'static str,
    /// What to know about this one, and what to do.
    pub detail: Cow<'static, str>,
    /// When to try again.
    pub retry_after: Option<Duration>,
    /// Every field that is wrong, if it is about fields.
    pub errors: Option<Vec<FieldError>>,
}

/// The body of every answer that is not a success.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct ProblemBody<'a> {
    /// The kind of problem, as a URN: `urn:smsp:problem:` and its name.
    r#type: String,
    /// The kind of problem, in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What is wrong with this call, and what to do.
    detail: &'a str,
    /// The id of the request, also in `X-Request-Id` and in the log.
    request_id: &'a str,
    /// Every field that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    errors: Option<Vec<FieldError>>,
}

impl Problem {
    /// A problem that gives no time to try again.
    pub fn new(
        status: StatusCode,
        name: impl Into<Cow<'static, str>>,
        title: &'static str,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { status, name: name.into(), title, detail: detail.into(), retry_after: None, errors: None }
    }

    /// One or more fields are wrong; the detail is the first of them in words.
    pub fn of_fields(
        status: StatusCode,
        name: impl Into<Cow<'static, str>>,
        title: &'static str,
        errors: Vec<FieldError>,
    ) -> Self {
        let detail = errors.first().map(FieldError::to_string).unwrap_or_default();
        Self { errors: Some(errors), ..Self::new(status, name, title, detail) }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self { status, name, title, detail, retry_after, errors } = self;
        let logged = LoggedProblem::new(name.clone(), errors.as_deref());
        write(status, retry_after, logged, |request_id| {
            let r#type = format!("{URN}{name}");
            to_json(&ProblemBody { r#type, title, status: status.as_u16(), detail: &detail, request_id, errors })
        })
    }
}

/// Writes a problem whose JSON is made with the id of the current request. The log of the request tells it too.
pub fn write(
    status: StatusCode,
    retry_after: Option<Duration>,
    logged: LoggedProblem,
    body: impl FnOnce(&str) -> Vec<u8>,
) -> Response {
    let request_id = RequestContext::with(|context| {
        context.set_problem(logged);
        context.id().to_owned()
    });
    let request_id = request_id.unwrap_or_default();
    let mut response = Response::new(Body::from(body(&request_id)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    if let Some(wait) = retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
    }
    response
}

/// The JSON of a body, which always serialises: it has strings, numbers and lists of them.
pub fn to_json(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).unwrap_or_default()
}

/// Rounds up: a client that comes back at this second must not be early.
pub fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_rounded_up() {
        assert_eq!(whole_seconds(Duration::from_millis(4001)), 5);
        assert_eq!(whole_seconds(Duration::from_secs(4)), 4);
    }
}

//! Every answer that is not a success, in the form of Mini-MailGun: `{"result":"error","message":...}`.
//!
//! Never in a message: a key, an address, or anything else of the body; Mini-MailGun sent the whole body back.

use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::time::Duration;

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::fields::SENDER;
use super::mail_id::submission_id;
use crate::access::refusal::Refusal;
use crate::ingress::server::body;
use crate::ingress::server::field_error::FieldError;
use crate::ingress::server::logged::LoggedProblem;
use crate::ingress::server::problem::{to_json, write};
use crate::ingress::server::refusal::Refusal as ListenerRefusal;
use crate::model::message::Id;
use crate::model::receipt::{Failure, SendError};
use crate::state::outbox::{Acceptance, Failed};

/// Seconds until a store that could not be reached may be asked again.
const AFTER_DOWN: RangeInclusive<u64> = 1..=5;
/// Seconds until there may be room again.
const AFTER_FULL: RangeInclusive<u64> = 10..=60;

/// A failed call, before it is written.
#[derive(Debug)]
pub(super) struct Error {
    status: StatusCode,
    /// The name of the problem in the log.
    name: &'static str,
    message: Cow<'static, str>,
    faults: Vec<FieldError>,
    retry_after: Option<Duration>,
    id: Option<Id>,
}

/// What every call that failed is told.
#[derive(Serialize, ToSchema)]
#[schema(as = MiniMailGunError)]
pub(super) struct ErrorBody<'a> {
    /// `error`.
    #[schema(pattern = "^error$")]
    result: &'static str,
    /// What is wrong, for people.
    message: &'a str,
    /// The mail, where nobody knows whether this service has it: ask with `POST /status`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    submission_id: Option<String>,
}

impl Error {
    fn new(status: StatusCode, name: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, name, message: message.into(), faults: Vec::new(), retry_after: None, id: None }
    }

    fn after(self, wait: Duration) -> Self {
        Self { retry_after: Some(wait), ..self }
    }

    pub(super) fn not_json() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "unsupported-media-type", "Expected application/json data")
    }

    pub(super) fn malformed() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", "Expected a JSON object, each of its members once")
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "Missing or invalid client_id")
    }

    /// Members that are missing or wrong: all of them, by name.
    pub(super) fn of_fields(faults: Vec<FieldError>) -> Self {
        let message = faults.iter().map(FieldError::to_string).collect::<Vec<_>>().join("; ");
        Self { faults, ..Self::new(StatusCode::BAD_REQUEST, "invalid-message", message) }
    }

    /// A body that could not be read within these limits.
    pub(super) fn of_body(error: body::Error<Refusal>, limits: body::Limits) -> Self {
        let late = |message| Self::new(StatusCode::REQUEST_TIMEOUT, "body-timeout", message);
        match error {
            body::Error::Refused(refusal) => refusal.into(),
            body::Error::TooLarge => too_large(limits.bytes),
            body::Error::TooSlow => late("The body did not arrive in time"),
            body::Error::Closing => late("This node is shutting down; send the mail to another"),
            body::Error::Incomplete => {
                Self::new(StatusCode::BAD_REQUEST, "malformed", "The body ended before its announced length")
            }
        }
    }

    /// No upstream may ever send the mail.
    pub(super) fn of_send(error: &SendError) -> Self {
        let (name, message) = match error.failure {
            Failure::SenderRejected => ("sender-rejected", "sender: no provider of this service may send for it"),
            _ => ("not-capable", "No provider of this service can carry this mail"),
        };
        Self::new(StatusCode::BAD_REQUEST, name, message)
    }

    /// The store has not said that it has the mail.
    pub(super) fn not_accepted(failed: Failed, id: Option<Id>) -> Self {
        if failed == Failed::Down {
            return unavailable(
                "The mail is not queued: the store cannot take it now. Send it again after Retry-After",
            );
        }
        let message = "The store did not say whether the mail is queued: ask for it with POST /status";
        Self { id, ..Self::new(StatusCode::GATEWAY_TIMEOUT, "outbox-unknown", message) }
    }

    /// The store has not said what is known of the mail.
    pub(super) fn not_read(_: Failed) -> Self {
        unavailable("The store cannot be asked now. Call again after Retry-After")
    }

    /// The store does not take the mail. `None`: it has it.
    pub(super) fn of_acceptance(answer: &Acceptance) -> Option<Self> {
        match answer {
            Acceptance::Accepted(_) | Acceptance::Repeated(_) => None,
            Acceptance::TooLarge(_) => {
                Some(Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "There will never be room for this mail"))
            }
            // No call here has a key, and none brings more than one mail.
            Acceptance::Full(_) | Acceptance::KeyInUse | Acceptance::Withheld => Some(
                Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "outbox-full",
                    "There is no room for the mail now. Send it again after Retry-After",
                )
                .after(spread(AFTER_FULL)),
            ),
        }
    }
}

fn unavailable(message: &'static str) -> Error {
    Error::new(StatusCode::SERVICE_UNAVAILABLE, "outbox-unavailable", message).after(spread(AFTER_DOWN))
}

fn too_large(most: usize) -> Error {
    Error::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", format!("The body may have at most {most} bytes"))
}

/// Clients do not all come back at once.
fn spread(seconds: RangeInclusive<u64>) -> Duration {
    Duration::from_secs(fastrand::u64(seconds))
}

impl From<Vec<FieldError>> for Error {
    fn from(faults: Vec<FieldError>) -> Self {
        Self::of_fields(faults)
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let limited = |message, wait| Self::new(StatusCode::TOO_MANY_REQUESTS, "rate-limited", message).after(wait);
        match refusal {
            Refusal::SenderNotAllowed(_) => {
                let fault = FieldError::new(SENDER, "is not of a domain that this client may send from");
                let (status, name) = (StatusCode::FORBIDDEN, "sender-not-allowed");
                Self { status, name, ..Self::of_fields(vec![fault]) }
            }
            Refusal::RateLimited { retry_after } => {
                limited("This client has used up its rate. Call again after Retry-After", retry_after)
            }
            // No call brings more than one mail.
            Refusal::BatchOverRate { .. } => limited("This client has used up its rate", Duration::from_secs(1)),
            Refusal::CallerBusy { retry_after } => {
                limited("This client has as many mails under way as it may. Send again after Retry-After", retry_after)
            }
            Refusal::TooManyAuthFailures { retry_after } => {
                limited("Too many calls with invalid client_ids. One with a valid one is always served", retry_after)
            }
            Refusal::Overloaded { retry_after } => overloaded(retry_after),
        }
    }
}

fn overloaded(wait: Duration) -> Error {
    let message = "This node has as much as it can take. Call again after Retry-After";
    Error::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", message).after(wait)
}

impl From<ListenerRefusal> for Error {
    fn from(refusal: ListenerRefusal) -> Self {
        match refusal {
            ListenerRefusal::OverCapacity { retry_after } => overloaded(retry_after),
            ListenerRefusal::TooLarge { max_body } => too_large(max_body),
            ListenerRefusal::Encoded => {
                Self { message: "Expected a body without a Content-Encoding".into(), ..Self::not_json() }
            }
            ListenerRefusal::NotFound => Self::new(StatusCode::NOT_FOUND, "not-found", "Not found"),
            ListenerRefusal::MethodNotAllowed => {
                Self::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "This path answers POST")
            }
            ListenerRefusal::Panicked => Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal-error",
                "This service failed; a mail that was sent by this call may or may not be queued",
            ),
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let Self { status, name, message, faults, retry_after, id } = self;
        let logged = LoggedProblem::new(name.into(), Some(&faults));
        let submission_id = id.map(submission_id);
        let mut response = write(status, retry_after, logged, |_| {
            to_json(&ErrorBody { result: "error", message: &message, submission_id })
        });
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }
}

//! What the admin listener says to a request that it refuses.

use std::borrow::Cow;

use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;

use crate::access::admins::{Refusal, Role};
use crate::ingress::server::problem::Problem;

/// There is no upstream of the name in the path.
pub(super) fn unknown_circuit() -> Problem {
    let detail = "There is no such circuit: see GET /circuits.";
    Problem::new(StatusCode::NOT_FOUND, "not-found", "There is no such circuit", detail)
}

/// The query has a parameter. Ignored, it could mean an order without the end that was asked for.
pub(super) fn no_parameters() -> Problem {
    let detail = "An order has no parameters in its query: send all of it as JSON.";
    Problem::new(StatusCode::BAD_REQUEST, "malformed", "The call is malformed", detail)
}

/// The query does not name the caller of a mail.
pub(super) fn one_caller() -> Problem {
    let detail = "Name the caller of the mail in the query, once and nothing else: /route?caller=NAME.";
    Problem::new(StatusCode::BAD_REQUEST, "malformed", "The call is malformed", detail)
}

/// The body has not come in time.
pub(super) fn timed_out() -> Problem {
    let detail = "The body did not arrive in time: send the request again, its body at once.";
    Problem::new(StatusCode::REQUEST_TIMEOUT, "body-timeout", "The body did not arrive in time", detail)
}

/// The body is JSON, but no order.
pub(super) fn invalid_order(detail: impl Into<Cow<'static, str>>) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-order", "The order is invalid", detail)
}

/// The body is no order of the kind that is to be written so.
pub(super) fn rejected(rejection: &JsonRejection, how: &'static str) -> Problem {
    let (name, title) = match rejection.status() {
        StatusCode::UNPROCESSABLE_ENTITY => return invalid_order(how),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ("unsupported-media-type", "The body is not plain JSON"),
        StatusCode::PAYLOAD_TOO_LARGE => ("too-large", "The body is too large"),
        _ => ("malformed", "The call is malformed"),
    };
    Problem::new(rejection.status(), name, title, how)
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unauthorized => Self::new(
                StatusCode::UNAUTHORIZED,
                "unauthorized",
                "The admin key is missing or wrong",
                "Send an admin key of SMSP_ADMIN_KEYS, once, as the header X-ADMIN-KEY.",
            ),
            Refusal::Throttled { retry_after } => {
                let detail = "Too many calls with wrong keys. A call with a right one is always served.";
                let problem =
                    Self::new(StatusCode::TOO_MANY_REQUESTS, "rate-limited", "There are too many wrong keys", detail);
                Self { retry_after: Some(retry_after), ..problem }
            }
            Refusal::RoleNeeded { role, .. } => forbidden(match role {
                Role::Viewer => "This needs a key with the role viewer or operator.",
                Role::Operator => "This needs a key with the role operator; that of this key is viewer.",
            }),
            Refusal::NotLocal => forbidden(
                "No admin keys are set, so only a process on this machine may do that, with a Host such as \
                 localhost:9090 and not through a proxy. Set SMSP_ADMIN_KEYS to allow others.",
            ),
        }
    }
}

fn forbidden(detail: &'static str) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "forbidden", "This request may not do that", detail)
}

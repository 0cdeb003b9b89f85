//! What the admin listener says to a request that it refuses.

use axum::extract::rejection::JsonRejection;
use axum::http::{StatusCode, Uri};

use crate::access::admins::{Refusal, Role};
use crate::ingress::server::field_error::FieldError;
use crate::ingress::server::problem::Problem;

/// The field of a fault that is of no member alone.
pub(super) const BODY: &str = "body";
/// Names of a query that one answer tells back.
const MAX_NAMES: usize = 10;

/// There is no upstream of the name in the path.
pub(super) fn unknown_circuit() -> Problem {
    let detail = "There is no such circuit: see GET /circuits.";
    Problem::new(StatusCode::NOT_FOUND, "not-found", "There is no such circuit", detail)
}

/// Refuses every parameter. Ignored, one could mean an order without the end that was asked for.
pub(super) fn no_parameters(uri: &Uri) -> Result<(), Problem> {
    let pairs = uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    let reason = "is not a parameter of this call: it has none; send an order as JSON";
    let errors: Vec<_> = pairs.map(|pair| FieldError::of_parameter(pair, reason)).take(MAX_NAMES).collect();
    if errors.is_empty() { Ok(()) } else { Err(malformed(errors)) }
}

/// The query does not name the caller of a mail.
pub(super) fn one_caller() -> Problem {
    let reason = "must be the name of the caller of the mail, once and alone in the query: /route?caller=NAME";
    malformed(vec![FieldError::new("caller", reason)])
}

/// The query or the body cannot be read.
pub(super) fn malformed(errors: Vec<FieldError>) -> Problem {
    Problem::of_fields(StatusCode::BAD_REQUEST, "malformed", "The call is malformed", errors)
}

/// The body has not come in time.
pub(super) fn timed_out() -> Problem {
    let detail = "The body did not arrive in time: send the request again, its body at once.";
    Problem::new(StatusCode::REQUEST_TIMEOUT, "body-timeout", "The body did not arrive in time", detail)
}

/// The body is JSON, but no order: this is wrong with it.
pub(super) fn invalid_order(error: FieldError) -> Problem {
    Problem::of_fields(StatusCode::UNPROCESSABLE_ENTITY, "invalid-order", "The order is invalid", vec![error])
}

/// A fault that shows best how an order is written.
pub(super) fn invalid_as(error: FieldError, how: &'static str) -> Problem {
    let detail = format!("{error}; {how}");
    Problem { detail: detail.into(), ..invalid_order(error) }
}

/// The body is no order of the kind that is to be written so.
pub(super) fn rejected(rejection: &JsonRejection, how: &'static str) -> Problem {
    let (name, title) = match rejection.status() {
        StatusCode::UNPROCESSABLE_ENTITY => return invalid_as(FieldError::new(BODY, "must be an object"), how),
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

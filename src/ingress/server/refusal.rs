//! The requests that a listener refuses by itself, whatever its routes do.

use std::time::Duration;

use axum::http::StatusCode;

use super::problem::Problem;

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There are more connections than allowed.
    OverCapacity {
        /// A random wait, so that clients do not all come back at once.
        retry_after: Duration,
    },
    /// The request announces a body of more bytes.
    TooLarge {
        /// Bytes, at most.
        max_body: usize,
    },
    /// The body is compressed: it may expand without end, or is merely not understood.
    Encoded,
    /// No route has this path.
    NotFound,
    /// The route of this path does not take this method.
    MethodNotAllowed,
    /// A fault of ours; what the request has done until then stays done.
    Panicked,
}

/// For listeners whose problems have no members of their own.
impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::OverCapacity { retry_after } => Self {
                retry_after: Some(retry_after),
                ..Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "overloaded",
                    "This node is overloaded",
                    "There are too many connections. Send the request again after Retry-After.",
                )
            },
            Refusal::TooLarge { max_body } => Self::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "too-large",
                "The body is too large",
                format!("The body may have at most {max_body} bytes."),
            ),
            Refusal::Encoded => Self::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported-media-type",
                "The body is not plain JSON",
                "Send the body without a Content-Encoding.",
            ),
            Refusal::NotFound => {
                Self::new(StatusCode::NOT_FOUND, "not-found", "There is no such path", "There is nothing here.")
            }
            Refusal::MethodNotAllowed => Self::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method-not-allowed",
                "This path has no such method",
                "This path answers the methods that the Allow header names.",
            ),
            Refusal::Panicked => Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal-error",
                "Internal error",
                "This service failed. The log has the panic under the request id.",
            ),
        }
    }
}

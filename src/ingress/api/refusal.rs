//! The problems of the API for requests that are refused below it: by `access`, by its listener, by the reader of a body.

use super::problem::{Kind, Problem};
use crate::access::refusal::{Originator, Refusal};
use crate::ingress::server::body;
use crate::ingress::server::field_error::FieldError;
use crate::ingress::server::refusal::Refusal as ListenerRefusal;

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let (kind, detail, retry_after) = match refusal {
            Refusal::SenderNotAllowed(originators) => {
                return Self::of_fields(Kind::SenderNotAllowed, originators.into_iter().map(error).collect());
            }
            Refusal::RateLimited { retry_after } => {
                (Kind::RateLimited, "This key has used up its rate. Call again after Retry-After.", retry_after)
            }
            Refusal::BatchOverRate { most } => {
                let reason = format!("holds more messages than the rate of this key allows at once: {most}");
                let error = FieldError { field: "messages".to_owned(), reason };
                return Self::of_fields(Kind::InvalidMessage, vec![error]);
            }
            Refusal::CallerBusy { retry_after } => (
                Kind::RateLimited,
                "This key has as many mails under way as it may. Send again after Retry-After.",
                retry_after,
            ),
            Refusal::TooManyAuthFailures { retry_after } => (
                Kind::RateLimited,
                "Too many calls with wrong keys. A call with a right one is always served.",
                retry_after,
            ),
            Refusal::Overloaded { retry_after } => (Kind::Overloaded, OVERLOADED, retry_after),
        };
        Self::new(kind, detail).retry_after(retry_after)
    }
}

const OVERLOADED: &str = "This node has as much as it can take. Send the mail again after Retry-After.";

fn error(originator: Originator) -> FieldError {
    let field = match originator {
        Originator::From => "from",
        Originator::Sender => "headers.Sender",
    };
    FieldError { field: field.to_owned(), reason: "is not of a domain that this key may send from".to_owned() }
}

impl From<ListenerRefusal> for Problem {
    fn from(refusal: ListenerRefusal) -> Self {
        match refusal {
            ListenerRefusal::OverCapacity { retry_after } => {
                Self::new(Kind::Overloaded, OVERLOADED).retry_after(retry_after)
            }
            ListenerRefusal::TooLarge { max_body } => too_large(max_body),
            ListenerRefusal::Encoded => {
                Self::new(Kind::UnsupportedMediaType, "Send the body without a Content-Encoding.")
            }
            ListenerRefusal::NotFound => {
                Self::new(Kind::NotFound, "There is nothing here. Mail is sent with POST /email.")
            }
            ListenerRefusal::MethodNotAllowed => Self::new(
                Kind::MethodNotAllowed,
                "This path answers the methods that the Allow header names; mail is sent with POST /email.",
            ),
            ListenerRefusal::Panicked => {
                Self::new(Kind::InternalError, "This service failed; it may or may not have handed over the mail.")
            }
        }
    }
}

impl Problem {
    /// A body that could not be read within these limits.
    pub(super) fn of_body(error: body::Error<Refusal>, limits: body::Limits) -> Self {
        match error {
            body::Error::Refused(refusal) => refusal.into(),
            body::Error::TooLarge => too_large(limits.bytes),
            body::Error::TooSlow => {
                let (time, rate) = (limits.time, body::MIN_RATE / 1024);
                let detail = format!(
                    "Send the whole body within {time:?} and 1s more for every {rate} KiB of it, without a pause of {time:?}."
                );
                Self::new(Kind::BodyTimeout, detail)
            }
            body::Error::Incomplete => Self::new(Kind::Malformed, "The body ended before its announced length."),
            body::Error::Closing => {
                Self::new(Kind::BodyTimeout, "This node is shutting down; send the mail to another.")
            }
        }
    }
}

fn too_large(max_body: usize) -> Problem {
    Problem::new(Kind::TooLarge, format!("The body may have at most {max_body} bytes."))
}

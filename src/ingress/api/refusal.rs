//! The status and the words of this listener for a refusal of `access`.

use super::problem::{FieldError, Kind, Problem};
use crate::access::refusal::{Originator, Refusal};

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let (kind, detail, retry_after) = match refusal {
            Refusal::SenderNotAllowed(originators) => {
                return Self::of_fields(Kind::SenderNotAllowed, originators.into_iter().map(error).collect());
            }
            Refusal::RateLimited { retry_after } => {
                (Kind::RateLimited, "This key has used up its rate. Call again after Retry-After.", retry_after)
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

pub(super) const OVERLOADED: &str = "This node has as much as it can take. Send the mail again after Retry-After.";

fn error(originator: Originator) -> FieldError {
    let field = match originator {
        Originator::From => "from",
        Originator::Sender => "headers.Sender",
    };
    FieldError { field: field.to_owned(), reason: "is not of a domain that this key may send from".to_owned() }
}

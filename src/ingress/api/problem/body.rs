//! A problem as JSON.

use serde::Serialize;
use utoipa::ToSchema;

use super::super::delivery::Delivery;
use super::super::email::{AttemptBody, LookupBody};
use super::{Kind, Problem};

/// The body of every answer that is not a success.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(in crate::ingress::api) struct ProblemBody {
    r#type: Kind,
    /// The kind of problem, in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What to know about this one.
    detail: String,
    /// Equal to `detail`: the legacy name of it.
    message: String,
    /// Our id of the mail, where there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    id: Option<String>,
    delivery: Delivery,
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

/// One field that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(in crate::ingress::api) struct FieldError {
    /// The field as the caller named it, for example `to[1]`.
    pub(in crate::ingress::api) field: String,
    /// What is wrong with it.
    pub(in crate::ingress::api) reason: String,
}

impl ProblemBody {
    pub(super) fn new(problem: Problem, request_id: &str) -> Self {
        let Problem { kind, detail, id, attempts, errors, lookup, retryable, .. } = problem;
        let (status, title) = kind.describe();
        Self {
            r#type: kind,
            title,
            status: status.as_u16(),
            message: detail.clone().into_owned(),
            detail: detail.into_owned(),
            id: id.map(|id| id.to_string()),
            delivery: kind.delivery(),
            retryable,
            request_id: request_id.to_owned(),
            lookup: lookup.map(|lookup| *lookup),
            attempts,
            errors,
        }
    }
}

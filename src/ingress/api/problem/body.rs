//! A problem as JSON.

use serde::Serialize;
use utoipa::ToSchema;

use super::kind::Kind;
use crate::ingress::api::attempt::{AttemptBody, LookupBody};
use crate::ingress::api::delivery::Delivery;
use crate::ingress::api::field_error::FieldError;

/// The body of every answer that is not a success.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(in crate::ingress::api) struct ProblemBody {
    pub(super) r#type: Kind,
    /// The kind of problem, in words.
    pub(super) title: &'static str,
    /// The HTTP status.
    pub(super) status: u16,
    /// What to know about this one.
    pub(super) detail: String,
    /// Equal to `detail`: the legacy name of it.
    pub(super) message: String,
    /// Our id of the mail, where there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) id: Option<String>,
    pub(super) delivery: Delivery,
    /// May the very same call succeed later, without the danger of a second mail?
    pub(super) retryable: bool,
    /// The id of the request, also in `X-Request-Id` and in our log.
    pub(super) request_id: String,
    /// Where to look the mail up, if it is not known whether a provider has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) lookup: Option<LookupBody>,
    /// Every attempt that was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) attempts: Option<Vec<AttemptBody>>,
    /// Every field that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) errors: Option<Vec<FieldError>>,
}

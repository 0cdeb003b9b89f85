//! Attempts as receipts and problems show them, and how to look a mail up at a provider.

use std::borrow::Cow;

use serde::Serialize;
use utoipa::ToSchema;

use super::words;
use crate::model::receipt::Attempt;
use crate::runtime::millis::millis;
use crate::state::outbox::TriedAt;

/// One attempt at one provider, or why it was skipped.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Attempt)]
pub(super) struct AttemptBody {
    /// The name of the provider, as the node is configured.
    provider: String,
    #[schema(schema_with = words::outcome)]
    outcome: Cow<'static, str>,
    #[schema(schema_with = words::reason)]
    reason: String,
    /// The code in the provider's answer, if its documentation lists that code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("5.1.1", "406"))]
    provider_code: Option<String>,
    /// How long it took, in milliseconds; 0 where the mail was not offered.
    duration_ms: u64,
}

/// How to find out whether a provider has a mail of which that is not known.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Lookup)]
pub(super) struct LookupBody {
    /// The name of the provider that may have it, as the node is configured.
    pub(super) upstream: String,
    /// The field of the provider by which to find the mail.
    pub(super) field: &'static str,
    /// The value of that field.
    pub(super) value: String,
}

impl AttemptBody {
    /// An attempt that the outbox knows of; none while nothing is known of its end.
    pub(super) fn of_tried(tried: &TriedAt) -> Option<Self> {
        Some(Self {
            provider: tried.upstream.clone(),
            outcome: tried.outcome.clone()?.into(),
            reason: tried.reason.clone().unwrap_or_default(),
            provider_code: tried.code.clone(),
            duration_ms: tried.took_ms.unwrap_or_default().unsigned_abs(),
        })
    }
}

impl From<&Attempt> for AttemptBody {
    fn from(attempt: &Attempt) -> Self {
        Self {
            provider: attempt.upstream.to_string(),
            outcome: attempt.verdict.outcome.as_str().into(),
            reason: attempt.verdict.reason.to_string(),
            provider_code: attempt.verdict.code.map(|code| code.to_string()),
            duration_ms: millis(attempt.took.unwrap_or_default()),
        }
    }
}

impl AttemptBody {
    /// A hand-over from the outbox, once it is known what it came to.
    pub(super) fn of_outbox(tried: TriedAt) -> Option<Self> {
        Some(Self {
            provider: tried.upstream,
            outcome: tried.outcome?.into(),
            reason: tried.reason?,
            provider_code: tried.code,
            duration_ms: tried.took_ms.unwrap_or_default().max(0).unsigned_abs(),
        })
    }
}

//! The headers of `POST /email` that say whether its mail may be queued: `X-SMSP-Fallback` and `Prefer`.
//!
//! Where they contradict each other, `X-SMSP-Fallback: never` holds: a preference may be ignored.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use utoipa::ToSchema;

use super::prefer::asks_for_async;
use super::problem::Problem;
use super::send_options::{fault, only_value};
use super::state::ApiState;
use crate::access::callers::Caller;
use crate::service::submit::{QueueOptions, Queueing};

const X_SMSP_FALLBACK: &str = "X-SMSP-Fallback";

/// May the mail be queued where no provider takes it now?
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "the header is read as bytes")]
pub(super) enum FallbackHeader {
    Never,
}

/// Whether the mail of a call may be queued.
pub(super) struct QueueingHeaders(Queueing);

impl QueueingHeaders {
    /// What this caller wants, and what of the outbox its mail may take.
    pub(super) fn for_caller(self, caller: &Caller) -> QueueOptions {
        let share = caller.limits.outbox();
        QueueOptions { queueing: self.0, share: (share.rows, share.bytes) }
    }
}

impl FromRequestParts<ApiState> for QueueingHeaders {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &ApiState) -> Result<Self, Problem> {
        Ok(Self(match only_value(&parts.headers, X_SMSP_FALLBACK)? {
            Some(b"never") => Queueing::Never,
            Some(_) => return Err(fault(X_SMSP_FALLBACK, "must be never: the node decides the rest")),
            None if asks_for_async(&parts.headers) => Queueing::AtOnce,
            None => Queueing::Fallback,
        }))
    }
}

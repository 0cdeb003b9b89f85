//! What the handlers of the outbox take from a request and its node.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::ingress::api::problem::Problem;
use crate::ingress::api::state::ApiState;
use crate::ingress::server::refusal::Refusal;
use crate::service::outbox::OutboxService;

/// The outbox of this node.
pub(super) struct Outbox(pub(super) Arc<OutboxService>);

impl FromRequestParts<ApiState> for Outbox {
    type Rejection = Problem;

    async fn from_request_parts(_: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        // Without one there are no routes to it.
        state.outbox.clone().map(Self).ok_or_else(|| Refusal::NotFound.into())
    }
}

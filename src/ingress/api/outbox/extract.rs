//! What the handlers of the outbox take from a request and its node.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use uuid::Uuid;

use crate::ingress::api::problem::Problem;
use crate::ingress::api::state::ApiState;
use crate::ingress::server::refusal::Refusal;
use crate::model::message::Id;
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

/// The id in the path; none, where there is no id.
pub(super) struct MailId(pub(super) Option<Id>);

impl FromRequestParts<ApiState> for MailId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let id = Path::<String>::from_request_parts(parts, state).await.ok();
        let id = id.and_then(|Path(text)| Uuid::try_parse(&text).ok().filter(|id| id.to_string() == text));
        Ok(Self(id.map(Id::from)))
    }
}

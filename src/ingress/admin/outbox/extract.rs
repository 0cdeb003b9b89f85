//! The outbox of a node, and a mail of it, as parts of a call.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use uuid::Uuid;

use super::refusal::no_such_mail;
use crate::ingress::admin::refusal::no_parameters;
use crate::ingress::admin::state::AdminState;
use crate::ingress::server::problem::Problem;
use crate::ingress::server::refusal::Refusal;
use crate::model::message::Id;
use crate::service::outbox::OutboxService;

/// The outbox of this node, for a call without a query.
pub(in crate::ingress::admin) struct Outbox(pub(super) Arc<OutboxService>);

impl FromRequestParts<AdminState> for Outbox {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AdminState) -> Result<Self, Problem> {
        no_parameters(&parts.uri)?;
        of_node(state).map(Self)
    }
}

/// The outbox of this node, for a call that has a query.
pub(in crate::ingress::admin) struct Queried(pub(super) Arc<OutboxService>);

impl FromRequestParts<AdminState> for Queried {
    type Rejection = Problem;

    async fn from_request_parts(_: &mut Parts, state: &AdminState) -> Result<Self, Problem> {
        of_node(state).map(Self)
    }
}

/// Without one there are no routes to it.
fn of_node(state: &AdminState) -> Result<Arc<OutboxService>, Problem> {
    state.outbox.clone().ok_or_else(|| Refusal::NotFound.into())
}

/// The id in the path.
pub(in crate::ingress::admin) struct MailId(pub(super) Id);

impl FromRequestParts<AdminState> for MailId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AdminState) -> Result<Self, Problem> {
        let id = Path::<String>::from_request_parts(parts, state).await.ok();
        let id = id.and_then(|Path(text)| Uuid::try_parse(&text).ok());
        id.map(|id| Self(id.into())).ok_or_else(no_such_mail)
    }
}

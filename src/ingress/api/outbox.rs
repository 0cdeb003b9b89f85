//! The outbox: messages that are accepted now and sent later, and what their caller asks of them and changes.
//!
//! Where the outbox is off, none of these paths exists. Another caller's id, one that is no id and one that does not exist get
//! the same answer.

mod accept;
mod batch;
mod body;
mod change;
mod cursor;
mod failures;
mod list;
mod routes;
mod show;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use uuid::Uuid;

pub(super) use routes::routes;

use super::problem::Problem;
use super::state::ApiState;
use crate::ingress::server::refusal::Refusal;
use crate::model::message::Id;
use crate::service::outbox::OutboxService;

/// The outbox of this node.
struct Outbox(Arc<OutboxService>);

impl FromRequestParts<ApiState> for Outbox {
    type Rejection = Problem;

    async fn from_request_parts(_: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        // Without one there are no routes to it.
        state.outbox.clone().map(Self).ok_or_else(|| Refusal::NotFound.into())
    }
}

/// The id in the path; none, where there is no id.
struct MailId(Option<Id>);

impl FromRequestParts<ApiState> for MailId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let id = Path::<String>::from_request_parts(parts, state).await.ok();
        let id = id.and_then(|Path(text)| Uuid::try_parse(&text).ok().filter(|id| id.to_string() == text));
        Ok(Self(id.map(Id::from)))
    }
}

//! The id of a mail in the path of a call, which the log and the trace of the call name too.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use uuid::Uuid;

use super::mail_attributes::set_id;
use super::problem::Problem;
use super::state::ApiState;
use crate::model::message::Id;

/// The id in the path; none, where there is no id.
pub(super) struct MailId(pub(super) Option<Id>);

impl FromRequestParts<ApiState> for MailId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let id = Path::<String>::from_request_parts(parts, state).await.ok();
        let id = id.and_then(|Path(text)| Uuid::try_parse(&text).ok().filter(|id| id.to_string() == text));
        let id = id.map(Id::from);
        id.into_iter().for_each(set_id);
        Ok(Self(id))
    }
}

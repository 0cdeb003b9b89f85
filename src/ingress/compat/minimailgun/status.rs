//! `POST /status`: where a mail is.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::call::Call;
use super::error::{Error, ErrorBody};
use super::fields::{SUBMISSION_ID, StatusFields, required, text};
use super::mail_id::tell;
use super::word::Word;
use crate::ingress::compat::state::CompatState;
use crate::model::message::Id;

/// What is known of a mail; of an unknown one, that nothing is.
#[derive(Serialize, ToSchema)]
#[schema(as = MiniMailGunAnswer)]
pub(super) struct Answer {
    /// `success`, or `error` of an unknown mail.
    #[schema(pattern = "^(success|error)$")]
    result: &'static str,
    /// Where the mail is; absent of an unknown one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    status: Option<Word>,
    /// What is wrong, for people; absent of a known one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    message: Option<&'static str>,
}

const UNKNOWN: Answer = Answer { result: "error", status: None, message: Some("unknown submission id") };

/// Show where a mail is, as Mini-MailGun did
///
/// Another client's mail and one that does not exist get the same answer, in status 200 as well.
#[utoipa::path(
    post,
    path = "/status",
    operation_id = "minimailgunStatus",
    tag = "minimailgun",
    request_body(content = StatusFields, description = "The mail"),
    responses(
        (status = 200, description = "Where the mail is, or that this client has no such mail", body = Answer, examples(
            ("1-success" = (summary = "A mail of this client", value = json!({"result": "success", "status": "sent"}))),
            ("2-error" = (summary = "No mail of this client", value = json!({"result": "error", "message": "unknown submission id"}))))),
        (status = 400, description = "The body is no such question", body = ErrorBody, example = json!({"result": "error", "message": "submission_id: is missing"})),
        (status = 401, description = "The `client_id` is missing or wrong", body = ErrorBody, example = json!({"result": "error", "message": "Missing or invalid client_id"})),
        (status = 429, description = "This client has used up its rate, or too many calls have wrong keys", body = ErrorBody, headers(("Retry-After" = u64, description = "Seconds to wait before the next call")), example = json!({"result": "error", "message": "This client has used up its rate. Call again after Retry-After"})),
        (status = 503, description = "The store cannot be asked now", body = ErrorBody, headers(("Retry-After" = u64, description = "Seconds to wait before the next call")), example = json!({"result": "error", "message": "The store cannot be asked now. Call again after Retry-After"})),
    ),
    security(())
)]
pub(super) async fn status(
    State(state): State<CompatState>,
    Call { caller, fields, .. }: Call<StatusFields>,
) -> Result<Json<Answer>, Error> {
    required(SUBMISSION_ID, &fields.submission_id).map_err(|fault| vec![fault])?;
    let Some(id) = id(&fields) else { return Ok(Json(UNKNOWN)) };
    tell(id);
    let shown = state.outbox.status(&Arc::clone(&caller.name).into(), id).await.map_err(Error::not_read)?;
    let answer = |word| Answer { result: "success", status: Some(word), message: None };
    Ok(Json(shown.map_or(UNKNOWN, |shown| answer(Word::from(&shown.status)))))
}

/// `None`: no mail has such an id.
fn id(fields: &StatusFields) -> Option<Id> {
    let text = text(SUBMISSION_ID, &fields.submission_id).ok()?;
    Uuid::try_parse(&text).ok().map(Id::from)
}

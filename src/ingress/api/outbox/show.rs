//! `GET /outbox/{id}`: where a message is.

use std::sync::Arc;

use axum::Json;

use super::body::MailBody;
use super::extract::Outbox;
use super::failures::{no_such_mail, not_read};
use crate::ingress::api::caller::Caller;
use crate::ingress::api::mail_id::MailId;
use crate::ingress::api::problem::{Problem, ProblemBody};
use crate::ingress::api::query::NoParameters;

/// Show where a message is
///
/// Another caller's id and one that does not exist get the same answer.
#[utoipa::path(
    get,
    path = "/outbox/{id}",
    operation_id = "showQueued",
    tag = "outbox",
    params(("id" = String, Path, description = "The id of the mail")),
    responses(
        (status = 200, description = "The message as it is now", body = MailBody),
        (status = 400, description = "The query has a parameter", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "The API key is missing or wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "This caller has no such mail", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "This key has used up its rate, or too many calls have wrong keys", body = ProblemBody, content_type = "application/problem+json",
            headers(("Retry-After" = u64, description = "Seconds to wait before the next call"))),
        (status = 503, description = "The store cannot be used now", body = ProblemBody, content_type = "application/problem+json",
            headers(("Retry-After" = u64, description = "Seconds to wait before the next call"))),
    ),
    security(("X-API-KEY" = []))
)]
pub(super) async fn show(
    Outbox(outbox): Outbox,
    Caller(caller): Caller,
    _: NoParameters,
    MailId(id): MailId,
) -> Result<Json<MailBody>, Problem> {
    let id = id.ok_or_else(no_such_mail)?;
    let shown = outbox.status(&Arc::clone(&caller.name).into(), id).await.map_err(not_read)?;
    Ok(Json(shown.ok_or_else(no_such_mail)?.into()))
}

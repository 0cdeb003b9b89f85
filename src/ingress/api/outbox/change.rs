//! `PATCH /outbox/{id}` and `DELETE /outbox/{id}`: another time for a message, or no message.

use std::sync::Arc;

use axum::Json;
use axum::http::Uri;

use super::body::MailBody;
use super::extract::Outbox;
use super::failures::{conflict, no_such_mail, not_changed, over};
use crate::ingress::api::caller::Caller;
use crate::ingress::api::mail_id::MailId;
use crate::ingress::api::problem::{Problem, ProblemBody};
use crate::ingress::api::query::{NoParameters, parameters, switch};
use crate::ingress::api::wire::SendAt;
use crate::service::outbox::OutboxService;
use crate::state::outbox::{Change, State};

/// Send a message at another time
///
/// Only one that is `queued`. Its `expires_at` stays.
#[utoipa::path(
    patch,
    path = "/outbox/{id}",
    operation_id = "rescheduleQueued",
    tag = "outbox",
    params(("id" = String, Path, description = "The id of the mail")),
    request_body(content = inline(SendAt), description = "The new time"),
    responses(
        (status = 200, description = "The message as it is now", body = MailBody),
        (status = 400, description = "The body is not JSON, or the query has a parameter", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "The API key is missing or wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "This caller has no such mail", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The mail is not `queued`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The time is invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "This key has used up its rate, or too many calls have wrong keys", body = ProblemBody, content_type = "application/problem+json",
            headers(("Retry-After" = u64, description = "Seconds to wait before the next call"))),
        (status = 503, description = "The store cannot be used now", body = ProblemBody, content_type = "application/problem+json",
            headers(("Retry-After" = u64, description = "Seconds to wait before the next call"))),
        (status = 504, description = "The store did not say whether it has changed the mail", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("X-API-KEY" = []))
)]
pub(super) async fn reschedule(
    Outbox(outbox): Outbox,
    Caller(caller): Caller,
    _: NoParameters,
    MailId(id): MailId,
    SendAt(send_at): SendAt,
) -> Result<Json<MailBody>, Problem> {
    let id = id.ok_or_else(no_such_mail)?;
    let change = outbox.reschedule(&Arc::clone(&caller.name).into(), id, send_at).await;
    match change.map_err(|failed| not_changed(failed, id))? {
        Change::Conflict(status) if status.ticket.state == State::Queued => {
            Err(over("send_at", "is not before the mail expires"))
        }
        change => changed(&outbox, change),
    }
}

/// Cancel or erase a message
///
/// Cancels a message that no provider can have yet, and drops what it says. With `erase=true` it may also have ended: what
/// it says and whom it goes to are dropped, and its status stays.
#[utoipa::path(
    delete,
    path = "/outbox/{id}",
    operation_id = "cancelQueued",
    tag = "outbox",
    params(
        ("id" = String, Path, description = "The id of the mail"),
        ("erase" = Option<bool>, Query, nullable = false, description = "`true`: erase it too, though it has ended"),
    ),
    responses(
        (status = 200, description = "The message as it is now", body = MailBody),
        (status = 400, description = "A query parameter is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "The API key is missing or wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "This caller has no such mail", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "A provider has the mail, may have it or is getting it; or it has ended otherwise", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "This key has used up its rate, or too many calls have wrong keys", body = ProblemBody, content_type = "application/problem+json",
            headers(("Retry-After" = u64, description = "Seconds to wait before the next call"))),
        (status = 503, description = "The store cannot be used now", body = ProblemBody, content_type = "application/problem+json",
            headers(("Retry-After" = u64, description = "Seconds to wait before the next call"))),
        (status = 504, description = "The store did not say whether it has changed the mail", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("X-API-KEY" = []))
)]
pub(super) async fn cancel(
    Outbox(outbox): Outbox,
    Caller(caller): Caller,
    uri: Uri,
    MailId(id): MailId,
) -> Result<Json<MailBody>, Problem> {
    let [erase] = parameters(&uri, ["erase"])?;
    let erase = switch("erase", erase)?;
    let (id, caller) = (id.ok_or_else(no_such_mail)?, Arc::clone(&caller.name).into());
    let change = if erase { outbox.erase(&caller, id).await } else { outbox.cancel(&caller, id).await };
    changed(&outbox, change.map_err(|failed| not_changed(failed, id))?)
}

fn changed(outbox: &OutboxService, change: Change) -> Result<Json<MailBody>, Problem> {
    match change {
        Change::Done(status) | Change::Cancelled(status) => Ok(Json(outbox.shown(*status).into())),
        Change::NotFound => Err(no_such_mail()),
        Change::Conflict(status) => Err(conflict(&status.ticket)),
    }
}

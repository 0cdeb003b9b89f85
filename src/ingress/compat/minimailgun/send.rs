//! `POST /send`: a mail into the outbox.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::call::Call;
use super::error::{Error, ErrorBody};
use super::fields::SendFields;
use super::mail::message;
use super::mail_id::{submission_id, tell};
use crate::access::callers::Caller;
use crate::ingress::compat::state::CompatState;
use crate::model::message::{Id, Message};
use crate::model::submission::{SendOptions, Submission};
use crate::runtime::off_worker::off_worker;
use crate::service::outbox::{Later, OutboxService};
use crate::state::outbox::{Failed, Lane};

/// A mail that is queued.
#[derive(Serialize, ToSchema)]
#[schema(as = MiniMailGunQueued)]
pub(super) struct Queued {
    /// `queued`.
    #[schema(pattern = "^queued$")]
    result: &'static str,
    /// The mail, for `POST /status`.
    submission_id: String,
}

/// Queue a mail, as Mini-MailGun did
///
/// Status 200: this service has the mail on its disk, and sends it.
#[utoipa::path(
    post,
    path = "/send",
    operation_id = "minimailgunSend",
    tag = "minimailgun",
    request_body(content = SendFields, description = "The mail"),
    responses(
        (status = 200, description = "This service has the mail and sends it", body = Queued, example = json!({"result": "queued", "submission_id": "01936f2f3c7a7b2d9f00a1b2c3d4e5f6"})),
        (status = 400, description = "The mail is not valid, or no provider can send it", body = ErrorBody, example = json!({"result": "error", "message": "recipients: is missing"})),
        (status = 401, description = "The `client_id` is missing or wrong", body = ErrorBody, example = json!({"result": "error", "message": "Missing or invalid client_id"})),
        (status = 403, description = "This client may not send from that domain", body = ErrorBody, example = json!({"result": "error", "message": "sender: is not of a domain that this client may send from"})),
        (status = 413, description = "The body is too large, or takes more room than all mail of this client may", body = ErrorBody, example = json!({"result": "error", "message": "The body may have at most 27262976 bytes"})),
        (status = 429, description = "This client has used up its rate, or too many calls have wrong keys", body = ErrorBody, headers(("Retry-After" = u64, description = "Seconds to wait before the next call")), example = json!({"result": "error", "message": "This client has used up its rate. Call again after Retry-After"})),
        (status = 503, description = "The mail is not queued: the outbox is full, or cannot be used now", body = ErrorBody, headers(("Retry-After" = u64, description = "Seconds to wait before the next call")), example = json!({"result": "error", "message": "There is no room for the mail now. Send it again after Retry-After"})),
        (status = 504, description = "The store did not say whether it has the mail; `POST /status` tells", body = ErrorBody, example = json!({"result": "error", "message": "The store did not say whether the mail is queued: ask for it with POST /status", "submission_id": "01936f2f3c7a7b2d9f00a1b2c3d4e5f6"})),
    ),
    security(())
)]
pub(super) async fn send(
    State(state): State<CompatState>,
    Call { caller, fields, room: _room }: Call<SendFields>,
) -> Result<Json<Queued>, Error> {
    let size = fields.body.as_ref().map_or(0, |body| body.get().len());
    let message = off_worker(size, || message(&fields, state.recipients))?;
    let later = checked(&state.outbox, &caller, message)?;
    let _place = caller.limits.in_flight()?;
    let id = queue(&state.outbox, &caller, later).await?;
    tell(id);
    Ok(Json(Queued { result: "queued", submission_id: submission_id(id) }))
}

/// The mail as one of this caller's, if it may send it, and if an upstream may too.
fn checked(outbox: &OutboxService, caller: &Caller, message: Message) -> Result<Later, Error> {
    caller.limits.check_originators(&message)?;
    let message = caller.limits.with_bounce_address(message);
    let submission = Submission { message, caller: Arc::clone(&caller.name).into(), options: SendOptions::default() };
    let later = Later { submission, lane: Lane::default(), send_at: None, expires_at: None };
    outbox.refusal(&later).map_or(Ok(later), |refusal| Err(Error::of_send(&refusal)))
}

/// The id of the mail, once the store has it.
async fn queue(outbox: &OutboxService, caller: &Caller, later: Later) -> Result<Id, Error> {
    let id = later.submission.message.id();
    let share = caller.limits.outbox();
    let offer = outbox.offer(Arc::clone(&caller.name).into(), vec![later], (share.rows, share.bytes), false);
    let offer = offer.map_err(|failed| Error::not_accepted(failed, None))?;
    let answers = outbox.accept(offer).await.map_err(|failed| unclear(failed, id))?;
    // The store answers for every mail; were it not so, nobody would know.
    let answer = answers.first().ok_or_else(|| unclear(Failed::Unclear, id))?;
    Error::of_acceptance(answer).map_or(Ok(id), Err)
}

fn unclear(failed: Failed, id: Id) -> Error {
    if failed == Failed::Unclear {
        tell(id);
    }
    Error::not_accepted(failed, Some(id))
}

//! `POST /outbox`: one message to be sent later.

use std::sync::Arc;
use std::time::SystemTime;

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::{HeaderName, LOCATION};
use axum::response::AppendHeaders;

use super::body::TicketBody;
use super::extract::Outbox;
use super::failures::{full, key_in_use, not_accepted, not_read, over, too_large, withheld};
use crate::access::callers::Caller as Holder;
use crate::ingress::api::caller::Caller;
use crate::ingress::api::email::problem;
use crate::ingress::api::mail_attributes::set_mail;
use crate::ingress::api::problem::{Problem, ProblemBody};
use crate::ingress::api::query::NoQuery;
use crate::ingress::api::replayed::{Replayed, replayed};
use crate::ingress::api::send_options::{FailoverHeader, SendOptionHeaders};
use crate::ingress::api::wire::{LaterMail, OutboxMail};
use crate::model::submission::{SendOptions, Submission};
use crate::service::outbox::{Later, OutboxService};
use crate::state::outbox::{Acceptance, Failed, Ticket};

/// Where to look at a mail.
type Location = AppendHeaders<[(HeaderName, String); 1]>;

/// Accept one message, to be sent later
///
/// Status 202: this service has the mail on its disk, and sends it when it is due and a provider takes it. `delivery: none`:
/// it does not have it. `delivery: unknown`: it may have it; a repeat under the same `Idempotency-Key` tells.
#[utoipa::path(
    post,
    path = "/outbox",
    operation_id = "queueEmail",
    tag = "outbox",
    params(
        ("Idempotency-Key" = Option<String>, Header, nullable = false, description = "A name for this mail, chosen by you. A repeat with the same key and message is no second mail: it gets the id and the present status of the first one, with the header `Idempotency-Replayed: true`. The key holds for as long as the status is kept. Keys of `POST /email` are others", min_length = 1, max_length = 256, pattern = "^[!-~]+$"),
        ("X-SMSP-Failover" = inline(Option<FailoverHeader>), Header, nullable = false, description = "As for `POST /email`"),
    ),
    request_body(content = inline(OutboxMail), description = "The message"),
    responses(
        (status = 202, description = "This service has the mail and sends it later", body = TicketBody,
            headers(("Location" = String, description = "Where to look at the mail"), ("Idempotency-Replayed" = bool, description = "`true`: the mail was accepted by an earlier call with the same key"))),
        (status = 400, description = "The body is not JSON, or a header or the query is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "The API key is missing or wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "This key may not send from that domain", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large, or takes more room than all mail of this key may", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The message or one of its times is invalid; or no provider can carry it, or may send for its sender; or its `Idempotency-Key` names another message", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "This key has used up its rate, or too many calls have wrong keys", body = ProblemBody, content_type = "application/problem+json",
            headers(("Retry-After" = u64, description = "Seconds to wait before the next call"))),
        (status = 503, description = "The outbox is full, or cannot be used now; `delivery: none`", body = ProblemBody, content_type = "application/problem+json",
            headers(("Retry-After" = u64, description = "Seconds to wait before the next call"))),
        (status = 504, description = "The store did not say whether it has the mail; `delivery: unknown`", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("X-API-KEY" = []))
)]
pub(super) async fn queue(
    Outbox(outbox): Outbox,
    Caller(caller): Caller,
    _: NoQuery,
    options: SendOptionHeaders,
    OutboxMail(mail, _room): OutboxMail,
) -> Result<(StatusCode, Location, Replayed, Json<TicketBody>), Problem> {
    let mail = checked(&outbox, &caller, options.for_outbox(&caller), mail).await?;
    let _place = caller.limits.in_flight()?;
    let share = caller.limits.outbox();
    let offer = outbox.offer(Arc::clone(&caller.name).into(), vec![mail], (share.rows, share.bytes), false);
    let offer = offer.map_err(|failed| not_accepted(failed, None))?;
    let id = offer.ids().next();
    let answers = outbox.accept(offer).await.map_err(|failed| not_accepted(failed, id))?;
    // The store answers for every mail; were it not so, nobody would know.
    let answer = answers.into_iter().next().ok_or_else(|| not_accepted(Failed::Unclear, id))?;
    let (ticket, repeated) = taken(answer)?;
    set_mail(Some(ticket.id), (&ticket).into());
    let location = AppendHeaders([(LOCATION, format!("/outbox/{}", ticket.id))]);
    Ok((StatusCode::ACCEPTED, location, replayed(repeated), Json((&ticket).into())))
}

/// The mail as one of this caller's, if it may send it, if an upstream may too, and if there is time left for it.
pub(super) async fn checked(
    outbox: &OutboxService,
    caller: &Holder,
    options: SendOptions,
    mail: LaterMail,
) -> Result<Later, Problem> {
    let LaterMail { message, lane, send_at, expires_at } = mail;
    caller.limits.check_originators(&message)?;
    let message = caller.limits.with_bounce_address(message);
    let submission = Submission { message, caller: Arc::clone(&caller.name).into(), options };
    let later = Later { submission, lane, send_at, expires_at }.identified();
    let is_over = expires_at.is_some_and(|time| time <= SystemTime::now().into());
    let over = is_over.then(|| over("expires_at", "is over already"));
    match over.or_else(|| outbox.refusal(&later).map(problem)) {
        Some(fault) if !is_repeat(outbox, &later).await? => Err(fault),
        _ => Ok(later),
    }
}

/// Was the mail accepted before, when there was time left and it could be sent? Then its repeat hears what became of it.
async fn is_repeat(outbox: &OutboxService, later: &Later) -> Result<bool, Problem> {
    let Submission { message, caller, options } = &later.submission;
    if options.key.is_none() {
        return Ok(false);
    }
    Ok(outbox.status(caller, message.id()).await.map_err(not_read)?.is_some())
}

/// The mail in the store, and whether it was there before.
pub(super) fn taken(answer: Acceptance) -> Result<(Ticket, bool), Problem> {
    match answer {
        Acceptance::Accepted(ticket) => Ok((ticket, false)),
        Acceptance::Repeated(ticket) => Ok((ticket, true)),
        Acceptance::KeyInUse => Err(key_in_use()),
        Acceptance::Full(reached) => Err(full(reached)),
        Acceptance::TooLarge(most) => Err(too_large(most)),
        Acceptance::Withheld => Err(withheld()),
    }
}

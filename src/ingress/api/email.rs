//! `POST /email`: one message in, one truthful answer out.

mod failures;
mod kept;
mod queued;
mod receipt;
pub(super) mod show;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};

use super::caller::Caller;
use super::delivery::Delivery;
use super::mail_attributes::set_mail;
use super::problem::{Problem, ProblemBody};
use super::query::NoQuery;
use super::queueing::{FallbackHeader, QueueingHeaders};
use super::replayed::replayed;
use super::send_options::{FailoverHeader, SendOptionHeaders};
use super::state::ApiState;
use super::wire::Mail;
use crate::access::callers;
use crate::model::message::Message;
use crate::model::submission::Submission;
use crate::service::submit::Sent;
pub(super) use failures::problem;
use queued::QueuedBody;
use receipt::ReceiptBody;

/// Send one message
///
/// The answer says what is known of the mail from this call. Status 200: a provider has it. `delivery: none`: no provider has
/// it from this call. `delivery: unknown`: a provider may have it, so a repeat may send it twice. An `unknown` of an
/// earlier call stays unknown, even if a repeat is answered `none` by another node.
#[utoipa::path(
    post,
    path = "/email",
    operation_id = "sendEmail",
    tag = "email",
    params(
        ("Idempotency-Key" = Option<String>, Header, nullable = false, description = "A name for this mail, such as an order number, chosen by you. A repeat with the same key and message waits for the first answer, or gets it again with the header `Idempotency-Replayed: true`, and no second mail is sent. After `delivery: none` a repeat is a new attempt. With a store (`SMSP_STORE`) this holds for 24 hours, on every node that shares it and after a restart. Without one a node remembers keys in memory, for up to 10 minutes: after that, after a restart and on another node a repeat may send a second mail", min_length = 1, max_length = 256, pattern = "^[!-~]+$"),
        ("X-SMSP-Failover" = inline(Option<FailoverHeader>), Header, nullable = false, description = "May another provider be asked after a failed attempt? `never`: no. `safe`: only if the failure proves that nobody has the mail. This header can make one mail stricter than `SMSP_FAILOVER`, not looser"),
        ("X-SMSP-Fallback" = inline(Option<FallbackHeader>), Header, nullable = false, description = "`never`: this mail is not queued. Without it a mail that no provider takes now is queued where the node is configured so (`SMSP_OUTBOX_FALLBACK`): 202"),
        ("Prefer" = Option<String>, Header, nullable = false, description = "`respond-async` (RFC 7240): queue the mail at once, and answer 202 without waiting for a provider. Met where the node has an outbox with room; the answer says so with `Preference-Applied`. Else the mail is sent now. Other preferences are ignored"),
    ),
    request_body(content = inline(Mail), description = "The message"),
    responses(
        (status = 200, description = "A provider took the mail", body = ReceiptBody,
            headers(("Idempotency-Replayed" = bool, description = "`true`: this is the answer to an earlier call with the same key"))),
        (status = 202, description = "This service keeps the mail and sends it; no provider has it, unless there is `possible_duplicate`", body = QueuedBody,
            headers(("Location" = String, description = "Where to look at the mail"), ("Preference-Applied" = String, description = "`respond-async`: it was queued at once, because the call asked for that"), ("Idempotency-Replayed" = bool, description = "`true`: an earlier call with the same key has queued it"))),
        (status = 400, description = "The body is not JSON, or a header or the query is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "The API key is missing or wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "This key may not send from that domain", body = ProblemBody, content_type = "application/problem+json"),
        (status = 408, description = "The body did not arrive in time", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "A call under this `Idempotency-Key` is under way at another node, or its node has ended: repeat the call after `Retry-After`; or an earlier call with the key has queued the mail, and it was cancelled; `delivery: none`", body = ProblemBody, content_type = "application/problem+json",
            headers(("Retry-After" = u64, description = "Seconds to wait before the next call"))),
        (status = 413, description = "The body is too large", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not plain JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The message is invalid; or a provider refused it as such; or no provider can carry it; or no provider may send for its sender; or its `Idempotency-Key` names another message", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "This key has used up its rate, or too many calls have wrong keys", body = ProblemBody, content_type = "application/problem+json",
            headers(("Retry-After" = u64, description = "Seconds to wait before the next call"))),
        (status = 500, description = "This service failed; `delivery: unknown`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 502, description = "No provider took the mail: each refused it or could not be reached; `delivery: none`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "No provider can take the mail now, or this node cannot, or the store does not say whether it was sent under its key before; `delivery: none`", body = ProblemBody, content_type = "application/problem+json",
            headers(("Retry-After" = u64, description = "Seconds to wait before the next call"))),
        (status = 504, description = "A provider may have the mail; `delivery: unknown`", body = ProblemBody, content_type = "application/problem+json",
            headers(("Idempotency-Replayed" = bool, description = "`true`: this is the answer to an earlier call with the same key"))),
    ),
    security(("X-API-KEY" = []))
)]
pub(super) async fn send(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    _: NoQuery,
    options: SendOptionHeaders,
    queueing: QueueingHeaders,
    Mail(mail, permit): Mail,
) -> Result<Response, Problem> {
    let submission = submission(&caller, options, mail)?;
    let permits = (permit, caller.limits.in_flight()?);
    let submitted = state.submit.submit(submission, queueing.for_caller(&caller)).await;
    // A repeat that only waits gives its places to mails that are handed over.
    let _permits = submitted.hands_over().then_some(permits);
    match submitted.answer().await.map_err(problem)? {
        Sent::Accepted(receipt) => {
            set_mail(Some(receipt.id), Delivery::Accepted);
            Ok((replayed(receipt.replayed), Json(ReceiptBody::from(receipt))).into_response())
        }
        Sent::Queued(queued) => {
            set_mail(Some(queued.ticket.id), Delivery::Queued);
            Ok(queued::queued(&queued))
        }
        Sent::Kept(id, kept) => kept::kept(id, kept.map(|kept| *kept)),
    }
}

/// The mail as one of this caller's, if the caller may send it.
pub(super) fn submission(
    caller: &callers::Caller,
    options: SendOptionHeaders,
    mail: Message,
) -> Result<Submission, Problem> {
    caller.limits.check_originators(&mail)?;
    let message = caller.limits.with_bounce_address(mail);
    let options = options.for_caller(caller);
    Ok(Submission { message, caller: Arc::clone(&caller.name).into(), options })
}

//! `POST /email`: one message in, one truthful answer out.

mod failures;
mod receipt;

use axum::Json;
use axum::extract::State;

use super::caller::Caller;
use super::problem::{Problem, ProblemBody};
use super::query::NoQuery;
use super::replayed::{Replayed, replayed};
use super::send_options::SendOptionHeaders;
use super::state::ApiState;
use super::wire::Mail;
use crate::model::submission::Submission;
use failures::problem;
use receipt::ReceiptBody;

/// Send one message
///
/// The answer says what is known about the mail after this call: 200, a provider has it; `delivery: none`, no provider
/// has it from this call; `delivery: unknown`, a provider may have it, so sending it again may send it twice. What an earlier call
/// under the same key came to stays as it is.
#[utoipa::path(
    post,
    path = "/email",
    operation_id = "sendEmail",
    tag = "email",
    params(
        ("Idempotency-Key" = Option<String>, Header, nullable = false, description = "Names the mail: a repeat under the same key within 10 minutes sends no second mail, but waits for the first answer or hears it again (`Idempotency-Replayed: true`); a `none` frees the key. Without a store this is not promised on another node, after a restart, or after 10 minutes", min_length = 1, max_length = 256, pattern = "^[!-~]+$"),
        ("X-SMSP-Failover" = Option<String>, Header, nullable = false, description = "`never` or `safe`: lowers what this service does after a failure", pattern = "^(never|safe)$"),
    ),
    request_body(content = inline(Mail), description = "The message"),
    responses(
        (status = 200, description = "A provider took the mail", body = ReceiptBody,
            headers(("Idempotency-Replayed" = bool, description = "`true`: the answer to an earlier call under this key"))),
        (status = 400, description = "The body is not JSON, or a header cannot be read", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "The API key is missing or wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "This key may not send from that domain", body = ProblemBody, content_type = "application/problem+json"),
        (status = 408, description = "The body did not arrive in time", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not plain JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The message is invalid, or was refused as such, or its key names another message", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "The rate of this key, or of calls with wrong keys, is used up", body = ProblemBody, content_type = "application/problem+json",
            headers(("Retry-After" = u64, description = "Seconds"))),
        (status = 500, description = "Internal error; delivery unknown", body = ProblemBody, content_type = "application/problem+json"),
        (status = 502, description = "Every provider refused; delivery none", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "No provider, or not this node, can take the mail now; delivery none", body = ProblemBody, content_type = "application/problem+json",
            headers(("Retry-After" = u64, description = "Seconds"))),
        (status = 504, description = "A provider may have the mail; delivery unknown", body = ProblemBody, content_type = "application/problem+json",
            headers(("Idempotency-Replayed" = bool, description = "`true`: the answer to an earlier call under this key"))),
    ),
    security(("X-API-KEY" = []))
)]
pub(super) async fn send(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    _: NoQuery,
    options: SendOptionHeaders,
    Mail(mail, permit): Mail,
) -> Result<(Replayed, Json<ReceiptBody>), Problem> {
    caller.limits.check_originators(&mail)?;
    let mail = caller.limits.with_bounce_address(mail);
    let permits = (permit, caller.limits.in_flight()?);
    let options = options.for_caller(&caller);
    let submitted = state.submit.submit(Submission { message: mail, caller: caller.name.into(), options });
    // A repeat that only waits gives its places to mails that are handed over.
    let _permits = submitted.hands_over().then_some(permits);
    let receipt = submitted.answer().await.map_err(problem)?;
    Ok((replayed(receipt.replayed), Json(receipt.into())))
}

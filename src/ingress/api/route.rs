//! `POST /route`: where a message would go if it was sent now, and why nowhere else. Nothing is sent, kept or changed.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::http::StatusCode;

use super::caller::Caller;
use super::email::submission;
use super::problem::{Problem, ProblemBody};
use super::query::NoQuery;
use super::send_options::{FailoverHeader, SendOptionHeaders};
use super::state::ApiState;
use super::wire::{Mail, UnsentMail};
use crate::access::callers::{self, Callers};
use crate::ingress::plan::RouteBody;
use crate::ingress::server::problem;

/// The most callers that an answer names.
const MAX_NAMES: usize = 10;

/// Explain where a message would go
///
/// The answer has a place for every upstream, in the order in which the message would be offered to them, or the reason
/// why an upstream is left out. Nothing is sent. The call is checked as `POST /email` is, counts against the rate of the
/// caller, and changes nothing else.
#[utoipa::path(
    post,
    path = "/route",
    operation_id = "explainRoute",
    tag = "email",
    params(
        ("Idempotency-Key" = Option<String>, Header, nullable = false, description = "The answer is the plan of a mail with this key. No answer is held under it", min_length = 1, max_length = 256, pattern = "^[!-~]+$"),
        ("X-SMSP-Failover" = inline(Option<FailoverHeader>), Header, nullable = false, description = "As for `POST /email`. It does not change the plan"),
    ),
    request_body(content = inline(Mail), description = "The message"),
    responses(
        (status = 200, description = "Where the message would go", body = RouteBody),
        (status = 400, description = "The body is not JSON, or a header or the query is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "The API key is missing or wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "This key may not send from that domain", body = ProblemBody, content_type = "application/problem+json"),
        (status = 408, description = "The body did not arrive in time", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not plain JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The message is invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "This key has used up its rate, or too many calls have wrong keys", body = ProblemBody, content_type = "application/problem+json",
            headers(("Retry-After" = u64, description = "Seconds to wait before the next call"))),
        (status = 503, description = "This node has no room for the body", body = ProblemBody, content_type = "application/problem+json",
            headers(("Retry-After" = u64, description = "Seconds to wait before the next call"))),
    ),
    security(("X-API-KEY" = []))
)]
pub(super) async fn explain(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    _: NoQuery,
    options: SendOptionHeaders,
    mail: UnsentMail,
) -> Result<Json<RouteBody>, Problem> {
    explained(&state, &caller, options, mail).map(Json)
}

fn explained(
    state: &ApiState,
    caller: &callers::Caller,
    options: SendOptionHeaders,
    UnsentMail(mail, _room): UnsentMail,
) -> Result<RouteBody, Problem> {
    let submission = submission(caller, options, mail)?;
    Ok(state.dispatcher.explain(&submission).into())
}

/// Explains the mail of a request that another listener has got, as one of this caller's; it does not count against the
/// caller's rate.
pub async fn explain_for(state: &ApiState, caller: &str, request: Request) -> Result<RouteBody, problem::Problem> {
    let caller = state.callers.named(caller).ok_or_else(|| unknown_caller(&state.callers, caller))?;
    let explained = async {
        let (mut parts, body) = request.into_parts();
        let options = SendOptionHeaders::from_request_parts(&mut parts, state).await?;
        let mail = UnsentMail::from_request(Request::from_parts(parts, body), state).await?;
        explained(state, &caller, options, mail)
    };
    explained.await.map_err(Problem::without_mail)
}

fn unknown_caller(callers: &Callers, name: &str) -> problem::Problem {
    let keys = callers.keys();
    let names: BTreeSet<_> = keys.holders().map(|(name, _)| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(MAX_NAMES);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let names = names.into_iter().take(MAX_NAMES).collect::<Vec<_>>().join(", ");
    let detail = format!("There is no caller `{name}`: there are {names}{more}.");
    problem::Problem::new(StatusCode::NOT_FOUND, "not-found", "There is no such caller", detail)
}

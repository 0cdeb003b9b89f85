//! `POST /outbox/batch`: several messages to be sent later, in one transaction; an answer for each.

use std::sync::Arc;

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::Serialize;
use utoipa::ToSchema;

use super::accept::{checked, taken};
use super::body::TicketBody;
use super::extract::Outbox;
use super::failures::none_accepted;
use super::told::{has_items, tell};
use crate::access::callers::Caller as Holder;
use crate::ingress::api::caller::Caller;
use crate::ingress::api::delivery::Delivery;
use crate::ingress::api::problem::{Problem, ProblemBody};
use crate::ingress::api::query::{parameters, switch};
use crate::ingress::api::send_options::{FailoverHeader, SendOptionHeaders};
use crate::ingress::api::state::ApiState;
use crate::ingress::api::wire::{LaterMail, OutboxBatch};
use crate::ingress::server::context::RequestContext;
use crate::service::outbox::{Later, OutboxService};
use crate::state::outbox::{Acceptance, Ticket};

/// What became of the messages of a batch.
#[derive(Serialize, ToSchema)]
#[schema(as = OutboxBatchResults)]
pub(super) struct ResultsBody {
    /// One for each message, in their order.
    results: Vec<ResultBody>,
}

/// What became of one message of a batch.
#[derive(Serialize, ToSchema)]
#[schema(as = OutboxBatchResult)]
struct ResultBody {
    /// Its place in `messages`, from 0.
    index: usize,
    delivery: Delivery,
    /// The message, if this service has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    mail: Option<TicketBody>,
    /// Was it accepted by an earlier call with the same key?
    replayed: bool,
    /// Why this service does not have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    problem: Option<ProblemBody>,
}

/// All messages, or none of them.
pub(super) struct Atomic(bool);

impl FromRequestParts<ApiState> for Atomic {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &ApiState) -> Result<Self, Problem> {
        let [atomic] = parameters(&parts.uri, ["atomic"])?;
        switch("atomic", atomic).map(Self)
    }
}

/// What is known of one message so far: it is offered to the store, or why it is not.
type Outcome<T> = Result<T, Problem>;

/// Accept several messages, to be sent later
///
/// Each message is answered by itself, and counts as one call of the rate of its caller. Status 202 says that each has an
/// answer, not that all were accepted.
#[utoipa::path(
    post,
    path = "/outbox/batch",
    operation_id = "queueBatch",
    tag = "outbox",
    params(
        ("Idempotency-Key" = Option<String>, Header, nullable = false, description = "A name for this batch, chosen by you. A repeat with the same key and the same messages in the same order accepts none of them a second time", min_length = 1, max_length = 256, pattern = "^[!-~]+$"),
        ("X-SMSP-Failover" = inline(Option<FailoverHeader>), Header, nullable = false, description = "As for `POST /email`, for each message"),
        ("atomic" = Option<bool>, Query, nullable = false, description = "`true`: all messages are accepted or none, and then the answer is a problem"),
    ),
    request_body(content = inline(OutboxBatch), description = "The messages"),
    responses(
        (status = 202, description = "Each message has its answer", body = ResultsBody),
        (status = 400, description = "The body is not JSON, or a header or the query is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "The API key is missing or wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "With `atomic=true`: this key may not send from the domain of a message", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large, or with `atomic=true` takes more room than all mail of this key may", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The body is no list of 1 to 100 messages, or more than the rate of this key allows at once; or with `atomic=true` a message is invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "This key has used up its rate, or too many calls have wrong keys", body = ProblemBody, content_type = "application/problem+json",
            headers(("Retry-After" = u64, description = "Seconds to wait before the next call"))),
        (status = 503, description = "The outbox cannot be used now, or with `atomic=true` has no room for all; `delivery: none`", body = ProblemBody, content_type = "application/problem+json",
            headers(("Retry-After" = u64, description = "Seconds to wait before the next call"))),
        (status = 504, description = "The store did not say whether it has the messages; `delivery: unknown`", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("X-API-KEY" = []))
)]
pub(super) async fn queue(
    Outbox(outbox): Outbox,
    Caller(caller): Caller,
    Atomic(atomic): Atomic,
    options: SendOptionHeaders,
    OutboxBatch(mails, _room): OutboxBatch,
) -> Result<(StatusCode, Json<ResultsBody>), Problem> {
    // The call itself was counted as one.
    caller.limits.count_calls(u32::try_from(mails.len()).unwrap_or(u32::MAX).saturating_sub(1))?;
    let _place = caller.limits.in_flight()?;
    let all = mails.len();
    has_items(all, 0);
    let mails = all_checked(&outbox, &caller, &options, mails).await;
    let results =
        if atomic { all_or_none(&outbox, &caller, mails).await? } else { each(&outbox, &caller, mails).await? };
    tell(&outbox, &results);
    let results = results.into_iter().enumerate().map(|(index, result)| result_body(index, result)).collect();
    Ok((StatusCode::ACCEPTED, Json(ResultsBody { results })))
}

async fn all_checked(
    outbox: &OutboxService,
    caller: &Holder,
    options: &SendOptionHeaders,
    mails: Vec<Outcome<LaterMail>>,
) -> Vec<Outcome<Later>> {
    let mut all = Vec::with_capacity(mails.len());
    for (place, mail) in mails.into_iter().enumerate() {
        all.push(match mail {
            Ok(mail) => checked(outbox, caller, options.for_item(caller, place), mail)
                .await
                .map_err(|problem| problem.in_item(place)),
            Err(problem) => Err(problem),
        });
    }
    all
}

/// All are accepted, or the answer is a problem.
async fn all_or_none(
    outbox: &OutboxService,
    caller: &Holder,
    mails: Vec<Outcome<Later>>,
) -> Result<Vec<Outcome<(Ticket, bool)>>, Problem> {
    let (good, bad): (Vec<_>, Vec<_>) = mails.into_iter().partition(Result::is_ok);
    if let Some(problem) = Problem::of_all(bad.into_iter().filter_map(Result::err)) {
        return Err(problem);
    }
    let answers = accepted(outbox, caller, good.into_iter().flatten().enumerate().collect(), true).await?;
    let refused = answers.iter().enumerate().filter(|(_, answer)| !matches!(answer, Acceptance::Withheld));
    let refused = refused.filter_map(|(place, answer)| Some(taken(answer.clone()).err()?.in_item(place)));
    match Problem::of_all(refused) {
        Some(problem) => Err(problem),
        None => Ok(answers.into_iter().map(taken).collect()),
    }
}

/// Each by itself.
async fn each(
    outbox: &OutboxService,
    caller: &Holder,
    mails: Vec<Outcome<Later>>,
) -> Result<Vec<Outcome<(Ticket, bool)>>, Problem> {
    let mut good = Vec::new();
    let places = mails.into_iter().enumerate().map(|(place, mail)| mail.map(|mail| good.push((place, mail))));
    let places: Vec<Outcome<()>> = places.collect();
    let mut answers = accepted(outbox, caller, good, false).await?.into_iter();
    let answer = |(place, offered): (usize, Outcome<()>)| {
        offered?;
        let answer = answers.next().unwrap_or(Acceptance::Withheld);
        taken(answer).map_err(|problem| problem.in_item(place))
    };
    Ok(places.into_iter().enumerate().map(answer).collect())
}

/// The store's answers to these mails, each with its place in the batch.
async fn accepted(
    outbox: &OutboxService,
    caller: &Holder,
    mails: Vec<(usize, Later)>,
    atomic: bool,
) -> Result<Vec<Acceptance>, Problem> {
    if mails.is_empty() {
        return Ok(Vec::new());
    }
    let (places, mails): (Vec<_>, Vec<_>) = mails.into_iter().unzip();
    let share = caller.limits.outbox();
    let offer = outbox.offer(Arc::clone(&caller.name).into(), mails, (share.rows, share.bytes), atomic);
    let offer = offer.map_err(|failed| none_accepted(failed, Vec::new()))?;
    let mails = places.into_iter().zip(offer.ids()).collect();
    outbox.accept(offer).await.map_err(|failed| none_accepted(failed, mails))
}

fn result_body(index: usize, result: Outcome<(Ticket, bool)>) -> ResultBody {
    match result {
        Ok((ticket, replayed)) => {
            ResultBody { index, delivery: (&ticket).into(), mail: Some((&ticket).into()), replayed, problem: None }
        }
        Err(problem) => {
            let request_id = RequestContext::with(|context| context.id().to_owned()).unwrap_or_default();
            let problem = problem.item_body(request_id);
            ResultBody { index, delivery: problem.delivery, mail: None, replayed: false, problem: Some(problem) }
        }
    }
}

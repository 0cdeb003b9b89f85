//! `GET /email/{id}`: what is known of a mail after its call.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::failures::store_unavailable;
use crate::ingress::api::attempt::AttemptBody;
use crate::ingress::api::caller::Caller;
use crate::ingress::api::delivery::Delivery;
use crate::ingress::api::mail_id::MailId;
use crate::ingress::api::problem::{Kind, Problem, ProblemBody};
use crate::ingress::api::query::NoParameters;
use crate::ingress::api::state::ApiState;
use crate::model::message::Id;
use crate::model::receipt::{Attempt, Receipt, SendError};
use crate::service::submit::Look;
use crate::state::answers::Known;
use crate::state::outbox::{Status, TriedAt};

/// What is known of a mail.
#[derive(Serialize, ToSchema)]
#[schema(as = KnownMail)]
pub(in crate::ingress::api) struct KnownBody {
    /// The id of the mail.
    id: String,
    delivery: Delivery,
    /// The provider that has the mail, or that may have it, as the node is configured; absent where none is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    upstream: Option<String>,
    /// Every attempt that has ended, and every provider that was skipped.
    attempts: Vec<AttemptBody>,
    /// `true`: somebody may have the mail from an earlier hand-over, whatever else is said of it, or a second copy. Else absent.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    possible_duplicate: bool,
}

/// Show what is known of a mail
///
/// A node with a store keeps what calls under an `Idempotency-Key` came to, and what is `unknown` of other calls, for a day; a
/// mail of the outbox is shown as long as its status is kept. While a mail is being handed over, `delivery` is `unknown` and there
/// are no attempts. Another caller's id, one that does not exist and one of which nothing is kept get the same answer.
#[utoipa::path(
    get,
    path = "/email/{id}",
    operation_id = "showEmail",
    tag = "email",
    params(("id" = String, Path, description = "The id of the mail")),
    responses(
        (status = 200, description = "What is known of the mail now", body = KnownBody),
        (status = 400, description = "The query has a parameter", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "The API key is missing or wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Nothing is known of such a mail of this caller", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "This key has used up its rate, or too many calls have wrong keys", body = ProblemBody, content_type = "application/problem+json",
            headers(("Retry-After" = u64, description = "Seconds to wait before the next call"))),
        (status = 503, description = "The store cannot be asked now", body = ProblemBody, content_type = "application/problem+json",
            headers(("Retry-After" = u64, description = "Seconds to wait before the next call"))),
    ),
    security(("X-API-KEY" = []))
)]
pub(in crate::ingress::api) async fn show(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    _: NoParameters,
    MailId(id): MailId,
) -> Result<Json<KnownBody>, Problem> {
    let id = id.ok_or_else(not_known)?;
    let look = state.submit.look(&Arc::clone(&caller.name).into(), id).await;
    let look = look.map_err(|_| {
        store_unavailable("The store cannot be asked now. Call again after Retry-After.").delivery(Delivery::Unknown)
    })?;
    Ok(Json(body(id, look.ok_or_else(not_known)?)))
}

/// So a provider may have it.
fn not_known() -> Problem {
    Problem::new(
        Kind::NoSuchMail,
        "Nothing is known of a mail of this id from this key: it was accepted without an Idempotency-Key, was answered \
         `none`, or was sent more than a day ago.",
    )
    .delivery(Delivery::Unknown)
}

fn body(id: Id, look: Look) -> KnownBody {
    match look {
        Look::InFlight => KnownBody::new(id, Delivery::Unknown),
        Look::Outbox(status) => of_outbox(id, *status),
        Look::Known(Known::Queued) => KnownBody::new(id, Delivery::Queued),
        Look::Known(Known::Answered(Ok(receipt))) => accepted(receipt),
        Look::Known(Known::Answered(Err(error))) => unknown(error),
    }
}

impl KnownBody {
    fn new(id: Id, delivery: Delivery) -> Self {
        Self { id: id.to_string(), delivery, upstream: None, attempts: Vec::new(), possible_duplicate: false }
    }
}

fn accepted(receipt: Receipt) -> KnownBody {
    KnownBody {
        upstream: receipt.attempts.last().map(|attempt| attempt.upstream.to_string()),
        attempts: receipt.attempts.iter().map(AttemptBody::from).collect(),
        possible_duplicate: receipt.may_be_duplicate(),
        ..KnownBody::new(receipt.id, Delivery::Accepted)
    }
}

/// Nothing else is kept of a call that was not accepted.
fn unknown(error: SendError) -> KnownBody {
    let who = error.attempts.iter().rev().find(|attempt| attempt.is_unknown());
    KnownBody {
        upstream: who.map(|Attempt { upstream, .. }| upstream.to_string()),
        attempts: error.attempts.iter().map(AttemptBody::from).collect(),
        ..KnownBody::new(error.id, Delivery::Unknown)
    }
}

fn of_outbox(id: Id, status: Status) -> KnownBody {
    let delivery = Delivery::from(&status.ticket);
    KnownBody {
        upstream: who_has(delivery, &status.attempts),
        possible_duplicate: status.ticket.possible_duplicate,
        attempts: status.attempts.into_iter().filter_map(AttemptBody::of_outbox).collect(),
        ..KnownBody::new(id, delivery)
    }
}

/// The provider that was asked last, of those that have it or may have it.
fn who_has(delivery: Delivery, attempts: &[TriedAt]) -> Option<String> {
    let word = |attempt: &&TriedAt| match (delivery, attempt.outcome.as_deref()) {
        (Delivery::Accepted, outcome) => outcome == Some("accepted"),
        (Delivery::Unknown, outcome) => matches!(outcome, None | Some("unknown")),
        (Delivery::None | Delivery::Queued, _) => false,
    };
    attempts.iter().rev().find(word).map(|attempt| attempt.upstream.clone())
}

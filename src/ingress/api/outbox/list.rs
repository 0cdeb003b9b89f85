//! `GET /outbox`: the messages of a caller, the newest first.

use std::sync::Arc;

use axum::Json;
use axum::http::Uri;
use serde::Serialize;
use utoipa::ToSchema;

use super::body::TicketBody;
use super::cursor;
use super::extract::Outbox;
use super::failures::not_read;
use crate::ingress::api::caller::Caller;
use crate::ingress::api::delivery::OutboxStatus;
use crate::ingress::api::problem::{Kind, Problem, ProblemBody};
use crate::ingress::api::query::{fault, parameters};
use crate::ingress::server::field_error::FieldError;
use crate::state::outbox::{Cursor, Filter, State};

/// Messages of one page.
const LIMIT: usize = 20;
const MAX_LIMIT: usize = 100;

/// A part of the list.
#[derive(Serialize, ToSchema)]
#[schema(as = OutboxPage)]
pub(super) struct PageBody {
    /// The newest first.
    mails: Vec<TicketBody>,
    /// Give it as `after` for the next page; `null`: there is none.
    #[schema(required = true)]
    next: Option<String>,
}

/// List the messages of this caller
#[utoipa::path(
    get,
    path = "/outbox",
    operation_id = "listOutbox",
    tag = "outbox",
    params(
        ("status" = inline(Option<OutboxStatus>), Query, nullable = false, description = "Only messages of this status"),
        ("after" = Option<String>, Query, nullable = false, description = "The `next` of the page before"),
        ("limit" = Option<usize>, Query, nullable = false, description = "Messages of a page", minimum = 1, maximum = 100),
    ),
    responses(
        (status = 200, description = "A page of the list", body = PageBody),
        (status = 400, description = "A query parameter is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "The API key is missing or wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "This key has used up its rate, or too many calls have wrong keys", body = ProblemBody, content_type = "application/problem+json",
            headers(("Retry-After" = u64, description = "Seconds to wait before the next call"))),
        (status = 503, description = "The store cannot be used now", body = ProblemBody, content_type = "application/problem+json",
            headers(("Retry-After" = u64, description = "Seconds to wait before the next call"))),
    ),
    security(("X-API-KEY" = []))
)]
pub(super) async fn list(Outbox(outbox): Outbox, Caller(caller): Caller, uri: Uri) -> Result<Json<PageBody>, Problem> {
    let (filter, after, limit) = wanted(&uri)?;
    let page = outbox.list(&Arc::clone(&caller.name).into(), filter, after, limit).await.map_err(not_read)?;
    let mails = page.tickets.iter().map(TicketBody::from).collect();
    Ok(Json(PageBody { mails, next: page.next.as_ref().map(cursor::write) }))
}

fn wanted(uri: &Uri) -> Result<(Filter, Option<Cursor>, usize), Problem> {
    let [status, after, limit] = parameters(uri, ["status", "after", "limit"])?;
    let mut errors = Vec::new();
    let mut read = |value: Option<FieldError>| errors.extend(value);
    let state = status.and_then(|word| State::ALL.into_iter().find(|state| state.as_str() == word));
    read(status.filter(|_| state.is_none()).map(|_| fault("status", statuses())));
    let cursor = after.and_then(cursor::read);
    read(after.filter(|_| cursor.is_none()).map(|_| fault("after", "must be the `next` of another page")));
    let digits = limit.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let number = digits.and_then(|text| text.parse().ok()).filter(|number| (1..=MAX_LIMIT).contains(number));
    read(limit.filter(|_| number.is_none()).map(|_| fault("limit", "must be a whole number from 1 to 100")));
    if errors.is_empty() {
        Ok((Filter { state }, cursor, number.unwrap_or(LIMIT)))
    } else {
        Err(Problem::of_fields(Kind::Malformed, errors))
    }
}

fn statuses() -> String {
    format!("must be one of {}", State::ALL.map(State::as_str).join(", "))
}

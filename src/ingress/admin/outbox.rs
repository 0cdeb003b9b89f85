//! The outbox for operators: how much mail waits where, and orders for it.
//!
//! What a mail says and whom it goes to is not shown. Where the outbox is off, none of these paths exists.

mod body;
mod cursor;
mod extract;
mod listed;
mod many;
pub(super) mod refusal;
mod release;
mod selection;

#[cfg(test)]
pub(super) mod tests;

use std::time::{Duration, SystemTime};

use axum::Json;
use axum::extract::rejection::JsonRejection;
use tokio::time::timeout;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::{Operator, Viewer};
use super::object::{NoBody, Object, read};
use super::refusal::invalid_order;
use super::responses::{OfHead, OfMail, OfOutboxOrder, OfQuery, OfRights, OfStore, OfWriting};
use super::state::AdminState;
use crate::ingress::server::field_error::FieldError;
use crate::ingress::server::problem::Problem;
use crate::model::message::{Address, Id};
use crate::service::outbox::OutboxService;
use crate::state::outbox::{Order, Ordered};
use body::{ErasedBody, FoundBody, OrderedBody, OutboxBody, PauseBody, RecipientBody, SettleAs, SettleBody};
use extract::{MailId, Outbox};
use refusal::{conflict, done_unshown, no_such_mail, not_read, not_written, over};
use release::{ReleaseBody, ReleasedBody};

const HOW_TO_PAUSE: &str = r#"send {"paused": true} or {"paused": false}, as application/json"#;
const HOW_TO_SETTLE: &str = r#"send {"as": "accepted"} or {"as": "none"}, as application/json"#;
const HOW_TO_RELEASE: &str = r#"send {"over": "10m"}, perhaps with "caller", "from_domain", "accepted_from" and "accepted_before", as application/json"#;
const HOW_TO_NAME: &str = r#"send {"recipient": "a@example.org"}, as application/json"#;

/// For the outbox to be shown after an order, which had its own time before.
const AFTER_ORDER: Duration = Duration::from_secs(5);

/// Every documented route.
pub(super) fn routes() -> OpenApiRouter<AdminState> {
    OpenApiRouter::new()
        .routes(routes!(show, pause))
        .routes(routes!(retry))
        .routes(routes!(settle))
        .routes(routes!(cancel))
        .routes(routes!(many::list))
        .routes(routes!(many::count))
        .routes(routes!(many::order))
        .routes(routes!(release))
        .routes(routes!(find))
        .routes(routes!(erase))
}

/// Show how much mail waits, and where
///
/// Needs the role `viewer`. Counts the mail of all nodes that share the store.
#[utoipa::path(
    get,
    path = "/outbox",
    operation_id = "showOutbox",
    tag = "outbox",
    responses((status = 200, description = "The outbox as it is now", body = OutboxBody), OfRights, OfHead, OfQuery, OfStore),
    security(("X-ADMIN-KEY" = ["viewer"]), ())
)]
pub(super) async fn show(_: Viewer, Outbox(outbox): Outbox) -> Result<Json<OutboxBody>, Problem> {
    shown(&outbox).await
}

/// Stop sending from the outbox, or go on
///
/// Needs the role `operator`. Holds for all nodes that share the store, and after a restart. Mail is accepted as before.
#[utoipa::path(
    put,
    path = "/outbox",
    operation_id = "pauseOutbox",
    tag = "outbox",
    request_body(content = PauseBody, description = "The order"),
    responses((status = 200, description = "The outbox as it is now", body = OutboxBody), OfRights, OfHead, OfOutboxOrder, OfWriting),
    security(("X-ADMIN-KEY" = ["operator"]), ())
)]
pub(super) async fn pause(
    Operator(origin): Operator,
    Outbox(outbox): Outbox,
    order: Result<Json<Object<PauseBody>>, JsonRejection>,
) -> Result<Json<OutboxBody>, Problem> {
    let PauseBody { paused } = read(order, HOW_TO_PAUSE)?;
    outbox.pause(paused, origin).await.map_err(not_written)?;
    timeout(AFTER_ORDER, shown(&outbox)).await.ok().and_then(Result::ok).ok_or_else(done_unshown)
}

/// Send one mail again that waits for people
///
/// Needs the role `operator`. One that is `parked`; or one that is `unknown`, at the risk of a second copy. Once its
/// `expires_at` has passed, the answer is 409.
#[utoipa::path(
    post,
    path = "/outbox/{id}/retry",
    operation_id = "retryMail",
    tag = "outbox",
    params(("id" = String, Path, description = "The id of the mail")),
    responses((status = 200, description = "Where the mail is now", body = OrderedBody), OfRights, OfHead, OfOutboxOrder, OfMail, OfWriting),
    security(("X-ADMIN-KEY" = ["operator"]), ())
)]
pub(super) async fn retry(
    Operator(origin): Operator,
    Outbox(outbox): Outbox,
    MailId(id): MailId,
    _: NoBody,
) -> Result<Json<OrderedBody>, Problem> {
    ordered(id, outbox.order(id, Order::Retry, origin).await.map_err(not_written)?)
}

/// Say what became of one mail that is `unknown`
///
/// Needs the role `operator`. `accepted`: you have found it at the provider. `none`: you have made sure that the provider does
/// not have it, and it is sent again; if its `expires_at` has passed it has `expired`, and if it was erased it is
/// `cancelled`.
#[utoipa::path(
    post,
    path = "/outbox/{id}/settle",
    operation_id = "settleMail",
    tag = "outbox",
    params(("id" = String, Path, description = "The id of the mail")),
    request_body(content = SettleBody, description = "The order"),
    responses((status = 200, description = "Where the mail is now", body = OrderedBody), OfRights, OfHead, OfOutboxOrder, OfMail, OfWriting),
    security(("X-ADMIN-KEY" = ["operator"]), ())
)]
pub(super) async fn settle(
    Operator(origin): Operator,
    Outbox(outbox): Outbox,
    MailId(id): MailId,
    order: Result<Json<Object<SettleBody>>, JsonRejection>,
) -> Result<Json<OrderedBody>, Problem> {
    let SettleBody { r#as } = read(order, HOW_TO_SETTLE)?;
    let order = match r#as {
        SettleAs::Accepted => Order::SettleAsAccepted,
        SettleAs::None => Order::SettleAsNone,
    };
    ordered(id, outbox.order(id, order, origin).await.map_err(not_written)?)
}

/// Cancel one mail
///
/// Needs the role `operator`. One that waits: `queued`, `claimed` or `parked`. Its content is dropped.
#[utoipa::path(
    post,
    path = "/outbox/{id}/cancel",
    operation_id = "cancelMail",
    tag = "outbox",
    params(("id" = String, Path, description = "The id of the mail")),
    responses((status = 200, description = "Where the mail is now", body = OrderedBody), OfRights, OfHead, OfOutboxOrder, OfMail, OfWriting),
    security(("X-ADMIN-KEY" = ["operator"]), ())
)]
pub(super) async fn cancel(
    Operator(origin): Operator,
    Outbox(outbox): Outbox,
    MailId(id): MailId,
    _: NoBody,
) -> Result<Json<OrderedBody>, Problem> {
    ordered(id, outbox.order(id, Order::Cancel, origin).await.map_err(not_written)?)
}

/// Send parked mail again after an older copy of the store was accepted
///
/// Needs the role `operator`. Of the mail that `smsp store accept-restore` has parked, what the filter names is queued, at
/// most 10000 mails a call, the oldest first. It may have been sent before the copy was restored: each mail says
/// `possible_duplicate`.
#[utoipa::path(
    post,
    path = "/outbox/release",
    operation_id = "releaseMail",
    tag = "outbox",
    request_body(content = ReleaseBody, description = "Which mail, and how fast; `{}` is all of it"),
    responses((status = 200, description = "How much mail was released", body = ReleasedBody), OfRights, OfHead, OfOutboxOrder, OfWriting),
    security(("X-ADMIN-KEY" = ["operator"]), ())
)]
pub(super) async fn release(
    Operator(origin): Operator,
    Outbox(outbox): Outbox,
    order: Result<Json<Object<ReleaseBody>>, JsonRejection>,
) -> Result<Json<ReleasedBody>, Problem> {
    let release = read(order, HOW_TO_RELEASE)?.read().map_err(invalid_order)?;
    Ok(Json(outbox.release(release, origin).await.map_err(not_written)?.into()))
}

/// Look up the mail to a recipient
///
/// Needs the role `operator`. The newest 100 mails of all callers, the newest first, whose recipients are not erased. What was
/// asked for is not on record, but that it was asked, and by whom.
#[utoipa::path(
    post,
    path = "/outbox/find",
    operation_id = "findRecipient",
    tag = "outbox",
    request_body(content = RecipientBody, description = "Whose mail"),
    responses((status = 200, description = "The mail to this recipient", body = FoundBody), OfRights, OfHead, OfOutboxOrder, OfWriting),
    security(("X-ADMIN-KEY" = ["operator"]), ())
)]
pub(super) async fn find(
    Operator(origin): Operator,
    Outbox(outbox): Outbox,
    order: Result<Json<Object<RecipientBody>>, JsonRejection>,
) -> Result<Json<FoundBody>, Problem> {
    let (found, more) = outbox.find_recipient(&recipient(order)?, origin).await.map_err(not_written)?;
    Ok(Json(FoundBody::new(&found, more)))
}

/// Erase all mail to a recipient
///
/// Needs the role `operator`. Mail that waits is cancelled; of all mail to the recipient, content and recipients are dropped.
#[utoipa::path(
    post,
    path = "/outbox/erase",
    operation_id = "eraseRecipient",
    tag = "outbox",
    request_body(content = RecipientBody, description = "The order"),
    responses((status = 200, description = "How much mail was erased", body = ErasedBody), OfRights, OfHead, OfOutboxOrder, OfWriting),
    security(("X-ADMIN-KEY" = ["operator"]), ())
)]
pub(super) async fn erase(
    Operator(origin): Operator,
    Outbox(outbox): Outbox,
    order: Result<Json<Object<RecipientBody>>, JsonRejection>,
) -> Result<Json<ErasedBody>, Problem> {
    let erased = outbox.erase_recipient(&recipient(order)?, origin).await.map_err(not_written)?;
    Ok(Json(ErasedBody { erased }))
}

fn recipient(order: Result<Json<Object<RecipientBody>>, JsonRejection>) -> Result<Address, Problem> {
    let RecipientBody { recipient } = read(order, HOW_TO_NAME)?;
    let no_address = || FieldError::new("recipient", "must be an address of the form local@domain");
    recipient.parse().map_err(|_| invalid_order(no_address()))
}

fn ordered(id: Id, ordered: Ordered) -> Result<Json<OrderedBody>, Problem> {
    match ordered {
        Ordered::Done(state) => Ok(Json(OrderedBody { id: id.to_string(), status: state.as_str() })),
        Ordered::NotFound => Err(no_such_mail()),
        Ordered::Conflict(state) => Err(conflict(state)),
        Ordered::Over(state) => Err(over(state)),
    }
}

async fn shown(outbox: &OutboxService) -> Result<Json<OutboxBody>, Problem> {
    let overview = outbox.overview().await.map_err(not_read)?;
    Ok(Json(OutboxBody::new(&overview, outbox.drain(), SystemTime::now().into())))
}

//! Lists of mail, and orders on all mail that a filter names.
//!
//! An order says how many mails its giver has counted, so that it never is about more than that.

mod body;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::http::Uri;

use super::cursor::Purpose;
use super::extract::{Outbox, Queried};
use super::listed::{ListBody, NumberBody};
use super::refusal::{more, not_read, not_written, uncounted};
use super::selection::{CountQuery, ListQuery};
use crate::ingress::admin::access::{Operator, Viewer};
use crate::ingress::admin::object::{Object, read};
use crate::ingress::admin::refusal::invalid_order;
use crate::ingress::admin::responses::{OfHead, OfMany, OfOutboxOrder, OfParameters, OfRights, OfStore, OfWriting};
use crate::ingress::server::problem::Problem;
use crate::service::outbox::ManyOrdered;
use body::{ManyBody, ManyOrderedBody};

const HOW: &str =
    r#"send {"order": "retry", "status": "parked", "count": 120}, perhaps with more of a filter, as application/json"#;

/// List mail of all callers
///
/// Needs the role `viewer`. Shows neither what a mail says nor whom it goes to.
#[utoipa::path(
    get,
    path = "/outbox/mails",
    operation_id = "listMails",
    tag = "outbox",
    params(
        ("status" = inline(Option<String>), Query, nullable = false, description = "Only mail of this status"),
        ("caller" = Option<String>, Query, nullable = false, description = "Only mail of the caller of this name"),
        ("from_domain" = Option<String>, Query, nullable = false, description = "Only mail from this domain"),
        ("upstream" = Option<String>, Query, nullable = false, description = "Only mail that waits and may go to this upstream, or that was last handed over to it"),
        ("accepted_from" = Option<String>, Query, nullable = false, description = "Only mail accepted at this time or later: RFC 3339, with its offset"),
        ("accepted_before" = Option<String>, Query, nullable = false, description = "Only mail accepted before this time"),
        ("possible_duplicate" = Option<bool>, Query, nullable = false, description = "Only mail that may be a second copy, or that cannot"),
        ("order" = Option<String>, Query, nullable = false, description = "`newest` or `oldest` first, by when the mail was accepted", pattern = "^(newest|oldest)$"),
        ("after" = Option<String>, Query, nullable = false, description = "The `next` of the page before"),
        ("limit" = Option<usize>, Query, nullable = false, description = "Mails of a page; 20 if nothing is said", minimum = 1, maximum = 100),
    ),
    responses((status = 200, description = "A page of the list", body = ListBody), OfRights, OfHead, OfParameters, OfStore),
    security(("X-ADMIN-KEY" = ["viewer"]), ())
)]
pub(in crate::ingress::admin) async fn list(
    _: Viewer,
    Queried(outbox): Queried,
    uri: Uri,
) -> Result<Json<ListBody>, Problem> {
    let ListQuery { selection, sort, after, limit } = ListQuery::read(&uri)?;
    let listing = outbox.select(&selection, sort, after, limit).await.map_err(not_read)?;
    Ok(Json(listing.into()))
}

/// Count mail of all callers
///
/// Needs the role `viewer`. An order on this mail needs the number.
#[utoipa::path(
    get,
    path = "/outbox/count",
    operation_id = "countMails",
    tag = "outbox",
    params(
        ("status" = String, Query, description = "Mail of this status; not `claimed` or `sending`, which pass", example = "parked"),
        ("caller" = Option<String>, Query, nullable = false, description = "Only mail of the caller of this name"),
        ("from_domain" = Option<String>, Query, nullable = false, description = "Only mail from this domain"),
        ("upstream" = Option<String>, Query, nullable = false, description = "Only mail that waits and may go to this upstream, or that was last handed over to it"),
        ("accepted_from" = Option<String>, Query, nullable = false, description = "Only mail accepted at this time or later: RFC 3339, with its offset"),
        ("accepted_before" = Option<String>, Query, nullable = false, description = "Only mail accepted before this time"),
        ("possible_duplicate" = Option<bool>, Query, nullable = false, description = "Only mail that may be a second copy, or that cannot"),
        ("after" = Option<String>, Query, nullable = false, description = "The `next` of the count before"),
    ),
    responses((status = 200, description = "How much mail fits", body = NumberBody), OfRights, OfHead, OfParameters, OfStore),
    security(("X-ADMIN-KEY" = ["viewer"]), ())
)]
pub(in crate::ingress::admin) async fn count(
    _: Viewer,
    Queried(outbox): Queried,
    uri: Uri,
) -> Result<Json<NumberBody>, Problem> {
    let CountQuery { selection, after } = CountQuery::read(&uri)?;
    let counted = outbox.count(&selection, after).await.map_err(not_read)?;
    Ok(Json(NumberBody::new(counted, &selection)))
}

/// Retry, cancel or settle all mail that fits
///
/// Needs the role `operator`. Carried out in steps, so that others use the store meanwhile. Where that takes longer than a
/// call may, the answer has `next`, with which the order goes on.
#[utoipa::path(
    post,
    path = "/outbox/orders",
    operation_id = "orderMails",
    tag = "outbox",
    request_body(content = ManyBody, description = "Which mail, how much of it, and what becomes of it"),
    responses((status = 200, description = "What was done", body = ManyOrderedBody), OfRights, OfHead, OfOutboxOrder, OfMany, OfWriting),
    security(("X-ADMIN-KEY" = ["operator"]), ())
)]
pub(in crate::ingress::admin) async fn order(
    Operator(origin): Operator,
    Outbox(outbox): Outbox,
    order: Result<Json<Object<ManyBody>>, JsonRejection>,
) -> Result<Json<ManyOrderedBody>, Problem> {
    let order = read(order, HOW)?.read().map_err(invalid_order)?;
    let count = order.count;
    let purpose = Purpose::order(order.order, &order.selection, count);
    match outbox.order_many(order, origin).await.map_err(not_written)? {
        ManyOrdered::Done(done, next) => Ok(Json(ManyOrderedBody::new(&done, next, purpose))),
        ManyOrdered::More => Err(more(count)),
        ManyOrdered::Uncounted => Err(uncounted()),
    }
}

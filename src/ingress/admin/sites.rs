//! `GET /sites` and `PUT /sites/{key}`: the servers of recipients as this node knows them, and what an operator orders.
//!
//! A site is a set of servers. Each node knows its own, and an order holds at the node that gets it. There are none of these
//! paths where no mail goes to its recipients' own servers.

mod body;
mod wanted;

use std::sync::Arc;
use std::time::SystemTime;

use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use tokio::time::Instant;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::{Operator, Viewer};
use super::object::{Object, read};
use super::outbox::refusal::not_read;
use super::refusal::{invalid_order, no_parameters};
use super::responses::{OfHead, OfOutboxOrder, OfParameters, OfRights, OfSite, OfWriting};
use super::state::AdminState;
use crate::delivery::mx::sites::{Sites, View};
use crate::ingress::server::problem::Problem;
use crate::ingress::server::refusal::Refusal;
use crate::service::outbox::SiteOrder;
use crate::state::outbox::Failed;
use body::{HOW, SiteBody, SiteOrderBody, SitesBody};
use wanted::Wanted;

/// Every documented route.
pub(super) fn routes() -> OpenApiRouter<AdminState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(order))
}

/// Show the sites that this node delivers to
///
/// Needs the role `viewer`. A site is a set of servers that receive mail for some domains. Those that this node remembers, by
/// their keys: at most 10000.
#[utoipa::path(
    get,
    path = "/sites",
    operation_id = "listSites",
    tag = "sites",
    params(
        ("state" = Option<String>, Query, nullable = false, description = "Only sites in this state: `open`, `shut`, `probing` or `paused`"),
        ("limit" = Option<usize>, Query, nullable = false, description = "Sites of a page: 1000 if it is absent", minimum = 1, maximum = 1000),
        ("after" = Option<String>, Query, nullable = false, description = "The `next` of the page before"),
    ),
    responses((status = 200, description = "The sites as they are now", body = SitesBody), OfRights, OfHead, OfParameters),
    security(("X-ADMIN-KEY" = ["viewer"]), ())
)]
async fn list(_: Viewer, State(state): State<AdminState>, uri: Uri) -> Result<Json<SitesBody>, Problem> {
    let wanted = Wanted::read(&uri)?;
    let mut all = sites(&state)?.list(Instant::now());
    all.retain(|site| wanted.fits(site));
    all.sort_unstable_by(|one, other| one.key.cmp(&other.key));
    let has_more = all.len() > wanted.limit;
    all.truncate(wanted.limit);
    let all = with_oldest(&state, all).await;
    Ok(Json(SitesBody::new(&all, has_more, SystemTime::now().into())))
}

/// Hold the mail of one site back, let it go, or try it at once
///
/// Needs the role `operator`. Holds at this node alone, and until it ends. The audit log records every order.
#[utoipa::path(
    put,
    path = "/sites/{key}",
    operation_id = "orderSite",
    tag = "sites",
    params(("key" = String, Path, description = "The key of the site, as `GET /sites` shows it")),
    request_body(content = SiteOrderBody, description = "The order", examples(
        ("1-pause" = (summary = "No mail for this site", value = json!({"paused": true}))),
        ("2-go-on" = (summary = "Mail again", value = json!({"paused": false}))),
        ("3-retry" = (summary = "Try its servers now", value = json!({"retry": true})))
    )),
    responses(
        (status = 200, description = "The site as it is now", body = SiteBody),
        OfRights,
        OfHead,
        OfOutboxOrder,
        OfSite,
        OfWriting
    ),
    security(("X-ADMIN-KEY" = ["operator"]), ())
)]
async fn order(
    Operator(origin): Operator,
    State(state): State<AdminState>,
    uri: Uri,
    key: Result<Path<String>, PathRejection>,
    order: Result<Json<Object<SiteOrderBody>>, JsonRejection>,
) -> Result<Json<SiteBody>, Problem> {
    no_parameters(&uri)?;
    let sites = sites(&state)?;
    let outbox = state.outbox.as_ref().ok_or(Refusal::NotFound)?;
    let Path(key) = key.map_err(|_| unknown_site())?;
    sites.one(&key, Instant::now()).ok_or_else(unknown_site)?;
    let order = read(order, HOW)?.read().map_err(invalid_order)?;
    // An order that is not on record does not take effect.
    outbox.order_site(&key, order, origin).await.map_err(not_recorded)?;
    let is_there = match order {
        SiteOrder::Pause => sites.pause(&key, true),
        SiteOrder::GoOn => sites.pause(&key, false),
        SiteOrder::Retry => sites.retry(&key, Instant::now()),
    };
    if !is_there {
        return Err(forgotten_site());
    }
    if order != SiteOrder::Pause {
        outbox.open_site(&key);
    }
    let site = sites.one(&key, Instant::now()).ok_or_else(unknown_site)?;
    let shown = with_oldest(&state, vec![site]).await;
    let site = shown.first().ok_or_else(unknown_site)?;
    Ok(Json(SiteBody::new(site, SystemTime::now().into())))
}

/// Without them there are no routes to them.
fn sites(state: &AdminState) -> Result<&Arc<Sites>, Problem> {
    state.sites.as_ref().ok_or_else(|| Refusal::NotFound.into())
}

/// The sites with the oldest mail that the store has for them, where it knows of one: else with that which has come by.
async fn with_oldest(state: &AdminState, sites: Vec<View>) -> Vec<View> {
    let Some(outbox) = &state.outbox else { return sites };
    let keys = sites.iter().map(|site| site.key.as_str().to_owned()).collect();
    let oldest = outbox.oldest_of_sites(keys).await;
    sites.into_iter().zip(oldest).map(|(site, oldest)| View { oldest: oldest.or(site.oldest), ..site }).collect()
}

/// There is no site of the key in the path.
fn unknown_site() -> Problem {
    let detail = "This node knows no such site: see GET /sites.";
    Problem::new(StatusCode::NOT_FOUND, "not-found", "There is no such site", detail)
}

/// The store has not said that the order is on record.
fn not_recorded(failed: Failed) -> Problem {
    match failed {
        Failed::Down => not_read(failed),
        Failed::Unclear => Problem::new(
            StatusCode::GATEWAY_TIMEOUT,
            "outbox-unknown",
            "The site was not changed",
            "The store did not say whether the order is on record, so it has no effect: give it again.",
        ),
    }
}

/// The site has given way to others between the record of an order and the order itself.
fn forgotten_site() -> Problem {
    let detail = "This node has just forgotten the site: the order is on record and has no effect. See GET /sites.";
    Problem::new(StatusCode::NOT_FOUND, "not-found", "There is no such site", detail)
}

#[cfg(test)]
mod tests;

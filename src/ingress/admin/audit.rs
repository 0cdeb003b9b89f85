//! `GET /audit`: who has ordered what, the newest first.
//!
//! With a store the orders of all nodes, those to the outbox among them; while it does not answer, the orders for circuits
//! that this node remembers.

mod merge;
mod page;

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;

use super::access::Viewer;
use super::order::OrderBody;
use super::outbox::refusal::not_read;
use super::responses::{OfHead, OfPages, OfRights};
use super::state::AdminState;
use super::words;
use crate::ingress::server::problem::Problem;
use crate::runtime::millis::millis;
use crate::runtime::unix_time::UnixTime;
use crate::service::outbox::OutboxService;
use crate::state::audit::{AuditLog, Entry, Kept, KeptAudit, Numbered, Record};
use crate::state::outbox::{Failed, Note, Noted};
use crate::state::overrides::{Change, Status, read_change};
use merge::{List, merge};
use page::{Cursor, Source, Wanted};

/// For the store to answer.
const READING: Duration = Duration::from_secs(5);

/// Who has ordered what.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditLog)]
pub(super) struct AuditBody {
    /// The orders, the newest first, at most `limit`.
    records: Vec<RecordBody>,
    /// `all_nodes`: the store keeps them for `SMSP_AUDIT_KEEP`, also over a restart. `this_node`: without a store, or while it
    /// does not answer, the last 1000 orders for circuits of this node, which a restart forgets.
    #[schema(pattern = "^(all_nodes|this_node)$")]
    records_of: &'static str,
    /// Give it as `after` for the next page; `null`: there is none.
    #[schema(required = true)]
    next: Option<String>,
}

/// One order for a circuit or for the outbox, or the end of an override whose time was over.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditRecord)]
struct RecordBody {
    /// UTC (RFC 3339), to the millisecond.
    #[schema(format = DateTime)]
    at: String,
    /// The name of an admin key; `loopback`: no key was needed; `timer`: the time of an override was over; `command`: a
    /// command that opened the store itself.
    who: String,
    /// The address and port that the order came from; `null` for `timer` and `command`.
    #[schema(required = true)]
    from: Option<String>,
    /// The host name of the node that carried it out first; absent where the orders are those of this node, and for the
    /// outbox.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    node: Option<String>,
    /// The name of the upstream. This and the three below are absent in an order for the outbox.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    upstream: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    order: Option<OrderBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    before: Option<StatusBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    after: Option<StatusBody>,
    /// What was carried out in the outbox: `pause`, `go_on`, `retry`, `cancel`, `settle_as_accepted` or `settle_as_none` with
    /// the id of the mail or, on many, with the count and the filter (`retry count=120 status=parked`; `met=60` at the end: it
    /// goes on, and has met so many before), `release` with its filter, `find_recipient` or `erase_recipient` without the
    /// recipient, or `accept_restore`; and at one node, `pause_site`, `go_on_site` or `retry_site` with the key of the site.
    /// Absent in the record of a circuit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    outbox: Option<String>,
}

/// What an order can change of a circuit.
#[derive(Serialize, ToSchema)]
#[schema(as = CircuitStatus)]
struct StatusBody {
    #[schema(schema_with = words::state)]
    state: &'static str,
    #[schema(schema_with = words::overriding)]
    r#override: &'static str,
    /// When the override ends by itself; absent where it stays until the next order.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    override_ends_in_ms: Option<u64>,
}

/// Show who has ordered what
///
/// Needs the role `viewer`.
#[utoipa::path(
    get,
    path = "/audit",
    operation_id = "listOrders",
    tag = "circuits",
    params(
        ("limit" = Option<usize>, Query, nullable = false, description = "Orders of a page: 1000 if it is absent", minimum = 1, maximum = 1000),
        ("after" = Option<String>, Query, nullable = false, description = "The `next` of the page before"),
    ),
    responses(
        (status = 200, description = "The orders so far, the newest first", body = AuditBody),
        OfRights,
        OfHead,
        OfPages
    ),
    security(("X-ADMIN-KEY" = ["viewer"]), ())
)]
pub(super) async fn list(_: Viewer, State(state): State<AdminState>, uri: Uri) -> Result<Json<AuditBody>, Problem> {
    let wanted = Wanted::read(&uri)?;
    let from_store = match &state.kept_audit {
        Some(kept) if wanted.after.is_none_or(|after| after.source == Source::AllNodes) => {
            let read = timeout(READING, of_all_nodes(kept, state.outbox.as_deref(), wanted)).await;
            Some(read.unwrap_or(Err(Failed::Down)))
        }
        _ => None,
    };
    Ok(Json(match from_store {
        Some(Ok(body)) => body,
        // A page in the middle is of no other list.
        Some(Err(failed)) if wanted.after.is_some() => return Err(not_read(failed)),
        _ => of_this_node(&state.audit, wanted),
    }))
}

/// From the store. What a later version has written may not be readable.
async fn of_all_nodes(
    kept: &Arc<dyn KeptAudit>,
    outbox: Option<&OutboxService>,
    Wanted { after, limit }: Wanted,
) -> Result<AuditBody, Failed> {
    let circuits = kept.page(after.map(|after| after.records), limit).await?;
    let circuits = circuits.into_iter().map(|kept| (kept.number, kept.at, show_kept(kept))).collect();
    let noted = match outbox {
        Some(outbox) => outbox.audit(after.map(|after| after.outbox), limit).await?,
        None => Vec::new(),
    };
    let noted = noted.into_iter().map(|noted| (noted.number, noted.at, Some(show_noted(noted)))).collect();
    Ok(AuditBody::new(Source::AllNodes, [List::new(circuits, limit), List::new(noted, limit)], limit))
}

fn of_this_node(audit: &AuditLog<Change>, Wanted { after, limit }: Wanted) -> AuditBody {
    let records = audit.page(after.map(|after| after.records), limit);
    let shown = |record: &Numbered<Change>| (record.0, UnixTime::from(record.1.at), Some(show(record)));
    let records = List::new(records.iter().map(shown).collect(), limit);
    AuditBody::new(Source::ThisNode, [records, List::new(Vec::new(), limit)], limit)
}

impl AuditBody {
    fn new(source: Source, lists: [List<Option<RecordBody>>; 2], limit: usize) -> Self {
        let (records, [circuits, outbox]) = merge(lists, limit);
        let next = Cursor { source, records: circuits, outbox };
        let has_more = circuits > 0 || outbox > 0;
        Self {
            records: records.into_iter().flatten().collect(),
            records_of: source.as_str(),
            next: has_more.then(|| next.write()),
        }
    }
}

fn show_noted(noted: Noted) -> RecordBody {
    let Noted { at, note: Note { who, from, order }, .. } = noted;
    let (node, upstream, before, after) = (None, None, None, None);
    RecordBody { at: at.to_string(), who, from, node, upstream, order: None, before, after, outbox: Some(order) }
}

fn show_kept(kept: Kept) -> Option<RecordBody> {
    let Kept { at, entry: Entry { node, who, from, change, .. }, .. } = kept;
    let change = read_change(&change)?;
    Some(RecordBody { node: Some(node), ..of_circuit(at, who, from, &change) })
}

fn show((_, record): &Numbered<Change>) -> RecordBody {
    let Record { at, origin, change } = &**record;
    let from = origin.peer.map(|peer| peer.to_string());
    of_circuit(UnixTime::from(*at), origin.actor.as_str().to_owned(), from, change)
}

fn of_circuit(at: UnixTime, who: String, from: Option<String>, change: &Change) -> RecordBody {
    RecordBody {
        at: at.to_string(),
        who,
        from,
        node: None,
        upstream: Some(change.upstream.to_string()),
        order: Some(change.order.into()),
        before: Some(change.before.into()),
        after: Some(change.after.into()),
        outbox: None,
    }
}

impl From<Status> for StatusBody {
    fn from(status: Status) -> Self {
        Self {
            state: status.state.as_str(),
            r#override: status.overriding.as_str(),
            override_ends_in_ms: status.ends_in.map(millis),
        }
    }
}

#[cfg(test)]
mod tests;

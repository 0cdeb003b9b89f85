//! `GET /audit`: who has ordered what, the newest first.
//!
//! With a store the orders of all nodes; while it does not answer, those that this node remembers.

mod page;

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
use crate::state::audit::{Kept, Numbered};
use crate::state::outbox::{Failed, Note, Noted};
use crate::state::overrides::{Change, Status, read_change};
use page::{Cursor, Source, Wanted};

/// For the store to answer.
const READING: Duration = Duration::from_secs(5);

/// Who has ordered what.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditLog)]
pub(super) struct AuditBody {
    /// The orders for circuits, the newest first, at most `limit`.
    records: Vec<RecordBody>,
    /// `all_nodes`: the store keeps them for `SMSP_AUDIT_KEEP`, also over a restart. `this_node`: without a store, or while it
    /// does not answer, the last 1000 of this node, which a restart forgets.
    #[schema(pattern = "^(all_nodes|this_node)$")]
    records_of: &'static str,
    /// The orders for the outbox from all nodes, the newest first, at most `limit`: the store keeps them, also over a restart.
    /// Absent where the outbox is off, or the store does not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    outbox: Option<Vec<OutboxRecordBody>>,
    /// Give it as `after` for the next page of both lists; `null`: there is none.
    #[schema(required = true)]
    next: Option<String>,
}

/// One order for the outbox.
#[derive(Serialize, ToSchema)]
#[schema(as = OutboxAuditRecord)]
struct OutboxRecordBody {
    /// UTC (RFC 3339), to the millisecond.
    #[schema(format = DateTime)]
    at: String,
    /// The name of an admin key; `loopback`: no key was needed; `command`: a command that opened the store itself.
    who: String,
    /// The address and port that the order came from; `null` for a command.
    #[schema(required = true)]
    from: Option<String>,
    /// What was carried out: `pause`, `go_on`, `retry`, `cancel`, `settle_as_accepted` or `settle_as_none` with the id of the mail
    /// or, on many, with the count and the filter (`retry count=120 status=parked`; `met=60` at the end: it goes on, and has met
    /// so many before), `release` with its filter, `find_recipient` or `erase_recipient` without the recipient, or
    /// `accept_restore`.
    order: String,
}

/// One order, or the end of an override whose time was over.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditRecord)]
struct RecordBody {
    /// UTC (RFC 3339), to the millisecond.
    #[schema(format = DateTime)]
    at: String,
    /// The name of an admin key; `loopback`: no key was needed; `timer`: the time of an override was over.
    who: String,
    /// The address and port that the order came from; `null` for `timer`.
    #[schema(required = true)]
    from: Option<String>,
    /// The host name of the node that carried it out first; absent where the orders are those of this node.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    node: Option<String>,
    /// The name of the upstream.
    upstream: String,
    order: OrderBody,
    before: StatusBody,
    after: StatusBody,
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
        ("limit" = Option<usize>, Query, nullable = false, description = "Orders of each list on a page: 1000 if it is absent", minimum = 1, maximum = 1000),
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
    let Wanted { after, limit } = Wanted::read(&uri)?;
    let records = Records::read(&state, after, limit).await.map_err(not_read)?;
    let noted = match state.outbox {
        Some(outbox) => outbox.audit(after.map(|after| after.outbox), limit).await.ok(),
        None => None,
    };
    let last_noted = noted.as_ref().map(|noted| behind(noted.iter().map(|noted| noted.number), limit));
    let cursor = Cursor { source: records.source, records: records.behind, outbox: last_noted.unwrap_or_default() };
    let has_more = cursor.records > 0 || cursor.outbox > 0;
    let outbox = noted.map(|noted| noted.into_iter().map(show_outbox).collect());
    let (records, source) = (records.shown, records.source);
    Ok(Json(AuditBody { records, records_of: source.as_str(), outbox, next: has_more.then(|| cursor.write()) }))
}

/// A page of the orders for circuits.
struct Records {
    source: Source,
    shown: Vec<RecordBody>,
    /// The number of the last one; 0: there are no more.
    behind: i64,
}

impl Records {
    async fn read(state: &AdminState, after: Option<Cursor>, limit: usize) -> Result<Self, Failed> {
        let before = after.map(|after| after.records);
        if let Some(kept) = &state.kept_audit
            && after.is_none_or(|after| after.source == Source::AllNodes)
        {
            match timeout(READING, kept.page(before, limit)).await.unwrap_or(Err(Failed::Down)) {
                Ok(kept) => return Ok(Self::of_all(kept, limit)),
                // A page in the middle is of no other list.
                Err(failed) if after.is_some() => return Err(failed),
                Err(_) => {}
            }
        }
        let records = state.audit.page(before, limit);
        let behind = behind(records.iter().map(|(number, _)| *number), limit);
        Ok(Self { source: Source::ThisNode, shown: records.iter().map(show).collect(), behind })
    }

    /// What a later version has written may not be readable.
    fn of_all(kept: Vec<Kept>, limit: usize) -> Self {
        let behind = behind(kept.iter().map(|kept| kept.number), limit);
        Self { source: Source::AllNodes, shown: kept.into_iter().filter_map(show_kept).collect(), behind }
    }
}

/// The number of the last one on a page that is full; 0 where there are no more.
fn behind(numbers: impl ExactSizeIterator<Item = i64>, limit: usize) -> i64 {
    if numbers.len() < limit { 0 } else { numbers.last().unwrap_or_default() }
}

fn show_outbox(noted: Noted) -> OutboxRecordBody {
    let Noted { at, note: Note { who, from, order }, .. } = noted;
    OutboxRecordBody { at: at.to_string(), who, from, order }
}

fn show_kept(kept: Kept) -> Option<RecordBody> {
    let Kept { at, entry, .. } = kept;
    let Change { upstream, order, before, after } = read_change(&entry.change)?;
    Some(RecordBody {
        at: at.to_string(),
        who: entry.who,
        from: entry.from,
        node: Some(entry.node),
        upstream: upstream.to_string(),
        order: order.into(),
        before: before.into(),
        after: after.into(),
    })
}

fn show((_, record): &Numbered<Change>) -> RecordBody {
    let change = &record.change;
    RecordBody {
        at: UnixTime::from(record.at).to_string(),
        who: record.origin.actor.as_str().to_owned(),
        from: record.origin.peer.map(|peer| peer.to_string()),
        node: None,
        upstream: change.upstream.to_string(),
        order: change.order.into(),
        before: change.before.into(),
        after: change.after.into(),
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

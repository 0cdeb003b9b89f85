//! `GET /audit`: who has ordered what, the newest first.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::access::Viewer;
use super::order::OrderBody;
use super::responses::{OfHead, OfRights};
use super::state::AdminState;
use super::words;
use crate::runtime::millis::millis;
use crate::runtime::unix_time::UnixTime;
use crate::state::audit::Record;
use crate::state::outbox::{Note, Noted};
use crate::state::overrides::{Change, Status};

/// The orders of this node.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditLog)]
pub(super) struct AuditBody {
    /// The newest first, at most 1000. A restart forgets them.
    records: Vec<RecordBody>,
    /// The orders for the outbox from all nodes, the newest first, at most 1000: the store keeps them, also over a restart.
    /// Absent where the outbox is off, or the store does not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    outbox: Option<Vec<OutboxRecordBody>>,
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
    /// What was carried out: `pause`, `go_on`, `retry`, `settle_as_accepted` or `settle_as_none` with the id of the mail,
    /// `release` with its filter, `find_recipient` or `erase_recipient` without the recipient, or `accept_restore`.
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
    responses((status = 200, description = "The orders so far, the newest first", body = AuditBody), OfRights, OfHead),
    security(("X-ADMIN-KEY" = ["viewer"]), ())
)]
pub(super) async fn list(_: Viewer, State(state): State<AdminState>) -> Json<AuditBody> {
    let outbox = match state.outbox {
        Some(outbox) => outbox.audit().await.ok(),
        None => None,
    };
    let outbox = outbox.map(|noted| noted.into_iter().map(show_outbox).collect());
    Json(AuditBody { records: state.audit.newest_first().iter().map(show).collect(), outbox })
}

fn show_outbox(noted: Noted) -> OutboxRecordBody {
    let Noted { at, note: Note { who, from, order } } = noted;
    OutboxRecordBody { at: at.to_string(), who, from, order }
}

fn show(record: &Arc<Record<Change>>) -> RecordBody {
    let Record { at, origin, change } = &**record;
    RecordBody {
        at: UnixTime::from(*at).to_string(),
        who: origin.actor.as_str().to_owned(),
        from: origin.peer.map(|peer| peer.to_string()),
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

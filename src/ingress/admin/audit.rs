//! `GET /audit`: who has ordered what, the newest first.

use std::sync::Arc;
use std::time::SystemTime;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::access::Viewer;
use super::order::OrderBody;
use super::responses::{OfHead, OfRights};
use super::state::AdminState;
use super::words;
use crate::runtime::millis::millis;
use crate::state::audit::Record;
use crate::state::overrides::{Change, Status};

/// The orders of this node.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditLog)]
pub(super) struct AuditBody {
    /// The newest first, at most 1000. A restart forgets them.
    records: Vec<RecordBody>,
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
    Json(AuditBody { records: state.audit.newest_first().iter().map(show).collect() })
}

fn show(record: &Arc<Record<Change>>) -> RecordBody {
    let Record { at, origin, change } = &**record;
    RecordBody {
        at: written(*at),
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

/// RFC 3339, in UTC, always with three digits of milliseconds: texts of one width sort by time. The library's own form leaves
/// out zeros at the end.
fn written(at: SystemTime) -> String {
    let at = OffsetDateTime::from(at);
    let (year, month, day) = at.to_calendar_date();
    let (hour, minute, second, millisecond) = at.to_hms_milli();
    let month = u8::from(month);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}Z")
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn a_time_is_written_in_utc_to_the_millisecond() {
        let at = |nanos| written(UNIX_EPOCH + Duration::new(1_795_298_709, nanos));
        assert_eq!(at(123_456_789), "2026-11-21T22:05:09.123Z");
        assert_eq!(at(500_000_000), "2026-11-21T22:05:09.500Z", "zeros at the end are kept");
    }
}

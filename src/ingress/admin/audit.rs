//! `GET /audit`: who has ordered what, the newest first.

use std::sync::Arc;
use std::time::SystemTime;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use time::OffsetDateTime;

use super::access::Viewer;
use super::order::OrderBody;
use super::state::AdminState;
use crate::runtime::millis::millis;
use crate::state::audit::Record;
use crate::state::overrides::{Change, Status};

#[derive(Serialize)]
pub(super) struct AuditBody {
    records: Vec<RecordBody>,
}

#[derive(Serialize)]
struct RecordBody {
    /// UTC (RFC 3339), to the millisecond.
    at: String,
    /// The name of an admin key; `loopback`: none was needed; `timer`: the time of an override was over.
    who: String,
    /// The address and port of the peer; `null` for `timer`.
    from: Option<String>,
    upstream: String,
    order: OrderBody,
    before: StatusBody,
    after: StatusBody,
}

#[derive(Serialize)]
struct StatusBody {
    state: &'static str,
    r#override: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    override_ends_in_ms: Option<u64>,
}

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

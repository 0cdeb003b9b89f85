//! The order to release parked mail, as JSON.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::selection::{caller, domain, time};
use crate::ingress::admin::order::{not_null, read_time};
use crate::ingress::server::field_error::FieldError;
use crate::state::outbox::{Release, Released};

/// Rows of one call: a transaction that others do not notice.
const LIMIT: usize = 10_000;
/// Where nothing is said.
const OVER: Duration = Duration::from_secs(600);

/// Which parked mail to send, and how fast. Mail has to fit every member that is there.
#[derive(Deserialize, ToSchema)]
#[schema(as = ReleaseOrder)]
#[serde(deny_unknown_fields)]
pub(in crate::ingress::admin) struct ReleaseBody {
    /// The name of a caller.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    caller: Option<String>,
    /// The domain of the sender.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    from_domain: Option<String>,
    /// Accepted at this time or later: RFC 3339, with its offset.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false, format = DateTime)]
    accepted_from: Option<String>,
    /// Accepted before this time.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false, format = DateTime)]
    accepted_before: Option<String>,
    /// The mail becomes due evenly within this time, `10m` if nothing is said: a number with its unit, up to `720h`.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false, pattern = "^[0-9]+(ms|s|m|h)$", examples("90s", "2h"))]
    over: Option<String>,
}

/// What was released.
#[derive(Serialize, ToSchema)]
#[schema(as = OutboxReleased)]
pub(in crate::ingress::admin) struct ReleasedBody {
    /// How much mail is queued now.
    released: u64,
    /// Is mail parked still that the filter names? Then call again.
    more: bool,
}

impl ReleaseBody {
    /// The order, or what is wrong with it.
    pub(super) fn read(self) -> Result<Release, FieldError> {
        Ok(Release {
            caller: self.caller.map(caller).transpose()?,
            from_domain: self.from_domain.map(domain).transpose()?,
            accepted_from: time("accepted_from", self.accepted_from)?,
            accepted_before: time("accepted_before", self.accepted_before)?,
            over: over(self.over)?,
            limit: LIMIT,
        })
    }
}

/// The time that a member `over` says.
pub(super) fn over(text: Option<String>) -> Result<Duration, FieldError> {
    let no_span = || FieldError::new("over", "must be a number with its unit (ms, s, m, h), from 1ms to 720h, as 10m");
    text.map_or(Ok(OVER), |over| read_time(&over).ok_or_else(no_span))
}

impl From<Released> for ReleasedBody {
    fn from(Released { released, more }: Released) -> Self {
        Self { released, more }
    }
}

//! The outbox and orders for it as JSON.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ingress::admin::words;
use crate::model::caller::CallerName;
use crate::model::message::Id;
use crate::runtime::millis::millis;
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::{Count, Estimate, Overview};

/// The outbox.
#[derive(Serialize, ToSchema)]
#[schema(as = Outbox)]
pub(in crate::ingress::admin) struct OutboxBody {
    /// Is nothing sent from it, because an operator has ordered so, or because this node was started with
    /// `SMSP_OUTBOX_START=paused`?
    paused: bool,
    /// Why the store is taken for an older copy of itself, so that nothing is sent from it until `smsp store accept-restore`;
    /// `null`: it is none.
    #[schema(required = true)]
    went_back: Option<String>,
    /// By how many mails a second what waits or is under way got less between the last two counts of this node; `null`: it did
    /// not get less, or none of it is due.
    #[schema(required = true)]
    rate: Option<f64>,
    /// In how many seconds nothing waits any more, at this rate.
    #[schema(required = true)]
    left_seconds: Option<u64>,
    /// How much mail there is; mail without any is not listed.
    mails: Vec<CountBody>,
}

/// Mail that is in the same place.
#[derive(Serialize, ToSchema)]
#[schema(as = OutboxCount)]
struct CountBody {
    #[schema(schema_with = words::outbox_status)]
    status: &'static str,
    /// The upstreams that it may go to, while it waits; `null`: it does not wait.
    #[schema(required = true)]
    upstreams: Option<Vec<String>>,
    /// The upstream that it was last handed over to, or `mx` where it is in parts for its recipients' own servers; `null`: it
    /// waits, or was handed over to none.
    #[schema(required = true)]
    upstream: Option<String>,
    /// How much mail.
    count: u64,
    /// How long ago the oldest of it was due first; 0 if that is yet to come, or if it has ended.
    oldest_ms: u64,
}

/// Stop, or go on.
#[derive(Deserialize, ToSchema)]
#[schema(as = PauseOrder)]
#[serde(deny_unknown_fields)]
pub(in crate::ingress::admin) struct PauseBody {
    /// `true`: nothing is sent from the outbox.
    pub(super) paused: bool,
}

/// What became of a mail.
#[derive(Deserialize, ToSchema)]
#[schema(as = SettleOrder)]
#[serde(deny_unknown_fields)]
pub(in crate::ingress::admin) struct SettleBody {
    pub(super) r#as: SettleAs,
}

/// `accepted`: the provider has it. `none`: it does not.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::ingress::admin) enum SettleAs {
    Accepted,
    None,
}

/// Whose mail to look up or to erase.
#[derive(Deserialize, ToSchema)]
#[schema(as = RecipientOrder)]
#[serde(deny_unknown_fields)]
pub(in crate::ingress::admin) struct RecipientBody {
    /// An address.
    pub(super) recipient: String,
}

/// A mail after an order.
#[derive(Serialize, ToSchema)]
#[schema(as = OutboxOrdered)]
pub(in crate::ingress::admin) struct OrderedBody {
    /// The id of the mail.
    pub(super) id: String,
    #[schema(schema_with = words::outbox_status)]
    pub(super) status: &'static str,
}

/// The mail to a recipient.
#[derive(Serialize, ToSchema)]
#[schema(as = OutboxFound)]
pub(in crate::ingress::admin) struct FoundBody {
    /// The newest 100, the newest first.
    mails: Vec<FoundMailBody>,
    /// Are there more?
    more: bool,
}

/// One mail.
#[derive(Serialize, ToSchema)]
#[schema(as = OutboxFoundMail)]
struct FoundMailBody {
    /// The id of the mail.
    id: String,
    /// Who has handed it over.
    caller: String,
}

impl FoundBody {
    pub(super) fn new(found: &[(CallerName, Id)], more: bool) -> Self {
        let mail = |(caller, id): &(CallerName, Id)| FoundMailBody { id: id.to_string(), caller: caller.to_string() };
        Self { mails: found.iter().map(mail).collect(), more }
    }
}

/// What was erased.
#[derive(Serialize, ToSchema)]
#[schema(as = OutboxErased)]
pub(in crate::ingress::admin) struct ErasedBody {
    /// How much mail.
    pub(super) erased: usize,
}

impl OutboxBody {
    pub(super) fn new(overview: &Overview, drain: Option<Estimate>, now: UnixTime) -> Self {
        let Overview { history, paused, counts } = overview;
        let count = |count: &Count| CountBody {
            status: count.state.as_str(),
            upstreams: count.route_set.as_ref().map(|set| set.names().map(str::to_owned).collect()),
            upstream: count.upstream.clone(),
            count: count.rows,
            oldest_ms: count.oldest.map_or(0, |oldest| millis(now.since(oldest))),
        };
        let went_back = history.went_back.map(|why| why.to_string());
        let (rate, left) = drain.map(|drain| (drain.shown_rate(), drain.left.as_secs())).unzip();
        Self { paused: *paused, went_back, rate, left_seconds: left, mails: counts.iter().map(count).collect() }
    }
}

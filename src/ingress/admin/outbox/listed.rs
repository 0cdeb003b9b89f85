//! Mail of a list as JSON: neither what it says nor whom it goes to.

use serde::Serialize;
use utoipa::ToSchema;

use super::cursor::{Purpose, of_place, of_walk};
use crate::ingress::admin::words;
use crate::service::outbox::CarriedOut;
use crate::state::outbox::{CountedRows, Listed, Listing, Selection, TriedAt};

/// A part of a list.
#[derive(Serialize, ToSchema)]
#[schema(as = OutboxList)]
pub(in crate::ingress::admin) struct ListBody {
    mails: Vec<ListedBody>,
    /// Give it as `after` for the next page; `null`: there is none. A page with one may be short.
    #[schema(required = true)]
    next: Option<String>,
}

/// One mail.
#[derive(Serialize, ToSchema)]
#[schema(as = OutboxListedMail)]
struct ListedBody {
    /// The id of the mail.
    id: String,
    #[schema(schema_with = words::outbox_status)]
    status: &'static str,
    /// Who has handed it over.
    caller: String,
    /// The domain of the sender.
    from_domain: String,
    /// Since when this service has it, in UTC (RFC 3339).
    #[schema(format = DateTime)]
    accepted_at: String,
    /// When it is due, or was first, in UTC.
    #[schema(format = DateTime)]
    send_at: String,
    /// When it is no longer sent, in UTC.
    #[schema(format = DateTime)]
    expires_at: String,
    /// When it is tried next, in UTC; `null`: it is not queued.
    #[schema(required = true, format = DateTime)]
    next_attempt_at: Option<String>,
    /// The upstreams that it may go to, while it waits; `null`: it does not wait.
    #[schema(required = true)]
    upstreams: Option<Vec<String>>,
    /// The upstream that it was last handed over to, or `mx` where it is in parts for its recipients' own servers; `null`: it
    /// waits, or was handed over to none.
    #[schema(required = true)]
    upstream: Option<String>,
    /// May it be a second copy, or become one?
    possible_duplicate: bool,
    /// The last attempt, or why an upstream was left out; `null`: there was none.
    #[schema(required = true)]
    last_attempt: Option<LastAttemptBody>,
}

/// An attempt.
#[derive(Serialize, ToSchema)]
#[schema(as = OutboxLastAttempt)]
struct LastAttemptBody {
    /// Where.
    upstream: String,
    /// When it began, in UTC.
    #[schema(format = DateTime)]
    at: String,
    /// What it came to; `null`: nothing is known of its end.
    #[schema(required = true)]
    outcome: Option<String>,
    /// Why.
    #[schema(required = true)]
    reason: Option<String>,
    /// The provider's own code, if it is listed.
    #[schema(required = true)]
    provider_code: Option<String>,
    /// The provider's own id for the mail.
    #[schema(required = true)]
    provider_message_id: Option<String>,
}

/// How much mail fits.
#[derive(Serialize, ToSchema)]
#[schema(as = OutboxNumber)]
pub(in crate::ingress::admin) struct NumberBody {
    /// As far as it was counted.
    count: u64,
    /// Not all could be counted in time: give it as `after`, and add up the counts; `null`: this is all.
    #[schema(required = true)]
    next: Option<String>,
}

impl From<Listing> for ListBody {
    fn from(Listing { rows, next }: Listing) -> Self {
        Self { mails: rows.into_iter().map(ListedBody::from).collect(), next: next.as_ref().map(of_place) }
    }
}

impl From<Listed> for ListedBody {
    fn from(row: Listed) -> Self {
        let Listed { ticket, caller, from_domain, route_set, upstream, next_attempt_at, last_attempt } = row;
        Self {
            id: ticket.id.to_string(),
            status: ticket.state.as_str(),
            caller: caller.to_string(),
            from_domain,
            accepted_at: ticket.accepted_at.to_string(),
            send_at: ticket.send_at.to_string(),
            expires_at: ticket.expires_at.to_string(),
            next_attempt_at: next_attempt_at.map(|time| time.to_string()),
            upstreams: route_set.map(|set| set.names().map(str::to_owned).collect()),
            upstream,
            possible_duplicate: ticket.possible_duplicate,
            last_attempt: last_attempt.map(LastAttemptBody::from),
        }
    }
}

impl From<TriedAt> for LastAttemptBody {
    fn from(tried: TriedAt) -> Self {
        let TriedAt { upstream, at, outcome, reason, code, provider_message_id, .. } = tried;
        Self { upstream, at: at.to_string(), outcome, reason, provider_code: code, provider_message_id }
    }
}

impl NumberBody {
    pub(super) fn new(CountedRows { rows, next }: CountedRows, selection: &Selection) -> Self {
        let next = next.map(|walked| of_walk(&CarriedOut { walked, met: 0 }, Purpose::count(selection)));
        Self { count: rows, next }
    }
}

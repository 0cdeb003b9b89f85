//! Messages of the outbox as JSON.

use serde::Serialize;
use utoipa::ToSchema;

use super::recipient::{RecipientBody, recipient};
use crate::ingress::api::delivery::{Delivery, OutboxStatus};
use crate::ingress::api::words;
use crate::service::outbox::Shown;
use crate::state::outbox::{Lane, State, Status, Ticket, TriedAt};

/// A message of the outbox, in short.
#[derive(Serialize, ToSchema)]
#[schema(as = OutboxTicket)]
pub(super) struct TicketBody {
    /// The id of the mail.
    id: String,
    status: OutboxStatus,
    delivery: Delivery,
    /// Since when this service has it, in UTC (RFC 3339).
    #[schema(format = DateTime)]
    accepted_at: String,
    /// When it is due, or was first, in UTC.
    #[schema(format = DateTime)]
    send_at: String,
    /// When it is no longer sent, in UTC.
    #[schema(format = DateTime)]
    expires_at: String,
}

/// A message of the outbox.
#[derive(Serialize, ToSchema)]
#[schema(as = OutboxMail)]
pub(super) struct MailBody {
    /// The id of the mail.
    id: String,
    status: OutboxStatus,
    delivery: Delivery,
    /// Since when this service has it, in UTC (RFC 3339).
    #[schema(format = DateTime)]
    accepted_at: String,
    /// When it is due, or was first, in UTC.
    #[schema(format = DateTime)]
    send_at: String,
    /// When it is no longer sent, in UTC.
    #[schema(format = DateTime)]
    expires_at: String,
    priority: Priority,
    /// When it is tried next, in UTC; absent if it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    next_attempt_at: Option<String>,
    /// When it ended, in UTC; absent if it has not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    ended_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = words::not_taken, required = false)]
    reason: Option<String>,
    /// May it have been sent twice?
    possible_duplicate: bool,
    /// Its recipients in the order to, cc, bcc; absent once they are erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    recipients: Option<Vec<RecipientBody>>,
    /// Every hand-over to a provider or a server, the first one first. Where no provider may have the mail, why each was left out.
    attempts: Vec<TriedBody>,
}

/// Which mail is sent first when there is more than can be sent.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[schema(as = OutboxPriority)]
#[serde(rename_all = "snake_case")]
enum Priority {
    High,
    Normal,
    Low,
}

/// One hand-over to a provider, or why there was none.
#[derive(Serialize, ToSchema)]
#[schema(as = OutboxAttempt)]
struct TriedBody {
    /// The upstream: the name of the provider's account, as the node is configured.
    upstream: String,
    /// When it began, in UTC.
    #[schema(format = DateTime)]
    at: String,
    /// How long it took, in milliseconds; absent where its end is not known, or the mail was not handed over.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    duration_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = words::outcome, required = false)]
    outcome: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = words::reason, required = false)]
    reason: Option<String>,
    /// The code in the provider's answer, if its documentation lists that code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    provider_code: Option<String>,
    /// The provider's own id of the mail, if it gave one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    provider_message_id: Option<String>,
    /// Did the verdict come after the attempt was given up?
    late: bool,
}

impl From<&Ticket> for TicketBody {
    fn from(ticket: &Ticket) -> Self {
        Self {
            id: ticket.id.to_string(),
            status: ticket.state.into(),
            delivery: ticket.into(),
            accepted_at: ticket.accepted_at.to_string(),
            send_at: ticket.send_at.to_string(),
            expires_at: ticket.expires_at.to_string(),
        }
    }
}

impl From<Shown> for MailBody {
    fn from(Shown { status, recipients }: Shown) -> Self {
        let recipient = |(place, email)| recipient(place, email, &status);
        let recipients = recipients.map(|all| all.into_iter().enumerate().map(recipient).collect());
        let TicketBody { id, status: place, delivery, accepted_at, send_at, expires_at } = (&status.ticket).into();
        Self {
            id,
            status: place,
            delivery,
            accepted_at,
            send_at,
            expires_at,
            priority: status.lane.into(),
            next_attempt_at: status.next_attempt_at.map(|time| time.to_string()),
            ended_at: status.ended_at.map(|time| time.to_string()),
            reason: not_taken(&status),
            possible_duplicate: status.ticket.possible_duplicate,
            recipients,
            attempts: status.attempts.into_iter().map(TriedBody::from).collect(),
        }
    }
}

/// Why its last attempt did not take it, if it waits or was refused.
fn not_taken(status: &Status) -> Option<String> {
    let is_not_taken = matches!(status.ticket.state, State::Queued | State::Claimed | State::Refused);
    status.attempts.last().filter(|_| is_not_taken).and_then(|last| last.reason.clone())
}

impl From<Lane> for Priority {
    fn from(lane: Lane) -> Self {
        match lane {
            Lane::High => Self::High,
            Lane::Normal => Self::Normal,
            Lane::Low => Self::Low,
        }
    }
}

impl From<TriedAt> for TriedBody {
    fn from(tried: TriedAt) -> Self {
        Self {
            upstream: tried.upstream,
            at: tried.at.to_string(),
            duration_ms: tried.took_ms,
            outcome: tried.outcome,
            reason: tried.reason,
            provider_code: tried.code,
            provider_message_id: tried.provider_message_id,
            late: tried.late,
        }
    }
}

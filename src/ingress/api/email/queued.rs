//! `POST /email` answered 202: this service has the mail.

use axum::Json;
use axum::http::header::LOCATION;
use axum::http::{HeaderName, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::ingress::api::attempt::AttemptBody;
use crate::ingress::api::delivery::{Delivery, OutboxStatus};
use crate::ingress::api::prefer::{PREFERENCE_APPLIED, RESPOND_ASYNC};
use crate::ingress::api::replayed::replayed;
use crate::service::submit::Queued;
use crate::state::outbox::{Status, Ticket};

/// This service keeps the mail and sends it.
#[derive(Serialize, ToSchema)]
#[schema(as = Queued)]
pub(in crate::ingress::api) struct QueuedBody {
    /// The id of the mail.
    id: String,
    /// Always `queued`.
    delivery: Delivery,
    status: OutboxStatus,
    /// Since when this service has it, in UTC (RFC 3339).
    #[schema(format = DateTime)]
    accepted_at: String,
    /// When it is no longer sent, in UTC.
    #[schema(format = DateTime)]
    expires_at: String,
    /// When it is tried next, in UTC; absent while it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    next_attempt_at: Option<String>,
    /// The rule of `SMSP_ROUTES` that chose the upstreams of this call: its name, else `rule_<n>`; absent if none holds for
    /// the mail, or if an earlier call has queued it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    rule: Option<String>,
    /// Every attempt that has ended, and every provider that was skipped.
    attempts: Vec<AttemptBody>,
    /// `true`: somebody may have the mail already, because an operator has it sent again that was `unknown`, or it waited in an
    /// older copy of the store. Absent: nobody has it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    possible_duplicate: bool,
}

impl QueuedBody {
    fn new(ticket: &Ticket) -> Self {
        Self {
            id: ticket.id.to_string(),
            delivery: ticket.into(),
            status: ticket.state.into(),
            accepted_at: ticket.accepted_at.to_string(),
            expires_at: ticket.expires_at.to_string(),
            next_attempt_at: None,
            rule: None,
            attempts: Vec::new(),
            possible_duplicate: ticket.possible_duplicate,
        }
    }
}

/// The answer to the call that has queued the mail.
pub(super) fn queued(queued: &Queued) -> Response {
    let Queued { ticket, attempts, rule, is_asked_for } = queued;
    let body = QueuedBody {
        next_attempt_at: Some(ticket.send_at.to_string()),
        rule: rule.as_ref().map(|rule| (**rule).to_owned()),
        attempts: attempts.iter().map(AttemptBody::from).collect(),
        ..QueuedBody::new(ticket)
    };
    let applied = AppendHeaders(is_asked_for.then_some((PREFERENCE_APPLIED, RESPOND_ASYNC)));
    (StatusCode::ACCEPTED, location(ticket), applied, Json(body)).into_response()
}

/// The answer to a repeat, while the mail waits or is under way.
pub(super) fn still_queued(status: &Status) -> Response {
    let body = QueuedBody {
        next_attempt_at: status.next_attempt_at.map(|time| time.to_string()),
        attempts: status.attempts.iter().filter_map(AttemptBody::of_tried).collect(),
        ..QueuedBody::new(&status.ticket)
    };
    (StatusCode::ACCEPTED, location(&status.ticket), replayed(true), Json(body)).into_response()
}

fn location(ticket: &Ticket) -> AppendHeaders<[(HeaderName, String); 1]> {
    AppendHeaders([(LOCATION, format!("/email/{}", ticket.id))])
}

//! What a repeat of a mail is told that an earlier call has put into the outbox: where the mail is now.
//!
//! One key, one mail: what has ended stays the answer under the key, whatever it ended as.

use std::ops::RangeInclusive;
use std::time::Duration;

use axum::Json;
use axum::response::{IntoResponse, Response};

use super::queued::still_queued;
use super::receipt::ReceiptBody;
use crate::ingress::api::attempt::{AttemptBody, LookupBody};
use crate::ingress::api::delivery::Delivery;
use crate::ingress::api::mail_attributes::set_mail;
use crate::ingress::api::problem::{Kind, OfMail, Problem};
use crate::ingress::api::replayed::replayed;
use crate::model::message::Id;
use crate::model::outcome::Outcome;
use crate::service::outbox::Shown;
use crate::service::submit::Kept;
use crate::state::outbox::{State, Status};

/// Seconds until a store that could not tell may be asked again.
const AFTER_DOWN: RangeInclusive<u64> = 1..=5;

/// The answer to the repeat. `None`: the store cannot tell where the mail is, so a provider may have it.
pub(super) fn kept(id: Id, kept: Option<Kept>) -> Result<Response, Problem> {
    let Some(kept) = kept else {
        let wait = Duration::from_secs(fastrand::u64(AFTER_DOWN));
        return Err(Problem::new(Kind::OutboxUnavailable, DOWN)
            .id(id)
            .delivery(Delivery::Unknown)
            .retryable(false)
            .retry_after(wait));
    };
    let status = &kept.shown.status;
    set_mail(Some(id), (&status.ticket).into());
    match status.ticket.state {
        State::Queued | State::Claimed | State::Sending | State::Parked => Ok(still_queued(status)),
        State::Accepted => Ok(receipt(&kept.shown)),
        State::Unknown => Err(problem(&kept, Kind::Unknown, UNKNOWN)),
        State::Refused | State::Expired | State::Cancelled if status.ticket.possible_duplicate => {
            Err(problem(&kept, Kind::Unknown, MAYBE))
        }
        State::Refused => {
            let (kind, detail) = refused(status);
            Err(problem(&kept, kind, detail))
        }
        State::Expired => Err(problem(&kept, Kind::Refused, EXPIRED)),
        State::Cancelled => Err(problem(&kept, Kind::OutboxConflict, CANCELLED)),
    }
}

const DOWN: &str = "The mail was queued, and the store cannot tell now where it is. Ask for it after Retry-After, by its id or \
     under its key.";
const UNKNOWN: &str = "The mail was queued and then handed to a provider, which gave no clear answer. Look it up there, by \
     `lookup` where it is told, before you send it again.";
const MAYBE: &str = "The mail was queued and has ended. A provider may have it from an earlier hand-over: look it up there \
     before you send it again.";
const REFUSED: &str = "The mail was queued, and no provider took it. Send it again under another Idempotency-Key.";
const REJECTED: &str = "The mail was queued, and a provider refused the message itself. Correct it, and send it under \
     another Idempotency-Key.";
const EXPIRED: &str = "The mail was queued, and no provider took it before its time was over. Send it again under another \
     Idempotency-Key.";
const CANCELLED: &str = "The mail was queued, and then cancelled. Send it again under another Idempotency-Key.";

fn receipt(shown: &Shown) -> Response {
    (replayed(true), Json(ReceiptBody::of_queued(shown))).into_response()
}

/// By what the last attempt came to.
fn refused(status: &Status) -> (Kind, &'static str) {
    let last = status.attempts.last().and_then(|tried| tried.outcome.as_deref());
    let is = |outcome: Outcome| last == Some(outcome.as_str());
    match () {
        () if is(Outcome::MessageRejected) => (Kind::MessageRejected, REJECTED),
        () if is(Outcome::NotCapable) => (Kind::NotCapable, REFUSED),
        () if is(Outcome::SenderRejected) => (Kind::SenderRejected, REFUSED),
        () => (Kind::Refused, REFUSED),
    }
}

fn problem(kept: &Kept, kind: Kind, detail: &'static str) -> Problem {
    let Kept { shown: Shown { status, .. }, lookups } = kept;
    let attempts = status.attempts.iter().filter_map(AttemptBody::of_tried).collect();
    let lookup = if kind == Kind::Unknown { lookup(kept, lookups) } else { None };
    let mail = OfMail { id: status.ticket.id, attempts, rule: None, lookup };
    Problem::new(kind, detail).retryable(false).of_mail(mail).outbox(&status.ticket).replayed(true)
}

/// Where the last hand-over went of which nothing certain is known.
fn lookup(kept: &Kept, lookups: &[(String, (&'static str, String))]) -> Option<LookupBody> {
    let is_open = |outcome: Option<&str>| outcome.is_none_or(|outcome| outcome == Outcome::Unknown.as_str());
    let last = kept.shown.status.attempts.iter().rev().find(|tried| is_open(tried.outcome.as_deref()))?;
    let (upstream, (field, value)) = lookups.iter().find(|(upstream, _)| *upstream == last.upstream)?;
    Some(LookupBody { upstream: upstream.clone(), field, value: value.clone() })
}

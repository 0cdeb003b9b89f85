//! What a caller is told where the store does not do what it is asked.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::ingress::api::delivery::Delivery;
use crate::ingress::api::problem::{Kind, Problem};
use crate::ingress::api::send_options::IDEMPOTENCY_KEY;
use crate::ingress::server::field_error::FieldError;
use crate::model::message::Id;
use crate::state::outbox::{Failed, Full, Room, State, Ticket};

/// Seconds until a store that could not be reached may be asked again.
const AFTER_DOWN: RangeInclusive<u64> = 1..=5;
/// Seconds until there may be room again.
const AFTER_FULL: RangeInclusive<u64> = 10..=60;

/// The store has not said that it has the mail.
pub(super) fn not_accepted(failed: Failed, id: Option<Id>) -> Problem {
    let problem = none_accepted(failed, Vec::new());
    match id {
        Some(id) if failed == Failed::Unclear => problem.id(id),
        _ => problem,
    }
}

/// The store has not said that it has these mails, each at its place of a batch.
pub(super) fn none_accepted(failed: Failed, mails: Vec<(usize, Id)>) -> Problem {
    if failed == Failed::Down {
        return unavailable("The store cannot take the mail now. Send it again after Retry-After.");
    }
    let problem = Problem::new(
        Kind::OutboxUnknown,
        "The store did not say whether it has the mail. With an Idempotency-Key, repeat the call under the same key: it is \
         never taken twice. Without one, ask for the id with GET /outbox/{id}, or look for the mail with GET /outbox.",
    );
    problem.mails(mails)
}

/// The store has not said that it has changed the mail.
pub(super) fn not_changed(failed: Failed, id: Id) -> Problem {
    if failed == Failed::Down {
        return not_read(failed);
    }
    let detail = "The store did not say whether it has changed the mail: ask with GET /outbox/{id}.";
    Problem::new(Kind::OutboxUnknown, detail).id(id)
}

/// The store has not answered what is known of a mail, so a provider may have it.
pub(super) fn not_read(_: Failed) -> Problem {
    unavailable("The store cannot be asked now. Call again after Retry-After.").delivery(Delivery::Unknown)
}

fn unavailable(detail: &'static str) -> Problem {
    Problem::new(Kind::OutboxUnavailable, detail).retry_after(spread(AFTER_DOWN))
}

/// There is no room for the mail.
pub(super) fn full(full: Full) -> Problem {
    let detail = match full {
        Full::Rows | Full::Bytes => "The outbox is full. Send the mail again after Retry-After.",
        Full::CallersRows => "As many mails of this key wait as may. Send the mail again after Retry-After.",
        Full::CallersBytes => "As many bytes of mails of this key wait as may. Send the mail again after Retry-After.",
        Full::Disk => "The disk of the outbox has no room. Send the mail again after Retry-After.",
    };
    Problem::new(Kind::OutboxFull, detail).retry_after(spread(AFTER_FULL))
}

/// There will never be room for the mail.
pub(super) fn too_large(most: Room) -> Problem {
    let Room { rows, bytes } = most;
    let detail = format!("Mails of this key that wait may be at most {rows}, with at most {bytes} bytes together.");
    Problem::new(Kind::TooLarge, detail)
}

/// Clients do not all come back at once.
fn spread(seconds: RangeInclusive<u64>) -> Duration {
    Duration::from_secs(fastrand::u64(seconds))
}

/// The key of the mail names another one.
pub(super) fn key_in_use() -> Problem {
    of_field(Kind::IdempotencyKeyReused, IDEMPOTENCY_KEY, "names another message: a key belongs to one message")
}

/// The mail would expire before it is sent.
pub(super) fn over(field: &str, reason: &str) -> Problem {
    of_field(Kind::InvalidMessage, field, reason)
}

fn of_field(kind: Kind, field: &str, reason: &str) -> Problem {
    Problem::of_fields(kind, vec![FieldError { field: field.to_owned(), reason: reason.to_owned() }])
}

/// The caller has no mail of this id.
pub(super) fn no_such_mail() -> Problem {
    Problem::new(
        Kind::NoSuchMail,
        "There is no mail of this id that this key has sent with POST /outbox, or it was dropped some time after its end.",
    )
}

/// The mail is where it cannot be changed.
pub(super) fn conflict(ticket: &Ticket) -> Problem {
    let detail = match ticket.state {
        State::Queued | State::Claimed => "The mail is about to be handed over: call again in a moment.",
        State::Sending => "The mail is being handed over to a provider, so it can no longer be changed.",
        State::Unknown => "A provider may have the mail, so it can no longer be changed.",
        State::Parked => "The mail waits for the operator: it can be cancelled, but not sent at another time.",
        State::Accepted | State::Refused | State::Expired | State::Cancelled => {
            "The mail has ended: it can only be erased."
        }
    };
    Problem::new(Kind::OutboxConflict, detail).id(ticket.id).outbox(ticket)
}

/// The mail was good, but another one of its batch was not, which the answer tells.
pub(super) fn withheld() -> Problem {
    unavailable("Another message of the batch was not accepted, so this one was not either.")
}

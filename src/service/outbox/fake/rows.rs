//! What the store does with its rows.

use crate::model::caller::CallerName;
use crate::model::message::key::IdempotencyKey;
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::{Acceptance, Batch, Full, Hmac, NewRow, Room, State, Status, Ticket};

/// What time it is in the store.
pub(crate) const NOW: UnixTime = UnixTime(1_795_298_700_000);

/// What the store does instead of its work.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It has written nothing.
    Down,
    /// It has written, and did not say so.
    Unclear,
    /// It never answers, and has written nothing.
    Hang,
    /// It carries out an order, and never answers after it.
    HangAfterOrder,
    /// It has no room.
    Full(Full),
}

/// A row of it.
pub(crate) struct Row {
    pub(crate) caller: CallerName,
    pub(crate) key: Option<IdempotencyKey>,
    pub(crate) status: Status,
    pub(crate) hmacs: Vec<Hmac>,
    pub(crate) batch: Room,
}

pub(super) fn take(rows: &mut Vec<Row>, batch: &Batch, new: &NewRow, fault: Option<Fault>) -> Acceptance {
    let known = rows.iter().find(|row| new.key.is_some() && row.caller == batch.caller && row.key == new.key);
    if let Some(known) = known.map(|row| row.status.ticket) {
        return if known.id == new.id { Acceptance::Repeated(known) } else { Acceptance::KeyInUse };
    }
    if let Some(Fault::Full(full)) = fault {
        return Acceptance::Full(full);
    }
    let send_at = new.send.from(NOW).max(NOW);
    let expires_at = new.expires.from(send_at);
    let ticket =
        Ticket { id: new.id, state: State::Queued, accepted_at: NOW, send_at, expires_at, possible_duplicate: false };
    let status = Status {
        ticket,
        lane: new.lane,
        next_attempt_at: Some(send_at),
        ended_at: None,
        recipients: Some(new.sealed.recipients.clone()),
        recipient_verdicts: Vec::new(),
        attempts: Vec::new(),
    };
    let (caller, hmacs) = (batch.caller.clone(), new.sealed.hmacs.clone());
    rows.push(Row { caller, key: new.key, status, hmacs, batch: batch.callers_room });
    Acceptance::Accepted(ticket)
}

fn waits(state: State) -> bool {
    matches!(state, State::Queued | State::Claimed | State::Parked)
}

pub(super) fn cancel(status: &mut Status) -> bool {
    let waits = waits(status.ticket.state);
    if waits {
        status.ticket.state = State::Cancelled;
        (status.next_attempt_at, status.ended_at) = (None, Some(NOW));
    }
    waits
}

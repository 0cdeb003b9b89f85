//! What the store does with its rows.

use crate::model::caller::CallerName;
use crate::model::message::key::IdempotencyKey;
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::{
    Acceptance, Batch, Full, Hmac, Listed, NewRow, Place, Room, RouteSet, RowId, Selection, State, Status, Ticket,
    Tried, TriedAt, Walked,
};

/// What time it is in the store.
pub(crate) const NOW: UnixTime = UnixTime(1_795_298_700_000);

/// What the store does instead of its work.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It has written nothing.
    Down,
    /// It has written, and did not say so.
    Unclear,
    /// It begins and never answers, and has written nothing.
    Hang,
    /// It never begins.
    Silent,
    /// It carries out an order, and never answers after it.
    HangAfterOrder,
    /// It has no room.
    Full(Full),
    /// Its code panics, unless it is only asked whether it has a mail.
    Panic,
    /// Its code panics where it is asked whether it has a mail.
    PanicInHas,
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
        parts: Vec::new(),
        ticket,
        lane: new.lane,
        next_attempt_at: Some(send_at),
        ended_at: None,
        recipients: Some(new.sealed.recipients.clone()),
        recipient_verdicts: Vec::new(),
        attempts: new.earlier.tried.iter().map(tried_at).collect(),
    };
    let (caller, hmacs) = (batch.caller.clone(), new.sealed.hmacs.clone());
    rows.push(Row { caller, key: new.key, status, hmacs, batch: batch.callers_room });
    Acceptance::Accepted(ticket)
}

impl Row {
    /// By state, caller and possible duplicate alone.
    pub(super) fn fits(&self, selection: &Selection) -> bool {
        let ticket = &self.status.ticket;
        selection.state.is_none_or(|state| state == ticket.state)
            && selection.caller.as_ref().is_none_or(|caller| *caller == self.caller)
            && selection.possible_duplicate.is_none_or(|is_one| is_one == ticket.possible_duplicate)
    }

    pub(super) fn listed(&self) -> Listed {
        let Status { ticket, next_attempt_at, attempts, .. } = &self.status;
        let waits = ticket.state.waits();
        Listed {
            ticket: *ticket,
            caller: self.caller.clone(),
            from_domain: "example.org".to_owned(),
            route_set: waits.then(|| RouteSet::new(["u0"])),
            upstream: (!waits).then(|| "u0".to_owned()),
            next_attempt_at: next_attempt_at.filter(|_| ticket.state == State::Queued),
            last_attempt: attempts.last().cloned(),
        }
    }
}

/// The place of the row of this number.
pub(super) fn place(number: i64) -> Place {
    Place { accepted_at: NOW, row: RowId(number) }
}

/// The first row that fits behind this one, and its caller.
pub(super) fn next_row(rows: &[Row], selection: &Selection, after: Option<&Walked>) -> (Option<Place>, CallerName) {
    let mut places = (0..).map(place).zip(rows);
    let found = places.find(|(at, row)| after.is_none_or(|after| *at > after.place) && row.fits(selection));
    found.map_or((None, "caller".into()), |(at, row)| (Some(at), row.caller.clone()))
}

fn tried_at(Tried { verdict, ago }: &Tried) -> TriedAt {
    TriedAt {
        upstream: verdict.upstream.clone(),
        at: NOW.before(*ago),
        took_ms: verdict.took.map(|took| i64::try_from(took.as_millis()).unwrap()),
        outcome: Some(verdict.outcome.as_str().to_owned()),
        reason: Some(verdict.reason.clone()),
        code: verdict.code.clone(),
        provider_message_id: verdict.provider_message_id.clone(),
        late: false,
    }
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

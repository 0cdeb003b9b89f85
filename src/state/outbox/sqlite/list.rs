//! A caller's submissions, page by page. A page costs as many steps as it has rows, however many the caller has.

use std::cmp::Reverse;

use rusqlite::{Connection, params};
use uuid::Uuid;

use super::accept::ticket;
use super::columns::signed;
use super::names;
use crate::model::caller::CallerName;
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::{Cursor, Filter, Page, State, Ticket};

/// Mail of all states, by the index of the submissions.
pub(super) const ALL: &str = "
    select uuid, coalesce(shown, state), s.accepted_at, send_at, s.expires_at, possible_duplicate
    from submission s join envelope e on e.id = s.id
    where s.caller = ?1 and (s.accepted_at, uuid) < (?2, ?3) and ?4 is null
    order by s.accepted_at desc, uuid desc limit ?5";

/// Mail of one state that rows stay in, by the index of these; but for `unknown`, the state of all mail in parts.
pub(super) const RESTING: &str = "
    select uuid, coalesce(shown, state), s.accepted_at, send_at, s.expires_at, possible_duplicate
    from envelope e join submission s on s.id = e.id
    where e.caller = ?1 and state not in (1, 2) and state = ?4
        and listed_at <= ?2 and (listed_at, uuid) < (?2, ?3)
    order by listed_at desc, uuid desc limit ?5";

/// Mail in doubt that is not in parts.
pub(super) const IN_DOUBT: &str = "
    select uuid, coalesce(shown, state), s.accepted_at, send_at, s.expires_at, possible_duplicate
    from envelope e join submission s on s.id = e.id
    where e.caller = ?1 and state = 3 and split <> 1 and ?4 = 3
        and listed_at <= ?2 and (listed_at, uuid) < (?2, ?3)
    order by listed_at desc, uuid desc limit ?5";

/// Mail of one state that rows pass through: all nodes have few of these in hand.
pub(super) const IN_HAND: &str = "
    select uuid, coalesce(shown, state), s.accepted_at, send_at, s.expires_at, possible_duplicate
    from envelope e join submission s on s.id = e.id
    where e.caller = ?1 and state in (1, 2) and state = ?4 and (s.accepted_at, uuid) < (?2, ?3)
    order by s.accepted_at desc, uuid desc limit ?5";

/// Mail in parts that come to one state.
pub(super) const SPLIT: &str = "
    select uuid, shown, s.accepted_at, send_at, s.expires_at, possible_duplicate
    from envelope e join submission s on s.id = e.id
    where e.caller = ?1 and split = 1 and shown = ?4
        and listed_at <= ?2 and (listed_at, uuid) < (?2, ?3)
    order by listed_at desc, uuid desc limit ?5";

/// One more than asked for is read, to know whether there is a next page.
pub(super) fn list(
    database: &Connection,
    caller: &CallerName,
    filter: Filter,
    after: Option<Cursor>,
    limit: usize,
) -> rusqlite::Result<Page> {
    let Some(caller) = names::known_caller(database, caller.as_str())? else {
        return Ok(Page { tickets: Vec::new(), next: None });
    };
    let (at, id) = match after {
        Some(Cursor { accepted_at, id }) => (accepted_at, Uuid::from(id).as_bytes().to_vec()),
        // Behind every id.
        None => (UnixTime(i64::MAX), vec![0xff; 17]),
    };
    let sql = match filter.state {
        None => ALL,
        Some(State::Unknown) => IN_DOUBT,
        Some(State::Claimed | State::Sending) => IN_HAND,
        Some(_) => RESTING,
    };
    let limit = limit.max(1);
    let values = params![caller, at, id, filter.state, signed(limit as u64 + 1)];
    let tickets: Result<Vec<Ticket>, _> = database.prepare_cached(sql)?.query_map(values, ticket)?.collect();
    let mut tickets = tickets?;
    if filter.state.is_some_and(|state| !state.is_final()) {
        let split: Result<Vec<Ticket>, _> = database.prepare_cached(SPLIT)?.query_map(values, ticket)?.collect();
        tickets.extend(split?);
        tickets.sort_by_key(|ticket| Reverse((ticket.accepted_at, Uuid::from(ticket.id))));
    }
    let more = tickets.len() > limit;
    tickets.truncate(limit);
    let cursor = |last: &Ticket| Cursor { accepted_at: last.accepted_at, id: last.id };
    let next = tickets.last().filter(|_| more).map(cursor);
    Ok(Page { tickets, next })
}

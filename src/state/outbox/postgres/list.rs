//! A caller's submissions, page by page. A page costs as many steps as it has rows, however many the caller has.

use std::cmp::Reverse;

use tokio_postgres::types::Type;
use uuid::Uuid;

use super::rows::{Columns, big, code};
use crate::model::caller::CallerName;
use crate::state::outbox::{Cursor, Filter, Page, State};
use crate::state::store::Failed;
use crate::state::store::postgres::{Parameter, Transaction};

/// Mail of all states, by the index of the submissions.
const ALL: &str =
    "select s.id, coalesce(o.shown, o.state), s.accepted_at, s.send_at, o.expires_at, o.possible_duplicate
    from smsp_submission s join smsp_outbox o using (row_id)
    where s.caller = $1 and $2::smallint is null and (s.accepted_at, s.id) < ($3, $4)
    order by s.accepted_at desc, s.id desc limit $5";

/// Mail of one state that rows stay in, by the index of these; but for `unknown`, the state of all mail in parts.
pub(super) const RESTING: &str =
    "select s.id, coalesce(o.shown, o.state), s.accepted_at, s.send_at, o.expires_at, o.possible_duplicate
    from smsp_outbox o join smsp_submission s using (row_id)
    where o.caller = $1 and o.state not in (1, 2) and o.state = $2
        and o.accepted_at <= $3 and (o.accepted_at < $3 or s.id < $4)
    order by o.accepted_at desc, s.id desc limit $5";

/// Mail in doubt that is not in parts.
pub(super) const IN_DOUBT: &str =
    "select s.id, coalesce(o.shown, o.state), s.accepted_at, s.send_at, o.expires_at, o.possible_duplicate
    from smsp_outbox o join smsp_submission s using (row_id)
    where o.caller = $1 and o.state = 3 and o.split <> 1 and $2::smallint = 3
        and o.accepted_at <= $3 and (o.accepted_at < $3 or s.id < $4)
    order by o.accepted_at desc, s.id desc limit $5";

/// Mail of one state that rows pass through: all nodes have few of these in hand.
pub(super) const IN_HAND: &str =
    "select s.id, coalesce(o.shown, o.state), s.accepted_at, s.send_at, o.expires_at, o.possible_duplicate
    from smsp_outbox o join smsp_submission s using (row_id)
    where o.caller = $1 and o.state in (1, 2) and o.state = $2
        and o.accepted_at <= $3 and (o.accepted_at < $3 or s.id < $4)
    order by o.accepted_at desc, s.id desc limit $5";

/// Mail in parts that come to one state.
pub(super) const SPLIT: &str = "select s.id, o.shown, s.accepted_at, s.send_at, o.expires_at, o.possible_duplicate
    from smsp_outbox o join smsp_submission s using (row_id)
    where o.caller = $1 and o.split = 1 and o.shown = $2
        and o.accepted_at <= $3 and (o.accepted_at < $3 or s.id < $4)
    order by o.accepted_at desc, s.id desc limit $5";

/// One more than asked for is read, to know whether there is a next page.
pub(super) async fn list(
    transaction: &mut Transaction<'_>,
    caller: &CallerName,
    filter: Filter,
    after: Option<Cursor>,
    limit: usize,
) -> Result<Page, Failed> {
    let sql = match filter.state {
        None => ALL,
        Some(State::Unknown) => IN_DOUBT,
        Some(State::Claimed | State::Sending) => IN_HAND,
        Some(_) => RESTING,
    };
    let limit = limit.max(1);
    let parameters: [Parameter<'_>; 5] = [
        (&caller.as_str(), Type::TEXT),
        (&filter.state.map(code), Type::INT2),
        (&after.map_or(i64::MAX, |cursor| cursor.accepted_at.0), Type::INT8),
        (&after.map_or(Uuid::max(), |cursor| Uuid::from(cursor.id)), Type::UUID),
        (&big(limit).saturating_add(1), Type::INT8),
    ];
    let mut rows = transaction.query(sql, &parameters).await?;
    if filter.state.is_some_and(|state| !state.is_final()) {
        rows.extend(transaction.query(SPLIT, &parameters).await?);
    }
    let tickets = rows.iter().map(|row| Columns::of(row).ticket());
    let mut tickets = tickets.collect::<Result<Vec<_>, _>>()?;
    tickets.sort_by_key(|ticket| Reverse((ticket.accepted_at, Uuid::from(ticket.id))));
    tickets.truncate(limit);
    let last = tickets.last().filter(|_| rows.len() > limit);
    let next = last.map(|ticket| Cursor { accepted_at: ticket.accepted_at, id: ticket.id });
    Ok(Page { tickets, next })
}

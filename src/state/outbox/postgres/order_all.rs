//! One order on all rows that operators mean, step by step.

use std::sync::LazyLock;

use tokio_postgres::types::Type;

use super::bounce_conditions::AT_EXPIRY;
use super::content::drop_content;
use super::rows::{Columns, code};
use super::select::{FITS, Leg};
use super::{audit, parts, select};
use crate::state::outbox::bound::Left;
use crate::state::outbox::{Bound, Order, OrderAll, OrderedAll, State, Walked};
use crate::state::store::Failed;
use crate::state::store::postgres::{Parameter, Transaction};

/// Rows that a step looks at, of which it changes as many as its bound allows.
const LOOKED_AT: usize = 1000;

/// Those of a list that still fit, in its order. Rows are locked in the order of their numbers, as everywhere.
fn locked() -> String {
    format!(
        "with locked as materialized (
            select o.row_id, s.content_key is not null as has_content, o.erased, o.expires_at <= smsp_now() as is_over,
                o.split = 1 as is_split
            from smsp_outbox o join smsp_submission s using (row_id)
            where o.row_id = any ($1) and coalesce(o.shown, o.state) = $2 and {FITS} order by o.row_id for update of o
        )
        select l.row_id, l.has_content, l.erased, l.is_over, l.is_split
        from unnest($1) with ordinality w (row_id, place) join locked l using (row_id) order by w.place"
    )
}

/// To retry what is unknown may send it twice. One that would expire before its turn is due at once.
const QUEUE: &str = "update smsp_outbox o set state = 0, changed_at = smsp_now(), owner = null,
        due = case when smsp_now() + w.wait < o.expires_at then smsp_now() + w.wait else smsp_now() end,
        losses = case when $4 then 0 else losses end, possible_duplicate = possible_duplicate or $4 and $3 = 3
    from unnest($1, $2) w (row_id, wait) where o.row_id = w.row_id and o.state = $3 and not o.erased";

/// 7 is expired.
static END: LazyLock<String> = LazyLock::new(|| {
    format!(
        "update smsp_outbox o set state = $3, changed_at = smsp_now(), owner = null,
            bounce_due = case when $3 = 7 then {AT_EXPIRY} else bounce_due end
        where row_id = any ($1) and state = $2"
    )
});

/// What becomes of the rows of a step.
#[derive(Default)]
struct Fates {
    queued: (Vec<i64>, Vec<i64>),
    /// Mails in parts, and how long each waits.
    split: Vec<(i64, i64)>,
    ended: Vec<(State, Vec<i64>)>,
    done: OrderedAll,
}

/// Orders are kept with the first step. A row changes only in the state that the selection names.
pub(super) async fn step(
    transaction: &mut Transaction<'_>,
    all: &OrderAll,
    bound: Bound,
) -> Result<OrderedAll, Failed> {
    if let Some(note) = &all.note {
        audit::write(transaction, note).await?;
    }
    let leg = select::leg(transaction, &all.selection, all.after.as_ref(), LOOKED_AT).await?;
    let Some((leg, state)) = leg.zip(all.state()) else { return Ok(OrderedAll::default()) };
    let (rows, next) = cut(leg, all.left(), bound);
    if rows.is_empty() {
        return Ok(OrderedAll { next, ..OrderedAll::default() });
    }
    let Fates { queued, split, ended, mut done } = fates(transaction, all, state, &rows).await?;
    let is_retry = all.order == Order::Retry;
    let parameters: [Parameter<'_>; 4] = [
        (&queued.0, Type::INT8_ARRAY),
        (&queued.1, Type::INT8_ARRAY),
        (&code(state), Type::INT2),
        (&is_retry, Type::BOOL),
    ];
    let rows = transaction.execute(QUEUE, &parameters).await?;
    done.count(State::Queued, rows);
    for (to, rows) in &ended {
        drop_content(transaction, rows).await?;
        let parameters: [Parameter<'_>; 3] =
            [(rows, Type::INT8_ARRAY), (&code(state), Type::INT2), (&code(*to), Type::INT2)];
        let rows = transaction.execute(&END, &parameters).await?;
        done.count(*to, rows);
    }
    let states = parts::order(transaction, all.order, &split).await?;
    states.into_iter().for_each(|state| done.count(state, 1));
    Ok(OrderedAll { next, ..done })
}

/// The rows that fit and that the step may change, and where the next one begins.
fn cut(leg: Leg, most: u64, bound: Bound) -> (Vec<i64>, Option<Walked>) {
    let (mut left, mut rows, mut last) = (Left::of(bound), Vec::new(), leg.after);
    for row in &leg.rows {
        if row.fits {
            if rows.len() as u64 >= most {
                return (rows, None);
            }
            if !left.take(row.held) {
                return (rows, Some(Walked { caller: leg.caller, place: last }));
            }
            rows.push(row.place.row.0);
        }
        last = row.place;
    }
    (rows, leg.next)
}

async fn fates(transaction: &mut Transaction<'_>, all: &OrderAll, state: State, rows: &[i64]) -> Result<Fates, Failed> {
    let nothing = None::<i64>;
    let selection = &all.selection;
    let unused = (&nothing as _, Type::INT8);
    let parameters: [Parameter<'_>; 10] = [
        (&rows, Type::INT8_ARRAY),
        (&code(state), Type::INT2),
        unused.clone(),
        unused.clone(),
        unused.clone(),
        unused.clone(),
        unused,
        (&selection.from_domain, Type::TEXT),
        (&selection.upstream, Type::TEXT),
        (&selection.possible_duplicate, Type::BOOL),
    ];
    let mut fates = Fates::default();
    let locked = transaction.query(&locked(), &parameters).await?;
    for (place, row) in (0..).zip(&locked) {
        let mut columns = Columns::of(row);
        let (row, has_content, is_erased, is_over) =
            (columns.value()?, columns.value()?, columns.value()?, columns.value()?);
        let is_split = columns.value()?;
        match (all.order, has_content, is_erased, is_over) {
            (Order::Retry, false, _, _) => fates.done.content_gone += 1,
            (Order::Retry, true, _, true) => fates.done.over += 1,
            _ if is_split => fates.split.push((row, all.wait(place))),
            (Order::SettleAsNone, _, true, _) => fates.end(State::Cancelled, row),
            (Order::SettleAsNone, _, false, true) => fates.end(State::Expired, row),
            (Order::Retry | Order::SettleAsNone, _, _, false) => {
                fates.queued.0.push(row);
                fates.queued.1.push(all.wait(place));
            }
            (Order::SettleAsAccepted, _, _, _) => fates.end(State::Accepted, row),
            (Order::Cancel, _, _, _) => fates.end(State::Cancelled, row),
        }
    }
    Ok(fates)
}

impl Fates {
    fn end(&mut self, to: State, row: i64) {
        match self.ended.iter_mut().find(|(state, _)| *state == to) {
            Some((_, rows)) => rows.push(row),
            None => self.ended.push((to, vec![row])),
        }
    }
}

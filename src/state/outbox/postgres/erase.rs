//! Erases all to a recipient, step by step.

use tokio_postgres::types::Type;

use super::audit;
use super::content::{drop_content, drop_recipients};
use super::orders::bytes;
use super::parts;
use super::rows::{Columns, big};
use crate::model::caller::BOUNCES;
use crate::state::outbox::{Bound, Erased, Erasing, Hmac, RowId, State};
use crate::state::store::Failed;
use crate::state::store::postgres::{Transaction, field};

/// Mail that comes in while the order is carried out is not meant; a bounce is, because it tells of mail that is. What waits is
/// cancelled; what is under way goes to no further upstream. With how many rows were looked at. What a step has
/// erased has no HMAC any more, so the next one does not meet it.
const ERASE: &str = "with meant as materialized (
        select o.row_id, o.state in (0, 1, 4) as waits, case when o.state < 5 and not o.erased then o.size else 0 end as held
        from smsp_outbox o
        where o.row_id in (select r.row_id from smsp_recipient r where r.hmac = any ($1)
                and (r.row_id <= $2 or exists (select from smsp_submission s where s.row_id = r.row_id and s.caller = $5))
            order by r.row_id limit $3)
        order by o.row_id for update
    ),
    fitting as (
        select row_id, waits, row_number() over w as nth, sum(held) over w as bytes from meant
        window w as (order by row_id)
    )
    update smsp_outbox o set erased = true,
        owner = case when m.waits then null else o.owner end,
        changed_at = case when m.waits then smsp_now() else o.changed_at end,
        state = case when m.waits then 8 else o.state end
    from fitting m where o.row_id = m.row_id and (m.nth = 1 or m.bytes <= $4)
    returning o.row_id, m.waits, (select count(*) from meant), o.split = 1";

pub(super) async fn erase_recipient(
    transaction: &mut Transaction<'_>,
    hmacs: &[Hmac],
    step: &Erasing,
    bound: Bound,
) -> Result<Erased, Failed> {
    let last = match step {
        Erasing::Next(last) => *last,
        Erasing::First(note) => {
            audit::write(transaction, note).await?;
            last_row(transaction).await?
        }
    };
    // A row has an HMAC under each key of the store: fewer rows than these are met.
    let limit = big(bound.rows);
    let parameters = [
        (&bytes(hmacs) as _, Type::BYTEA_ARRAY),
        (&last.0 as _, Type::INT8),
        (&limit as _, Type::INT8),
        (&big(bound.bytes) as _, Type::INT8),
        (&BOUNCES as _, Type::TEXT),
    ];
    let (mut erased, mut rows, mut split, mut met) = (Erased::default(), Vec::new(), Vec::new(), 0);
    for row in transaction.query(ERASE, &parameters).await? {
        let mut columns = Columns::of(&row);
        rows.push(columns.value::<i64>()?);
        erased.cancelled += usize::from(columns.value::<bool>()?);
        met = columns.value::<i64>()?;
        if columns.value()? {
            split.extend(rows.last().copied());
        }
    }
    for ended in parts::erased(transaction, &split).await? {
        erased.cancelled += usize::from(ended == State::Cancelled);
        erased.accepted += usize::from(ended == State::Accepted);
    }
    drop_content(transaction, &rows).await?;
    drop_recipients(transaction, &rows).await?;
    erased.rows = rows.len();
    // Where nothing was met there is nothing left; else the next step finds out.
    erased.next = (met > 0).then_some(last);
    Ok(erased)
}

async fn last_row(transaction: &mut Transaction<'_>) -> Result<RowId, Failed> {
    let rows = transaction.query("select coalesce(max(row_id), 0) from smsp_submission", &[]).await?;
    rows.first().map_or(Err(Failed::Down), |row| field(row, 0).map(RowId))
}

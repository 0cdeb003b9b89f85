//! Who has ordered what.

use std::time::Duration;

use tokio_postgres::types::Type;

use super::rows::{Columns, big, span, text};
use crate::state::outbox::{KEPT_NOTES, Note, Noted, SWEPT_NOTES};
use crate::state::store::Failed;
use crate::state::store::postgres::{Parameter, Transaction};

/// The oldest one goes where there are too many.
const WRITE: &str = "with written as (
        insert into smsp_noted (at, who, peer, what) values (smsp_now(), $1, $2, $3) returning number
    )
    delete from smsp_noted n using written where n.number <= written.number - $4";

/// Keeps an order in its own transaction.
pub(super) async fn write(transaction: &mut Transaction<'_>, note: &Note) -> Result<(), Failed> {
    let (who, order) = (text(&note.who), text(&note.order));
    let parameters: [Parameter<'_>; 4] =
        [(&who, Type::TEXT), (&note.from, Type::TEXT), (&order, Type::TEXT), (&KEPT_NOTES, Type::INT8)];
    transaction.execute(WRITE, &parameters).await.map(drop)
}

const SWEEP: &str = "with oldest as materialized (select number, at from smsp_noted order by number limit $1)
    delete from smsp_noted n using oldest o where n.number = o.number and o.at <= smsp_now() - $2";

/// Drops orders that were kept for this long, the oldest first: one step. True: there may be more.
pub(super) async fn sweep(transaction: &mut Transaction<'_>, keep: Duration) -> Result<bool, Failed> {
    let parameters: [Parameter<'_>; 2] = [(&SWEPT_NOTES, Type::INT8), (&span(keep), Type::INT8)];
    let dropped = transaction.execute(SWEEP, &parameters).await?;
    Ok(dropped >= SWEPT_NOTES.unsigned_abs())
}

/// The newest first.
pub(super) async fn read(
    transaction: &mut Transaction<'_>,
    before: Option<i64>,
    limit: usize,
) -> Result<Vec<Noted>, Failed> {
    let sql = "select number, at, who, peer, what from smsp_noted where number < $1 order by number desc limit $2";
    let before = before.unwrap_or(i64::MAX);
    let rows = transaction.query(sql, &[(&before, Type::INT8), (&big(limit), Type::INT8)]).await?;
    let noted = |columns: &mut Columns<'_>| {
        let (number, at) = (columns.value()?, columns.time()?);
        Ok(Noted { number, at, note: Note { who: columns.value()?, from: columns.value()?, order: columns.value()? } })
    };
    rows.iter().map(|row| noted(&mut Columns::of(row))).collect()
}

//! Who has ordered what.

use tokio_postgres::types::Type;

use super::rows::{Columns, big, text};
use crate::state::outbox::{KEPT_NOTES, Note, Noted};
use crate::state::store::Failed;
use crate::state::store::postgres::{Parameter, Transaction};

/// The oldest ones go.
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

/// The newest first.
pub(super) async fn read(transaction: &mut Transaction<'_>, limit: usize) -> Result<Vec<Noted>, Failed> {
    let sql = "select at, who, peer, what from smsp_noted order by number desc limit $1";
    let rows = transaction.query(sql, &[(&big(limit), Type::INT8)]).await?;
    let noted = |columns: &mut Columns<'_>| {
        let at = columns.time()?;
        Ok(Noted { at, note: Note { who: columns.value()?, from: columns.value()?, order: columns.value()? } })
    };
    rows.iter().map(|row| noted(&mut Columns::of(row))).collect()
}

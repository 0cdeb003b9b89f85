//! Rows of the table as records, and times as the database takes them.

use std::time::Duration;

use tokio_postgres::Row as SqlRow;
use uuid::Uuid;

use crate::runtime::millis::millis;
use crate::state::answers::row::Row;
use crate::state::answers::sealing::SealedAnswer;
use crate::state::answers::stored::CallNumber;
use crate::state::store::Failed;
use crate::state::store::postgres::field;

/// A hundred years.
const LONGEST: i64 = 100 * 365 * 86_400_000;

/// Selects the columns of [`row`]; the key is behind them.
pub(super) const FOUND: &str =
    "select id, number, state, lease_until - smsp_answers_now(), smsp_answers_now() - ended_at,
    key_id, sealed_key, sealed, key from smsp_answer";
/// The place of the key.
pub(super) const KEY: usize = 8;

pub(super) fn row(row: &SqlRow) -> Result<Row, Failed> {
    let sealed: (Option<String>, Option<Vec<u8>>, Option<Vec<u8>>) = (field(row, 5)?, field(row, 6)?, field(row, 7)?);
    let sealed = sealed.0.zip(sealed.1).zip(sealed.2);
    Ok(Row {
        id: field::<Uuid>(row, 0)?.into(),
        number: CallNumber(field(row, 1)?),
        state: field(row, 2)?,
        lease_left: field(row, 3)?,
        ended_ago: field(row, 4)?,
        answer: sealed.map(|((key_id, wrapped_key), bytes)| SealedAnswer { key_id, wrapped_key, bytes }),
    })
}

/// Milliseconds, no more than the database can add to its time.
pub(super) fn span(time: Duration) -> i64 {
    i64::try_from(millis(time)).unwrap_or(LONGEST).min(LONGEST)
}

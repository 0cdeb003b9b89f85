//! What the columns hold, as types.

use rusqlite::Row as SqlRow;
use uuid::Uuid;

use crate::model::message::Id;
use crate::state::answers::row::Row;
use crate::state::answers::sealing::SealedAnswer;
use crate::state::answers::stored::CallNumber;

pub(super) fn bytes(id: Id) -> [u8; 16] {
    Uuid::from(id).into_bytes()
}

/// Selects the columns of [`row`] where this holds; `?1` is the time.
pub(super) fn select(condition: &str) -> String {
    format!(
        "select id, number, state, lease_until - ?1, ?1 - ended_at, key_id, sealed_key, sealed from answer where {condition}"
    )
}

pub(super) fn row(row: &SqlRow<'_>) -> rusqlite::Result<Row> {
    let sealed: (Option<String>, Option<Vec<u8>>, Option<Vec<u8>>) = (row.get(5)?, row.get(6)?, row.get(7)?);
    let sealed = sealed.0.zip(sealed.1).zip(sealed.2);
    Ok(Row {
        id: Uuid::from_bytes(row.get(0)?).into(),
        number: CallNumber(Uuid::from_bytes(row.get(1)?)),
        state: row.get(2)?,
        lease_left: row.get(3)?,
        ended_ago: row.get(4)?,
        answer: sealed.map(|((key_id, wrapped_key), bytes)| SealedAnswer { key_id, wrapped_key, bytes }),
    })
}

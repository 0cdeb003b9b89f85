//! What the columns hold, as types.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use uuid::Uuid;

use crate::model::message::Id;
use crate::model::message::key::IdempotencyKey;
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::{Fence, Lane, NodeId, RowId, State};

impl ToSql for UnixTime {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.into())
    }
}

impl FromSql for UnixTime {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        i64::column_result(value).map(Self)
    }
}

impl ToSql for RowId {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.into())
    }
}

impl FromSql for RowId {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        i64::column_result(value).map(Self)
    }
}

impl ToSql for Fence {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.into())
    }
}

impl FromSql for Fence {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        i64::column_result(value).map(Self)
    }
}

impl ToSql for NodeId {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.as_bytes().to_vec().into())
    }
}

impl ToSql for State {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok((*self as i64).into())
    }
}

impl FromSql for State {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        place(&Self::ALL, value)
    }
}

impl ToSql for Lane {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok((*self as i64).into())
    }
}

impl FromSql for Lane {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        place(&Self::ALL, value)
    }
}

fn place<T: Copy>(all: &[T], value: ValueRef<'_>) -> FromSqlResult<T> {
    let place = i64::column_result(value)?;
    usize::try_from(place).ok().and_then(|place| all.get(place)).copied().ok_or(FromSqlError::OutOfRange(place))
}

impl ToSql for Id {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(Uuid::from(*self).as_bytes().to_vec().into())
    }
}

impl FromSql for Id {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        <[u8; 16]>::column_result(value).map(|bytes| Uuid::from_bytes(bytes).into())
    }
}

impl ToSql for IdempotencyKey {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.as_bytes().to_vec().into())
    }
}

impl FromSql for IdempotencyKey {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        <[u8; 32]>::column_result(value).map(Self::of_bytes)
    }
}

/// Bytes and counts, which SQLite keeps with a sign.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_and_lanes_are_kept_by_their_place_for_ever() {
        let places = State::ALL.map(|state| (state as usize, state.as_str()));
        let expected =
            ["queued", "claimed", "sending", "unknown", "parked", "accepted", "refused", "expired", "cancelled"];
        assert_eq!(places.to_vec(), expected.into_iter().enumerate().collect::<Vec<_>>());
        assert_eq!(Lane::ALL.map(|lane| lane as usize), [0, 1, 2]);
        assert_eq!(State::column_result(ValueRef::Integer(9)), Err(FromSqlError::OutOfRange(9)));
        assert_eq!(State::column_result(ValueRef::Integer(-1)), Err(FromSqlError::OutOfRange(-1)));
    }
}

//! Rows of the tables as values of the outbox, and the other way round.

use std::time::Duration;

use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Type};
use uuid::Uuid;

use crate::model::caller::CallerName;
use crate::model::message::Id;
use crate::model::message::key::IdempotencyKey;
use crate::runtime::millis::millis;
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::{
    Claimed, Fence, Hold, KeyId, Lane, NamedMail, NodeId, RouteSet, RowId, SealedContent, SealedRecipients, State,
    Ticket,
};
use crate::state::store::Failed;
use crate::state::store::postgres::{Parameter, Transaction, field};

/// A hundred years.
const LONGEST: i64 = 100 * 365 * 86_400_000;

/// Reads the columns of a row from left to right.
pub(super) struct Columns<'a> {
    row: &'a Row,
    next: usize,
}

impl<'a> Columns<'a> {
    pub(super) fn of(row: &'a Row) -> Self {
        Self::from(row, 0)
    }

    /// Those from this place on.
    pub(super) fn from(row: &'a Row, next: usize) -> Self {
        Self { row, next }
    }

    pub(super) fn value<T: FromSql<'a>>(&mut self) -> Result<T, Failed> {
        self.next += 1;
        field(self.row, self.next - 1)
    }

    pub(super) fn time(&mut self) -> Result<UnixTime, Failed> {
        self.value().map(UnixTime)
    }

    pub(super) fn id(&mut self) -> Result<Id, Failed> {
        self.value::<Uuid>().map(Id::from)
    }

    pub(super) fn caller(&mut self) -> Result<CallerName, Failed> {
        self.value::<&str>().map(CallerName::from)
    }

    pub(super) fn state(&mut self) -> Result<State, Failed> {
        state(self.value()?)
    }

    pub(super) fn optional_state(&mut self) -> Result<Option<State>, Failed> {
        let code: Option<i16> = self.value()?;
        code.map(state).transpose()
    }

    pub(super) fn lane(&mut self) -> Result<Lane, Failed> {
        let code: i16 = self.value()?;
        let place = usize::try_from(code).ok();
        place.and_then(|place| Lane::ALL.get(place).copied()).ok_or(Failed::Down)
    }

    pub(super) fn route_set(&mut self) -> Result<RouteSet, Failed> {
        let names: &str = self.value()?;
        Ok(RouteSet::new(names.split(',').filter(|name| !name.is_empty())))
    }

    /// From `id`, `state`, `accepted_at`, `send_at`, `expires_at`, `possible_duplicate`.
    pub(super) fn ticket(&mut self) -> Result<Ticket, Failed> {
        Ok(Ticket {
            id: self.id()?,
            state: self.state()?,
            accepted_at: self.time()?,
            send_at: self.time()?,
            expires_at: self.time()?,
            possible_duplicate: self.value()?,
        })
    }

    /// From `content_key_id`, `content_key` and the parts; none once they are dropped.
    pub(super) fn content(&mut self) -> Result<Option<SealedContent>, Failed> {
        let (key_id, key): (Option<String>, Option<Vec<u8>>) = (self.value()?, self.value()?);
        let content = key_id.zip(key).zip(self.value::<Option<Vec<Vec<u8>>>>()?);
        Ok(content.map(|((key_id, wrapped_key), parts)| SealedContent { key_id: KeyId(key_id), wrapped_key, parts }))
    }

    /// From `recipients_key_id`, `recipients_key` and `recipients`; none once they are dropped.
    pub(super) fn recipients(&mut self) -> Result<Option<SealedRecipients>, Failed> {
        let (key_id, key, bytes): (Option<String>, Option<Vec<u8>>, Option<Vec<u8>>) =
            (self.value()?, self.value()?, self.value()?);
        let recipients = key_id.zip(key).zip(bytes);
        Ok(recipients.map(|((key_id, wrapped_key), bytes)| SealedRecipients {
            key_id: KeyId(key_id),
            wrapped_key,
            bytes,
        }))
    }

    pub(super) fn key(&mut self) -> Result<Option<IdempotencyKey>, Failed> {
        let bytes: Option<&[u8]> = self.value()?;
        Ok(bytes.and_then(|bytes| bytes.try_into().ok()).map(IdempotencyKey::of_bytes))
    }
}

fn state(code: i16) -> Result<State, Failed> {
    let place = usize::try_from(code).ok();
    place.and_then(|place| State::ALL.get(place).copied()).ok_or(Failed::Down)
}

/// The state's place in the list, by which the tables know it.
pub(super) fn code(state: State) -> i16 {
    place(State::ALL.iter().position(|one| *one == state))
}

/// The lane's place in the list, by which the tables know it.
pub(super) fn lane_code(lane: Lane) -> i16 {
    place(Lane::ALL.iter().position(|one| *one == lane))
}

fn place(place: Option<usize>) -> i16 {
    place.and_then(|place| i16::try_from(place).ok()).unwrap_or_default()
}

/// A number as the tables have it.
pub(super) fn big(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

/// Milliseconds, so few that no sum of them and a point in time is too large.
pub(super) fn span(time: Duration) -> i64 {
    big(millis(time)).min(LONGEST)
}

/// A text as the tables can have it: a provider may send a zero byte.
pub(super) fn text(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// The rows of this list that the call with this number still holds, in the order of the list, with their messages.
///
/// `state + 0`: they are to be found by their numbers. The index of what is in hand has an entry of every mail that was in
/// hand since the last vacuum, and a database without statistics takes it for small.
pub(super) async fn claimed_rows(
    transaction: &mut Transaction<'_>,
    node: NodeId,
    number: Uuid,
    rows: &[i64],
) -> Result<Vec<Claimed>, Failed> {
    let sql = "select o.row_id, o.fence, s.id, s.caller, s.key, o.lane, o.route_set, s.accepted_at, o.expires_at,
            o.attempts, o.possible_duplicate, o.losses > 0, s.content_key_id, s.content_key,
            (select array_agg(c.bytes order by c.part) from smsp_content c where c.row_id = o.row_id)
        from unnest($1) with ordinality w (row_id, place)
        join smsp_outbox o using (row_id) join smsp_submission s using (row_id)
        where o.claim = $2 and o.owner = $3 and o.state + 0 in (1, 2) order by w.place";
    let parameters: [Parameter<'_>; 3] = [(&rows, Type::INT8_ARRAY), (&number, Type::UUID), (&node.0, Type::UUID)];
    let found = transaction.query(sql, &parameters).await?;
    found.iter().map(|row| claimed(node, &mut Columns::of(row))).collect()
}

fn claimed(node: NodeId, columns: &mut Columns<'_>) -> Result<Claimed, Failed> {
    Ok(Claimed {
        hold: Hold { row: RowId(columns.value()?), fence: Fence(columns.value()?), node },
        id: columns.id()?,
        caller: columns.caller()?,
        key: columns.key()?,
        lane: columns.lane()?,
        route_set: columns.route_set()?,
        accepted_at: columns.time()?,
        expires_at: columns.time()?,
        attempts: u32::try_from(columns.value::<i32>()?).unwrap_or_default(),
        possible_duplicate: columns.value()?,
        was_lost: columns.value()?,
        content: columns.content()?,
    })
}

/// The mails of these rows, which are in this state.
pub(super) async fn named(
    transaction: &mut Transaction<'_>,
    rows: &[i64],
    state: State,
) -> Result<Vec<NamedMail>, Failed> {
    let names = "select id, caller from smsp_submission where row_id = any ($1) order by row_id";
    let mut mails = Vec::with_capacity(rows.len());
    for row in &transaction.query(names, &[(&rows, Type::INT8_ARRAY)]).await? {
        let mut columns = Columns::of(row);
        mails.push(NamedMail { id: columns.id()?, caller: columns.caller()?, state });
    }
    Ok(mails)
}

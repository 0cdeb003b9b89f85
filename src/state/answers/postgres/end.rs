//! What calls came to.

use std::collections::HashSet;
use std::sync::Arc;

use tokio_postgres::types::Type;
use uuid::Uuid;

use super::columns::span;
use crate::model::message::Id;
use crate::state::answers::row::{ACCEPTED, QUEUED, UNKNOWN};
use crate::state::answers::sealing::SealedAnswer;
use crate::state::answers::stored::{CallNumber, End, KEPT, Settled};
use crate::state::store::Failed;
use crate::state::store::postgres::{Database, Parameter, Size, Together, Transaction, Undone, field, told};

/// In the order in which calls that begin lock them.
const LOCK: &str = "select from smsp_answer where id = any ($1) order by key for update";

/// A call says more than it has said: in flight, then `unknown`, then what is certain.
const WRITE: &str = "update smsp_answer a set state = c.state, former = null, lease_until = null,
        ended_at = smsp_answers_now(), expires_at = smsp_answers_now() + $7,
        key_id = c.key_id, sealed_key = c.sealed_key, sealed = c.sealed
    from unnest($1, $2, $3, $4, $5, $6) c (id, number, state, key_id, sealed_key, sealed)
    where a.id = c.id and a.number = c.number and a.state in (0, 3) returning a.id";
const FREE: &str = "delete from smsp_answer a using unnest($1, $2) c (id, number)
    where a.id = c.id and a.number = c.number and a.state in (0, 3) returning a.id";
/// Calls that have changed nothing: the one before each has its record back, or there is none.
const UNDO: &str = "delete from smsp_answer a using unnest($1, $2) c (id, number)
    where a.id = c.id and a.number = c.number and a.state = 0 and a.former is null returning a.id";
const RESTORE: &str = "update smsp_answer a set state = 3, number = a.former, former = null, lease_until = null,
        expires_at = a.ended_at + $3
    from unnest($1, $2) c (id, number)
    where a.id = c.id and a.number = c.number and a.state = 0 and a.former is not null returning a.id";
const ARE_ASKED_ABOUT: &str = "select a.id from smsp_answer a join unnest($1, $2) c (id, number)
    on a.id = c.id and a.former = c.number and a.state = 0";

/// A call of this number about the mail of this id, and what it came to.
type Ended = (Id, CallNumber, End);

/// Ends calls of one node.
pub(super) struct Ends {
    pub(super) database: Arc<Database>,
}

impl Together for Ends {
    type Call = Ended;
    type Answer = Settled;

    const WORKERS: usize = 1;

    fn size((_, _, end): &Ended) -> Size {
        let bytes = answer(end).map_or(0, |answer| answer.bytes.len() as u64);
        Size { bytes, ..Size::ROW }
    }

    fn fit((one, ..): &Ended, (other, ..): &Ended) -> bool {
        one != other
    }

    async fn carry_out(&self, calls: &[&Ended]) -> Result<Vec<Option<Settled>>, Undone> {
        let mut transaction = self.database.begin().await?;
        let settled = end(&mut transaction, calls).await;
        let settled = told(&transaction, settled)?;
        transaction.commit().await?;
        Ok(settled.into_iter().map(Some).collect())
    }
}

async fn end(transaction: &mut Transaction<'_>, calls: &[&Ended]) -> Result<Vec<Settled>, Failed> {
    let ids: Vec<_> = calls.iter().map(|(id, ..)| Uuid::from(*id)).collect();
    transaction.query(LOCK, &[(&ids, Type::UUID_ARRAY)]).await?;
    let of = |wanted: fn(&End) -> bool| calls.iter().filter(move |(.., end)| wanted(end)).copied().collect::<Vec<_>>();
    let mut written = write(transaction, &of(|end| state(end).is_some())).await?;
    let free = of(|end| matches!(end, End::None));
    written.extend(each(transaction, FREE, &free, None).await?);
    let as_before = of(|end| matches!(end, End::AsBefore));
    written.extend(each(transaction, UNDO, &as_before, None).await?);
    written.extend(each(transaction, RESTORE, &as_before, Some(span(KEPT))).await?);
    let others: Vec<_> = calls.iter().filter(|(id, ..)| !written.contains(&Uuid::from(*id))).copied().collect();
    let asked = each(transaction, ARE_ASKED_ABOUT, &others, None).await?;
    let settled = |(id, ..): &&Ended| match Uuid::from(*id) {
        id if written.contains(&id) => Settled::Written,
        id if asked.contains(&id) => Settled::NotYet,
        _ => Settled::Gone,
    };
    Ok(calls.iter().map(settled).collect())
}

fn state(end: &End) -> Option<i16> {
    match end {
        End::Queued => Some(QUEUED),
        End::Accepted(_) => Some(ACCEPTED),
        End::Unknown(_) => Some(UNKNOWN),
        End::None | End::AsBefore => None,
    }
}

fn answer(end: &End) -> Option<&SealedAnswer> {
    match end {
        End::Accepted(answer) | End::Unknown(answer) => answer.as_ref(),
        End::Queued | End::None | End::AsBefore => None,
    }
}

/// The ids of the records that were changed.
async fn write(transaction: &mut Transaction<'_>, calls: &[&Ended]) -> Result<HashSet<Uuid>, Failed> {
    if calls.is_empty() {
        return Ok(HashSet::new());
    }
    let (ids, numbers) = names(calls);
    let states: Vec<_> = calls.iter().filter_map(|(.., end)| state(end)).collect();
    let answers = || calls.iter().map(|(.., end)| answer(end));
    let key_ids: Vec<_> = answers().map(|answer| answer.map(|answer| &*answer.key_id)).collect();
    let keys: Vec<_> = answers().map(|answer| answer.map(|answer| &answer.wrapped_key[..])).collect();
    let sealed: Vec<_> = answers().map(|answer| answer.map(|answer| &answer.bytes[..])).collect();
    let kept = span(KEPT);
    let parameters: [Parameter<'_>; 7] = [
        (&ids, Type::UUID_ARRAY),
        (&numbers, Type::UUID_ARRAY),
        (&states, Type::INT2_ARRAY),
        (&key_ids, Type::TEXT_ARRAY),
        (&keys, Type::BYTEA_ARRAY),
        (&sealed, Type::BYTEA_ARRAY),
        (&kept, Type::INT8),
    ];
    transaction.query(WRITE, &parameters).await?.iter().map(|row| field(row, 0)).collect()
}

/// The ids of the records that this statement gives.
async fn each(
    transaction: &mut Transaction<'_>,
    sql: &str,
    calls: &[&Ended],
    span: Option<i64>,
) -> Result<HashSet<Uuid>, Failed> {
    if calls.is_empty() {
        return Ok(HashSet::new());
    }
    let (ids, numbers) = names(calls);
    let mut parameters: Vec<Parameter<'_>> = vec![(&ids, Type::UUID_ARRAY), (&numbers, Type::UUID_ARRAY)];
    if let Some(span) = &span {
        parameters.push((span, Type::INT8));
    }
    transaction.query(sql, &parameters).await?.iter().map(|row| field(row, 0)).collect()
}

fn names(calls: &[&Ended]) -> (Vec<Uuid>, Vec<Uuid>) {
    calls.iter().map(|(id, number, _)| (Uuid::from(*id), number.0)).unzip()
}

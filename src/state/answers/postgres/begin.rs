//! Calls that want to hand a mail over: what each finds under its key.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio_postgres::types::Type;
use uuid::Uuid;

use super::columns::{FOUND, KEY, row, span};
use crate::model::message::Id;
use crate::state::answers::stored::{Begun, CallNumber, KEPT, NewCall};
use crate::state::store::Failed;
use crate::state::store::postgres::{Database, Parameter, Size, Together, Transaction, Undone, field, told};

/// A key is free where there is no record, or one that is over. The same call may begin again. What is in the way is locked
/// until the end of the transaction.
const BEGIN: &str = "insert into smsp_answer as a (id, key, caller, number, state, lease_until, expires_at)
    select id, key, caller, number, 0, smsp_answers_now() + lease, smsp_answers_now() + lease + $6
    from unnest($1, $2, $3, $4, $5) c (id, key, caller, number, lease) order by key
    on conflict (key) do update set id = excluded.id, caller = excluded.caller, number = excluded.number, former = null,
        state = 0, lease_until = excluded.lease_until, ended_at = null, expires_at = excluded.expires_at,
        key_id = null, sealed_key = null, sealed = null
    where a.expires_at <= smsp_answers_now() or a.number = excluded.number and a.state = 0 and a.former is null
    returning key";

/// Only a record that says `unknown`, or is `unknown` because its lease is over. Its answer stays, and the call whose it is.
const ASK_AGAIN: &str = "update smsp_answer set number = $3, former = coalesce(former, number), state = 0,
        lease_until = smsp_answers_now() + $4, expires_at = smsp_answers_now() + $4 + $5
    where id = $1 and expires_at > smsp_answers_now() and sealed is not null
        and (number = $2 and (state = 3 or state = 0 and lease_until <= smsp_answers_now())
            or number = $3 and state = 0 and former is not null)";

/// Begins calls of one node.
pub(super) struct Begins {
    pub(super) database: Arc<Database>,
}

impl Together for Begins {
    type Call = NewCall;
    type Answer = Begun;

    /// One runs its statements while another one is committed.
    const WORKERS: usize = 2;

    fn size(_: &NewCall) -> Size {
        Size::ROW
    }

    fn fit(one: &NewCall, other: &NewCall) -> bool {
        one.key != other.key
    }

    async fn carry_out(&self, calls: &[&NewCall]) -> Result<Vec<Option<Begun>>, Undone> {
        let mut transaction = self.database.begin().await?;
        let begun = begin(&mut transaction, calls).await;
        let begun = told(&transaction, begun)?;
        transaction.commit().await?;
        Ok(begun.into_iter().map(Some).collect())
    }
}

async fn begin(transaction: &mut Transaction<'_>, calls: &[&NewCall]) -> Result<Vec<Begun>, Failed> {
    let begun = insert(transaction, calls).await?;
    let in_the_way: Vec<_> =
        calls.iter().map(|call| &call.key.as_bytes()[..]).filter(|key| !has(&begun, key)).collect();
    let mut found = HashMap::new();
    if !in_the_way.is_empty() {
        // A statement of its own: the one before does not see what others have committed while it waited for them.
        let select = format!("{FOUND} where key = any ($1)");
        for one in &transaction.query(&select, &[(&in_the_way, Type::BYTEA_ARRAY)]).await? {
            found.insert(field::<Vec<u8>>(one, KEY)?, row(one)?);
        }
    }
    calls
        .iter()
        .map(|call| {
            let key = &call.key.as_bytes()[..];
            match found.remove(key) {
                Some(row) => Ok(row.begun(call.id)),
                None if has(&begun, key) => Ok(Begun::InFlight),
                None => Err(Failed::Down),
            }
        })
        .collect()
}

fn has(keys: &[Vec<u8>], key: &[u8]) -> bool {
    keys.iter().any(|one| one == key)
}

/// The keys of the calls that are in flight now.
async fn insert(transaction: &mut Transaction<'_>, calls: &[&NewCall]) -> Result<Vec<Vec<u8>>, Failed> {
    let ids: Vec<_> = calls.iter().map(|call| Uuid::from(call.id)).collect();
    let keys: Vec<_> = calls.iter().map(|call| &call.key.as_bytes()[..]).collect();
    let callers: Vec<_> = calls.iter().map(|call| call.caller.as_str()).collect();
    let numbers: Vec<_> = calls.iter().map(|call| call.number.0).collect();
    let leases: Vec<_> = calls.iter().map(|call| span(call.lease)).collect();
    let kept = span(KEPT);
    let parameters: [Parameter<'_>; 6] = [
        (&ids, Type::UUID_ARRAY),
        (&keys, Type::BYTEA_ARRAY),
        (&callers, Type::TEXT_ARRAY),
        (&numbers, Type::UUID_ARRAY),
        (&leases, Type::INT8_ARRAY),
        (&kept, Type::INT8),
    ];
    transaction.query(BEGIN, &parameters).await?.iter().map(|row| field(row, 0)).collect()
}

pub(super) async fn ask_again(
    database: &Database,
    id: Id,
    (of, number): (CallNumber, CallNumber),
    lease: Duration,
) -> Result<bool, Failed> {
    let mut transaction = database.begin().await?;
    let (id, lease, kept) = (Uuid::from(id), span(lease), span(KEPT));
    let parameters: [Parameter<'_>; 5] =
        [(&id, Type::UUID), (&of.0, Type::UUID), (&number.0, Type::UUID), (&lease, Type::INT8), (&kept, Type::INT8)];
    let asked = transaction.execute(ASK_AGAIN, &parameters).await?;
    transaction.commit().await?;
    Ok(asked == 1)
}

//! Calls that want to hand a mail over: what each finds under its key.

use std::time::Duration;

use rusqlite::{Connection, named_params};

use super::columns::{bytes, row, select};
use crate::model::message::Id;
use crate::state::answers::stored::{Begun, CallNumber, KEPT, NewCall};
use crate::state::store::Times;

/// A key is free where there is no record, or one that is over. The same call may begin again.
const BEGIN: &str = "insert into answer (id, key, caller, number, state, lease_until, expires_at)
    values (:id, :key, :caller, :number, 0, :lease_until, :expires_at)
    on conflict (key) do update set id = excluded.id, caller = excluded.caller, number = excluded.number, former = null,
        state = 0, lease_until = excluded.lease_until, ended_at = null, expires_at = excluded.expires_at,
        key_id = null, sealed_key = null, sealed = null
    where expires_at <= :over or number = excluded.number and state = 0 and former is null";

/// Only a record that says `unknown`, or is `unknown` because its lease is over. Its answer stays, and the call whose it is.
const ASK_AGAIN: &str = "update answer set number = :number, former = ifnull(former, number), state = 0,
        lease_until = :lease_until, expires_at = :expires_at
    where id = :id and expires_at > :over and sealed is not null
        and (number = :of and (state = 3 or state = 0 and lease_until <= :now)
            or number = :number and state = 0 and former is not null)";

pub(super) fn begin(database: &Connection, Times { now, over }: Times, call: &NewCall) -> rusqlite::Result<Begun> {
    let lease_until = now.after(call.lease);
    let begun = database.prepare_cached(BEGIN)?.execute(named_params! {
        ":id": bytes(call.id),
        ":key": call.key.as_bytes(),
        ":caller": call.caller.as_str(),
        ":number": call.number.0.into_bytes(),
        ":lease_until": lease_until.0,
        ":expires_at": lease_until.after(KEPT).0,
        ":over": over.0,
    })?;
    if begun == 1 {
        return Ok(Begun::InFlight);
    }
    let mut select = database.prepare_cached(&select("key = ?2"))?;
    Ok(select.query_row((now.0, call.key.as_bytes()), row)?.begun(call.id))
}

pub(super) fn ask_again(
    database: &Connection,
    Times { now, over }: Times,
    id: Id,
    (of, number): (CallNumber, CallNumber),
    lease: Duration,
) -> rusqlite::Result<bool> {
    let lease_until = now.after(lease);
    let asked = database.prepare_cached(ASK_AGAIN)?.execute(named_params! {
        ":id": bytes(id),
        ":of": of.0.into_bytes(),
        ":number": number.0.into_bytes(),
        ":lease_until": lease_until.0,
        ":expires_at": lease_until.after(KEPT).0,
        ":now": now.0,
        ":over": over.0,
    })?;
    Ok(asked == 1)
}

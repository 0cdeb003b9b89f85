//! What calls came to.

use rusqlite::{Connection, named_params};

use super::columns::bytes;
use crate::model::message::Id;
use crate::runtime::unix_time::UnixTime;
use crate::state::answers::row::{ACCEPTED, QUEUED, UNKNOWN};
use crate::state::answers::sealing::SealedAnswer;
use crate::state::answers::stored::{CallNumber, End, KEPT, Settled};

/// A call says more than it has said: in flight, then `unknown`, then what is certain.
const WRITE: &str = "update answer set state = :state, former = null, lease_until = null, ended_at = :now,
        expires_at = :expires_at, key_id = :key_id, sealed_key = :sealed_key, sealed = :sealed
    where id = :id and number = :number and state in (0, 3)";
const FREE: &str = "delete from answer where id = :id and number = :number and state in (0, 3)";
/// A call that has changed nothing: the one before it has its record back, or there is none.
const UNDO: &str = "delete from answer where id = :id and number = :number and state = 0 and former is null";
const RESTORE: &str = "update answer set state = 3, number = former, former = null, lease_until = null,
        expires_at = ended_at + :kept
    where id = :id and number = :number and state = 0 and former is not null";
const IS_ASKED_ABOUT: &str = "select 1 from answer where id = :id and former = :number and state = 0";

pub(super) fn end(
    database: &Connection,
    now: UnixTime,
    id: Id,
    number: CallNumber,
    end: &End,
) -> rusqlite::Result<Settled> {
    let own = (bytes(id), number.0.into_bytes());
    let changed = match end {
        End::Queued => write(database, now, own, QUEUED, None)?,
        End::Accepted(answer) => write(database, now, own, ACCEPTED, answer.as_ref())?,
        End::Unknown(answer) => write(database, now, own, UNKNOWN, answer.as_ref())?,
        End::None => database.prepare_cached(FREE)?.execute(named_params! { ":id": own.0, ":number": own.1 })?,
        End::AsBefore => as_before(database, own)?,
    };
    if changed > 0 {
        return Ok(Settled::Written);
    }
    let mut asked = database.prepare_cached(IS_ASKED_ABOUT)?;
    let is_asked_about = asked.exists(named_params! { ":id": own.0, ":number": own.1 })?;
    Ok(if is_asked_about { Settled::NotYet } else { Settled::Gone })
}

fn write(
    database: &Connection,
    now: UnixTime,
    (id, number): ([u8; 16], [u8; 16]),
    state: i16,
    answer: Option<&SealedAnswer>,
) -> rusqlite::Result<usize> {
    database.prepare_cached(WRITE)?.execute(named_params! {
        ":id": id,
        ":number": number,
        ":state": state,
        ":now": now.0,
        ":expires_at": now.after(KEPT).0,
        ":key_id": answer.map(|answer| &answer.key_id),
        ":sealed_key": answer.map(|answer| &answer.wrapped_key),
        ":sealed": answer.map(|answer| &answer.bytes),
    })
}

fn as_before(database: &Connection, (id, number): ([u8; 16], [u8; 16])) -> rusqlite::Result<usize> {
    let undone = database.prepare_cached(UNDO)?.execute(named_params! { ":id": id, ":number": number })?;
    if undone > 0 {
        return Ok(undone);
    }
    let kept = UnixTime(0).after(KEPT).0;
    database.prepare_cached(RESTORE)?.execute(named_params! { ":id": id, ":number": number, ":kept": kept })
}

//! What a caller sees of one of its submissions, and how it changes it.

use std::sync::LazyLock;

use tokio_postgres::types::Type;
use uuid::Uuid;

use super::content::{drop_content, drop_recipients};
use super::rows::Columns;
use super::{parts, verdicts};
use crate::model::caller::CallerName;
use crate::model::message::Id;
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::{Change, State, Status};
use crate::state::store::Failed;
use crate::state::store::postgres::{Parameter, Transaction, field};

/// A row for each hand-over, or one where there was none; the first one has the parts. One statement, so that all of it is of one
/// moment.
pub(super) static STATUS: LazyLock<String> = LazyLock::new(|| {
    let (parts, attempts) = (parts::PARTS, parts::ATTEMPTS);
    let first = "row_number() over (order by a.number) = 1";
    format!(
        "select s.row_id, s.id, coalesce(o.shown, o.state), s.accepted_at, s.send_at, o.expires_at, o.possible_duplicate,
        o.lane, o.due, o.changed_at, s.recipients_key_id, s.recipients_key, s.recipients, s.recipient_verdicts,
        case when {first} then {parts} end, case when {first} then {attempts} end,
        a.upstream, a.at, a.took, a.outcome, a.reason, a.code, a.provider_message_id, a.late
    from smsp_submission s join smsp_outbox o using (row_id) left join smsp_attempt a using (row_id)
    where s.caller = $1 and s.id = $2 order by a.number"
    )
});
/// The columns of a row before those of its parts.
const BEFORE_PARTS: usize = 14;
/// The columns of a row before those of the hand-over.
const BEFORE_ATTEMPT: usize = 16;

/// Not to a time when it would have expired.
const RESCHEDULE: &str = "with changed as (
        update smsp_outbox set due = $2, wanted_at = $2, changed_at = smsp_now()
        where row_id = $1 and state = 0 and expires_at > $2 returning row_id
    )
    update smsp_submission s set send_at = $2 from changed where s.row_id = changed.row_id";

const CANCEL: &str = "update smsp_outbox set state = 8, changed_at = smsp_now(), owner = null
    where row_id = $1 and state in (0, 1, 4)";

/// No pump may change it between two statements.
const LOCK: &str = "select from smsp_outbox where row_id = $1 for update";

/// In no state in which it could be on the wire.
const ERASE: &str =
    "update smsp_outbox set erased = true where row_id = $1 and state not in (1, 2) and shown is distinct from 2";

pub(super) async fn status(
    transaction: &mut Transaction<'_>,
    caller: &CallerName,
    id: Id,
) -> Result<Option<Status>, Failed> {
    Ok(find(transaction, caller, id).await?.map(|(_, status)| status))
}

/// With the number of its row.
async fn find(transaction: &mut Transaction<'_>, caller: &CallerName, id: Id) -> Result<Option<(i64, Status)>, Failed> {
    let parameters: [Parameter<'_>; 2] = [(&caller.as_str(), Type::TEXT), (&Uuid::from(id), Type::UUID)];
    let rows = transaction.query(&STATUS, &parameters).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let number = field(row, 0)?;
    let attempts = rows.iter().map(|row| verdicts::attempt(&mut Columns::from(row, BEFORE_ATTEMPT)));
    let mut attempts: Vec<_> = attempts.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
    let mut of_parts = Columns::from(row, BEFORE_PARTS);
    let parts = parts::parts(of_parts.value()?);
    attempts.extend(parts::attempts(of_parts.value()?));
    let mut columns = Columns::of(row);
    let _: i64 = columns.value()?;
    let (ticket, lane) = (columns.ticket()?, columns.lane()?);
    let (due, changed_at) = (columns.time()?, columns.time()?);
    // Of a mail in parts the first one's.
    let due = parts.iter().filter_map(|part| part.next_attempt_at).min().unwrap_or(due);
    let status = Status {
        lane,
        next_attempt_at: (ticket.state == State::Queued).then_some(due),
        ended_at: ticket.state.is_final().then_some(changed_at),
        recipients: columns.recipients()?,
        recipient_verdicts: verdicts::recipients(columns.value()?),
        attempts,
        parts,
        ticket,
    };
    Ok(Some((number, status)))
}

/// A statement that changes one row, if its state allows that.
async fn changed(transaction: &mut Transaction<'_>, sql: &str, row: i64) -> Result<bool, Failed> {
    Ok(transaction.execute(sql, &[(&row, Type::INT8)]).await? > 0)
}

pub(super) async fn reschedule(
    transaction: &mut Transaction<'_>,
    caller: &CallerName,
    id: Id,
    send_at: UnixTime,
) -> Result<Change, Failed> {
    let Some((row, _)) = find(transaction, caller, id).await? else { return Ok(Change::NotFound) };
    if parts::is_split(transaction, row).await? {
        let done = parts::reschedule(transaction, row, send_at.0).await?;
        return outcome(transaction, caller, id, done.map(|_| Change::Done as _)).await;
    }
    let done = transaction.execute(RESCHEDULE, &[(&row, Type::INT8), (&send_at.0, Type::INT8)]).await? > 0;
    outcome(transaction, caller, id, done.then_some(Change::Done)).await
}

pub(super) async fn cancel(transaction: &mut Transaction<'_>, caller: &CallerName, id: Id) -> Result<Change, Failed> {
    let Some((row, _)) = find(transaction, caller, id).await? else { return Ok(Change::NotFound) };
    let done = cancel_row(transaction, row).await?;
    outcome(transaction, caller, id, done.map(|_| Change::Cancelled as _)).await
}

/// Where nothing of it is on the wire. The content goes with it. The state by now, if that has changed something.
pub(super) async fn cancel_row(transaction: &mut Transaction<'_>, row: i64) -> Result<Option<State>, Failed> {
    if parts::is_split(transaction, row).await? {
        return parts::cancel(transaction, row).await;
    }
    let done = changed(transaction, CANCEL, row).await?;
    if done {
        drop_content(transaction, &[row]).await?;
    }
    Ok(done.then_some(State::Cancelled))
}

pub(super) async fn erase(transaction: &mut Transaction<'_>, caller: &CallerName, id: Id) -> Result<Change, Failed> {
    let Some((row, _)) = find(transaction, caller, id).await? else { return Ok(Change::NotFound) };
    transaction.query(LOCK, &[(&row, Type::INT8)]).await?;
    let cancelled = cancel_row(transaction, row).await?.is_some();
    let done = changed(transaction, ERASE, row).await?;
    if done {
        drop_content(transaction, &[row]).await?;
        drop_recipients(transaction, &[row]).await?;
    }
    let change = if cancelled { Change::Cancelled } else { Change::Done };
    outcome(transaction, caller, id, done.then_some(change)).await
}

/// None: its state did not allow that.
async fn outcome(
    transaction: &mut Transaction<'_>,
    caller: &CallerName,
    id: Id,
    change: Option<fn(Box<Status>) -> Change>,
) -> Result<Change, Failed> {
    let Some(status) = status(transaction, caller, id).await? else { return Ok(Change::NotFound) };
    Ok(change.unwrap_or(Change::Conflict)(Box::new(status)))
}

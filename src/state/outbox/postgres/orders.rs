//! What operators see and decide, and what is known of a recipient.

use std::sync::LazyLock;

use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::bounce_conditions::AT_EXPIRY;
use super::content::drop_content;
use super::parts;
use super::rows::{Columns, big, code};
use super::status::cancel_row;
use crate::model::caller::CallerName;
use crate::model::message::Id;
use crate::state::outbox::{Hmac, Order, Ordered, State};
use crate::state::store::Failed;
use crate::state::store::postgres::{Parameter, Transaction, field};

const FIND: &str =
    "select o.row_id, coalesce(o.shown, o.state), s.content_key is not null, o.erased, o.expires_at <= smsp_now()
    from smsp_submission s join smsp_outbox o using (row_id) where s.id = $1";

/// To retry what is unknown may send it twice.
const QUEUE: &str = "update smsp_outbox set state = 0, changed_at = smsp_now(), due = smsp_now(), owner = null,
        losses = case when $3 then 0 else losses end, possible_duplicate = possible_duplicate or $3 and $2 = 3
    where row_id = $1 and state = $2 and not erased";

/// 7 is expired.
static SETTLE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "update smsp_outbox o set state = $2, changed_at = smsp_now(), owner = null,
            bounce_due = case when $2 = 7 then {AT_EXPIRY} end
        where row_id = $1 and state = 3"
    )
});

const OF_RECIPIENT: &str = "select distinct s.accepted_at, s.id, s.caller
    from smsp_recipient r join smsp_submission s using (row_id)
    where r.hmac = any ($1) order by s.accepted_at desc, s.id desc limit $2";

pub(super) async fn pause(transaction: &mut Transaction<'_>, paused: bool) -> Result<(), Failed> {
    transaction.execute("update smsp_control set paused = $1", &[(&paused, Type::BOOL)]).await.map(drop)
}

pub(super) async fn is_paused(transaction: &mut Transaction<'_>) -> Result<bool, Failed> {
    let rows = transaction.query("select paused from smsp_control", &[]).await?;
    rows.first().map_or(Ok(false), |row| field(row, 0))
}

pub(super) async fn order(transaction: &mut Transaction<'_>, id: Id, order: Order) -> Result<Ordered, Failed> {
    let rows = transaction.query(&format!("{FIND} for update of o"), &[(&Uuid::from(id), Type::UUID)]).await?;
    let Some(row) = rows.first() else { return Ok(Ordered::NotFound) };
    let mut columns = Columns::of(row);
    let (row, state, has_content): (i64, State, bool) = (columns.value()?, columns.state()?, columns.value()?);
    let (is_erased, is_over): (bool, bool) = (columns.value()?, columns.value()?);
    let is_split = parts::is_split(transaction, row).await?;
    let changed = match (order, state) {
        _ if is_split => parts::order(transaction, order, &[(row, 0)]).await?.pop(),
        (Order::Retry, State::Parked | State::Unknown) if has_content && !is_over => {
            queue(transaction, row, state, true).await?
        }
        (Order::SettleAsNone, State::Unknown) if is_erased => settle(transaction, row, State::Cancelled).await?,
        (Order::SettleAsNone, State::Unknown) if is_over => settle(transaction, row, State::Expired).await?,
        (Order::SettleAsNone, State::Unknown) => queue(transaction, row, state, false).await?,
        (Order::SettleAsAccepted, State::Unknown) => settle(transaction, row, State::Accepted).await?,
        (Order::Cancel, _) => cancel_row(transaction, row).await?,
        _ => None,
    };
    Ok(changed.map_or_else(|| Ordered::refused(order, state, is_over), Ordered::Done))
}

/// Ends a row that is unknown.
async fn settle(transaction: &mut Transaction<'_>, row: i64, to: State) -> Result<Option<State>, Failed> {
    drop_content(transaction, &[row]).await?;
    Ok((transaction.execute(&SETTLE, &[(&row, Type::INT8), (&code(to), Type::INT2)]).await? > 0).then_some(to))
}

async fn queue(
    transaction: &mut Transaction<'_>,
    row: i64,
    from: State,
    is_retry: bool,
) -> Result<Option<State>, Failed> {
    let parameters: [Parameter<'_>; 3] = [(&row, Type::INT8), (&code(from), Type::INT2), (&is_retry, Type::BOOL)];
    Ok((transaction.execute(QUEUE, &parameters).await? > 0).then_some(State::Queued))
}

pub(super) async fn of_recipient(
    transaction: &mut Transaction<'_>,
    hmacs: &[Hmac],
    limit: usize,
) -> Result<Vec<(CallerName, Id)>, Failed> {
    let parameters: [Parameter<'_>; 2] = [(&bytes(hmacs), Type::BYTEA_ARRAY), (&big(limit), Type::INT8)];
    let rows = transaction.query(OF_RECIPIENT, &parameters).await?;
    let submission = |row: &Row| {
        let mut columns = Columns::of(row);
        columns.time()?;
        let id = columns.id()?;
        Ok((columns.caller()?, id))
    };
    rows.iter().map(submission).collect()
}

pub(super) fn bytes(hmacs: &[Hmac]) -> Vec<&[u8]> {
    hmacs.iter().map(|hmac| &hmac.0[..]).collect()
}

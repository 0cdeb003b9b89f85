//! What callers and operators change of a mail in parts: of those parts whose state allows it. Its row is locked.

use tokio_postgres::types::Type;

use super::whole::{refresh, refresh_one};
use super::{domains, row};
use crate::state::outbox::{Order, State};
use crate::state::store::Failed;
use crate::state::store::postgres::{Parameter, Transaction, field};

const LOCK: &str = "select split = 1 from smsp_outbox where row_id = $1 for update";
const UNDER_WAY: &str = "select from smsp_part where row_id = $1 and state = 2";
const CANCEL: &str = "update smsp_part set state = 8, owner = null where row_id = $1 and state in (0, 1, 4)";

/// To retry what is unknown may send it twice. One that would expire before its turn is due at once.
const RETRY: &str = "update smsp_part set possible_duplicate = possible_duplicate or state = 3, state = 0, losses = 0,
        owner = null, due = case when smsp_now() + $2 < expires_at then smsp_now() + $2 else smsp_now() end
    where row_id = $1 and state in (3, 4) and expires_at > smsp_now()
        and (select content_key is not null from smsp_submission s where s.row_id = $1)";

const NONE: &str = "update smsp_part p set owner = null,
        state = case when o.erased then 8 when p.expires_at > smsp_now() then 0 else 7 end,
        due = case when smsp_now() + $2 < p.expires_at then smsp_now() + $2 else smsp_now() end
    from smsp_outbox o where o.row_id = p.row_id and p.row_id = $1 and p.state = 3";

const ACCEPTED: &str = "update smsp_part set state = 5, owner = null where row_id = $1 and state = 3";

const RESCHEDULE: &str = "update smsp_part set due = $2 where row_id = $1 and state = 0 and expires_at > $2";

const WANTED: &str = "with whole as (update smsp_outbox set wanted_at = $2 where row_id = $1)
    update smsp_submission set send_at = $2 where row_id = $1";

const WAITING: &str = "select domain, due from smsp_part where row_id = any ($1) and state = 0";

/// Is this mail in parts that have not ended it? Its row is locked from now on.
pub(in super::super) async fn is_split(transaction: &mut Transaction<'_>, row: i64) -> Result<bool, Failed> {
    let rows = transaction.query(LOCK, &[(&row, Type::INT8)]).await?;
    rows.first().map_or(Ok(false), |row| field(row, 0))
}

/// Cancels what waits or is only claimed; nothing, where a part is under way. The state of the mail, if something was cancelled.
pub(in super::super) async fn cancel(transaction: &mut Transaction<'_>, row: i64) -> Result<Option<State>, Failed> {
    if !transaction.query(UNDER_WAY, &[(&row, Type::INT8)]).await?.is_empty() {
        return Ok(None);
    }
    changed(transaction, row, CANCEL, None).await
}

/// Brings erased mails where their parts are: what waited of them was cancelled as they were erased. The state of each.
pub(in super::super) async fn erased(transaction: &mut Transaction<'_>, rows: &[i64]) -> Result<Vec<State>, Failed> {
    Ok(refresh(transaction, rows).await?.into_values().collect())
}

/// Carries out an order on mails, each of which becomes due after so long. Where each is by now of which something has changed.
///
/// The domains are woken together behind that, in their order, so that no two such orders wait for each other.
pub(in super::super) async fn order(
    transaction: &mut Transaction<'_>,
    order: Order,
    mails: &[(i64, i64)],
) -> Result<Vec<State>, Failed> {
    let (mut rows, mut states) = (Vec::new(), Vec::new());
    for (row, wait) in mails {
        if let Some(state) = order_one(transaction, *row, order, *wait).await? {
            rows.push(*row);
            states.push(state);
        }
    }
    wake(transaction, &rows).await?;
    Ok(states)
}

async fn order_one(
    transaction: &mut Transaction<'_>,
    row: i64,
    order: Order,
    wait: i64,
) -> Result<Option<State>, Failed> {
    match order {
        Order::Retry => changed(transaction, row, RETRY, Some(wait)).await,
        Order::SettleAsNone => changed(transaction, row, NONE, Some(wait)).await,
        Order::SettleAsAccepted => changed(transaction, row, ACCEPTED, None).await,
        Order::Cancel => cancel(transaction, row).await,
    }
}

/// Puts the parts that wait at another time.
pub(in super::super) async fn reschedule(
    transaction: &mut Transaction<'_>,
    row: i64,
    due: i64,
) -> Result<Option<State>, Failed> {
    let state = changed(transaction, row, RESCHEDULE, Some(due)).await?;
    if state.is_some() {
        transaction.execute(WANTED, &[(&row, Type::INT8), (&due, Type::INT8)]).await?;
        wake(transaction, &[row]).await?;
    }
    Ok(state)
}

async fn changed(
    transaction: &mut Transaction<'_>,
    row: i64,
    sql: &str,
    time: Option<i64>,
) -> Result<Option<State>, Failed> {
    let mut parameters: Vec<Parameter<'_>> = vec![(&row, Type::INT8)];
    parameters.extend(time.iter().map(|time| -> Parameter<'_> { (time, Type::INT8) }));
    if transaction.execute(sql, &parameters).await? == 0 {
        return Ok(None);
    }
    refresh_one(transaction, row).await
}

/// Has the domains looked at for which something of these mails waits.
async fn wake(transaction: &mut Transaction<'_>, rows: &[i64]) -> Result<(), Failed> {
    let mut woken = Vec::new();
    for part in &transaction.query(WAITING, &[(&rows, Type::INT8_ARRAY)]).await? {
        woken.push((row::hmac(field(part, 0)?)?, field(part, 1)?));
    }
    domains::wake(transaction, &woken).await
}

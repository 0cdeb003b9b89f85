//! The submission, brought where its parts are.

use std::collections::{BTreeMap, HashMap};

use tokio_postgres::types::Type;

use super::super::content::drop_content;
use super::super::rows::{Columns, span};
use crate::state::outbox::State;
use crate::state::outbox::bounces::{COLLECTING, PARTS_OF_AGE};
use crate::state::store::Failed;
use crate::state::store::postgres::{Parameter, Transaction};

/// When a mail has changed of which something waits or is in hand.
pub(super) const FAR: i64 = 9_000_000_000_000_000;

/// As [`crate::state::outbox::parts::whole`] says, in the words of SQL.
const REFRESH: &str = "with come as (
        select o.row_id, case when p.sending then 2 when p.claimed then 1 when p.queued then 0 when p.doubt then 3
                when p.parked then 4 when o.has_taken_some or p.taken then 5 when p.cancelled then 8 when p.refused then 6
                else 7 end::smallint as state,
            p.rests, p.is_at_risk, p.has_failed and o.bounces and not o.erased as is_to_be_told
        from smsp_outbox o cross join lateral (
            select bool_or(p.state = 2) as sending, bool_or(p.state = 1) as claimed, bool_or(p.state = 0) as queued,
                bool_or(p.state = 3) as doubt, bool_or(p.state = 4) as parked, bool_or(p.state = 5) as taken,
                bool_or(p.state = 8) as cancelled, bool_or(p.state = 6) as refused,
                bool_and(p.state = 3 or p.state >= 5) as rests, bool_or(p.possible_duplicate) as is_at_risk,
                bool_or(p.state in (6, 7) and not p.bounced and not p.possible_duplicate) as has_failed
            from smsp_part p where p.row_id = o.row_id
        ) p where o.row_id = any ($1)
    )
    update smsp_outbox o set state = case when c.state >= 5 then c.state else 3 end,
        split = case when c.state >= 5 then 2 else 1 end, shown = case when c.state < 5 then c.state end,
        changed_at = case when not c.rests then $2 when c.state < 5 and o.changed_at < $2 then o.changed_at
            else smsp_now() end,
        possible_duplicate = o.possible_duplicate or c.is_at_risk,
        ended_by = case when c.state >= 5 then $3[array_position($1, o.row_id)] end,
        bounce_due = case when c.is_to_be_told is not true then null
            when c.state >= 5 or c.rests and (o.bounce_due is null or o.changed_at >= $2) then smsp_now()
            else coalesce(o.bounce_due, smsp_now() + greatest($4, (smsp_now() - o.wanted_at) / $5)) end
    from come c where o.row_id = c.row_id and o.split = 1 returning o.row_id, c.state";

const STATE: &str = "select coalesce(shown, state) from smsp_outbox where row_id = $1";

/// That others were on their way then is all that is known of a mail that this part has not ended.
const TOLD: &str =
    "select case when split = 2 and ended_by is distinct from $2 then 2::smallint else coalesce(shown, state) end
    from smsp_outbox where row_id = $1";

/// Shows what the parts of mails have come to, whose rows are locked; once each part has ended, they have ended the mail. A
/// bounce becomes due as [`crate::state::outbox::bounces`] says. The state of each mail that was not ended before.
pub(super) async fn refresh(transaction: &mut Transaction<'_>, rows: &[i64]) -> Result<HashMap<i64, State>, Failed> {
    refresh_all(transaction, rows, &vec![None; rows.len()]).await
}

/// `by`: the part that has come to an end, for each mail.
async fn refresh_all(
    transaction: &mut Transaction<'_>,
    rows: &[i64],
    by: &[Option<i64>],
) -> Result<HashMap<i64, State>, Failed> {
    let mut states = HashMap::new();
    if rows.is_empty() {
        return Ok(states);
    }
    let parameters: [Parameter<'_>; 5] = [
        (&rows, Type::INT8_ARRAY),
        (&FAR, Type::INT8),
        (&by, Type::INT8_ARRAY),
        (&span(COLLECTING), Type::INT8),
        (&PARTS_OF_AGE, Type::INT8),
    ];
    for row in &transaction.query(REFRESH, &parameters).await? {
        let mut columns = Columns::of(row);
        states.insert(columns.value()?, columns.state()?);
    }
    let over: Vec<_> = states.iter().filter(|(_, state)| state.is_final()).map(|(row, _)| *row).collect();
    if !over.is_empty() {
        drop_content(transaction, &over).await?;
    }
    Ok(states)
}

/// The state of one mail by now.
pub(super) async fn refresh_one(transaction: &mut Transaction<'_>, row: i64) -> Result<Option<State>, Failed> {
    if let Some(state) = refresh(transaction, &[row]).await?.get(&row) {
        return Ok(Some(*state));
    }
    state(transaction, STATE, &[(&row, Type::INT8)]).await
}

/// The state by now of each of these mails, of which this part has come to an end.
pub(super) async fn refresh_by(
    transaction: &mut Transaction<'_>,
    ended: &BTreeMap<i64, i64>,
) -> Result<HashMap<i64, State>, Failed> {
    let (rows, by): (Vec<_>, Vec<_>) = ended.iter().map(|(row, part)| (*row, Some(*part))).unzip();
    refresh_all(transaction, &rows, &by).await
}

/// What a repeat of the end of this part hears: that the mail has ended, if this end has brought it about. Who tells of the
/// end of a mail tells of it once.
pub(super) async fn told_again(
    transaction: &mut Transaction<'_>,
    row: i64,
    part: i64,
) -> Result<Option<State>, Failed> {
    state(transaction, TOLD, &[(&row, Type::INT8), (&part, Type::INT8)]).await
}

async fn state(
    transaction: &mut Transaction<'_>,
    sql: &str,
    parameters: &[Parameter<'_>],
) -> Result<Option<State>, Failed> {
    let rows = transaction.query(sql, parameters).await?;
    rows.first().map(|row| Columns::of(row).state()).transpose()
}

//! An older copy that people accept: what waited in it is parked, and released by them.

use tokio_postgres::types::Type;

use super::rows::{Columns, big, span};
use super::{history, parts};
use crate::state::outbox::{Release, Released, Restored, State};
use crate::state::store::Failed;
use crate::state::store::postgres::{Parameter, Transaction};

/// Queued or claimed rows are parked, marked ones are `unknown`, and no `unknown` one is replayed. Each that had not ended,
/// those that were parked before too, may have been sent after the copy was made.
const PARK: &str = "with meant as materialized (
        select row_id from smsp_outbox
        where row_id <= $1 and split <> 1 and (state in (0, 1, 2) or state in (3, 4)
            and (replay_until is not null and state = 3 or not possible_duplicate))
        order by row_id limit $2 for update
    )
    update smsp_outbox o set state = case when o.state in (2, 3) then 3 else 4 end, owner = null, replay_until = null,
        possible_duplicate = true,
        changed_at = case when o.state in (3, 4) then o.changed_at else smsp_now() end
    from meant where o.row_id = meant.row_id returning o.state";

/// A row that was lost three times has a fault of its own: it stays, for [`super::orders::order`].
pub(super) const MEANT: &str = "select o.row_id, o.accepted_at from smsp_outbox o join smsp_submission s using (row_id)
    where o.state = 4 and o.losses < 3 and s.content_key is not null and o.expires_at > smsp_now()
        and ($1::text is null or o.caller = $1) and ($2::text is null or lower(s.from_domain) = $2)
        and o.accepted_at >= coalesce($3, 0) and o.accepted_at < coalesce($4, 9223372036854775807)
    order by o.accepted_at, o.row_id limit $5 + 1";

/// Parks at most `limit` rows; the last call begins a new epoch.
pub(super) async fn accept(transaction: &mut Transaction<'_>, limit: usize) -> Result<Restored, Failed> {
    let last = history::last_row(transaction).await?;
    let rows = transaction.query(PARK, &[(&last, Type::INT8), (&big(limit), Type::INT8)]).await?;
    let mut states = rows.iter().map(|row| Columns::of(row).state()).collect::<Result<Vec<_>, _>>()?;
    let (parts, mails) = parts::park(transaction, last, limit.saturating_sub(states.len())).await?;
    let mut restored = Restored { more: states.len() + parts >= limit, ..Restored::default() };
    states.extend(mails);
    for state in states {
        match state {
            State::Parked => restored.parked += 1,
            _ => restored.unknown += 1,
        }
    }
    if !restored.more {
        history::begin_epoch(transaction).await?;
    }
    Ok(restored)
}

/// The rows become due one after the other; one that would expire before its turn is due at once.
pub(super) async fn release(transaction: &mut Transaction<'_>, release: &Release) -> Result<Released, Failed> {
    let Release { caller, from_domain, accepted_from, accepted_before, over, limit } = release;
    let caller = caller.as_ref().map(|caller| caller.as_str());
    let (from, before) = (accepted_from.map(|time| time.0), accepted_before.map(|time| time.0));
    let sql = format!(
        "with meant as materialized ({MEANT} for update of o),
        placed as (
            select row_id, row_number() over (order by accepted_at, row_id) - 1 as place,
                least(count(*) over (), $5) as rows
            from meant
        ),
        released as (
            update smsp_outbox o set state = 0, changed_at = smsp_now(), possible_duplicate = true,
                due = case when smsp_now() + $6 * place / rows < o.expires_at then smsp_now() + $6 * place / rows
                    else smsp_now() end
            from placed where o.row_id = placed.row_id and placed.place < $5 returning 1
        )
        select (select count(*) from released), (select count(*) from meant)"
    );
    let parameters: [Parameter<'_>; 6] = [
        (&caller, Type::TEXT),
        (&from_domain, Type::TEXT),
        (&from, Type::INT8),
        (&before, Type::INT8),
        (&big(*limit), Type::INT8),
        (&span(*over), Type::INT8),
    ];
    let rows = transaction.query(&sql, &parameters).await?;
    let mut columns = Columns::of(rows.first().ok_or(Failed::Down)?);
    let (released, meant): (i64, i64) = (columns.value()?, columns.value()?);
    let left = limit.saturating_sub(usize::try_from(released).unwrap_or_default());
    let of_parts = parts::release_parked(transaction, release, left).await?;
    Ok(Released { released: released.unsigned_abs() + of_parts.released, more: meant > released || of_parts.more })
}

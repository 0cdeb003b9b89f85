//! Splits a mail in hand.

use tokio_postgres::types::Type;

use super::super::verdicts;
use super::domains;
use super::whole::{FAR, refresh};
use crate::state::outbox::parts::{UPSTREAM, written_places};
use crate::state::outbox::{Hold, Split};
use crate::state::store::Failed;
use crate::state::store::postgres::{Parameter, Transaction};

const WAS_SPLIT: &str = "select from smsp_outbox where row_id = $1 and fence = $2 and split = 1";

const SPLIT: &str = "update smsp_outbox set state = 3, split = 1, shown = 0, changed_at = $6, upstream = $4,
        replay_until = null, owner = null, has_taken_some = $5
    where row_id = $1 and fence = $2 and owner = $3 and state in (1, 2)
        and expires_at > smsp_now() and not erased and not is_replay";

const FORGET_OPEN: &str = "delete from smsp_attempt where row_id = $1 and fence = $2 and outcome is null";

const INSERT: &str = "insert into smsp_part
        (row_id, domain, places, lane, accepted_at, due, expires_at, possible_duplicate)
    select row_id, w.domain, w.places, o.lane, o.accepted_at, smsp_now(), o.expires_at, o.possible_duplicate
    from smsp_outbox o, unnest($2, $3) w (domain, places) where o.row_id = $1";

const NOW: &str = "select smsp_now()";

/// May this row be split? Its parts are made in the same transaction.
pub(super) async fn split(transaction: &mut Transaction<'_>, hold: &Hold, split: &Split) -> Result<bool, Failed> {
    let (row, fence) = ((&hold.row.0 as _, Type::INT8), (&hold.fence.0 as _, Type::INT8));
    let this: [Parameter<'_>; 2] = [row, fence];
    if !transaction.query(WAS_SPLIT, &this).await?.is_empty() {
        return Ok(true);
    }
    let [row, fence] = this.clone();
    let parameters: [Parameter<'_>; 6] = [
        row,
        fence,
        (&hold.node.0, Type::UUID),
        (&UPSTREAM, Type::TEXT),
        (&split.has_taken_some, Type::BOOL),
        (&FAR, Type::INT8),
    ];
    if !split.is_sound() || transaction.execute(SPLIT, &parameters).await? == 0 {
        return Ok(false);
    }
    verdicts::record(transaction, &split.verdicts.iter().map(|verdict| (hold, verdict)).collect::<Vec<_>>()).await?;
    transaction.execute(FORGET_OPEN, &this).await?;
    let domains: Vec<_> = split.parts.iter().map(|part| &part.domain.0[..]).collect();
    let places: Vec<_> = split.parts.iter().map(|part| written_places(&part.places)).collect();
    let parameters: [Parameter<'_>; 3] =
        [(&hold.row.0, Type::INT8), (&domains, Type::BYTEA_ARRAY), (&places, Type::TEXT_ARRAY)];
    transaction.execute(INSERT, &parameters).await?;
    let now = now(transaction).await?;
    let woken: Vec<_> = split.parts.iter().map(|part| (part.domain, now)).collect();
    refresh(transaction, &[hold.row.0]).await?;
    domains::wake(transaction, &woken).await?;
    Ok(true)
}

/// The time of the transaction.
pub(super) async fn now(transaction: &mut Transaction<'_>) -> Result<i64, Failed> {
    let rows = transaction.query(NOW, &[]).await?;
    crate::state::store::postgres::field(rows.first().ok_or(Failed::Down)?, 0)
}

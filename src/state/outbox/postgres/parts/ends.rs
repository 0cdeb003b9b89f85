//! What a claim of a part came to.

use tokio_postgres::types::Type;

use super::super::rows::{Columns, span};
use super::changes::{Change, divide};
use super::row::{Part, find};
use super::split::now;
use super::whole::{refresh_by, refresh_one, told_again};
use super::{domains, hand_over, late};
use crate::state::outbox::parts::{Group, groups};
use crate::state::outbox::{PartEnded, PartHold, PartTo, State};
use crate::state::store::Failed;
use crate::state::store::postgres::{Parameter, Transaction};

/// Parked at the third loss.
const LOST: &str = "update smsp_part set state = case when losses >= 2 then 4 else 0 end, losses = losses + 1, due = $4
    where part = $1 and fence = $2 and owner = $3 and state = 1 returning state";

/// Records the end of a claim. The state of the mail by now; none: the fence is lost.
pub(super) async fn end(
    transaction: &mut Transaction<'_>,
    hold: &PartHold,
    ended: &PartEnded,
) -> Result<Option<State>, Failed> {
    let Some(part) = find(transaction, hold).await? else { return Ok(None) };
    let now = now(transaction).await?;
    let (verdicts, wait, counted) = match ended {
        PartEnded::Lost { wait } => return lost(transaction, hold, &part, now + span(*wait)).await,
        PartEnded::Told { verdicts, wait, counted, .. } => (verdicts, *wait, *counted),
    };
    let untold = if part.state == State::Claimed { PartTo::Again } else { PartTo::Unknown };
    let groups = groups(&part.places, verdicts, untold);
    let change = Change { due: now + span(wait), counted, owner: Some(hold) };
    if !part.may_be_ended_by(hold) {
        if part.is_of(hold) && groups.first().is_some_and(|group| group.state(part.erased) == part.state) {
            return told_again(transaction, part.row, part.part).await;
        }
        let is_lost = part.is_lost_to(hold);
        let change = Change { owner: None, ..change };
        return if is_lost { late::end(transaction, hold, ended, &part, &change).await } else { Ok(None) };
    }
    let was_handed_over = |group: &Group| matches!(group.to, PartTo::Accepted | PartTo::Unknown);
    if part.state == State::Claimed && groups.iter().any(was_handed_over) {
        return Ok(None);
    }
    hand_over::record(transaction, hold, ended, &groups, !part.is_of(hold)).await?;
    divide(transaction, &part, &groups, &change).await?;
    let state = refresh_by(transaction, part.row, part.part).await?;
    domains::wake(transaction, change.woken(&part, &groups).as_slice()).await?;
    Ok(state)
}

/// Counts a loss of a part that was not marked, under a node that lives. Whatever waits of the mail, that the part is parked is
/// told.
async fn lost(
    transaction: &mut Transaction<'_>,
    hold: &PartHold,
    part: &Part,
    due: i64,
) -> Result<Option<State>, Failed> {
    let parameters: [Parameter<'_>; 4] =
        [(&hold.part.0, Type::INT8), (&hold.fence.0, Type::INT8), (&hold.node.0, Type::UUID), (&due, Type::INT8)];
    let lost = transaction.query(LOST, &parameters).await?;
    let lost = lost.first().map(|row| Columns::of(row).state()).transpose()?;
    let was_before = part.is_of(hold) && matches!(part.state, State::Queued | State::Parked);
    let Some(own) = lost.or(was_before.then_some(part.state)) else { return Ok(None) };
    let state = refresh_one(transaction, part.row).await?;
    domains::wake(transaction, &[(part.domain, due)]).await?;
    Ok(if own == State::Parked { Some(own) } else { state })
}

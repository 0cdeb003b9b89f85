//! Ends of claims of parts that are carried out one by one: losses, repeats, and verdicts of a claim that holds its part no
//! more. They are few.

use tokio_postgres::types::Type;

use super::super::rows::{Columns, span};
use super::changes::Change;
use super::late;
use super::row::{Part, find};
use super::whole::{refresh_one, told_again};
use crate::state::outbox::parts::{Group, groups};
use crate::state::outbox::{Hmac, PartEnded, PartHold, PartTo, PartVerdict, State};
use crate::state::store::Failed;
use crate::state::store::postgres::{Parameter, Transaction};

/// Parked at the third loss.
const LOST: &str = "update smsp_part set state = case when losses >= 2 then 4 else 0 end, losses = losses + 1, due = $4
    where part = $1 and fence = $2 and owner = $3 and state = 1 returning state";

/// Where the recipients of a part come. One that is not told of may have the mail where it was marked, else it waits.
pub(super) fn groups_of(part: &Part, verdicts: &[PartVerdict]) -> Vec<Group> {
    let untold = if part.state == State::Claimed { PartTo::Again } else { PartTo::Unknown };
    groups(&part.places, verdicts, untold)
}

/// The state of the mail by now, which is locked; none: the fence is lost. `woken`: domains that are to be looked at, and when.
pub(super) async fn end(
    transaction: &mut Transaction<'_>,
    now: i64,
    hold: &PartHold,
    ended: &PartEnded,
    woken: &mut Vec<(Hmac, i64)>,
) -> Result<Option<State>, Failed> {
    // As the ends before it have left it.
    let found = find(transaction, &[hold.part.0]).await?;
    let Some(part) = found.get(&hold.part.0) else { return Ok(None) };
    let (verdicts, wait, counted) = match ended {
        PartEnded::Lost { wait } => return lost(transaction, hold, part, now + span(*wait), woken).await,
        PartEnded::Told { verdicts, wait, counted, .. } => (verdicts, *wait, *counted),
    };
    let groups = groups_of(part, verdicts);
    let is_there = groups.first().is_some_and(|group| group.state(part.erased) == part.state);
    if part.may_be_ended_by(hold) {
        // It says that a part was handed over which was not marked.
        return Ok(None);
    }
    if part.is_of(hold) && is_there {
        return told_again(transaction, part.row, part.part).await;
    }
    let change = Change { due: now + span(wait), counted, owner: None };
    if part.is_lost_to(hold) { late::end(transaction, hold, ended, part, &change, woken).await } else { Ok(None) }
}

/// Counts a loss of a part that was not marked, under a node that lives. Whatever waits of the mail, that the part is parked is
/// told.
async fn lost(
    transaction: &mut Transaction<'_>,
    hold: &PartHold,
    part: &Part,
    due: i64,
    woken: &mut Vec<(Hmac, i64)>,
) -> Result<Option<State>, Failed> {
    let parameters: [Parameter<'_>; 4] =
        [(&hold.part.0, Type::INT8), (&hold.fence.0, Type::INT8), (&hold.node.0, Type::UUID), (&due, Type::INT8)];
    let lost = transaction.query(LOST, &parameters).await?;
    let lost = lost.first().map(|row| Columns::of(row).state()).transpose()?;
    let was_before = part.is_of(hold) && matches!(part.state, State::Queued | State::Parked);
    let Some(own) = lost.or(was_before.then_some(part.state)) else { return Ok(None) };
    woken.push((part.domain, due));
    let state = refresh_one(transaction, part.row).await?;
    Ok(if own == State::Parked { Some(own) } else { state })
}

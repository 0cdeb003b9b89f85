//! The verdict of a claim that holds its part no more.
//!
//! A server that took the mail ends its recipients' part, under any claim, also where a later one has moved them to another
//! part: the later hand-over gets no consent any more. One that did not says nothing of a later hand-over, so it settles the
//! part only where no hand-over is in doubt any more.

use std::sync::LazyLock;

use tokio_postgres::types::Type;

use super::super::bounce_conditions::FAILED;
use super::changes::{Change, Divided};
use super::hand_over::{self, HandedOver};
use super::row::{self, Part};
use super::whole::{refresh_by, told_again};
use crate::state::outbox::parts::{Group, groups, written_places};
use crate::state::outbox::{Hmac, PartEnded, PartHold, PartTo, PartVerdict, State};
use crate::state::store::Failed;
use crate::state::store::postgres::{Parameter, Transaction, field};

/// A bounce that would tell of nobody any more is not due.
static DOUBT: LazyLock<String> = LazyLock::new(|| {
    format!(
        "with part as (update smsp_part set possible_duplicate = true where part = $1)
    update smsp_outbox o set possible_duplicate = true, bounce_due = case when exists (
        select from smsp_part p where p.row_id = o.row_id and p.part <> $1 and {FAILED}) then bounce_due end
    where row_id = $2"
    )
});

const KEEP: &str = "update smsp_part set places = $2, owner = case when state <> 1 then owner end,
        state = case when state = 1 then 0 else state end where part = $1 returning due";

/// The state of the mail, if a part of it was brought somewhere by this, whose mail is locked. `woken`: domains that are to be
/// looked at, and when.
pub(super) async fn end(
    transaction: &mut Transaction<'_>,
    hold: &PartHold,
    ended: &PartEnded,
    part: &Part,
    change: &Change<'_>,
    woken: &mut Vec<(Hmac, i64)>,
) -> Result<Option<State>, Failed> {
    let PartEnded::Told { verdicts, .. } = ended else { return Ok(None) };
    let all = groups(&part.places, verdicts, PartTo::Unknown);
    let is_taken = all.iter().any(|group| group.to == PartTo::Accepted);
    match hand_over::is_open(transaction, hold).await? {
        Some(true) => {}
        // A repeat of the end that has brought it there.
        Some(false) if part.state == State::Accepted && is_taken => {
            return told_again(transaction, part.row, part.part).await;
        }
        Some(false) | None => return Ok(None),
    }
    hand_over::record(transaction, &[HandedOver { hold, ended, groups: &all, late: true }]).await?;
    let is_moved = moved(transaction, part, verdicts, change, woken).await?;
    let has_other = hand_over::has_other(transaction, part.part, Some(hold.fence)).await?;
    let is_unsettled = all.iter().any(|group| group.to == PartTo::Unknown);
    let is_settled = if is_taken {
        accepted(transaction, part, &all, change, has_other, woken).await?
    } else if part.state != State::Unknown || is_unsettled || has_other {
        false
    } else {
        let mut divided = Divided::default();
        divided.divide(part, &all, change);
        divided.write(transaction).await?;
        woken.extend(change.woken(part, &all));
        true
    };
    if !is_moved && !is_settled {
        return Ok(None);
    }
    let state = refresh_by(transaction, &[(part.row, part.part)].into()).await?.get(&part.row).copied();
    if state.is_some() { Ok(state) } else { told_again(transaction, part.row, part.part).await }
}

/// Brings recipients to whom the mail came whom a later claim has moved to other parts: it is not sent to them again. Have
/// there been any?
async fn moved(
    transaction: &mut Transaction<'_>,
    part: &Part,
    verdicts: &[PartVerdict],
    change: &Change<'_>,
    woken: &mut Vec<(Hmac, i64)>,
) -> Result<bool, Failed> {
    let is_moved = |verdict: &&PartVerdict| verdict.to == PartTo::Accepted && !part.places.contains(&verdict.place);
    let taken: Vec<_> = verdicts.iter().filter(is_moved).cloned().collect();
    if taken.is_empty() {
        return Ok(false);
    }
    let mut have_been = false;
    for other in row::others(transaction, part).await? {
        let all = groups(&other.places, &taken, PartTo::Unknown);
        if all.iter().any(|group| group.to == PartTo::Accepted) {
            let has_other = hand_over::has_other(transaction, other.part, None).await?;
            have_been |= accepted(transaction, &other, &all, change, has_other, woken).await?;
            have_been |= other.state == State::Accepted;
        }
    }
    Ok(have_been)
}

/// There may be a second copy where another hand-over is in doubt or was taken, or a person has decided otherwise. What has
/// ended stays as it is. False: it has.
async fn accepted(
    transaction: &mut Transaction<'_>,
    part: &Part,
    all: &[Group],
    change: &Change<'_>,
    has_other: bool,
    woken: &mut Vec<(Hmac, i64)>,
) -> Result<bool, Failed> {
    if has_other || matches!(part.state, State::Refused | State::Expired | State::Cancelled) {
        transaction.execute(&DOUBT, &[(&part.part, Type::INT8), (&part.row, Type::INT8)]).await?;
    }
    if part.state.is_final() {
        return Ok(false);
    }
    let mut divided = Divided::default();
    let (taken, others): (Vec<_>, Vec<_>) = all.iter().partition(|group| group.to == PartTo::Accepted);
    for group in taken {
        if others.is_empty() {
            divided.settle(part, group, change);
        } else {
            divided.split_off(part, group, change);
        }
    }
    divided.write(transaction).await?;
    if !others.is_empty() {
        let rest: Vec<_> = others.into_iter().flat_map(|group| group.places.iter().copied()).collect();
        woken.extend(keep(transaction, part, &rest).await?.map(|due| (part.domain, due)));
    }
    Ok(true)
}

/// The others stay where they are. A claim that was not marked is lost: it would hand over to those that have the mail, too.
/// When the rest is due, if it waits now.
pub(super) async fn keep(transaction: &mut Transaction<'_>, part: &Part, rest: &[u32]) -> Result<Option<i64>, Failed> {
    let places = written_places(rest);
    let parameters: [Parameter<'_>; 2] = [(&part.part, Type::INT8), (&places, Type::TEXT)];
    let kept = transaction.query(KEEP, &parameters).await?;
    kept.first().filter(|_| part.state == State::Claimed).map(|kept| field(kept, 0)).transpose()
}

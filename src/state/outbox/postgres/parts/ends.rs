//! What claims of parts came to, that have come together.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::rows::span;
use super::changes::{Change, Divided};
use super::hand_over::{self, HandedOver};
use super::row::{Part, find};
use super::single_ends::{self, groups_of};
use super::split::now;
use super::whole::refresh_by;
use super::{domains, locks};
use crate::state::outbox::parts::Group;
use crate::state::outbox::{Hmac, PartEnded, PartHold, PartTo, State};
use crate::state::store::Failed;
use crate::state::store::postgres::{Database, Size, Together, Transaction, Undone, told};

/// Ends claims of parts of one node.
pub(in super::super) struct PartEnds {
    pub(in super::super) database: Arc<Database>,
}

impl Together for PartEnds {
    type Call = (PartHold, PartEnded);
    type Answer = Option<State>;

    const WORKERS: usize = 1;

    fn size(_: &Self::Call) -> Size {
        Size::ROW
    }

    fn fit((one, _): &Self::Call, (other, _): &Self::Call) -> bool {
        one.part != other.part
    }

    async fn carry_out(&self, calls: &[&Self::Call]) -> Result<Vec<Option<Self::Answer>>, Undone> {
        let mut transaction = self.database.begin().await?;
        let ended = end(&mut transaction, calls).await;
        let answers = told(&transaction, ended)?;
        transaction.commit().await?;
        Ok(answers)
    }
}

/// The state of each mail by now, or none where the fence is lost. None at all: somebody else has locked the mail.
///
/// What is usual is written together. What else there is comes behind that, one by one, and the domains last of all.
pub(in super::super) async fn end(
    transaction: &mut Transaction<'_>,
    calls: &[&(PartHold, PartEnded)],
) -> Result<Vec<Option<Option<State>>>, Failed> {
    let locked = locks::lock(transaction, calls.iter().map(|(hold, _)| hold)).await?;
    let free: Vec<_> = calls.iter().copied().filter(|(hold, _)| locked.has(hold)).collect();
    let parts = find(transaction, &free.iter().map(|(hold, _)| hold.part.0).collect::<Vec<_>>()).await?;
    let now = now(transaction).await?;
    let usual: Vec<_> = free.iter().filter_map(|call| Usual::of(parts.get(&call.0.part.0)?, now, call)).collect();
    let (mut answers, mut woken) = (BTreeMap::new(), Vec::new());
    write(transaction, &usual, &mut answers, &mut woken).await?;
    let rest: Vec<_> = free.into_iter().filter(|(hold, _)| !answers.contains_key(&hold.part.0)).collect();
    for (hold, ended) in rest {
        let state = single_ends::end(transaction, now, hold, ended, &mut woken).await?;
        answers.insert(hold.part.0, state);
    }
    domains::wake(transaction, &woken).await?;
    let answer = |hold: &PartHold| answers.get(&hold.part.0).copied().flatten();
    Ok(calls.iter().map(|(hold, _)| (!locked.is_held(hold)).then(|| answer(hold))).collect())
}

/// The end of a claim that holds its part.
struct Usual<'a> {
    part: &'a Part,
    hold: &'a PartHold,
    ended: &'a PartEnded,
    groups: Vec<Group>,
    change: Change<'a>,
}

impl<'a> Usual<'a> {
    fn of(part: &'a Part, now: i64, (hold, ended): &'a (PartHold, PartEnded)) -> Option<Self> {
        let PartEnded::Told { verdicts, wait, counted, .. } = ended else { return None };
        let groups = groups_of(part, verdicts);
        let was_handed_over = |group: &Group| matches!(group.to, PartTo::Accepted | PartTo::Unknown);
        let is_impossible = part.state == State::Claimed && groups.iter().any(was_handed_over);
        let change = Change { due: now + span(*wait), counted: *counted, owner: Some(hold) };
        (part.may_be_ended_by(hold) && !is_impossible).then_some(Self { part, hold, ended, groups, change })
    }
}

/// Writes these ends. Where several are of one mail, the last one hears where it is by now and the others that one was on its
/// way, so that its end is told once.
async fn write(
    transaction: &mut Transaction<'_>,
    usual: &[Usual<'_>],
    answers: &mut BTreeMap<i64, Option<State>>,
    woken: &mut Vec<(Hmac, i64)>,
) -> Result<(), Failed> {
    let (mut divided, mut last, mut records) = (Divided::default(), BTreeMap::new(), Vec::new());
    for Usual { part, hold, ended, groups, change } in usual {
        records.push(HandedOver { hold, ended, groups, late: !part.is_of(hold) });
        divided.divide(part, groups, change);
        woken.extend(change.woken(part, groups));
        last.insert(part.row, part.part);
    }
    hand_over::record(transaction, &records).await?;
    divided.write(transaction).await?;
    let states = refresh_by(transaction, &last).await?;
    for Usual { part, .. } in usual {
        let is_last = last.get(&part.row) == Some(&part.part);
        let state = states.get(&part.row).map(|state| if is_last { *state } else { State::Sending });
        answers.insert(part.part, state);
    }
    Ok(())
}

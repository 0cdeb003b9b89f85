//! Ends of claims that have come together: what became of each, with the verdict of each hand-over.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::content::drop_content;
use super::holds::{FREE, Holds, IS_LOCKED};
use super::rows::{Columns, code, span, text};
use super::{late, verdicts};
use crate::state::outbox::{Ended, Hold, State};
use crate::state::store::Failed;
use crate::state::store::postgres::{Database, Parameter, Size, Together, Transaction, Undone, told};

/// May a provider have the row `o` by an earlier hand-over, of which the replay that call `c` ends says nothing?
const KEEPS_DOUBT: &str =
    "(o.is_replay and c.state <> 5 and exists (select from smsp_attempt a where a.row_id = o.row_id
        and a.fence <> c.fence and (a.outcome is null or a.outcome = 'unknown')))";

/// To which state call `c` brings its row `o`: 0 is queued, 3 unknown, 5 accepted, 8 cancelled.
static STATE: LazyLock<String> =
    LazyLock::new(|| format!("case when {KEEPS_DOUBT} then 3 when o.erased and c.state = 0 then 8 else c.state end"));

/// And a call that could not do anything with its row: 4 is parked.
const LOST: &str = "case when o.losses >= 2 then 4 else 0 end";

/// Which calls `c` have a row `o` that they may end. A claim that was never marked has nothing that a provider could have:
/// it is queued or refused (6). What is unknown needs no owner, only a fence.
const MAY_BE_ENDED: &str =
    "o.fence = c.fence and (o.owner = c.owner and (o.state = 2 and not c.is_loss or o.state = 1 and c.state in (0, 6))
            or o.state = 3 and not c.is_loss)";

const CALL: &str = "call as materialized (
        select * from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9)
            c (row_id, fence, owner, state, wait, counted, is_at_risk, is_loss, told)
    )";

/// The owner stays: with the fence and the state it tells that this claim has brought the row there. What was marked beside
/// the hand-overs that an end tells of was never handed over.
static END: LazyLock<String> = LazyLock::new(|| {
    let state = &*STATE;
    format!(
        "with {CALL},
    {FREE},
    ended as (
        update smsp_outbox o set changed_at = smsp_now(), owner = c.owner,
            state = case when c.is_loss then {LOST} else {state} end, losses = o.losses + c.is_loss::integer,
            is_replay = o.is_replay and (c.state in (3, 5) or {KEEPS_DOUBT}),
            due = smsp_now() + c.wait, replay_due = smsp_now() + c.wait, attempts = o.attempts + c.counted,
            possible_duplicate = o.possible_duplicate or c.is_at_risk
        from call c join free using (row_id)
        where o.row_id = c.row_id and {MAY_BE_ENDED}
        returning o.row_id, o.state
    ),
    forgotten as (
        delete from smsp_attempt a using call c join ended e using (row_id)
        where a.row_id = c.row_id and a.fence = c.fence and a.outcome is null
            and a.upstream <> all (string_to_array(c.told, ','))
    )
    select c.row_id, {IS_LOCKED}, e.state
    from call c left join smsp_outbox o using (row_id) left join free f using (row_id) left join ended e using (row_id)"
    )
});

/// Answers ends that come again because their first answer was lost.
static ENDED: LazyLock<String> = LazyLock::new(|| {
    let state = &*STATE;
    format!(
        "with {CALL}
    select o.row_id, false, o.state from call c join smsp_outbox o using (row_id)
    where o.fence = c.fence and o.owner = c.owner
        and case when c.is_loss then o.state in (0, 4) else o.state = {state} end"
    )
});

/// After a replay that was refused, which says nothing of the hand-over before.
const AFTER_REFUSED_REPLAY: i64 = 60_000;

/// Ends claims of one node.
pub(super) struct Ends {
    pub(super) database: Arc<Database>,
}

impl Together for Ends {
    type Call = (Hold, Ended);
    type Answer = Option<State>;

    const WORKERS: usize = 1;

    fn size(_: &Self::Call) -> Size {
        Size::ROW
    }

    fn fit((one, _): &Self::Call, (other, _): &Self::Call) -> bool {
        one.row != other.row
    }

    async fn carry_out(&self, calls: &[&Self::Call]) -> Result<Vec<Option<Self::Answer>>, Undone> {
        let mut transaction = self.database.begin().await?;
        let ended = end(&mut transaction, calls).await;
        let answers = told(&transaction, ended)?;
        transaction.commit().await?;
        Ok(answers)
    }
}

/// None: somebody else has locked the row.
async fn end(
    transaction: &mut Transaction<'_>,
    calls: &[&(Hold, Ended)],
) -> Result<Vec<Option<Option<State>>>, Failed> {
    let columns = Calls::of(calls);
    let found = transaction.query(&END, &columns.parameters()).await?;
    let mut answers = found.iter().map(answer).collect::<Result<HashMap<_, _>, _>>()?;
    let is_new = |(hold, _): &&&(Hold, Ended)| matches!(answers.get(&hold.row.0), Some(Some(Some(_))));
    let new: Vec<_> = calls.iter().filter(is_new).copied().collect();
    let verdicts: Vec<_> =
        new.iter().flat_map(|(hold, ended)| ended.verdicts().iter().map(move |verdict| (hold, verdict))).collect();
    verdicts::record(transaction, &verdicts).await?;
    let is_over = |(_, answer): &(&i64, &Option<Option<State>>)| answer.flatten().is_some_and(State::is_final);
    let over: Vec<_> = answers.iter().filter(is_over).map(|(row, _)| *row).collect();
    if !over.is_empty() {
        drop_content(transaction, &over).await?;
    }
    if answers.values().any(|answer| *answer == Some(None)) {
        for row in &transaction.query(&ENDED, &columns.parameters()).await? {
            let (row, before) = answer(row)?;
            answers.entry(row).and_modify(|answer| *answer = answer.map(|ended| ended.or(before.flatten())));
        }
    }
    for (hold, ended) in calls {
        if answers.get(&hold.row.0) == Some(&Some(None)) {
            answers.insert(hold.row.0, Some(late::end(transaction, hold, ended).await?));
        }
    }
    Ok(columns.holds.rows.iter().map(|row| answers.get(row).copied().unwrap_or(Some(None))).collect())
}

/// From `row_id`, whether it is locked, and the state of a row that has come there.
fn answer(row: &Row) -> Result<(i64, Option<Option<State>>), Failed> {
    let mut columns = Columns::of(row);
    let (row, is_locked): (i64, bool) = (columns.value()?, columns.value()?);
    Ok((row, if is_locked { None } else { Some(columns.optional_state()?) }))
}

/// What [`Ended`] makes of each row.
struct Calls {
    holds: Holds,
    states: Vec<i16>,
    /// Until the next claim, or the next replay.
    waits: Vec<i64>,
    counted: Vec<i32>,
    risks: Vec<bool>,
    losses: Vec<bool>,
    /// The upstreams of its verdicts, with a comma between them; none: there may have been other hand-overs.
    told: Vec<Option<String>>,
}

impl Calls {
    fn of(calls: &[&(Hold, Ended)]) -> Self {
        let ended = || calls.iter().map(|(_, ended)| ended);
        Self {
            holds: Holds::of(calls.iter().map(|(hold, _)| hold)),
            states: ended().map(|ended| code(state(ended))).collect(),
            waits: ended().map(wait).collect(),
            counted: ended().map(|ended| matches!(ended, Ended::Again { counted: true, .. }).into()).collect(),
            risks: ended().map(is_at_risk).collect(),
            losses: ended().map(|ended| matches!(ended, Ended::Lost { .. })).collect(),
            told: ended().map(|ended| ended.tells_of_all().then(|| upstreams(ended))).collect(),
        }
    }

    fn parameters(&self) -> [Parameter<'_>; 9] {
        let [rows, fences, owners] = self.holds.parameters();
        let (states, waits) = ((&self.states as _, Type::INT2_ARRAY), (&self.waits as _, Type::INT8_ARRAY));
        let (counted, risks) = ((&self.counted as _, Type::INT4_ARRAY), (&self.risks as _, Type::BOOL_ARRAY));
        let (losses, told) = ((&self.losses as _, Type::BOOL_ARRAY), (&self.told as _, Type::TEXT_ARRAY));
        [rows, fences, owners, states, waits, counted, risks, losses, told]
    }
}

fn state(ended: &Ended) -> State {
    match ended {
        Ended::Accepted { .. } => State::Accepted,
        Ended::Refused { .. } => State::Refused,
        Ended::Again { .. } | Ended::Lost { .. } => State::Queued,
        Ended::Unknown { .. } => State::Unknown,
    }
}

fn upstreams(ended: &Ended) -> String {
    ended.verdicts().iter().map(|verdict| text(&verdict.upstream)).collect::<Vec<_>>().join(",")
}

fn wait(ended: &Ended) -> i64 {
    match ended {
        Ended::Accepted { .. } => 0,
        Ended::Refused { .. } => AFTER_REFUSED_REPLAY,
        Ended::Again { wait, .. } | Ended::Lost { wait } => span(*wait),
        Ended::Unknown { replay_after, .. } => span(*replay_after),
    }
}

fn is_at_risk(ended: &Ended) -> bool {
    matches!(ended, Ended::Accepted { possible_duplicate: true, .. } | Ended::Again { possible_duplicate: true, .. })
}

//! The way of a claim: given back, marked, ended; and replays.
//!
//! Each change names the row, its fence, its owner and the states from which it is possible.

use tokio_postgres::types::Type;
use uuid::Uuid;

use super::content::drop_content;
use super::rows::{Columns, big, claimed_rows, code, span, text};
use super::{history, verdicts};
use crate::state::outbox::{Claimed, Ended, Hold, Mark, Memory, NodeId, Point, State};
use crate::state::store::Failed;
use crate::state::store::postgres::{Parameter, Transaction, field};
use history::Expected;

const GIVE_BACK: &str = "update smsp_outbox o set state = 0, changed_at = smsp_now(), owner = null
    from unnest($1, $2, $3) h (row_id, fence, owner)
    where o.row_id = h.row_id and o.fence = h.fence and o.owner = h.owner and o.state = 1";

/// A replay is marked already, for its upstream alone. A database that has lost marks which are remembered gives no consent.
/// The sum that is answered is without marks that other transactions have not committed yet.
const MARK: &str = "with marked as (
        update smsp_outbox set state = 2, changed_at = smsp_now(), upstream = $4,
            replay_until = smsp_now() + $5, possible_duplicate = possible_duplicate or $6
        where row_id = $1 and fence = $2 and owner = $3 and state in (1, 2)
            and expires_at > smsp_now() and not erased and not is_replay
            and exists (select from smsp_control where lost is null and coalesce($7 = epochs[cardinality(epochs)], true))
            and (select sum(marks) from smsp_marks) >= $8
        returning row_id, fence
    ),
    counted as (
        update smsp_marks m set marks = m.marks + 1 from marked where m.slot = marked.row_id % 64
    ),
    attempt as (
        insert into smsp_attempt (row_id, fence, upstream, at)
        select row_id, fence, $4, smsp_now() from marked
    )
    select epochs, (select sum(marks) from smsp_marks)::bigint + 1 from marked, smsp_control";

/// State 0 is queued, 3 unknown, 5 accepted, 6 refused, 8 cancelled. A claim that was never marked has nothing that a
/// provider could have. A replay settles the row only if it is accepted. What is unknown needs no owner, only a fence. The
/// owner stays: with the fence and the state it tells that this claim has brought the row there.
const END: &str = "update smsp_outbox set changed_at = smsp_now(),
        state = case when is_replay and $4 <> 5 then 3 when erased and $4 = 0 then 8 else $4 end,
        owner = $3, due = smsp_now() + $5, replay_due = smsp_now() + $5, attempts = attempts + $6,
        possible_duplicate = possible_duplicate or $7
    where row_id = $1 and fence = $2 and (owner = $3 and (state = 2 or state = 1 and $4 in (0, 6)) or state = 3)
    returning state";

/// Answers an end that comes again because its first answer was lost.
const ENDED: &str = "select state from smsp_outbox where row_id = $1 and fence = $2 and owner = $3
    and state = case when is_replay and $4 <> 5 then 3 when erased and $4 = 0 then 8 else $4 end";

const REPLAY: &str = "with due as materialized (
        select row_id from smsp_outbox
        where state = 3 and upstream = $1 and replay_until > smsp_now() and replay_due <= smsp_now()
            and expires_at > smsp_now() and not erased
        order by replay_due, row_id limit $2 for update skip locked
    ),
    marked as (
        update smsp_outbox o set state = 2, changed_at = smsp_now(), fence = o.fence + 1, owner = $3, claim = $4,
            is_replay = true
        from due where o.row_id = due.row_id returning o.row_id, o.fence
    ),
    attempt as (
        insert into smsp_attempt (row_id, fence, upstream, at) select row_id, fence, $1, smsp_now() from marked
    ),
    counted as (
        update smsp_marks set marks = marks + (select count(*) from marked)
        where slot = (select min(row_id) % 64 from marked)
    )
    select row_id from marked order by row_id";

pub(super) async fn give_back(transaction: &mut Transaction<'_>, holds: &[Hold]) -> Result<usize, Failed> {
    let rows: Vec<_> = holds.iter().map(|hold| hold.row.0).collect();
    let fences: Vec<_> = holds.iter().map(|hold| hold.fence.0).collect();
    let owners: Vec<_> = holds.iter().map(|hold| hold.node.0).collect();
    let parameters: [Parameter<'_>; 3] =
        [(&rows, Type::INT8_ARRAY), (&fences, Type::INT8_ARRAY), (&owners, Type::UUID_ARRAY)];
    let given = transaction.execute(GIVE_BACK, &parameters).await?;
    Ok(usize::try_from(given).unwrap_or(usize::MAX))
}

/// With its consent the database says how far it has come.
pub(super) async fn mark(
    transaction: &mut Transaction<'_>,
    hold: &Hold,
    mark: &Mark,
    memory: &Memory,
) -> Result<Option<Point>, Failed> {
    let (upstream, window, expected) = (text(&mark.upstream), mark.replay_for.map(span), Expected::of(memory));
    let ([row, fence, owner], [epoch, marks]) = (parameters(hold), expected.parameters());
    let (to, risk) = ((&upstream as _, Type::TEXT), (&mark.possible_duplicate as _, Type::BOOL));
    let parameters: [Parameter<'_>; 8] = [row, fence, owner, to, (&window, Type::INT8), risk, epoch, marks];
    let rows = transaction.query(MARK, &parameters).await?;
    rows.first().map(|row| history::point(&mut Columns::of(row))).transpose()
}

pub(super) async fn end(
    transaction: &mut Transaction<'_>,
    hold: &Hold,
    ended: &Ended,
) -> Result<Option<State>, Failed> {
    let end = End::of(ended);
    let changed = transaction.query(END, &end.parameters(hold)).await?;
    let Some(row) = changed.first() else {
        let [row, fence, owner] = parameters(hold);
        let before = transaction.query(ENDED, &[row, fence, owner, (&end.state, Type::INT2)]).await?;
        return before.first().map(|row| Columns::of(row).state()).transpose();
    };
    let state = Columns::of(row).state()?;
    verdicts::record(transaction, hold, verdicts::of(ended)).await?;
    if state.is_final() {
        drop_content(transaction, &[hold.row.0]).await?;
    }
    Ok(Some(state))
}

pub(super) async fn replay(
    transaction: &mut Transaction<'_>,
    node: NodeId,
    number: Uuid,
    upstream: &str,
    limit: usize,
) -> Result<Vec<Claimed>, Failed> {
    let parameters: [Parameter<'_>; 4] =
        [(&upstream, Type::TEXT), (&big(limit), Type::INT8), (&node.0, Type::UUID), (&number, Type::UUID)];
    let rows = transaction.query(REPLAY, &parameters).await?;
    let rows = rows.iter().map(|row| field(row, 0)).collect::<Result<Vec<_>, _>>()?;
    claimed_rows(transaction, node, &rows).await
}

fn parameters(hold: &Hold) -> [Parameter<'_>; 3] {
    [(&hold.row.0, Type::INT8), (&hold.fence.0, Type::INT8), (&hold.node.0, Type::UUID)]
}

/// What [`Ended`] makes of a row.
struct End {
    state: i16,
    /// Until the next claim, or the next replay.
    wait: i64,
    counted: i32,
    possible_duplicate: bool,
}

/// After a replay that was refused, which says nothing of the hand-over before.
const AFTER_REFUSED_REPLAY: i64 = 60_000;

impl End {
    fn parameters<'a>(&'a self, hold: &'a Hold) -> [Parameter<'a>; 7] {
        let [row, fence, owner] = parameters(hold);
        [
            row,
            fence,
            owner,
            (&self.state, Type::INT2),
            (&self.wait, Type::INT8),
            (&self.counted, Type::INT4),
            (&self.possible_duplicate, Type::BOOL),
        ]
    }

    fn of(ended: &Ended) -> Self {
        let of = |state, wait| Self { state: code(state), wait, counted: 0, possible_duplicate: false };
        match ended {
            Ended::Accepted { possible_duplicate, .. } => {
                Self { possible_duplicate: *possible_duplicate, ..of(State::Accepted, 0) }
            }
            Ended::Refused { .. } => of(State::Refused, AFTER_REFUSED_REPLAY),
            Ended::Again { wait, counted, possible_duplicate, .. } => {
                let possible_duplicate = *possible_duplicate;
                Self { counted: i32::from(*counted), possible_duplicate, ..of(State::Queued, span(*wait)) }
            }
            Ended::Unknown { replay_after, .. } => of(State::Unknown, span(*replay_after)),
        }
    }
}

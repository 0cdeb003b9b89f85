//! Marks of rows that have come together: the consent of the database to each hand-over.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use tokio_postgres::types::Type;

use super::history::{self, Expected, Remembering};
use super::holds::{FREE, Holds, IS_LOCKED};
use super::rows::{Columns, span, text};
use crate::state::outbox::{Hold, Mark, Memory, Point};
use crate::state::store::Failed;
use crate::state::store::postgres::{Database, Parameter, Size, Together, Transaction, Undone, told};

/// Which calls `c` have a row `o` that they may mark. A replay is marked already, for its upstream alone. `state + 0`: see
/// [`super::rows::claimed_rows`].
const MAY_BE_MARKED: &str = "o.fence = c.fence and o.owner = c.owner and o.state + 0 in (1, 2)
            and o.expires_at > smsp_now() and not o.erased and not o.is_replay";

/// A database that has lost marks which are remembered gives no consent.
const HAS_LOST_NOTHING: &str =
    "exists (select from smsp_control where lost is null and coalesce($7 = epochs[cardinality(epochs)], true))
            and (select sum(marks) from smsp_marks) >= $8";

/// A mark that is granted once more, because nobody heard the answer to the first one, is of one hand-over.
///
/// Counted are all at once, in a slot that nobody else has locked, from that of the first row on. The sum that is answered is
/// without marks that other transactions have not committed yet.
static MARK: LazyLock<String> = LazyLock::new(|| {
    format!(
        "with call as materialized (
        select * from unnest($1, $2, $3, $4, $5, $6) c (row_id, fence, owner, upstream, replay_for, is_at_risk)
    ),
    {FREE},
    marked as (
        update smsp_outbox o set state = 2, changed_at = smsp_now(), upstream = c.upstream,
            replay_until = smsp_now() + c.replay_for, possible_duplicate = o.possible_duplicate or c.is_at_risk
        from call c join free using (row_id)
        where o.row_id = c.row_id and {MAY_BE_MARKED}
            and {HAS_LOST_NOTHING}
        returning o.row_id, o.fence, o.upstream
    ),
    counted as (
        update smsp_marks set marks = marks + (select count(*) from marked)
        where exists (select from marked) and slot = (
            select slot from smsp_marks order by (slot + 64 - $1[1] % 64) % 64 limit 1 for update skip locked
        )
        returning slot
    ),
    begun as (
        update smsp_attempt a set at = smsp_now() from marked m
        where a.row_id = m.row_id and a.fence = m.fence and a.upstream = m.upstream and a.outcome is null
        returning a.row_id
    ),
    attempt as (
        insert into smsp_attempt (row_id, fence, upstream, at) select row_id, fence, upstream, smsp_now() from marked
        where row_id not in (select row_id from begun)
    )
    select c.row_id, {IS_LOCKED}, m.row_id is not null, (select count(*) from counted) = 1, epochs,
        (select sum(marks) from smsp_marks)::bigint + (select count(*) from marked)
    from call c left join smsp_outbox o using (row_id) left join free f using (row_id) left join marked m using (row_id),
        smsp_control"
    )
});

/// Marks for one node.
pub(super) struct Marks {
    pub(super) database: Arc<Database>,
    pub(super) remembering: Arc<Remembering>,
}

impl Together for Marks {
    type Call = (Hold, Mark);
    type Answer = bool;

    const WORKERS: usize = 1;

    fn size(_: &Self::Call) -> Size {
        Size::ROW
    }

    fn fit((one, _): &Self::Call, (other, _): &Self::Call) -> bool {
        one.row != other.row
    }

    async fn carry_out(&self, calls: &[&Self::Call]) -> Result<Vec<Option<bool>>, Undone> {
        let mut transaction = self.database.begin().await?;
        let marked = mark(&mut transaction, calls, &self.remembering.memory).await;
        let Marked { answers, point } = told(&transaction, marked)?;
        transaction.commit().await?;
        point.into_iter().for_each(|point| self.remembering.memory.keep(point));
        Ok(answers)
    }
}

/// What marks came to.
struct Marked {
    /// None: somebody else has locked the row.
    answers: Vec<Option<bool>>,
    /// With its consent the database says how far it has come.
    point: Option<Point>,
}

async fn mark(transaction: &mut Transaction<'_>, calls: &[&(Hold, Mark)], memory: &Memory) -> Result<Marked, Failed> {
    let holds = Holds::of(calls.iter().map(|(hold, _)| hold));
    let upstreams: Vec<_> = calls.iter().map(|(_, mark)| text(&mark.upstream)).collect();
    let windows: Vec<_> = calls.iter().map(|(_, mark)| mark.replay_for.map(span)).collect();
    let risks: Vec<_> = calls.iter().map(|(_, mark)| mark.possible_duplicate).collect();
    let expected = Expected::of(memory);
    let ([rows, fences, owners], [epoch, marks]) = (holds.parameters(), expected.parameters());
    let to = (&upstreams as _, Type::TEXT_ARRAY);
    let (window, risk) = ((&windows as _, Type::INT8_ARRAY), (&risks as _, Type::BOOL_ARRAY));
    let parameters: [Parameter<'_>; 8] = [rows, fences, owners, to, window, risk, epoch, marks];
    let (mut answers, mut point) = (HashMap::new(), None);
    for row in &transaction.query(&MARK, &parameters).await? {
        let mut columns = Columns::of(row);
        let (row, is_locked): (i64, bool) = (columns.value()?, columns.value()?);
        let (is_marked, is_counted): (bool, bool) = (columns.value()?, columns.value()?);
        if is_marked && !is_counted {
            return Err(Failed::Down);
        }
        answers.insert(row, (!is_locked).then_some(is_marked));
        point = is_marked.then(|| history::point(&mut columns)).transpose()?.or(point);
    }
    let answer = |row| answers.get(row).copied().unwrap_or(Some(false));
    Ok(Marked { answers: holds.rows.iter().map(answer).collect(), point })
}

//! The verdict of a claim that holds its row no more: the row was replayed, or a person has ordered it to be sent anew.
//!
//! A provider that took the mail ends the row, under any claim: the later hand-over gets no consent any more. One that did
//! not says nothing of a later hand-over, so it settles the row only where no hand-over is in doubt any more. What has ended
//! stays as it is.

use tokio_postgres::types::Type;

use super::content::drop_content;
use super::rows::{Columns, code, span, text};
use super::{parts, verdicts};
use crate::model::outcome::Outcome;
use crate::state::outbox::{Ended, Hold, State, Verdict};
use crate::state::store::Failed;
use crate::state::store::postgres::{Parameter, Transaction, field};

/// A row that another claim or an order has taken from this one.
const LOST: &str = "select state from smsp_outbox
    where row_id = $1 and (fence > $2 or fence = $2 and state not in (1, 2)) for update";

/// What was marked beside the hand-overs that an end tells of was never handed over.
const FORGET_OPEN: &str = "delete from smsp_attempt where row_id = $1 and fence = $2 and outcome is null";

const OUTCOME: &str = "select outcome from smsp_attempt where row_id = $1 and fence = $2 and upstream = $3
    order by number desc limit 1";

/// There may be a second copy where another hand-over is in doubt, or was taken, and is no replay of this one. Of a mail that has
/// ended nobody is told any more that it does not reach somebody; of one in parts its parts say of whom.
const DOUBT: &str =
    "update smsp_outbox o set possible_duplicate = true, bounce_due = case when state < 5 or split > 0 then bounce_due end
    where row_id = $1 and ($4 or state in (6, 7, 8) or (state in (0, 4) or not is_replay) and exists
        (select from smsp_attempt a where a.row_id = o.row_id and (a.fence <> $2 or a.upstream <> $3)
            and (a.outcome is null or a.outcome in ('unknown', 'accepted'))))";

const ACCEPT: &str = "update smsp_outbox set state = 5, changed_at = smsp_now(), owner = null
    where row_id = $1 and state < 5 and split <> 1 returning state";

const NOT_TAKEN: &str = "update smsp_outbox o set state = case when erased and $2 = 0 then 8 else $2 end,
        changed_at = smsp_now(), due = smsp_now() + $3, attempts = attempts + $4, owner = null
    where row_id = $1 and state = 3 and split <> 1 and not exists (select from smsp_attempt a
        where a.row_id = o.row_id and (a.outcome is null or a.outcome = 'unknown')) returning state";

/// Records the verdicts of such an end that were not known before. The state, if it was brought about by this.
pub(super) async fn end(
    transaction: &mut Transaction<'_>,
    hold: &Hold,
    ended: &Ended,
) -> Result<Option<State>, Failed> {
    let Some(state) = changed(transaction, LOST, &[row(hold), fence(hold)]).await? else { return Ok(None) };
    let mut open = Vec::new();
    for verdict in ended.verdicts() {
        match outcome(transaction, hold, verdict).await? {
            Some(None) => open.push(verdict.clone()),
            Some(Some(known)) if known == Outcome::Unknown.as_str() => open.push(verdict.clone()),
            // A repeat of the end that has brought it there.
            Some(Some(known)) if state == State::Accepted && is_acceptance(verdict, ended) => {
                return Ok((known == Outcome::Accepted.as_str()).then_some(state));
            }
            _ => {}
        }
    }
    verdicts::record(transaction, &open.iter().map(|verdict| (hold, verdict)).collect::<Vec<_>>()).await?;
    if ended.tells_of_all() {
        transaction.execute(FORGET_OPEN, &[row(hold), fence(hold)]).await?;
    }
    let settled = match ended {
        Ended::Accepted { possible_duplicate, .. } => {
            let Some(taken) = open.iter().find(|verdict| is_acceptance(verdict, ended)) else { return Ok(None) };
            accepted(transaction, hold, taken, *possible_duplicate).await?
        }
        Ended::Refused { .. } => not_taken(transaction, hold, State::Refused, 0, false).await?,
        Ended::Again { wait, counted, .. } => {
            not_taken(transaction, hold, State::Queued, span(*wait), *counted).await?
        }
        Ended::Lost { .. } | Ended::Unknown { .. } => None,
    };
    if settled.is_some_and(State::is_final) {
        drop_content(transaction, &[hold.row.0]).await?;
    }
    Ok(settled)
}

fn is_acceptance(verdict: &Verdict, ended: &Ended) -> bool {
    matches!(ended, Ended::Accepted { .. }) && verdict.outcome == Outcome::Accepted
}

/// What the last hand-over under this fence at this upstream came to, if there was one; an inner none: nothing is known.
async fn outcome(
    transaction: &mut Transaction<'_>,
    hold: &Hold,
    verdict: &Verdict,
) -> Result<Option<Option<String>>, Failed> {
    let upstream = text(&verdict.upstream);
    let rows = transaction.query(OUTCOME, &[row(hold), fence(hold), (&upstream, Type::TEXT)]).await?;
    rows.first().map(|row| field(row, 0)).transpose()
}

async fn accepted(
    transaction: &mut Transaction<'_>,
    hold: &Hold,
    taken: &Verdict,
    possible_duplicate: bool,
) -> Result<Option<State>, Failed> {
    let upstream = text(&taken.upstream);
    let parameters = [row(hold), fence(hold), (&upstream as _, Type::TEXT), (&possible_duplicate as _, Type::BOOL)];
    transaction.execute(DOUBT, &parameters).await?;
    match parts::taken(transaction, hold.row.0, taken).await? {
        None => changed(transaction, ACCEPT, &[row(hold)]).await,
        state => Ok(state),
    }
}

async fn not_taken(
    transaction: &mut Transaction<'_>,
    hold: &Hold,
    to: State,
    wait: i64,
    counted: bool,
) -> Result<Option<State>, Failed> {
    let (to, counted) = (code(to), i32::from(counted));
    let parameters = [row(hold), (&to as _, Type::INT2), (&wait as _, Type::INT8), (&counted as _, Type::INT4)];
    changed(transaction, NOT_TAKEN, &parameters).await
}

/// The state that a statement answers.
async fn changed(
    transaction: &mut Transaction<'_>,
    sql: &str,
    parameters: &[Parameter<'_>],
) -> Result<Option<State>, Failed> {
    let rows = transaction.query(sql, parameters).await?;
    rows.first().map(|row| Columns::of(row).state()).transpose()
}

fn row(hold: &Hold) -> Parameter<'_> {
    (&hold.row.0, Type::INT8)
}

fn fence(hold: &Hold) -> Parameter<'_> {
    (&hold.fence.0, Type::INT8)
}

//! Splits of mails in hand that have come together.

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::super::history::{self, DOUBT, Remembering};
use super::super::holds::{FREE, Holds, IS_LOCKED};
use super::super::verdicts;
use super::domains;
use super::whole::{FAR, refresh};
use crate::state::outbox::parts::{UPSTREAM, written_places};
use crate::state::outbox::{Hold, Point, Split};
use crate::state::store::Failed;
use crate::state::store::postgres::{Database, Parameter, Size, Together, Transaction, Undone, field, told};

static LOCK: LazyLock<String> = LazyLock::new(|| {
    format!(
        "with {FREE} select o.row_id, {IS_LOCKED} from smsp_outbox o left join free f using (row_id)
        where o.row_id = any ($1)"
    )
});

const WAS_SPLIT: &str =
    "select o.row_id from unnest($1, $2, $3) c (row_id, fence, owner) join smsp_outbox o using (row_id)
    where o.fence = c.fence and o.split = 1";

const SPLIT: &str = "update smsp_outbox o set state = 3, split = 1, shown = 0, changed_at = $5, upstream = $4,
        replay_until = null, owner = null
    from unnest($1, $2, $3) c (row_id, fence, owner)
    where o.row_id = c.row_id and o.fence = c.fence and o.owner = c.owner and o.state + 0 in (1, 2)
        and o.expires_at > smsp_now() and not o.erased and not o.is_replay
    returning o.row_id";

const FORGET_OPEN: &str = "delete from smsp_attempt a using unnest($1, $2, $3) c (row_id, fence, owner)
    where a.row_id = c.row_id and a.fence = c.fence and a.outcome is null";

const INSERT: &str = "insert into smsp_part
        (row_id, domain, places, lane, accepted_at, due, expires_at, possible_duplicate)
    select row_id, w.domain, w.places, o.lane, o.accepted_at, smsp_now(), o.expires_at, o.possible_duplicate
    from unnest($1, $2, $3) with ordinality w (row_id, domain, places, nth) join smsp_outbox o using (row_id)
    order by w.nth";

const NOW: &str = "select smsp_now()";

/// Splits mails for one node.
pub(in super::super) struct Splits {
    pub(in super::super) database: Arc<Database>,
    pub(in super::super) remembering: Arc<Remembering>,
}

impl Together for Splits {
    type Call = (Hold, Split);
    type Answer = bool;

    const WORKERS: usize = 1;

    fn size((_, split): &Self::Call) -> Size {
        Size { rows: u64::try_from(split.parts.len()).unwrap_or(u64::MAX), bytes: 0 }
    }

    fn fit((one, _): &Self::Call, (other, _): &Self::Call) -> bool {
        one.row != other.row
    }

    async fn carry_out(&self, calls: &[&Self::Call]) -> Result<Vec<Option<bool>>, Undone> {
        let mut transaction = self.database.begin().await?;
        let consents = ask(&mut transaction, &self.remembering, calls).await;
        let (answers, point) = told(&transaction, consents)?;
        transaction.commit().await?;
        point.into_iter().for_each(|point| self.remembering.memory.keep(point));
        Ok(answers)
    }
}

/// May each of these rows be split? None: somebody else has locked it. And how far the database has come; one that has lost
/// marks which are remembered gives no consent.
async fn ask(
    transaction: &mut Transaction<'_>,
    remembering: &Remembering,
    calls: &[&(Hold, Split)],
) -> Result<(Vec<Option<bool>>, Option<Point>), Failed> {
    let findings = history::check(transaction, remembering, DOUBT).await?;
    if findings.went_back.is_some() {
        return Ok((vec![Some(false); calls.len()], None));
    }
    let rows: Vec<_> = calls.iter().map(|(hold, _)| hold.row.0).collect();
    let found = transaction.query(&LOCK, &[(&rows, Type::INT8_ARRAY)]).await?;
    let mut held = HashSet::new();
    for row in &found {
        if field(row, 1)? {
            held.insert(field::<i64>(row, 0)?);
        }
    }
    let free: Vec<_> = calls.iter().copied().filter(|(hold, _)| !held.contains(&hold.row.0)).collect();
    let split = split(transaction, &free).await?;
    let answer = |row: &i64| (!held.contains(row)).then(|| split.contains(row));
    Ok((rows.iter().map(answer).collect(), Some(findings.point)))
}

/// Those of these rows, which are locked, that are split now, or were by the same claim. Their parts are made in the same
/// transaction.
pub(in super::super) async fn split(
    transaction: &mut Transaction<'_>,
    calls: &[&(Hold, Split)],
) -> Result<HashSet<i64>, Failed> {
    let sound = || calls.iter().copied().filter(|(_, split)| split.is_sound());
    let holds = Holds::of(sound().map(|(hold, _)| hold).collect::<Vec<_>>().into_iter());
    let [row, fence, owner] = holds.parameters();
    let parameters = [row, fence, owner, (&UPSTREAM, Type::TEXT), (&FAR, Type::INT8)];
    let mut split = numbers(&transaction.query(SPLIT, &parameters).await?)?;
    let new: Vec<_> = sound().filter(|(hold, _)| split.contains(&hold.row.0)).collect();
    make_parts(transaction, &new).await?;
    if split.len() < calls.len() {
        let all = Holds::of(calls.iter().map(|(hold, _)| hold));
        split.extend(numbers(&transaction.query(WAS_SPLIT, &all.parameters()).await?)?);
    }
    Ok(split)
}

async fn make_parts(transaction: &mut Transaction<'_>, new: &[&(Hold, Split)]) -> Result<(), Failed> {
    if new.is_empty() {
        return Ok(());
    }
    let verdicts = new.iter().flat_map(|(hold, split)| split.verdicts.iter().map(move |verdict| (hold, verdict)));
    verdicts::record(transaction, &verdicts.collect::<Vec<_>>()).await?;
    let holds = Holds::of(new.iter().map(|(hold, _)| hold));
    transaction.execute(FORGET_OPEN, &holds.parameters()).await?;
    let parts = || new.iter().flat_map(|(hold, split)| split.parts.iter().map(move |part| (hold.row.0, part)));
    let rows: Vec<_> = parts().map(|(row, _)| row).collect();
    let domains: Vec<_> = parts().map(|(_, part)| &part.domain.0[..]).collect();
    let places: Vec<_> = parts().map(|(_, part)| written_places(&part.places)).collect();
    let parameters: [Parameter<'_>; 3] =
        [(&rows, Type::INT8_ARRAY), (&domains, Type::BYTEA_ARRAY), (&places, Type::TEXT_ARRAY)];
    transaction.execute(INSERT, &parameters).await?;
    let now = now(transaction).await?;
    let woken: Vec<_> = parts().map(|(_, part)| (part.domain, now)).collect();
    refresh(transaction, &holds.rows).await?;
    domains::wake(transaction, &woken).await
}

fn numbers(rows: &[Row]) -> Result<HashSet<i64>, Failed> {
    rows.iter().map(|row| field(row, 0)).collect()
}

/// The time of the transaction.
pub(super) async fn now(transaction: &mut Transaction<'_>) -> Result<i64, Failed> {
    let rows = transaction.query(NOW, &[]).await?;
    field(rows.first().ok_or(Failed::Down)?, 0)
}

//! Ends rows whose time is over, and drops those that were kept for long enough, step by step.
//!
//! A row whose mail has a key stays for a day at least, so that a repeat finds it. Where rows are kept for less than a day,
//! those with a key lie between those that have to go. They are passed once, not in each sweep: a sweep goes on where the
//! one before has stopped. What is passed by mistake goes after a day.

use std::sync::LazyLock;
use std::time::Duration;

use tokio_postgres::types::Type;

use super::bounce_conditions::AT_EXPIRY;
use super::content::drop_content;
use super::parts;
use super::rows::{Columns, big, named, span};
use crate::state::outbox::{Bound, NamedMail, State, Swept};
use crate::state::store::Failed;
use crate::state::store::postgres::{Parameter, Transaction};

/// A key names its submission for so long at least.
const KEY_LIVES: Duration = Duration::from_secs(24 * 3600);

/// With how many rows were looked at. Nodes that have been silent for a day go with it.
static EXPIRE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "with over as materialized (
        select row_id, expires_at, case when erased then 0 else size end as held
        from smsp_outbox where state in (0, 4) and expires_at <= smsp_now()
        order by expires_at limit $1 for update skip locked
    ),
    fitting as (
        select row_id, row_number() over w as nth, sum(held) over w as bytes from over
        window w as (order by expires_at, row_id)
    ),
    silent as (delete from smsp_node where seen_at < smsp_now() - 86400000)
    update smsp_outbox o set state = 7, changed_at = smsp_now(), bounce_due = {AT_EXPIRY}
    from fitting f where o.row_id = f.row_id and (f.nth = 1 or f.bytes <= $2) and o.state in (0, 4)
    returning o.row_id, (select count(*) from over)"
    )
});

/// Every row that was passed, in the order in which they have ended; with its state and names, if it was dropped, and with
/// how many were looked at. The parts of each count. Rows are locked in the order of their numbers, and what somebody else
/// has locked is passed by.
const FORGET: &str = "with looked as materialized (
        select o.row_id, o.changed_at, case when o.state = 3 and not o.erased then o.size else 0 end as held,
            1 + case when o.split > 0 then (select count(*) from smsp_part p where p.row_id = o.row_id) else 0 end as taken
        from smsp_outbox o
        where (o.state = 3 or o.state >= 5) and o.changed_at >= $3 and (o.changed_at, o.row_id) > ($3, $4)
            and o.changed_at <= smsp_now() - $5
        order by o.changed_at, o.row_id limit $1
    ),
    placed as (
        select l.*, row_number() over w as nth, sum(held) over w as bytes, sum(taken) over w as all_taken from looked l
        window w as (order by changed_at, row_id)
    ),
    passed as materialized (select row_id, changed_at from placed
        where nth = 1 or bytes <= $2 and all_taken <= $1),
    free as materialized (
        select o.row_id from smsp_outbox o where o.row_id = any (array(select p.row_id from passed p))
        order by o.row_id for update skip locked
    ),
    gone as (
        delete from smsp_outbox o using free f, smsp_submission s
        where o.row_id = f.row_id and s.row_id = f.row_id and (s.key is null or not $6)
            and (o.state = 3 or o.state >= 5) and o.changed_at <= smsp_now() - $5
        returning o.row_id, o.state, s.id, s.caller
    ),
    dropped as (delete from smsp_submission s using gone where s.row_id = gone.row_id)
    select p.changed_at, p.row_id, (select count(*) from looked), gone.row_id is not null, gone.state, gone.id, gone.caller
    from passed p left join gone using (row_id) order by p.changed_at, p.row_id";

/// The last row that was looked at, by the order in which they have ended.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Passed(i64, i64);

/// As much of each kind as the bound allows, and how far the rows without a key were looked for.
pub(super) async fn sweep(
    transaction: &mut Transaction<'_>,
    keep: Duration,
    passed: Passed,
    bound: Bound,
) -> Result<(Swept, Passed), Failed> {
    let mut swept = Swept::default();
    expire(transaction, bound, &mut swept).await?;
    expire_parts(transaction, bound, &mut swept).await?;
    let old = Walk { after: Passed::default(), kept_for: keep.max(KEY_LIVES), without_key: false };
    old.forget(transaction, bound, &mut swept).await?;
    if keep >= KEY_LIVES {
        return Ok((swept, passed));
    }
    let between = Walk { after: passed, kept_for: keep, without_key: true };
    let passed = between.forget(transaction, bound, &mut swept).await?;
    Ok((swept, passed))
}

async fn expire(transaction: &mut Transaction<'_>, bound: Bound, swept: &mut Swept) -> Result<(), Failed> {
    let (limit, bytes) = (big(bound.rows), big(bound.bytes));
    let (mut rows, mut looked) = (Vec::new(), 0);
    for row in transaction.query(&EXPIRE, &[(&limit, Type::INT8), (&bytes, Type::INT8)]).await? {
        let mut columns = Columns::of(&row);
        rows.push(columns.value::<i64>()?);
        looked = columns.value::<i64>()?;
    }
    if !rows.is_empty() {
        drop_content(transaction, &rows).await?;
        swept.mails = named(transaction, &rows, State::Expired).await?;
    }
    swept.expired = rows.len() as u64;
    swept.more |= is_cut(rows.len(), looked, bound);
    Ok(())
}

async fn expire_parts(transaction: &mut Transaction<'_>, bound: Bound, swept: &mut Swept) -> Result<(), Failed> {
    let (mails, more) = parts::expire(transaction, bound).await?;
    let (expired, partly): (Vec<_>, Vec<_>) = mails.into_iter().partition(|mail| mail.state == State::Expired);
    swept.expired += expired.len() as u64;
    swept.mails.extend(expired);
    swept.partly = partly;
    let (erased, more_erased) = parts::follow_erased(transaction, bound.rows).await?;
    swept.erased = erased;
    swept.more |= more || more_erased;
    Ok(())
}

/// Is there more than a step has done?
fn is_cut(done: usize, looked: i64, bound: Bound) -> bool {
    big(done) < looked || looked >= big(bound.rows)
}

/// Rows that have ended behind one and so long ago.
struct Walk {
    after: Passed,
    kept_for: Duration,
    without_key: bool,
}

impl Walk {
    /// Their status goes too, and with it who they went to. How far it has come.
    async fn forget(
        &self,
        transaction: &mut Transaction<'_>,
        bound: Bound,
        swept: &mut Swept,
    ) -> Result<Passed, Failed> {
        let Passed(at, number) = self.after;
        let parameters: [Parameter<'_>; 6] = [
            (&big(bound.rows), Type::INT8),
            (&big(bound.bytes), Type::INT8),
            (&at, Type::INT8),
            (&number, Type::INT8),
            (&span(self.kept_for), Type::INT8),
            (&self.without_key, Type::BOOL),
        ];
        let rows = transaction.query(FORGET, &parameters).await?;
        let (mut passed, mut looked) = (self.after, 0);
        for row in &rows {
            let mut columns = Columns::of(row);
            passed = Passed(columns.value()?, columns.value()?);
            looked = columns.value()?;
            if columns.value()? {
                swept.dropped += 1;
                let state = columns.state()?;
                if state == State::Unknown {
                    swept.unknown += 1;
                    swept.mails.push(NamedMail { id: columns.id()?, caller: columns.caller()?, state });
                }
            }
        }
        swept.more |= is_cut(rows.len(), looked, bound);
        Ok(passed)
    }
}

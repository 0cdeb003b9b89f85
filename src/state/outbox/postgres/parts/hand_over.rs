//! The mark before a hand-over of a part, and the record of the hand-over beside it.

use std::collections::HashSet;

use tokio_postgres::types::Type;

use super::super::history;
use super::super::rows::{Columns, span, text};
use super::whole;
use crate::state::outbox::parts::{Group, came_to};
use crate::state::outbox::{Fence, PartEnded, PartHold, Point};
use crate::state::store::Failed;
use crate::state::store::postgres::{Parameter, Transaction, field};

/// `state + 0`: what else the node has in hand is not looked at.
const MARK: &str = "update smsp_part p set state = 2
    from unnest($1, $2, $3) c (part, fence, owner), smsp_outbox o
    where p.part = c.part and p.fence = c.fence and p.owner = c.owner and p.state + 0 in (1, 2)
        and p.expires_at > smsp_now() and o.row_id = p.row_id and not o.erased
    returning p.part, p.fence, p.row_id";

const BEGIN: &str = "insert into smsp_part_attempt (part, fence, at)
    select part, fence, smsp_now() from unnest($1, $2) c (part, fence)
    on conflict (part, fence) do update set at = excluded.at";

const LEFT_OUT: &str = "insert into smsp_part_attempt (part, fence, at)
    select part, fence, smsp_now() from unnest($1, $2) c (part, fence) on conflict do nothing";

/// All at once, in a slot that nobody else has locked, from that of the first part on.
const COUNT: &str = "update smsp_marks set marks = marks + $2 where slot = (
    select slot from smsp_marks order by (slot + 64 - $1 % 64) % 64 limit 1 for update skip locked)";

const POINT: &str = "select epochs, (select sum(marks) from smsp_marks)::bigint from smsp_control";

const RECORD: &str =
    "update smsp_part_attempt a set took = v.took, outcome = v.outcome, reason = v.reason, code = v.code,
        late = v.late
    from unnest($1, $2, $3, $4, $5, $6, $7) v (part, fence, took, outcome, reason, code, late)
    where a.part = v.part and a.fence = v.fence";

const IS_OPEN: &str =
    "select outcome is null or outcome = 'unknown' from smsp_part_attempt where part = $1 and fence = $2";

const OTHER: &str = "select from smsp_part_attempt where part = $1 and fence is distinct from $2
    and (outcome is null or outcome in ('unknown', 'accepted'))";

/// Which of these parts may be handed over, whose mails are locked? With its consent the database says how far it has come.
pub(super) async fn mark(
    transaction: &mut Transaction<'_>,
    holds: &[&PartHold],
) -> Result<(HashSet<i64>, Option<Point>), Failed> {
    let (parts, fences) = columns(holds.iter().copied());
    let owners: Vec<_> = holds.iter().map(|hold| hold.node.0).collect();
    let [part, fence] = keys(&parts, &fences);
    let found = transaction.query(MARK, &[part, fence, (&owners, Type::UUID_ARRAY)]).await?;
    let Some(first) = found.first() else { return Ok((HashSet::new(), None)) };
    let (slot, marks) = (field::<i64>(first, 0)?, i64::try_from(found.len()).unwrap_or(i64::MAX));
    let column = |place| found.iter().map(|row| field(row, place)).collect::<Result<Vec<i64>, _>>();
    let (parts, fences, mails) = (column(0)?, column(1)?, column(2)?);
    transaction.execute(BEGIN, &keys(&parts, &fences)).await?;
    if transaction.execute(COUNT, &[(&slot, Type::INT8), (&marks, Type::INT8)]).await? == 0 {
        return Err(Failed::Down);
    }
    whole::refresh(transaction, &mails).await?;
    let rows = transaction.query(POINT, &[]).await?;
    let point = history::point(&mut Columns::of(rows.first().ok_or(Failed::Down)?))?;
    Ok((parts.into_iter().collect(), Some(point)))
}

/// What a hand-over came to, for each of its recipients.
pub(super) struct HandedOver<'a> {
    pub(super) hold: &'a PartHold,
    pub(super) ended: &'a PartEnded,
    pub(super) groups: &'a [Group],
    /// Had its claim ended before?
    pub(super) late: bool,
}

/// Writes what hand-overs came to beside their marks. A hand-over that there was none of has no mark.
pub(super) async fn record(transaction: &mut Transaction<'_>, all: &[HandedOver<'_>]) -> Result<(), Failed> {
    let left_out = |over: &&HandedOver<'_>| matches!(over.ended, PartEnded::Told { took: None, .. });
    let (parts, fences) = columns(all.iter().filter(left_out).map(|over| over.hold));
    if !parts.is_empty() {
        transaction.execute(LEFT_OUT, &keys(&parts, &fences)).await?;
    }
    let mut written = Written::default();
    all.iter().for_each(|over| written.add(over));
    if written.parts.is_empty() {
        return Ok(());
    }
    transaction.execute(RECORD, &written.parameters()).await.map(drop)
}

/// Hand-overs as columns of parameters.
#[derive(Default)]
struct Written {
    parts: Vec<i64>,
    fences: Vec<i64>,
    took: Vec<Option<i64>>,
    outcomes: Vec<&'static str>,
    reasons: Vec<Option<String>>,
    codes: Vec<Option<String>>,
    late: Vec<bool>,
}

impl Written {
    fn add(&mut self, over: &HandedOver<'_>) {
        let PartEnded::Told { took, .. } = over.ended else { return };
        let (outcome, verdict) = came_to(over.groups);
        self.parts.push(over.hold.part.0);
        self.fences.push(over.hold.fence.0);
        self.took.push(took.map(span));
        self.outcomes.push(outcome.as_str());
        self.reasons.push(verdict.map(|verdict| text(&verdict.reason)));
        self.codes.push(verdict.and_then(|verdict| verdict.code.as_deref().map(text)));
        self.late.push(over.late);
    }

    fn parameters(&self) -> [Parameter<'_>; 7] {
        let [parts, fences] = keys(&self.parts, &self.fences);
        let (took, outcomes) = ((&self.took as _, Type::INT8_ARRAY), (&self.outcomes as _, Type::TEXT_ARRAY));
        let (reasons, codes) = ((&self.reasons as _, Type::TEXT_ARRAY), (&self.codes as _, Type::TEXT_ARRAY));
        [parts, fences, took, outcomes, reasons, codes, (&self.late, Type::BOOL_ARRAY)]
    }
}

/// Is nothing known of the end of a hand-over under this fence, so that a late verdict settles it? None: there was none.
pub(super) async fn is_open(transaction: &mut Transaction<'_>, hold: &PartHold) -> Result<Option<bool>, Failed> {
    let rows = transaction.query(IS_OPEN, &this(hold)).await?;
    rows.first().map(|row| field(row, 0)).transpose()
}

/// Is a hand-over of this part in doubt, or was taken, other than that under this fence?
pub(super) async fn has_other(
    transaction: &mut Transaction<'_>,
    part: i64,
    fence: Option<Fence>,
) -> Result<bool, Failed> {
    let fence = fence.map(|fence| fence.0);
    let parameters: [Parameter<'_>; 2] = [(&part, Type::INT8), (&fence, Type::INT8)];
    Ok(!transaction.query(OTHER, &parameters).await?.is_empty())
}

/// Parts and fences.
fn columns<'a>(holds: impl Iterator<Item = &'a PartHold>) -> (Vec<i64>, Vec<i64>) {
    holds.map(|hold| (hold.part.0, hold.fence.0)).unzip()
}

fn keys<'a>(parts: &'a Vec<i64>, fences: &'a Vec<i64>) -> [Parameter<'a>; 2] {
    [(parts, Type::INT8_ARRAY), (fences, Type::INT8_ARRAY)]
}

fn this(hold: &PartHold) -> [Parameter<'_>; 2] {
    [(&hold.part.0, Type::INT8), (&hold.fence.0, Type::INT8)]
}

//! The mark before a hand-over of a part, and the record of the hand-over beside it.

use tokio_postgres::types::Type;

use super::super::history;
use super::super::rows::{Columns, span, text};
use super::{row, whole};
use crate::state::outbox::parts::{Group, came_to};
use crate::state::outbox::{Fence, PartEnded, PartHold, Point};
use crate::state::store::Failed;
use crate::state::store::postgres::{Parameter, Transaction, field};

const MARK: &str = "update smsp_part p set state = 2 from smsp_outbox o
    where p.part = $1 and p.fence = $2 and p.owner = $3 and p.state in (1, 2) and p.expires_at > smsp_now()
        and o.row_id = p.row_id and not o.erased";

const BEGIN: &str = "insert into smsp_part_attempt (part, fence, at) values ($1, $2, smsp_now())
    on conflict (part, fence) do update set at = excluded.at";

const LEFT_OUT: &str =
    "insert into smsp_part_attempt (part, fence, at) values ($1, $2, smsp_now()) on conflict do nothing";

const COUNT: &str = "update smsp_marks set marks = marks + 1 where slot = (
    select slot from smsp_marks order by (slot + 64 - $1 % 64) % 64 limit 1 for update skip locked)";

const POINT: &str = "select epochs, (select sum(marks) from smsp_marks)::bigint from smsp_control";

const RECORD: &str = "update smsp_part_attempt set took = $3, outcome = $4, reason = $5, code = $6, late = $7
    where part = $1 and fence = $2";

const IS_OPEN: &str =
    "select outcome is null or outcome = 'unknown' from smsp_part_attempt where part = $1 and fence = $2";

const OTHER: &str = "select from smsp_part_attempt where part = $1 and fence is distinct from $2
    and (outcome is null or outcome in ('unknown', 'accepted'))";

/// May this part be handed over? With its consent the database says how far it has come.
pub(super) async fn mark(transaction: &mut Transaction<'_>, hold: &PartHold) -> Result<Option<Point>, Failed> {
    let Some(mail) = row::lock(transaction, hold).await? else { return Ok(None) };
    let [part, fence] = this(hold);
    let owner: Parameter<'_> = (&hold.node.0, Type::UUID);
    if transaction.execute(MARK, &[part, fence, owner]).await? == 0 {
        return Ok(None);
    }
    transaction.execute(BEGIN, &this(hold)).await?;
    if transaction.execute(COUNT, &[(&hold.part.0, Type::INT8)]).await? == 0 {
        return Err(Failed::Down);
    }
    whole::refresh(transaction, &[mail]).await?;
    let rows = transaction.query(POINT, &[]).await?;
    history::point(&mut Columns::of(rows.first().ok_or(Failed::Down)?)).map(Some)
}

/// Writes what a hand-over came to beside its mark. A hand-over that there was none of has no mark. `late`: its claim had
/// ended before.
pub(super) async fn record(
    transaction: &mut Transaction<'_>,
    hold: &PartHold,
    ended: &PartEnded,
    groups: &[Group],
    late: bool,
) -> Result<(), Failed> {
    let PartEnded::Told { took, .. } = ended else { return Ok(()) };
    if took.is_none() {
        transaction.execute(LEFT_OUT, &this(hold)).await?;
    }
    let (outcome, verdict) = came_to(groups);
    let outcome = outcome.as_str();
    let reason = verdict.map(|verdict| text(&verdict.reason));
    let code = verdict.and_then(|verdict| verdict.code.as_deref().map(text));
    let took = took.map(span);
    let [part, fence] = this(hold);
    let parameters: [Parameter<'_>; 7] = [
        part,
        fence,
        (&took, Type::INT8),
        (&outcome, Type::TEXT),
        (&reason, Type::TEXT),
        (&code, Type::TEXT),
        (&late, Type::BOOL),
    ];
    transaction.execute(RECORD, &parameters).await.map(drop)
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

fn this(hold: &PartHold) -> [Parameter<'_>; 2] {
    [(&hold.part.0, Type::INT8), (&hold.fence.0, Type::INT8)]
}

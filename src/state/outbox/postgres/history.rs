//! Is the database an older copy of itself? Asked in the transaction of every claim, replay and heartbeat; a mark has the
//! question among its conditions.
//!
//! A database in another place may be a restored copy, or a replica that has taken over and lost nothing. A node that
//! remembers the store vouches for it once it has seen the new place for [`DOUBT`], and each node that lived before was heard
//! there: by then every one has looked too, and said what is missing. A node that remembers nothing cannot vouch.

use std::time::Duration;

use tokio_postgres::types::Type;
use uuid::Uuid;

use super::doubt::{Doubt, Signs};
use super::rows::{Columns, big, span};
use crate::state::outbox::{Epoch, History, Memory, Point, WentBack};
use crate::state::store::Failed;
use crate::state::store::postgres::{Parameter, Transaction, field};

/// A node that has said nothing for so long counts as dead; if it is not, its marks are refused.
pub(super) const DEAD: Duration = Duration::from_secs(30);

/// Three heartbeats of the other nodes.
pub(super) const DOUBT: Duration = Duration::from_secs(15);

const FIND: &str = "select paused, epochs, (select sum(marks) from smsp_marks)::bigint, place is null,
        place is distinct from here, here, lost, last_row is null, living.nodes, living.signs
    from smsp_control, smsp_place() here,
        (select coalesce(array_agg(node), '{}') as nodes, coalesce(array_agg(seen_at), '{}') as signs
            from smsp_node where seen_at > smsp_now() - $1) living";

const NOTE: &str = "update smsp_control set lost = coalesce(lost, $1),
        last_row = coalesce(last_row, (select coalesce(max(row_id), 0) from smsp_outbox))";

/// A finding that has come between stays.
const VOUCH: &str = "update smsp_control set place = $1, last_row = null where lost is null";

const ACCEPT: &str = "update smsp_control set lost = coalesce(lost, 0) returning last_row";

const BEGIN_EPOCH: &str =
    "update smsp_control set epochs = array_append(epochs, gen_random_uuid()), place = smsp_place(),
        lost = null, last_row = null";

/// The fence of a new claim of row `o`. Those of an epoch are above all of the epochs before: after a restore row numbers come
/// again, and a claim from the time that is lost must not be taken for one of a new row.
pub(super) const NEXT_FENCE: &str =
    "greatest(o.fence, (select (cardinality(epochs) - 1)::bigint << 32 from smsp_control)) + 1";

/// What a node remembers.
#[derive(Default)]
pub(super) struct Remembering {
    pub(super) memory: Memory,
    doubt: Doubt,
}

/// What a look at the database has come to.
pub(super) struct Findings {
    pub(super) paused: bool,
    pub(super) went_back: Option<WentBack>,
    /// To be remembered once the transaction is committed, if it did not go back.
    pub(super) point: Point,
}

struct Found {
    paused: bool,
    point: Point,
    is_new: bool,
    is_elsewhere: bool,
    place: String,
    lost: Option<WentBack>,
    has_no_last_row: bool,
    living: Signs,
}

/// What is found is kept in the database. What the node remembers, it has asked for before: the caller may not hold an
/// answer of the database that is older.
pub(super) async fn check(
    transaction: &mut Transaction<'_>,
    remembering: &Remembering,
    doubt: Duration,
) -> Result<Findings, Failed> {
    let remembered = remembering.memory.point();
    let found = find(transaction).await?;
    let missing = remembered.as_ref().and_then(|remembered| found.point.is_before(remembered));
    let went_back = match (found.lost, missing) {
        (Some(lost), _) => Some(lost),
        (None, Some(missing)) => {
            note(transaction, Some(missing)).await?;
            Some(missing)
        }
        (None, None) if found.is_elsewhere => {
            let may_vouch =
                found.is_new || remembered.is_some() && remembering.doubt.is_over(&found.place, &found.living, doubt);
            elsewhere(transaction, &found, may_vouch).await?
        }
        (None, None) => {
            remembering.doubt.none(found.living);
            None
        }
    };
    Ok(Findings { paused: found.paused, went_back, point: found.point })
}

async fn elsewhere(
    transaction: &mut Transaction<'_>,
    found: &Found,
    may_vouch: bool,
) -> Result<Option<WentBack>, Failed> {
    if may_vouch && transaction.execute(VOUCH, &[(&found.place, Type::TEXT)]).await? > 0 {
        return Ok(None);
    }
    if found.has_no_last_row {
        note(transaction, None).await?;
    }
    Ok(Some(WentBack::Place))
}

/// For those who only look.
pub(super) async fn read(transaction: &mut Transaction<'_>) -> Result<History, Failed> {
    let found = find(transaction).await?;
    let is_elsewhere = found.is_elsewhere && !found.is_new;
    Ok(History { went_back: found.lost.or(is_elsewhere.then_some(WentBack::Place)), point: found.point })
}

async fn find(transaction: &mut Transaction<'_>) -> Result<Found, Failed> {
    let rows = transaction.query(FIND, &[(&span(DEAD), Type::INT8)]).await?;
    let mut columns = Columns::of(rows.first().ok_or(Failed::Down)?);
    let (paused, point) = (columns.value()?, point(&mut columns)?);
    let (is_new, is_elsewhere, place) = (columns.value()?, columns.value()?, columns.value()?);
    let lost = columns.value::<Option<i64>>()?.map(|lost| match lost.unsigned_abs() {
        0 => WentBack::Epoch,
        marks => WentBack::Marks(marks),
    });
    let has_no_last_row = columns.value()?;
    let (nodes, signs): (Vec<Uuid>, Vec<i64>) = (columns.value()?, columns.value()?);
    let living = nodes.into_iter().zip(signs).collect();
    Ok(Found { paused, point, is_new, is_elsewhere, place, lost, has_no_last_row, living })
}

/// From `epochs` and the sum of `marks`.
pub(super) fn point(columns: &mut Columns<'_>) -> Result<Point, Failed> {
    let (epochs, marks): (Vec<Uuid>, i64) = (columns.value()?, columns.value()?);
    Ok(Point { epochs: epochs.into_iter().map(Epoch).collect(), marks: marks.unsigned_abs() })
}

/// None: nothing is known to be missing.
async fn note(transaction: &mut Transaction<'_>, missing: Option<WentBack>) -> Result<(), Failed> {
    let lost = missing.map(|missing| if let WentBack::Marks(marks) = missing { big(marks) } else { 0 });
    transaction.execute(NOTE, &[(&lost, Type::INT8)]).await.map(drop)
}

/// The last row that was in the copy; all that there are, if it was not found to be one before. From now on nothing is
/// claimed, whatever else is found.
pub(super) async fn last_row(transaction: &mut Transaction<'_>) -> Result<i64, Failed> {
    note(transaction, None).await?;
    let rows = transaction.query(ACCEPT, &[]).await?;
    field(rows.first().ok_or(Failed::Down)?, 0)
}

/// A new epoch begins, here.
pub(super) async fn begin_epoch(transaction: &mut Transaction<'_>) -> Result<(), Failed> {
    transaction.execute(BEGIN_EPOCH, &[]).await.map(drop)
}

/// What a mark asks the database for: the epoch and the counter that are remembered.
pub(super) struct Expected {
    epoch: Option<Uuid>,
    marks: i64,
}

impl Expected {
    pub(super) fn of(memory: &Memory) -> Self {
        let point = memory.point();
        let marks = point.as_ref().map_or(0, |point| big(point.marks));
        Self { epoch: point.and_then(|point| point.epoch()).map(|epoch| epoch.0), marks }
    }

    pub(super) fn parameters(&self) -> [Parameter<'_>; 2] {
        [(&self.epoch, Type::UUID), (&self.marks, Type::INT8)]
    }
}

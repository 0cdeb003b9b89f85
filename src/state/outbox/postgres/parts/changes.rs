//! Where the recipients of a part come. Where they have come to different ends, the part is divided.

use tokio_postgres::types::Type;

use super::super::rows::code;
use super::row::Part;
use crate::state::outbox::parts::{Group, written_places, written_verdicts};
use crate::state::outbox::{Hmac, PartHold, PartTo, State};
use crate::state::store::Failed;
use crate::state::store::postgres::{Parameter, Transaction};

const SPLIT_OFF: &str = "insert into smsp_part
        (row_id, domain, places, lane, accepted_at, state, due, expires_at, attempts, losses, fence, possible_duplicate,
            verdicts)
    select row_id, domain, $2, lane, accepted_at, $3, case when $3 = 0 then $4 else due end, expires_at, attempts + $5, losses, fence,
        possible_duplicate, $6 from smsp_part where part = $1";

const SETTLE: &str = "update smsp_part set places = $2, state = $3, due = case when $3 = 0 then $4 else due end,
        attempts = attempts + $5, verdicts = $6, owner = $7 where part = $1";

/// Where groups of recipients come.
pub(super) struct Change<'a> {
    /// When those are due that are tried again.
    pub(super) due: i64,
    /// Does it count as an attempt for them?
    pub(super) counted: bool,
    /// Whose claim the part stays, so that its repeat is told from another one's.
    pub(super) owner: Option<&'a PartHold>,
}

/// Gives each group a part of its own; the first one keeps this one.
pub(super) async fn divide(
    transaction: &mut Transaction<'_>,
    part: &Part,
    groups: &[Group],
    change: &Change<'_>,
) -> Result<(), Failed> {
    let Some((first, others)) = groups.split_first() else { return Ok(()) };
    for group in others {
        split_off(transaction, part, group, change).await?;
    }
    settle(transaction, part, first, change).await
}

/// Gives these recipients a part of their own.
pub(super) async fn split_off(
    transaction: &mut Transaction<'_>,
    part: &Part,
    group: &Group,
    change: &Change<'_>,
) -> Result<(), Failed> {
    let columns = Columns::of(part, group, change);
    transaction.execute(SPLIT_OFF, &columns.parameters(part)).await.map(drop)
}

/// Leaves this part to these of its recipients.
pub(super) async fn settle(
    transaction: &mut Transaction<'_>,
    part: &Part,
    group: &Group,
    change: &Change<'_>,
) -> Result<(), Failed> {
    let (columns, owner) = (Columns::of(part, group, change), change.owner.map(|hold| hold.node.0));
    let mut parameters = columns.parameters(part).to_vec();
    parameters.push((&owner as &(dyn tokio_postgres::types::ToSql + Sync), Type::UUID));
    transaction.execute(SETTLE, &parameters).await.map(drop)
}

impl Change<'_> {
    /// The domain to be looked at, and when, if one of these groups waits now.
    pub(super) fn woken(&self, part: &Part, groups: &[Group]) -> Option<(Hmac, i64)> {
        let waits = groups.iter().any(|group| group.state(part.erased) == State::Queued);
        waits.then_some((part.domain, self.due))
    }
}

/// What a group is written as.
struct Columns {
    places: String,
    state: i16,
    due: i64,
    counted: i32,
    verdicts: String,
}

impl Columns {
    fn of(part: &Part, group: &Group, change: &Change<'_>) -> Self {
        Self {
            places: written_places(&group.places),
            state: code(group.state(part.erased)),
            due: change.due,
            counted: i32::from(change.counted && group.to == PartTo::Again),
            verdicts: written_verdicts(&group.told(&part.verdicts, part.erased)),
        }
    }

    fn parameters<'a>(&'a self, part: &'a Part) -> [Parameter<'a>; 6] {
        [
            (&part.part, Type::INT8),
            (&self.places, Type::TEXT),
            (&self.state, Type::INT2),
            (&self.due, Type::INT8),
            (&self.counted, Type::INT4),
            (&self.verdicts, Type::TEXT),
        ]
    }
}

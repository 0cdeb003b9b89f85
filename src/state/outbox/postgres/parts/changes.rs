//! Where the recipients of a part come. Where they have come to different ends, the part is divided.

use tokio_postgres::types::Type;
use uuid::Uuid;

use super::super::rows::code;
use super::row::Part;
use crate::state::outbox::parts::{Group, written_places, written_verdicts};
use crate::state::outbox::{Hmac, PartHold, PartTo, State};
use crate::state::store::Failed;
use crate::state::store::postgres::{Parameter, Transaction};

const SPLIT_OFF: &str = "insert into smsp_part
        (row_id, domain, places, lane, accepted_at, state, due, expires_at, attempts, losses, fence, possible_duplicate,
            verdicts)
    select p.row_id, p.domain, c.places, p.lane, p.accepted_at, c.state, case when c.state = 0 then c.due else p.due end,
        p.expires_at, p.attempts + c.counted, p.losses, p.fence, p.possible_duplicate, c.verdicts
    from unnest($1, $2, $3, $4, $5, $6) with ordinality c (part, places, state, due, counted, verdicts, nth)
        join smsp_part p using (part) order by c.nth";

const SETTLE: &str = "update smsp_part p set places = c.places, state = c.state,
        due = case when c.state = 0 then c.due else p.due end, attempts = p.attempts + c.counted, verdicts = c.verdicts,
        owner = c.owner
    from unnest($1, $2, $3, $4, $5, $6, $7) c (part, places, state, due, counted, verdicts, owner) where p.part = c.part";

/// Where groups of recipients come.
pub(super) struct Change<'a> {
    /// When those are due that are tried again.
    pub(super) due: i64,
    /// Does it count as an attempt for them?
    pub(super) counted: bool,
    /// Whose claim the part stays, so that its repeat is told from another one's.
    pub(super) owner: Option<&'a PartHold>,
}

/// Parts that come to have other recipients, or another state.
#[derive(Default)]
pub(super) struct Divided {
    split_off: Columns,
    settled: Columns,
    owners: Vec<Option<Uuid>>,
}

impl Divided {
    /// Gives each group a part of its own; the first one keeps this one.
    pub(super) fn divide(&mut self, part: &Part, groups: &[Group], change: &Change<'_>) {
        let Some((first, others)) = groups.split_first() else { return };
        others.iter().for_each(|group| self.split_off(part, group, change));
        self.settle(part, first, change);
    }

    /// Gives these recipients a part of their own.
    pub(super) fn split_off(&mut self, part: &Part, group: &Group, change: &Change<'_>) {
        self.split_off.add(part, group, change);
    }

    /// Leaves this part to these of its recipients.
    pub(super) fn settle(&mut self, part: &Part, group: &Group, change: &Change<'_>) {
        self.settled.add(part, group, change);
        self.owners.push(change.owner.map(|hold| hold.node.0));
    }

    /// Those that are split off are made of the parts as they were.
    pub(super) async fn write(&self, transaction: &mut Transaction<'_>) -> Result<(), Failed> {
        if !self.split_off.parts.is_empty() {
            transaction.execute(SPLIT_OFF, &self.split_off.parameters()).await?;
        }
        if !self.owners.is_empty() {
            let [part, places, state, due, counted, verdicts] = self.settled.parameters();
            let owner = (&self.owners as _, Type::UUID_ARRAY);
            transaction.execute(SETTLE, &[part, places, state, due, counted, verdicts, owner]).await?;
        }
        Ok(())
    }
}

impl Change<'_> {
    /// The domain to be looked at, and when, if one of these groups waits now.
    pub(super) fn woken(&self, part: &Part, groups: &[Group]) -> Option<(Hmac, i64)> {
        let waits = groups.iter().any(|group| group.state(part.erased) == State::Queued);
        waits.then_some((part.domain, self.due))
    }
}

/// What groups are written as, one row each.
#[derive(Default)]
struct Columns {
    parts: Vec<i64>,
    places: Vec<String>,
    states: Vec<i16>,
    due: Vec<i64>,
    counted: Vec<i32>,
    verdicts: Vec<String>,
}

impl Columns {
    fn add(&mut self, part: &Part, group: &Group, change: &Change<'_>) {
        self.parts.push(part.part);
        self.places.push(written_places(&group.places));
        self.states.push(code(group.state(part.erased)));
        self.due.push(change.due);
        self.counted.push(i32::from(change.counted && group.to == PartTo::Again));
        self.verdicts.push(written_verdicts(&group.told(&part.verdicts, part.erased)));
    }

    fn parameters(&self) -> [Parameter<'_>; 6] {
        [
            (&self.parts, Type::INT8_ARRAY),
            (&self.places, Type::TEXT_ARRAY),
            (&self.states, Type::INT2_ARRAY),
            (&self.due, Type::INT8_ARRAY),
            (&self.counted, Type::INT4_ARRAY),
            (&self.verdicts, Type::TEXT_ARRAY),
        ]
    }
}

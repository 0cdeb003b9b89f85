//! Where the recipients of a part come. Where they have come to different ends, the part is divided.

use rusqlite::{Connection, params};

use super::domains;
use super::row::Part;
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::parts::{Group, written_places, written_verdicts};
use crate::state::outbox::{PartHold, PartTo, State};

/// Where groups of recipients come.
pub(super) struct Change<'a> {
    /// When those are due that are tried again.
    pub(super) due: UnixTime,
    /// Does it count as an attempt for them?
    pub(super) counted: bool,
    /// Whose claim the part stays, so that its repeat is told from another one's.
    pub(super) owner: Option<&'a PartHold>,
}

/// Gives each group a part of its own; the first one keeps this one.
pub(super) fn divide(
    database: &Connection,
    part: &Part,
    groups: &[Group],
    change: &Change<'_>,
) -> rusqlite::Result<()> {
    groups.iter().skip(1).try_for_each(|group| split_off(database, part, group, change))?;
    groups.first().map_or(Ok(()), |first| settle(database, part, first, change))
}

/// Gives these recipients a part of their own.
pub(super) fn split_off(
    database: &Connection,
    part: &Part,
    group: &Group,
    change: &Change<'_>,
) -> rusqlite::Result<()> {
    let insert =
        "insert into part (envelope, domain, places, lane, accepted_at, state, due, expires_at, attempts, losses,
            fence, possible_duplicate, verdicts)
         select envelope, domain, ?2, lane, accepted_at, ?3, iif(?3 = 0, ?4, due), expires_at, attempts + ?5, losses,
            fence, possible_duplicate, ?6 from part where id = ?1";
    let (counted, verdicts) = (change.counts(group), written_verdicts(&group.told(&part.verdicts, part.erased)));
    let (places, state) = (written_places(&group.places), group.state(part.erased));
    database.prepare_cached(insert)?.execute(params![part.id, places, state, change.due, counted, verdicts])?;
    change.wake(database, part, state)
}

/// Leaves this part to these of its recipients.
pub(super) fn settle(database: &Connection, part: &Part, group: &Group, change: &Change<'_>) -> rusqlite::Result<()> {
    let update = "update part set places = ?2, state = ?3, due = iif(?3 = 0, ?4, due), attempts = attempts + ?5,
         verdicts = ?6, owner = ?7 where id = ?1";
    let (counted, verdicts) = (change.counts(group), written_verdicts(&group.told(&part.verdicts, part.erased)));
    let (places, state) = (written_places(&group.places), group.state(part.erased));
    let owner = change.owner.map(|hold| hold.node);
    database.prepare_cached(update)?.execute(params![part.id, places, state, change.due, counted, verdicts, owner])?;
    change.wake(database, part, state)
}

impl Change<'_> {
    fn counts(&self, group: &Group) -> bool {
        self.counted && group.to == PartTo::Again
    }

    fn wake(&self, database: &Connection, part: &Part, state: State) -> rusqlite::Result<()> {
        if state == State::Queued { domains::wake(database, &part.domain, self.due) } else { Ok(()) }
    }
}

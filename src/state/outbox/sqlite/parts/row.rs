//! A part as the database has it.

use rusqlite::types::{FromSql, FromSqlResult, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row, ToSql, params};

use crate::state::outbox::parts::{read_places, read_verdicts};
use crate::state::outbox::{Fence, Hmac, NodeId, PartHold, PartId, PartVerdict, RowId, State};

impl ToSql for PartId {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.into())
    }
}

impl FromSql for PartId {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        i64::column_result(value).map(Self)
    }
}

/// One that is there.
pub(super) struct Part {
    pub(super) id: PartId,
    pub(super) envelope: RowId,
    pub(super) domain: Hmac,
    pub(super) places: Vec<u32>,
    pub(super) state: State,
    pub(super) verdicts: Vec<PartVerdict>,
    pub(super) fence: Fence,
    /// Was its mail erased?
    pub(super) erased: bool,
    owner: Option<Vec<u8>>,
}

impl Part {
    /// Is this claim the one that brought it where it is?
    pub(super) fn is_of(&self, hold: &PartHold) -> bool {
        self.fence == hold.fence && self.owner.as_deref() == Some(hold.node.0.as_bytes())
    }

    /// May this claim end it? What is `unknown` needs no owner, only a fence.
    pub(super) fn may_be_ended_by(&self, hold: &PartHold) -> bool {
        let is_in_hand = matches!(self.state, State::Claimed | State::Sending) && self.is_of(hold);
        is_in_hand || self.state == State::Unknown && self.fence == hold.fence
    }

    /// Has another claim or an order taken it from this one?
    pub(super) fn is_lost_to(&self, hold: &PartHold) -> bool {
        self.fence > hold.fence
            || self.fence == hold.fence && !matches!(self.state, State::Claimed | State::Sending | State::Unknown)
    }
}

const COLUMNS: &str = "select p.id, p.envelope, p.domain, p.places, p.state, p.verdicts, p.fence, e.erased, p.owner
     from part p join envelope e on e.id = p.envelope";

pub(super) fn find(database: &Connection, id: PartId) -> rusqlite::Result<Option<Part>> {
    database.prepare_cached(&format!("{COLUMNS} where p.id = ?1"))?.query_row([id], part).optional()
}

/// Those of a mail, in their order.
pub(super) fn of_mail(database: &Connection, mail: RowId) -> rusqlite::Result<Vec<Part>> {
    let all = format!("{COLUMNS} where p.envelope = ?1 order by p.id");
    database.prepare_cached(&all)?.query_map([mail], part)?.collect()
}

/// The other parts of its domain, in their order.
pub(super) fn others(database: &Connection, this: &Part) -> rusqlite::Result<Vec<Part>> {
    let others = format!("{COLUMNS} where p.envelope = ?1 and p.domain = ?2 and p.id <> ?3 order by p.id");
    let mut others = database.prepare_cached(&others)?;
    others.query_map(params![this.envelope, this.domain.0, this.id], part)?.collect()
}

fn part(row: &Row<'_>) -> rusqlite::Result<Part> {
    let (places, verdicts): (String, Option<String>) = (row.get(3)?, row.get(5)?);
    Ok(Part {
        id: row.get(0)?,
        envelope: row.get(1)?,
        domain: Hmac(row.get(2)?),
        places: read_places(&places),
        state: row.get(4)?,
        verdicts: read_verdicts(verdicts.as_deref()),
        fence: row.get(6)?,
        erased: row.get(7)?,
        owner: row.get(8)?,
    })
}

/// A hold of one node.
pub(super) fn hold(part: PartId, fence: Fence, node: NodeId) -> PartHold {
    PartHold { part, fence, node }
}

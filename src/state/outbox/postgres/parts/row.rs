//! A part as the database has it.

use std::collections::HashMap;

use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::super::rows::Columns;
use crate::state::outbox::parts::{read_places, read_verdicts};
use crate::state::outbox::{Fence, Hmac, PartHold, PartVerdict, State};
use crate::state::store::Failed;
use crate::state::store::postgres::{Parameter, Transaction};

/// One that is there, with its mail's row locked.
pub(super) struct Part {
    pub(super) part: i64,
    pub(super) row: i64,
    pub(super) domain: Hmac,
    pub(super) places: Vec<u32>,
    pub(super) state: State,
    pub(super) verdicts: Vec<PartVerdict>,
    pub(super) fence: Fence,
    /// Was its mail erased?
    pub(super) erased: bool,
    owner: Option<Uuid>,
}

impl Part {
    /// Is this claim the one that brought it where it is?
    pub(super) fn is_of(&self, hold: &PartHold) -> bool {
        self.fence == hold.fence && self.owner == Some(hold.node.0)
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

const COLUMNS: &str = "select p.part, p.row_id, p.domain, p.places, p.state, p.verdicts, p.fence, o.erased, p.owner
    from smsp_part p join smsp_outbox o using (row_id)";

/// These parts as they are, whose mails are locked; what is gone is not there.
pub(super) async fn find(transaction: &mut Transaction<'_>, parts: &[i64]) -> Result<HashMap<i64, Part>, Failed> {
    let sql = format!("{COLUMNS} where p.part = any ($1)");
    let found = transaction.query(&sql, &[(&parts, Type::INT8_ARRAY)]).await?;
    found.iter().map(|row| part(row).map(|part| (part.part, part))).collect()
}

/// Those of a mail, in their order.
pub(super) async fn of_mail(transaction: &mut Transaction<'_>, mail: i64) -> Result<Vec<Part>, Failed> {
    let all = format!("{COLUMNS} where p.row_id = $1 order by p.part");
    transaction.query(&all, &[(&mail, Type::INT8)]).await?.iter().map(part).collect()
}

/// The other parts of its domain, in their order.
pub(super) async fn others(transaction: &mut Transaction<'_>, this: &Part) -> Result<Vec<Part>, Failed> {
    let others = format!("{COLUMNS} where p.row_id = $1 and p.domain = $2 and p.part <> $3 order by p.part");
    let parameters: [Parameter<'_>; 3] =
        [(&this.row, Type::INT8), (&&this.domain.0[..], Type::BYTEA), (&this.part, Type::INT8)];
    transaction.query(&others, &parameters).await?.iter().map(part).collect()
}

fn part(row: &Row) -> Result<Part, Failed> {
    let mut columns = Columns::of(row);
    Ok(Part {
        part: columns.value()?,
        row: columns.value()?,
        domain: hmac(columns.value()?)?,
        places: read_places(columns.value()?),
        state: columns.state()?,
        verdicts: read_verdicts(columns.value()?),
        fence: Fence(columns.value()?),
        erased: columns.value()?,
        owner: columns.value()?,
    })
}

pub(super) fn hmac(bytes: &[u8]) -> Result<Hmac, Failed> {
    bytes.try_into().map(Hmac).map_err(|_| Failed::Down)
}

//! Holds as columns of parameters, and which of their rows nobody else has locked.

use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::state::outbox::Hold;
use crate::state::store::postgres::Parameter;

/// Locks the rows of `call` that nobody else has locked, in the order of their numbers. What another transaction has locked
/// is passed by, so that it holds up its own call and no other one: `is_locked` tells those apart from rows that are gone.
pub(super) const FREE: &str = "free as materialized (
        select o.row_id from smsp_outbox o where o.row_id = any ($1) order by o.row_id for update skip locked
    )";

/// Goes with [`FREE`].
pub(super) const IS_LOCKED: &str = "f.row_id is null and o.row_id is not null";

/// One row each, in the order of the calls.
pub(super) struct Holds {
    pub(super) rows: Vec<i64>,
    fences: Vec<i64>,
    owners: Vec<Uuid>,
}

impl Holds {
    pub(super) fn of<'a>(holds: impl Iterator<Item = &'a Hold> + Clone) -> Self {
        Self {
            rows: holds.clone().map(|hold| hold.row.0).collect(),
            fences: holds.clone().map(|hold| hold.fence.0).collect(),
            owners: holds.map(|hold| hold.node.0).collect(),
        }
    }

    /// `row_id`, `fence` and `owner`.
    pub(super) fn parameters(&self) -> [Parameter<'_>; 3] {
        [(&self.rows, Type::INT8_ARRAY), (&self.fences, Type::INT8_ARRAY), (&self.owners, Type::UUID_ARRAY)]
    }
}

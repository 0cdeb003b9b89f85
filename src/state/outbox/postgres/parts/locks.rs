//! The mails of calls that share a transaction, locked.

use std::collections::HashSet;

use tokio_postgres::types::Type;

use super::care::locked;
use crate::state::outbox::PartHold;
use crate::state::store::Failed;
use crate::state::store::postgres::{Transaction, field};

const MEANT: &str = "select part, row_id from smsp_part where part = any ($1)";

const THERE: &str = "select part from smsp_part where part = any ($1)";

/// The parts of calls that share a transaction.
pub(super) struct Locked {
    /// Those whose mails are locked now.
    free: HashSet<i64>,
    /// Those whose mails somebody else has locked.
    held: HashSet<i64>,
}

impl Locked {
    /// Is its mail locked by this transaction?
    pub(super) fn has(&self, hold: &PartHold) -> bool {
        self.free.contains(&hold.part.0)
    }

    /// Is its mail locked by somebody else? A part that is gone is not.
    pub(super) fn is_held(&self, hold: &PartHold) -> bool {
        self.held.contains(&hold.part.0)
    }
}

/// Locks the mails of parts, in the order of their numbers. What another transaction has locked is passed by, so that it holds
/// up its own calls and no other one.
pub(super) async fn lock(
    transaction: &mut Transaction<'_>,
    holds: impl Iterator<Item = &PartHold>,
) -> Result<Locked, Failed> {
    let parts: Vec<_> = holds.map(|hold| hold.part.0).collect();
    let free: HashSet<_> =
        locked(transaction, MEANT, &[(&parts, Type::INT8_ARRAY)], false).await?.into_iter().collect();
    let mut held = HashSet::new();
    if free.len() < parts.len() {
        let there = transaction.query(THERE, &[(&parts, Type::INT8_ARRAY)]).await?;
        held = there.iter().map(|row| field(row, 0)).collect::<Result<_, _>>()?;
        held.retain(|part| !free.contains(part));
    }
    Ok(Locked { free, held })
}

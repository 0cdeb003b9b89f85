//! Why calls that share a transaction were not carried out.

use super::transaction::Transaction;
use crate::state::store::Failed;

/// Why calls that share a transaction were not carried out.
#[derive(Clone, Copy)]
pub enum Undone {
    /// The database refuses the values of one of them: without it the others can be carried out.
    Refused,
    /// All have failed alike.
    Failed(Failed),
}

impl From<Failed> for Undone {
    fn from(failed: Failed) -> Self {
        Self::Failed(failed)
    }
}

impl From<Undone> for Failed {
    fn from(undone: Undone) -> Self {
        match undone {
            Undone::Refused => Self::Down,
            Undone::Failed(failed) => failed,
        }
    }
}

/// What the statements of this transaction came to.
pub fn told<T>(transaction: &Transaction<'_>, result: Result<T, Failed>) -> Result<T, Undone> {
    let undone = |failed| if transaction.has_refused_values() { Undone::Refused } else { Undone::Failed(failed) };
    result.map_err(undone)
}

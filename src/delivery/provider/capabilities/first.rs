//! The order of checks: the first one that fails gives the reason.

use crate::model::outcome::Reason;

/// The reason of the first check that is true.
pub(super) fn first<const N: usize>(checks: [(bool, Reason); N]) -> Option<Reason> {
    checks.into_iter().find(|(fails, _)| *fails).map(|(_, reason)| reason)
}

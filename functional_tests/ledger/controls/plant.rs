//! What planted violations are written with.

use crate::ledger::record::Ledger;

/// Adds a violation to a clean ledger.
pub(super) type Plant = fn(&mut Ledger);

pub(super) const NONE: Option<&str> = Some("none");
pub(super) const UNKNOWN_: Option<&str> = Some("unknown");

//! The accounts of a ledger, by name.

/// In the order of `SMSP_PROVIDERS`.
pub(super) const NAMES: [&str; 3] = ["a", "b", "c"];

//! What of the outbox goes round for ever, by name: the metrics tell how long ago each last did.

/// Claims mail, and begins its deliveries.
pub(super) const CLAIMS: &str = "claims";
/// Tells the store that this node lives.
pub(super) const HEARTBEAT: &str = "heartbeat";
/// Frees what dead nodes hold, and lets go what has expired or was kept for long enough.
pub(super) const UPKEEP: &str = "upkeep";
/// All of them.
pub(super) const ALL: [&str; 3] = [CLAIMS, HEARTBEAT, UPKEEP];

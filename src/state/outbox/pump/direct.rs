//! Mail that goes to its recipients' own servers: it is split into parts, one for each domain, and each of these is claimed,
//! handed over and ended by itself.
//!
//! A part goes the way of a row: claimed, looked up, marked, on the wire, ended. What its site does not take now goes back
//! unharmed, and its domain is closed in the store for a while, so that a dead destination costs the others nothing. Mail whose
//! route has upstreams before `mx` comes here once none of them has taken mail for a while, or all have refused it.
//! Deliberately absent: replays (SMTP has none) and late verdicts (a hand-over waits for its last reply).

pub(super) mod ahead;
mod bounces;
pub(super) mod claims;
pub(super) mod closed;
mod hand_over;
pub(super) mod of_domains;
pub(super) mod oldest;
mod part;
mod recording;
pub(super) mod reopening;
pub(super) mod split;
pub(super) mod telling;
mod verdicts;

use std::sync::Arc;
use std::time::Duration;

use super::super::Parts;
use crate::delivery::mx::direct::Direct;
use crate::runtime::metrics::Mails;
pub use bounces::Bounces;

/// What delivers to the recipients' own servers.
pub struct DirectDelivery {
    /// Finds the servers, and hands over.
    pub direct: Arc<Direct>,
    /// The parts.
    pub parts: Arc<dyn Parts>,
    /// For so long all upstreams of a mail have to be unusable before it goes behind them.
    pub after: Duration,
    /// Where it is counted that nobody knows who has a mail.
    pub mails: Mails,
    /// What tells senders whom their mail does not reach.
    pub bounces: Bounces,
}

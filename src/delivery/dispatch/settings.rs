//! What the operator has settled about every mail, and what a caller may ask for one.

use std::time::Duration;

use super::Routing;
use crate::model::message::IdempotencyKey;
use crate::model::outcome::Another;

/// When a failed attempt leads to another upstream; the later one allows more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Failover {
    /// Never: an error of a closed circuit is the caller's.
    Never,
    /// Where the failed attempt proves that nobody has the mail.
    Safe,
    /// Wherever another upstream might take it, at the price of a second copy: at least once.
    Always,
}

impl Failover {
    pub(super) fn follows(self, another: Another) -> bool {
        match another {
            Another::Safe => self >= Self::Safe,
            Another::AtRisk => self == Self::Always,
            Another::Never => false,
        }
    }
}

/// What a caller may ask for one mail.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wishes {
    /// At most this; never more than the node allows.
    pub failover: Option<Failover>,
    /// Under this name a repeat is known as one.
    pub key: Option<IdempotencyKey>,
}

/// What this node does while no circuit is usable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AllOpen {
    /// Answers 503 with the time of the next probe, and stays healthy: a restart would not help.
    Serve,
    /// Says so at the health check.
    Unhealthy,
    /// Ends, for whoever wants to start it elsewhere.
    Exit,
}

/// How mails find their upstream.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// When another upstream may try.
    pub failover: Failover,
    /// Which upstream is first.
    pub routing: Routing,
    /// For the whole request.
    pub request_deadline: Duration,
    /// What happens while no circuit is usable.
    pub all_open: AllOpen,
    /// Answers to mails with a key that are held for their repeats, at most.
    pub held_answers: usize,
}

impl Settings {
    /// More than memory would bear.
    pub const MOST_HELD_ANSWERS: usize = 10_000_000;
}

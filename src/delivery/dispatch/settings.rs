//! What the operator has settled about every mail.

use std::time::Duration;

use crate::delivery::routing::Strategy;
use crate::model::submission::Failover;

/// What this node does while no circuit is usable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AllOpen {
    /// Answers 503 with the time of the next probe, and stays healthy: a restart would not help.
    Serve,
    /// Says so at the health check.
    Unhealthy,
    /// Ends, so that an orchestrator may start it elsewhere.
    Exit,
}

/// How mails find their upstream.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// When another upstream may try.
    pub failover: Failover,
    /// Which upstream is first.
    pub routing: Strategy,
    /// For the whole request.
    pub request_deadline: Duration,
    /// What happens while no circuit is usable.
    pub all_open: AllOpen,
}

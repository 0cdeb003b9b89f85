//! What is particular to one upstream: its limits, and what a dummy is.

use std::time::Duration;

use crate::delivery::circuit;
use crate::delivery::provider::Capabilities;

/// What a dummy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// The cheapest form that goes the way of real mail and sends nothing, where the provider has one.
    Auto,
    /// A real mail to the poll address, as in the original.
    Message,
}

/// What is particular to one upstream.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// What its adapter can carry.
    pub capabilities: Capabilities,
    /// For one attempt, without the extra time that a large mail gets.
    pub attempt_timeout: Duration,
    /// For DNS, TCP and TLS; at most half of the attempt's time.
    pub connect_timeout: Duration,
    /// For one dummy.
    pub probe_timeout: Duration,
    /// What a dummy is.
    pub probe: Probe,
    /// An answer that takes this long is slow; `None`: no answer is.
    pub slow_call: Option<Duration>,
    /// What an open circuit waits at first, and how long it is held if a provider throttles without a word on how long.
    pub first_wait: Duration,
    /// After a dummy for which the account was refused.
    pub account_hold: Duration,
    /// How long a From domain that the provider has refused is not offered to it.
    pub sender_hold: Duration,
    /// How long a circuit that has closed takes less than all mail.
    pub ramp: Duration,
    /// Mails at a time, so that a slow provider does not hold every place of this node.
    pub concurrency: usize,
    /// When its circuit opens and closes.
    pub circuit: circuit::Settings,
}

impl Settings {
    /// No more than the node takes on.
    pub const MOST_CONCURRENCY: usize = 1_000_000;
}

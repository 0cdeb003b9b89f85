//! What is particular to one upstream: its limits, and what a probe is.

use std::sync::Arc;
use std::time::Duration;

use super::quota;
use crate::delivery::circuit;
use crate::delivery::provider::Capabilities;
use crate::model::message::{DomainPatterns, Message};

/// Bytes a second of the slowest uplink that mails are granted time for.
const MIN_UPLINK: u32 = 256 * 1024;
/// The largest mail whose time tells how fast a provider is, in bytes.
const MAX_TIMED: usize = 128 * 1024;

/// What a probe is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// The cheapest test that the provider offers; a real mail where it offers none.
    Auto,
    /// A real mail to the poll address.
    Message,
}

/// Where a provider is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Its host.
    pub host: Arc<str>,
    /// The port there.
    pub port: Option<u16>,
    /// Is it called over HTTP? All such calls are POST.
    pub is_http: bool,
}

/// What is particular to one upstream.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where its provider is, for people; `None`: it is on this machine.
    pub server: Option<Server>,
    /// What its adapter can carry.
    pub capabilities: Capabilities,
    /// For one attempt, without the extra time that a large mail gets.
    pub attempt_timeout: Duration,
    /// For DNS, TCP and TLS; at most half of the attempt's time.
    pub connect_timeout: Duration,
    /// For one probe.
    pub probe_timeout: Duration,
    /// What a probe is.
    pub probe: Probe,
    /// An answer that takes this long is slow; `None`: no answer is.
    pub slow_call: Option<Duration>,
    /// What an open circuit waits at first, and how long it is held if a provider throttles without a word on how long.
    pub first_wait: Duration,
    /// After a probe for which the account was refused.
    pub account_hold: Duration,
    /// The domains that it may send for; `None`: any.
    pub from_domains: Option<DomainPatterns>,
    /// How long a From address that the provider has refused is not offered to it.
    pub sender_hold: Duration,
    /// How long a circuit that has closed takes less than all mail.
    pub ramp: Duration,
    /// Mails at a time, so that a slow provider does not hold every place of this node.
    pub concurrency: usize,
    /// How much mail it may be handed in a time.
    pub quota: quota::Settings,
    /// How much mail comes to it beside others, where weights count.
    pub weight: u32,
    /// How much mail comes to it first though another is preferred, in hundredths of a percent.
    pub floor: u32,
    /// When its circuit opens and closes.
    pub circuit: circuit::Settings,
}

impl Settings {
    /// What an operator may set at most: no more than the node takes on.
    pub const MAX_CONCURRENCY: usize = 1_000_000;
    /// What an operator may set at most: enough for shares of a thousandth.
    pub const MAX_WEIGHT: usize = 1000;

    /// May it send for the author of this mail, and for its Sender where it has one?
    pub(super) fn may_send_for(&self, message: &Message) -> bool {
        let mut originators = [Some(message.from()), message.sender()].into_iter().flatten();
        let domains = self.from_domains.as_ref();
        domains.is_none_or(|domains| originators.all(|mailbox| domains.include(mailbox.address())))
    }
}

/// What a large mail may take longer than a small one on a slow uplink; neither its attempt nor its provider is slow for
/// that.
pub fn transfer_time(bytes: usize) -> Duration {
    Duration::from_secs_f64(bytes as f64 / f64::from(MIN_UPLINK))
}

/// Does the time that a mail of this size takes tell how fast the provider is? That of a larger one says as much of the
/// uplink.
pub fn is_timed(bytes: usize) -> bool {
    bytes <= MAX_TIMED
}

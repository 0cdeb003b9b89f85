//! What holds for every upstream alike.

use std::time::Duration;

use super::settings::Probe;
use crate::runtime::settings::{Choice, PERIOD, Section, rows, setting};

/// What holds for every upstream alike.
#[derive(Clone, Copy, Debug)]
pub struct Global {
    /// For DNS, TCP and TLS; each upstream takes at most half of its attempt timeout.
    pub connect_timeout: Duration,
    /// For one probe; `None`: each upstream's own attempt timeout.
    pub probe_timeout: Option<Duration>,
    /// What a probe is.
    pub probe: Probe,
    /// After a probe for which the account was refused.
    pub account_hold: Duration,
    /// How long a From address that a provider has refused is not offered to it.
    pub sender_hold: Duration,
}

rows! {
    CONNECT_TIMEOUT: Duration = setting(
        "1s",
        &PERIOD,
        "for DNS, TCP, a proxy's tunnel and TLS; at most half of an attempt's time",
    );
    PROBE_TIMEOUT: Duration =
        setting("", &PERIOD, "for one probe").by_default("the upstream's attempt timeout");
    PROBE: Probe = setting(
        "auto",
        &Choice(&[("auto", Probe::Auto), ("message", Probe::Message)]),
        "`auto`: the cheapest test that the provider offers, a real mail to the poll address where it offers none; \
         `message`: always a real mail to the poll address",
    );
    ACCOUNT_HOLD: Duration = setting("15m", &PERIOD, "the wait after a probe for which the account was refused");
    SENDER_HOLD: Duration = setting(
        "10m",
        &PERIOD,
        "how long the mail of a From address that a provider has refused is not offered to it",
    );
}

impl Global {
    /// Reads them; `attempt_timeout` is the limit of all upstreams, as an operator would write it.
    pub fn read(section: &mut Section, attempt_timeout: &str) -> Option<Self> {
        let connect_timeout = section.read(&CONNECT_TIMEOUT);
        let is_set = section.has(PROBE_TIMEOUT.row.name);
        let probe_timeout = section.read_or(&PROBE_TIMEOUT, attempt_timeout);
        let probe = section.read(&PROBE);
        let account_hold = section.read(&ACCOUNT_HOLD);
        let sender_hold = section.read(&SENDER_HOLD);
        Some(Self {
            connect_timeout: connect_timeout?,
            probe_timeout: Some(probe_timeout?).filter(|_| is_set),
            probe: probe?,
            account_hold: account_hold?,
            sender_hold: sender_hold?,
        })
    }
}

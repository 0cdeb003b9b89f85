//! The time limits and the circuit policy of an upstream, as an operator sets them for all and for each.

use std::time::Duration;

use super::quota::{RampUp, RateList};
use super::settings::Settings;
use crate::delivery::circuit::{self, Rates};
use crate::model::message::DomainPatterns;
use crate::runtime::settings::{
    Choice, Count, DURATION, Kind, OrWord, PERCENT, PERIOD, Parsed, Plain, SHARE, Text, setting, settings,
};

settings! {
    /// What an upstream is held to.
    pub struct Limits {
        attempt_timeout: Duration as ATTEMPT_TIMEOUT = setting(
            "10s",
            &PERIOD,
            "for one attempt at one provider; a large mail gets 1 s more for every 256 KiB",
        );
        concurrency: usize as CONCURRENCY = setting(
            "512",
            &Count(Settings::MAX_CONCURRENCY),
            "mails at a time at one upstream; when there are more the next one is asked, so that a slow provider does not \
             hold every place",
        );
        rates: Option<RateList> as RATE = setting(
            "none",
            &OrWord("none", &Text("mails per `s`, `m`, `h` or `d`, separated by commas")),
            "how much mail an upstream is handed, such as `14/s,50000/d`, by all nodes together (`SMSP_NODES`); the next one \
             is asked for what is beyond",
        );
        ramp_up: Option<RampUp> as RAMP_UP = setting(
            "none",
            &OrWord("none", &Text("`day:start/d*factor..end/d`")),
            "how much mail a new account is handed each day (UTC), such as `2026-12-01:200/d*2..50000/d`: none before that \
             day, 200 on it, each day twice as much, from some day on 50000",
        );
        weight: u32 as WEIGHT = setting(
            "1",
            &Count(Settings::MAX_WEIGHT),
            "how much mail comes to this upstream beside the others, with `SMSP_ROUTING=weighted` or `adaptive`: 3 beside 1 is three \
             quarters",
        );
        floor: u32 as FLOOR = setting(
            "0%",
            &PERCENT,
            "with `SMSP_ROUTING=priority`, how much mail comes to this upstream first though another is preferred, so that a \
             standby is known to work",
        );
        from_domains: Option<DomainPatterns> as FROM_DOMAINS = setting(
            "any",
            &OrWord("any", &Text("domains")),
            "domains that an upstream may send for, such as `example.org,*.example.org`; it is not offered mail of others",
        );
        consecutive_failures: u16 as CIRCUIT_CONSECUTIVE_FAILURES =
            setting("5", &STREAK, "failures in a row that open a circuit");
        early_failures: Option<u8> as CIRCUIT_EARLY_FAILURES = setting(
            "2",
            &OrWord("0", &EARLY),
            "mails in a row that open it early, if failures are a fifth of the window too and another upstream is ready for \
             the mail; `0` means off",
        );
        failure_rate: f64 as CIRCUIT_FAILURE_RATE =
            setting("0.5", &SHARE, "the share of failures in the window that opens it");
        window: Duration as CIRCUIT_WINDOW = setting("10s", &WINDOW, "what the shares are taken of");
        min_calls: u32 as CIRCUIT_MIN_CALLS = setting("20", &CALLS,
            "fewer answers say nothing; if the window holds fewer, older ones count too, for at most 12 windows",
        );
        slow_call: Option<Duration> as CIRCUIT_SLOW_CALL = setting(
            "5s",
            &OrWord("never", &PERIOD),
            "an answer that takes this long is slow; at the attempt timeout or above none is",
        );
        slow_rate: f64 as CIRCUIT_SLOW_RATE =
            setting("0.8", &SHARE, "the share of slow answers in the window that opens it");
        probes_to_close: u16 as CIRCUIT_PROBES_TO_CLOSE =
            setting("3", &STREAK, "successful probes in a row that close it");
        ramp: Duration as CIRCUIT_RAMP =
            setting("30s", &DURATION, "from a tenth of the mail to all of it, after closing; `0s` means off");
        start_closed: bool as CIRCUIT_START = setting(
            "closed",
            &Choice(&[("closed", true), ("probe", false)]),
            "`probe`: start open, and let one probe decide before any real mail",
        );
    }
}

const STREAK: Count = Count(circuit::Settings::MAX_STREAK as usize);
const EARLY: Count = Count(circuit::Settings::MAX_MAILS as usize);
const CALLS: Plain<u32> = Plain { unit: "1 or more", parse: calls };
const WINDOW: Plain<Duration> = Plain { unit: "time from 1s, in steps of 10ms", parse: window };

impl Limits {
    /// An answer that takes this long is slow. Slower than an attempt may be means never.
    pub fn slow_call(&self) -> Option<Duration> {
        self.slow_call.filter(|slow| *slow < self.attempt_timeout)
    }

    /// The circuit's policy.
    pub fn circuit(&self) -> circuit::Settings {
        let rates = Rates {
            bucket: u64::try_from(self.window.as_millis()).unwrap_or(u64::MAX) / Rates::BUCKETS,
            min_calls: self.min_calls,
            failure_rate: self.failure_rate,
            slow_rate: self.slow_call().map(|_| self.slow_rate),
            early_failures: self.early_failures,
        };
        circuit::Settings {
            consecutive_failures: self.consecutive_failures,
            probes_to_close: self.probes_to_close,
            rates: Some(rates),
            ramps: !self.ramp.is_zero(),
            start_closed: self.start_closed,
            shards: std::thread::available_parallelism().map_or(1, Into::into),
        }
    }
}

fn calls(text: &str) -> Parsed<u32> {
    text.parse().ok().filter(|&calls| calls > 0).ok_or_else(|| "must be a whole number from 1 on".to_owned())
}

/// The window has ten buckets, which are numbered in 32 bits: at a tenth of a second each, that is good for 13 years.
fn window(text: &str) -> Parsed<Duration> {
    let window = DURATION.parse(text)?;
    let has_buckets = window.as_millis().is_multiple_of(Rates::BUCKETS.into());
    let good = has_buckets && window >= Duration::from_secs(1);
    good.then_some(window).ok_or_else(|| "must be at least 1s, in steps of 10ms".to_owned())
}

//! The time limits and circuit policies of upstreams: read once for all of them, then once more for each.

use std::time::Duration;

use super::section::Section;
use super::value::{choice, count_to, duration, or_none, period, share};
use crate::delivery::circuit::{self, Rates};
use crate::delivery::upstream;

/// Instead of the time from which an answer is slow.
const NEVER: &str = "never";

/// One limit, as it was written and as it was understood.
struct Limit<T> {
    text: String,
    value: T,
}

/// What an upstream is held to.
pub(super) struct Limits {
    attempt_timeout: Limit<Duration>,
    concurrency: Limit<usize>,
    consecutive_failures: Limit<u16>,
    failure_rate: Limit<f64>,
    window: Limit<Duration>,
    min_calls: Limit<u32>,
    slow_call: Limit<Option<Duration>>,
    slow_rate: Limit<f64>,
    probes_to_close: Limit<u16>,
    ramp: Limit<Duration>,
    start_closed: Limit<bool>,
}

impl Limits {
    /// What an operator may set of one upstream.
    pub(super) const NAMES: [&str; 11] = [
        "ATTEMPT_TIMEOUT",
        "CONCURRENCY",
        "CIRCUIT_CONSECUTIVE_FAILURES",
        "CIRCUIT_FAILURE_RATE",
        "CIRCUIT_WINDOW",
        "CIRCUIT_MIN_CALLS",
        "CIRCUIT_SLOW_CALL",
        "CIRCUIT_SLOW_RATE",
        "CIRCUIT_PROBES_TO_CLOSE",
        "CIRCUIT_RAMP",
        "CIRCUIT_START",
    ];

    /// What is not set is as in `common`, or as built in. A mistake is recorded, and read on with the default.
    pub(super) fn read(section: &mut Section, common: Option<&Self>) -> Self {
        let text = |limit: fn(&Self) -> &str, built_in| common.map_or(built_in, limit);
        let limits = Self {
            attempt_timeout: limit(section, "ATTEMPT_TIMEOUT", text(|l| &l.attempt_timeout.text, "10s"), period),
            concurrency: limit(section, "CONCURRENCY", text(|l| &l.concurrency.text, "512"), mails),
            consecutive_failures: limit(
                section,
                "CIRCUIT_CONSECUTIVE_FAILURES",
                text(|l| &l.consecutive_failures.text, "5"),
                streak,
            ),
            failure_rate: limit(section, "CIRCUIT_FAILURE_RATE", text(|l| &l.failure_rate.text, "0.5"), share),
            window: limit(section, "CIRCUIT_WINDOW", text(|l| &l.window.text, "10s"), window),
            min_calls: limit(section, "CIRCUIT_MIN_CALLS", text(|l| &l.min_calls.text, "20"), calls),
            slow_call: limit(section, "CIRCUIT_SLOW_CALL", text(|l| &l.slow_call.text, "5s"), slow),
            slow_rate: limit(section, "CIRCUIT_SLOW_RATE", text(|l| &l.slow_rate.text, "0.8"), share),
            probes_to_close: limit(section, "CIRCUIT_PROBES_TO_CLOSE", text(|l| &l.probes_to_close.text, "3"), streak),
            ramp: limit(section, "CIRCUIT_RAMP", text(|l| &l.ramp.text, "30s"), duration),
            start_closed: limit(section, "CIRCUIT_START", text(|l| &l.start_closed.text, "closed"), start),
        };
        if limits.slow_call().is_none() {
            section.in_force("CIRCUIT_SLOW_CALL", NEVER);
        }
        limits
    }

    /// As the operator wrote it.
    pub(super) fn attempt_timeout_text(&self) -> &str {
        &self.attempt_timeout.text
    }

    pub(super) fn attempt_timeout(&self) -> Duration {
        self.attempt_timeout.value
    }

    pub(super) fn concurrency(&self) -> usize {
        self.concurrency.value
    }

    pub(super) fn ramp(&self) -> Duration {
        self.ramp.value
    }

    /// Slower than an attempt may be means never.
    pub(super) fn slow_call(&self) -> Option<Duration> {
        self.slow_call.value.filter(|slow| *slow < self.attempt_timeout.value)
    }

    pub(super) fn circuit(&self) -> circuit::Settings {
        let rates = Rates {
            bucket: u64::try_from(self.window.value.as_millis()).unwrap_or(u64::MAX) / Rates::BUCKETS,
            min_calls: self.min_calls.value,
            failure_rate: self.failure_rate.value,
            slow_rate: self.slow_call().map(|_| self.slow_rate.value),
        };
        circuit::Settings {
            consecutive_failures: self.consecutive_failures.value,
            probes_to_close: self.probes_to_close.value,
            rates: Some(rates),
            ramps: !self.ramp.value.is_zero(),
            start_closed: self.start_closed.value,
            shards: std::thread::available_parallelism().map_or(1, Into::into),
        }
    }
}

fn limit<T: Default>(
    section: &mut Section,
    name: &str,
    default: &str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Limit<T> {
    match section.parse(name, default, &parse) {
        Some(value) => Limit { text: section.effective(name), value },
        None => Limit { text: default.to_owned(), value: parse(default).unwrap_or_default() },
    }
}

fn mails(text: &str) -> Result<usize, String> {
    count_to(text, upstream::Settings::MAX_CONCURRENCY)
}

fn streak(text: &str) -> Result<u16, String> {
    count_to(text, circuit::Settings::MAX_STREAK)
}

fn calls(text: &str) -> Result<u32, String> {
    text.parse().ok().filter(|&calls| calls > 0).ok_or_else(|| "must be a whole number from 1 on".to_owned())
}

fn slow(text: &str) -> Result<Option<Duration>, String> {
    or_none(text, NEVER, period)
}

/// Of ten buckets, which are numbered in 32 bits: at a tenth of a second each, that is good for 13 years.
fn window(text: &str) -> Result<Duration, String> {
    let window = duration(text)?;
    let has_buckets = window.as_millis().is_multiple_of(Rates::BUCKETS.into());
    let good = has_buckets && window >= Duration::from_secs(1);
    good.then_some(window).ok_or_else(|| "must be at least 1s, in steps of 10ms".to_owned())
}

fn start(text: &str) -> Result<bool, String> {
    choice(text, &[("closed", true), ("probe", false)])
}

//! Numbers as gauges take them.

use std::sync::atomic::AtomicU64;

use prometheus_client::metrics::gauge::Gauge;

/// A gauge of seconds, shares and other numbers that are not whole.
pub(super) type Real = Gauge<f64, AtomicU64>;

/// A whole number; the greatest that a gauge shows, if it is beyond that.
pub(super) fn whole(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

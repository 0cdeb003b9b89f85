//! So many calls in a time: the one place that knows the library which counts them (GCRA, a bucket that leaks).

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::time::Instant;

/// So many calls in this time, all of them at once if need be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Calls.
    pub calls: NonZeroU32,
    /// In this time.
    pub per: Duration,
}

/// A rate, and how much of it is used.
pub(super) struct Pace(RateLimiter<NotKeyed, InMemoryState, Ticks, NoOpMiddleware<Nanos>>);

impl Pace {
    pub(super) fn new(rate: Rate) -> Self {
        // A rate beyond one call in a nanosecond is none.
        let one = (rate.per / rate.calls.get()).max(Duration::from_nanos(1));
        let quota = Quota::with_period(one).unwrap_or(Quota::per_second(rate.calls)).allow_burst(rate.calls);
        Self(RateLimiter::direct_with_clock(quota, Ticks(Instant::now())))
    }

    /// One call more, or how long to wait for it.
    pub(super) fn check(&self) -> Result<(), Duration> {
        self.0.check().map_err(|early| early.wait_time_from(self.0.clock().now()))
    }
}

/// Tokio's clock, so that tests can pause it.
#[derive(Clone, Debug)]
struct Ticks(Instant);

impl Clock for Ticks {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.0.elapsed().into()
    }
}

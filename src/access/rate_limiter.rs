//! A limit on calls per time, by a token bucket. The only file that knows the library which counts them (it calls it GCRA).

use std::num::NonZeroU32;
use std::time::Duration;

use governor::Quota;
use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use tokio::time::Instant;

/// A number of calls per time, which may come as one burst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Calls.
    pub calls: NonZeroU32,
    /// The time in which they are allowed.
    pub per: Duration,
}

/// A rate, and how much of it is used.
pub(super) struct RateLimiter(governor::RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<Nanos>>);

impl RateLimiter {
    pub(super) fn new(rate: Rate) -> Self {
        // The library counts in nanoseconds: more than one call in each of them is no limit.
        let one = (rate.per / rate.calls.get()).max(Duration::from_nanos(1));
        let quota = Quota::with_period(one).unwrap_or(Quota::per_second(rate.calls)).allow_burst(rate.calls);
        Self(governor::RateLimiter::direct_with_clock(quota, TokioClock(Instant::now())))
    }

    /// Counts one call more, or returns how long to wait until it is allowed.
    pub(super) fn check(&self) -> Result<(), Duration> {
        self.0.check().map_err(|early| early.wait_time_from(self.0.clock().now()))
    }
}

/// Tokio's clock, so that tests can pause it.
#[derive(Clone, Debug)]
struct TokioClock(Instant);

impl Clock for TokioClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.0.elapsed().into()
    }
}

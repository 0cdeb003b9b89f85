//! A limit on calls per time, by a token bucket. The only file that knows the library which counts them (it calls it GCRA).
//!
//! Invariants: in any stretch of a rate's time there are never more than its calls and one burst. Reading takes no token.
//! No lock: the tokens are one atomic. The clock is tokio's, so that tests can pause it; a change of the wall clock does
//! nothing here.

use std::num::NonZeroU32;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::{NoOpMiddleware, StateInformationMiddleware};
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed, StateStore};
use governor::{InsufficientCapacity, Quota};
use tokio::time::Instant;

use super::rate::Rate;

/// Why several calls are not allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAllowed {
    /// They will be, after this time.
    Yet(Duration),
    /// Never so many at once: this is the most.
    AtOnce(u32),
}

/// A rate, and how much of it is used.
pub struct RateLimiter {
    calls: Arc<InMemoryState>,
    /// How far ahead a full burst is counted.
    full: Duration,
    taking: governor::RateLimiter<NotKeyed, Taken, TokioClock, NoOpMiddleware<Nanos>>,
    reading: governor::RateLimiter<NotKeyed, Read, TokioClock, StateInformationMiddleware>,
}

impl RateLimiter {
    /// All calls of the rate may come as one burst.
    pub fn new(rate: Rate) -> Self {
        let clock = TokioClock::default();
        let limiter = Self::counting(&Arc::default(), &clock, rate, rate.calls);
        clock.start();
        limiter
    }

    /// One for each of these rates, of which so many calls may come as one burst. A call that one of them counts is counted
    /// by all. A user that changes from one to another calls [`RateLimiter::shorten_wait`].
    pub fn of_the_same_calls(rates: impl Iterator<Item = (Rate, NonZeroU32)>) -> Vec<Self> {
        let (calls, clock) = (Arc::default(), TokioClock::default());
        let limiters = rates.map(|(rate, burst)| Self::counting(&calls, &clock, rate, burst)).collect();
        clock.start();
        limiters
    }

    fn counting(calls: &Arc<InMemoryState>, clock: &TokioClock, rate: Rate, burst: NonZeroU32) -> Self {
        // The library counts in nanoseconds. Rounded up: never more calls than the rate allows.
        let one = rate.per.as_nanos().div_ceil(rate.calls.get().into());
        let one = Duration::from_nanos(one.try_into().unwrap_or(u64::MAX));
        let quota = Quota::with_period(one).unwrap_or(Quota::per_second(rate.calls)).allow_burst(burst);
        Self {
            calls: Arc::clone(calls),
            full: quota.replenish_interval() * burst.get(),
            taking: governor::RateLimiter::new(quota, Taken(Arc::clone(calls)), clock.clone()),
            reading: governor::RateLimiter::new(quota, Read(Arc::clone(calls)), clock.clone()),
        }
    }

    /// Makes the next call wait no longer than this rate alone ever does, if a slower one has counted calls before it.
    ///
    /// Takes no token, and once is as good as often: it removes nothing but a wait that this rate does not know.
    pub fn shorten_wait(&self) {
        let shorten = |counted_to: Option<Nanos>| {
            // The clock is read after the calls: those that this rate has counted meanwhile are never above it.
            let most = self.taking.clock().now() + self.full;
            counted_to.filter(|counted_to| *counted_to > most).map(|_| ((), most)).ok_or(())
        };
        // An error: there is nothing to shorten.
        let _ = self.calls.measure_and_replace(&NotKeyed::NonKey, shorten);
    }

    /// Counts one call more, or returns how long to wait until it is allowed.
    pub fn check(&self) -> Result<(), Duration> {
        self.taking.check().map_err(|early| early.wait_time_from(self.taking.clock().now()))
    }

    /// Counts so many calls more, all or none of them, or says why they are not allowed.
    pub fn check_all(&self, calls: NonZeroU32) -> Result<(), NotAllowed> {
        let early = |early: governor::NotUntil<Nanos>| NotAllowed::Yet(early.wait_time_from(self.taking.clock().now()));
        let counted = self.taking.check_n(calls).map_err(|InsufficientCapacity(most)| NotAllowed::AtOnce(most))?;
        counted.map_err(early)
    }

    /// How many calls are allowed at once, or how long to wait for the next; counts none.
    pub fn left(&self) -> Result<u32, Duration> {
        let after_one = self.reading.check();
        let early = |early: governor::NotUntil<Nanos>| early.wait_time_from(self.reading.clock().now());
        after_one.map(|after_one| after_one.remaining_burst_capacity().saturating_add(1)).map_err(early)
    }
}

/// The calls so far, to which more are added.
struct Taken(Arc<InMemoryState>);

impl StateStore for Taken {
    type Key = NotKeyed;

    fn measure_and_replace<T, F, E>(&self, key: &NotKeyed, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        self.0.measure_and_replace(key, decide)
    }
}

/// The calls so far, to which none is added.
struct Read(Arc<InMemoryState>);

impl StateStore for Read {
    type Key = NotKeyed;

    fn measure_and_replace<T, F, E>(&self, key: &NotKeyed, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        // What is refused is not stored.
        let calls = self.0.measure_and_replace(key, Err::<((), Nanos), _>).err().flatten();
        decide(calls).map(|(decision, _)| decision)
    }
}

/// Tokio's clock, so that tests can pause it. It stands at 0 until it is started: the library takes the time at which each
/// limiter is made for its beginning, and those that count the same calls must have the same one.
#[derive(Clone, Debug, Default)]
struct TokioClock(Arc<OnceLock<Instant>>);

impl TokioClock {
    fn start(&self) {
        self.0.get_or_init(Instant::now);
    }
}

impl Clock for TokioClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.0.get().map(Instant::elapsed).unwrap_or_default().into()
    }
}

#[cfg(test)]
mod tests;

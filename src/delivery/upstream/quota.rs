//! How much mail an upstream may be offered in a time: the tokens of its rates and of its warm-up.
//!
//! Invariants: in any stretch of a rate's time an upstream is handed no more mails than the rate and one burst; to read
//! what is left takes none. A token of every rate is taken at once, that of the shortest time first: an overload of `14/s`
//! then takes nothing from `50000/d`. A mail that gets the first and not the second gives up the first; that needs another
//! mail which is faster, as a plan has seen a token of each. Deliberately absent: files and neighbours. A restart forgets
//! what was taken, which costs one burst; so a burst is what a minute brings, not what a day does.
//!
//! All days of a warm-up count the same mails, each by its own rate, and no day makes a mail wait longer than its rate
//! alone does: the one mail of a slow day does not close the fast days after it. Where days meet, the rate of the faster
//! holds, and one burst more: so much is the cost of a wall clock that is set forth or back, each time.

mod ramp_up;
mod rate_list;
pub mod settings;
#[cfg(test)]
mod tests;

use std::time::{Duration, SystemTime};

pub use ramp_up::RampUp;
pub use rate_list::RateList;
pub use settings::Settings;

use crate::runtime::rate::Rate;
use crate::runtime::rate_limiter::RateLimiter;

/// What is left of the rates of an upstream.
pub(super) struct Quota {
    /// The shortest time first.
    rates: Vec<RateLimiter>,
    warm_up: Option<(RampUp, Vec<RateLimiter>)>,
}

impl Quota {
    /// `None`: there is no limit.
    pub(super) fn new(settings: &Settings) -> Option<Self> {
        let own = |rate: Rate| (settings.of_each_node(rate), settings.burst_of_each_node(rate));
        let alone = |rate: Rate| RateLimiter::of_the_same_calls([own(rate)].into_iter());
        let rates = settings.rates.iter().flat_map(RateList::iter).flat_map(alone).collect();
        let warm_up = settings.ramp_up.as_ref().map(|ramp_up| {
            // A new day has no burst of its own: all days count the same mails.
            (ramp_up.clone(), RateLimiter::of_the_same_calls(ramp_up.days().map(own)))
        });
        let quota = Self { rates, warm_up };
        (!quota.rates.is_empty() || quota.warm_up.is_some()).then_some(quota)
    }

    /// Takes a token of each rate, if all of them have one. `now`: the wall clock, which the days of a warm-up follow.
    pub(super) fn take(&self, now: SystemTime) -> bool {
        self.limiters(now).is_ok_and(|mut limiters| limiters.all(|limiter| limiter.check().is_ok()))
    }

    /// How many tokens are left, or how long to wait for the next. Takes none.
    pub(super) fn left(&self, now: SystemTime) -> Result<u32, Duration> {
        let left = self.limiters(now)?.map(RateLimiter::left).reduce(|one, other| match (one, other) {
            (Ok(one), Ok(other)) => Ok(one.min(other)),
            (one, other) => Err(one.err().max(other.err()).unwrap_or_default()),
        });
        left.unwrap_or(Ok(u32::MAX))
    }

    /// Those that count a mail now, none of which waits for what only a slower day counts; an error is the time to the day on
    /// which a warm-up begins.
    fn limiters(&self, now: SystemTime) -> Result<impl Iterator<Item = &RateLimiter>, Duration> {
        let day = match &self.warm_up {
            Some((ramp_up, days)) => days.get(ramp_up.day(now)?).or(days.last()).inspect(|day| day.shorten_wait()),
            None => None,
        };
        Ok(self.rates.iter().chain(day))
    }
}

//! The warm-up of a new account: from its first day on it gets more mail each day (UTC), up to an end.
//!
//! What a day allows follows from the date alone: a restart, an outage or a clock that is set changes nothing else.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use time::format_description::well_known::Iso8601;
use time::{Date, OffsetDateTime};

use crate::runtime::rate::Rate;

const DAY: Duration = Duration::from_secs(86_400);
/// The factors from one day to the next.
const FACTORS: std::ops::RangeInclusive<f64> = 1.1..=10.0;

/// Mails a day from a first day on, each day by a factor more.
#[derive(Clone, Debug, PartialEq)]
pub struct RampUp {
    first: Date,
    start: Rate,
    factor: f64,
    end: Rate,
}

/// A text that is no warm-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be the first day, the mails of that day, the factor from day to day and the end, for example \
     2026-12-01:200/d*2..50000/d; the factor from 1.1 to 10, the end not below the start"
)]
pub struct BadRampUp;

impl RampUp {
    /// The rate of each day, from the first to the one that reaches the end.
    pub(super) fn days(&self) -> impl Iterator<Item = Rate> {
        let (start, end) = (f64::from(self.start.calls.get()), f64::from(self.end.calls.get()));
        let calls = std::iter::successors(Some(start), move |calls| (*calls < end).then(|| calls * self.factor));
        calls.map(move |calls| {
            let calls = NonZeroU32::new(calls.min(end) as u32).unwrap_or(NonZeroU32::MIN);
            Rate { calls, per: DAY }
        })
    }

    /// The place of today among the [`RampUp::days`], which may be behind the last. An error is the time until the first.
    pub(super) fn day(&self, now: SystemTime) -> Result<usize, Duration> {
        let (now, first) = (now.duration_since(UNIX_EPOCH).unwrap_or_default(), self.since_epoch());
        let since = now.checked_sub(first).ok_or_else(|| first.saturating_sub(now))?;
        Ok(usize::try_from(since.as_secs() / DAY.as_secs()).unwrap_or(usize::MAX))
    }

    /// The rates of the first day and of the last.
    pub fn bounds(&self) -> (Rate, Rate) {
        (self.start, self.end)
    }

    /// From 1970 to the first day.
    fn since_epoch(&self) -> Duration {
        let days = self.first.to_julian_day() - OffsetDateTime::UNIX_EPOCH.date().to_julian_day();
        DAY * days.try_into().unwrap_or(0)
    }
}

/// A day, `:`, the rate of that day, `*` and a factor, `..` and the rate at the end.
impl FromStr for RampUp {
    type Err = BadRampUp;

    fn from_str(text: &str) -> Result<Self, BadRampUp> {
        let read = || {
            let (first, rest) = text.split_once(':')?;
            let (start, rest) = rest.split_once('*')?;
            let (factor, end) = rest.split_once("..")?;
            let rate = |text: &str| text.trim().parse().ok().filter(|rate: &Rate| rate.per == DAY);
            let factor = factor.trim().parse().ok().filter(|factor| FACTORS.contains(factor))?;
            Some(Self { first: date(first.trim())?, start: rate(start)?, factor, end: rate(end)? })
        };
        read().filter(|ramp_up| ramp_up.start.calls <= ramp_up.end.calls).ok_or(BadRampUp)
    }
}

/// Written as `2026-12-01` alone: ISO 8601 has more forms.
fn date(text: &str) -> Option<Date> {
    let date = Date::parse(text, &Iso8601::DATE).ok()?;
    (date.to_string() == text && date >= OffsetDateTime::UNIX_EPOCH.date()).then_some(date)
}

/// As it is read.
impl fmt::Display for RampUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, start, factor, end } = self;
        write!(f, "{first}:{start}*{factor}..{end}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> RampUp {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn at(date: &str, hours: u64) -> SystemTime {
        let midnight: SystemTime = date_of(date).midnight().assume_utc().into();
        midnight + Duration::from_secs(hours * 3600)
    }

    fn date_of(text: &str) -> Date {
        date(text).expect("a date")
    }

    #[test]
    fn mails_grow_by_the_factor_from_day_to_day_up_to_the_end() {
        let days = |text: &str| read(text).days().map(|rate| rate.calls.get()).collect::<Vec<_>>();
        assert_eq!(days("2026-12-01:200/d*2..1000/d"), [200, 400, 800, 1000]);
        assert_eq!(days("2026-12-01:10/d*1.5..40/d"), [10, 15, 22, 33, 40]);
        assert_eq!(days("2026-12-01:1/d*1.1..2/d"), [1, 1, 1, 1, 1, 1, 1, 1, 2], "less than one more a day adds up");
        assert_eq!(days("2026-12-01:7/d*3..7/d"), [7]);
    }

    #[test]
    fn the_day_is_that_of_the_date_in_utc() {
        let ramp_up = read("2026-12-01:200/d*2..1000/d");
        assert_eq!(ramp_up.day(at("2026-11-30", 1)), Err(Duration::from_secs(23 * 3600)));
        for (date, hours, day) in [
            ("2026-12-01", 0, 0),
            ("2026-12-01", 23, 0),
            ("2026-12-02", 0, 1),
            ("2026-12-04", 0, 3),
            ("2027-12-01", 0, 365),
        ] {
            assert_eq!(ramp_up.day(at(date, hours)), Ok(day), "{date} {hours}");
        }
        assert!(ramp_up.day(UNIX_EPOCH - DAY).is_err(), "a clock that is set wrong does no harm");
    }

    #[test]
    fn warm_up_is_written_as_it_is_read_and_anything_else_is_an_error() {
        for text in ["2026-12-01:200/d*2..50000/d", "2028-02-29:1/d*1.1..1/d"] {
            assert_eq!(read(text).to_string(), text);
        }
        for text in [
            "",
            "2026-12-01",
            "2026-12-01:200/d",
            "2026-12-01:200/d*2",
            "2026-12-01:200/d*2..50000/h",
            "2026-12-01:200/s*2..50000/d",
            "2026-12-01:200/d*1..50000/d",
            "2026-12-01:200/d*11..50000/d",
            "2026-12-01:200/d*NaN..50000/d",
            "2026-12-01:500/d*2..200/d",
            "2026-12-01:0/d*2..200/d",
            "2026-02-30:200/d*2..50000/d",
            "20261201:200/d*2..50000/d",
            "1969-12-31:200/d*2..50000/d",
        ] {
            assert_eq!(text.parse::<RampUp>(), Err(BadRampUp), "{text}");
        }
    }
}

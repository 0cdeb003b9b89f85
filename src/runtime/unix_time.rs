//! Points in time that outlive a process: milliseconds since 1970, as a store keeps them and as other nodes read them.
//!
//! Deliberately absent: a clock. What needs the time is given one.

use std::fmt;
use std::time::{Duration, SystemTime};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::millis::millis;

/// The end of the year 9999, the last time that four digits of a year can say.
const LAST_WRITTEN: i64 = 253_402_300_799_999;

/// Milliseconds since the beginning of 1970 in UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(pub i64);

impl UnixTime {
    /// This much later; the last time there is, if that would be beyond it.
    pub fn after(self, wait: Duration) -> Self {
        Self(self.0.saturating_add_unsigned(millis(wait)))
    }

    /// This much earlier.
    pub fn before(self, wait: Duration) -> Self {
        Self(self.0.saturating_sub_unsigned(millis(wait)))
    }

    /// From the other time until this one; nothing, if this one is not later.
    pub fn since(self, other: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(other.0)).unwrap_or_default())
    }

    /// The time that a text says in the way of RFC 3339, with its offset from UTC. What is below a millisecond is left out.
    pub fn parse(text: &str) -> Option<Self> {
        let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        i64::try_from(time.unix_timestamp_nanos().div_euclid(1_000_000)).ok().map(Self)
    }
}

impl From<SystemTime> for UnixTime {
    fn from(time: SystemTime) -> Self {
        Self::default().after(time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
    }
}

/// RFC 3339, in UTC, always with three digits of milliseconds: texts of one width sort by time. The library's own form leaves
/// out zeros at the end.
impl fmt::Display for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = i128::from(self.0.clamp(0, LAST_WRITTEN)) * 1_000_000;
        let at = OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let (year, month, day) = at.to_calendar_date();
        let (hour, minute, second, millisecond) = at.to_hms_milli();
        let month = u8::from(month);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}Z")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_beyond_the_last_one_is_the_last_one() {
        assert_eq!(UnixTime(5).after(Duration::from_millis(7)), UnixTime(12));
        assert_eq!(UnixTime(5).before(Duration::from_millis(7)), UnixTime(-2));
        assert_eq!(UnixTime(5).after(Duration::MAX), UnixTime(i64::MAX));
    }

    #[test]
    fn a_time_is_written_in_utc_to_the_millisecond() {
        assert_eq!(UnixTime(1_795_298_709_123).to_string(), "2026-11-21T22:05:09.123Z");
        assert_eq!(UnixTime(1_795_298_709_500).to_string(), "2026-11-21T22:05:09.500Z", "zeros at the end are kept");
        assert_eq!(UnixTime(i64::MAX).to_string(), "9999-12-31T23:59:59.999Z");
    }

    #[test]
    fn a_time_is_read_with_its_offset_and_not_without() {
        for text in ["2026-11-21T22:05:09.123Z", "2026-11-21T23:05:09.1234+01:00", "2026-11-21t17:05:09.123-05:00"] {
            assert_eq!(UnixTime::parse(text), Some(UnixTime(1_795_298_709_123)), "{text}");
        }
        for text in ["", "now", "tomorrow", "2026-11-21", "2026-11-21T22:05:09", "2026-02-30T00:00:00Z", "1795298709"] {
            assert_eq!(UnixTime::parse(text), None, "{text}");
        }
    }

    #[test]
    fn nothing_has_passed_before_a_time() {
        assert_eq!(UnixTime(12).since(UnixTime(5)), Duration::from_millis(7));
        assert_eq!(UnixTime(5).since(UnixTime(12)), Duration::ZERO);
    }
}

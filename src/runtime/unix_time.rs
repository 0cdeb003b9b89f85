//! Points in time that outlive a process: milliseconds since 1970, as a store keeps them and as other nodes read them.
//!
//! Deliberately absent: a clock. What needs the time is given one.

use std::time::Duration;

use super::millis::millis;

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
}

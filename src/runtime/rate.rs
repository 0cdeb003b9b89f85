//! A number of calls in a time, and how an operator writes it: `14/s`, `600/m`, `5000/h`, `50000/d`.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

/// The most calls of a rate: a call must be worth at least a nanosecond.
const MAX_CALLS: u32 = 1_000_000_000;

/// The times that a rate may be for, in seconds.
const UNITS: [(&str, u64); 4] = [("s", 1), ("m", 60), ("h", 3600), ("d", 86_400)];

/// A number of calls per time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Calls.
    pub calls: NonZeroU32,
    /// The time in which they are allowed.
    pub per: Duration,
}

impl Rate {
    /// The unit of its time; empty if it has none that an operator may write.
    pub fn unit(self) -> &'static str {
        let unit = UNITS.into_iter().find(|(_, seconds)| self.per == Duration::from_secs(*seconds));
        unit.map_or("", |(name, _)| name)
    }
}

/// A text that is no rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a number in a time, for example 100/s, 600/m, 5000/h or 50000/d, at most {MAX_CALLS}")]
pub struct BadRate;

/// A number, `/` and the unit of a time.
impl FromStr for Rate {
    type Err = BadRate;

    fn from_str(text: &str) -> Result<Self, BadRate> {
        let parsed = text.split_once('/').and_then(|(calls, unit)| {
            let (_, seconds) = UNITS.into_iter().find(|(name, _)| *name == unit)?;
            let is_number = calls.bytes().all(|byte| byte.is_ascii_digit());
            Some(Self { calls: calls.parse().ok().filter(|_| is_number)?, per: Duration::from_secs(seconds) })
        });
        parsed.filter(|rate| rate.calls.get() <= MAX_CALLS).ok_or(BadRate)
    }
}

/// As it is read.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.calls, self.unit())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_is_a_number_a_slash_and_a_unit() {
        for (text, calls, seconds) in
            [("14/s", 14, 1), ("600/m", 600, 60), ("1/h", 1, 3600), ("1000000000/d", 1_000_000_000, 86_400)]
        {
            let rate: Rate = text.parse().unwrap();
            assert_eq!((rate.calls.get(), rate.per), (calls, Duration::from_secs(seconds)), "{text}");
            assert_eq!(rate.to_string(), text);
        }
        for text in ["", "14", "14/", "/s", "0/s", "-1/s", "+1/s", "1.5/s", "1/day", "1 /s", "1/ s", "1000000001/s"] {
            assert_eq!(text.parse::<Rate>(), Err(BadRate), "{text}");
        }
    }
}

//! The ids of traces and spans (W3C Trace Context): random numbers that are not zero, written as hex digits.

use std::fmt;
use std::num::{NonZeroU64, NonZeroU128};

/// The id of a trace: 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceId(NonZeroU128);

/// The id of a span: 8 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpanId(NonZeroU64);

impl TraceId {
    /// A new one.
    pub fn fresh() -> Self {
        Self(NonZeroU128::new(fastrand::u128(..)).unwrap_or(NonZeroU128::MAX))
    }

    /// The id of these 32 digits, in lower case; none if all are zero.
    pub fn parse(digits: &[u8]) -> Option<Self> {
        NonZeroU128::new(number::<32>(digits)?).map(Self)
    }

    /// Its last 63 bits, which are random in every id.
    pub(super) fn draw(self) -> u64 {
        (self.0.get() as u64) >> 1
    }
}

impl SpanId {
    /// A new one.
    pub fn fresh() -> Self {
        Self(NonZeroU64::new(fastrand::u64(..)).unwrap_or(NonZeroU64::MAX))
    }

    /// The id of these 16 digits, in lower case; none if all are zero.
    pub fn parse(digits: &[u8]) -> Option<Self> {
        NonZeroU64::new(u64::try_from(number::<16>(digits)?).ok()?).map(Self)
    }
}

/// What exactly so many digits say.
pub(super) fn number<const DIGITS: usize>(digits: &[u8]) -> Option<u128> {
    let add = |number: u128, digit: &u8| match digit {
        b'0'..=b'9' => Some(number << 4 | u128::from(digit - b'0')),
        b'a'..=b'f' => Some(number << 4 | u128::from(digit - b'a' + 10)),
        _ => None,
    };
    digits.iter().try_fold(0, add).filter(|_| digits.len() == DIGITS)
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

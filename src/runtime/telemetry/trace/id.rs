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
        let (high, low) = digits.split_at_checked(16).filter(|(_, low)| low.len() == 16)?;
        NonZeroU128::new(u128::from(number(high)?) << 64 | u128::from(number(low)?)).map(Self)
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
        NonZeroU64::new(number(digits).filter(|_| digits.len() == 16)?).map(Self)
    }
}

/// What these digits say, at most 16.
pub(super) fn number(digits: &[u8]) -> Option<u64> {
    let add = |number: u64, digit: &u8| match digit {
        b'0'..=b'9' => Some(number << 4 | u64::from(digit - b'0')),
        b'a'..=b'f' => Some(number << 4 | u64::from(digit - b'a' + 10)),
        _ => None,
    };
    digits.iter().try_fold(0, add).filter(|_| digits.len() <= 16)
}

/// Writes a number in 16 digits: each traced request writes two, so not by the way that is made for all widths.
fn write(number: u64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut digits = [0; 16];
    for (place, digit) in digits.iter_mut().rev().enumerate() {
        *digit = b"0123456789abcdef"[(number >> (4 * place) & 0xf) as usize];
    }
    f.write_str(str::from_utf8(&digits).map_err(|_| fmt::Error)?)
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write((self.0.get() >> 64) as u64, f)?;
        write(self.0.get() as u64, f)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(self.0.get(), f)
    }
}

//! How long the mails in flight have taken so far, so that a slow upstream is known before its first answer.

/// Bits that count the mails: enough for a million, which is the most that an upstream may have in flight, and one more for
/// each thread that asks for a place there.
const COUNT: u32 = 20;

/// The mails in flight at one upstream: their number, and the sum of the times when they began, in one word.
///
/// The sum may wrap around, and so may the times: only the difference to the time of the reader is ever looked at.
#[derive(Clone, Copy, Debug, Default)]
pub struct InFlight(u64);

impl InFlight {
    /// What a mail adds to the bits when it begins, at this time in milliseconds, and takes away again when it ends.
    pub fn one(begun: u64) -> u64 {
        (begun << COUNT).wrapping_add(1)
    }

    /// From the sum of all mails in flight.
    pub fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The mean of the time that they have taken up to this one in milliseconds, in seconds; 0: there is none.
    pub fn seconds(self, at: u64) -> f64 {
        let count = self.0 & ((1 << COUNT) - 1);
        let taken = (at.wrapping_mul(count) << COUNT).wrapping_sub(self.0 - count) as i64 >> COUNT;
        // Below 0 where a mail began on another thread after this one had read its time.
        taken.max(0) as f64 / 1000.0 / count.max(1) as f64
    }
}

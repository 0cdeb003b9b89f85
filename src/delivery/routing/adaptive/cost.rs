//! What a mail at an upstream costs its caller: an average that forgets (EWMA), in seconds.

use std::time::Duration;

/// How long a mail is remembered; after so long its weight is a third.
const MEMORY: f64 = 10.0;
/// How late a thread may add the time that it has read, in milliseconds; what seems longer is the clock that wraps around.
const LATENESS: u32 = 60_000;
/// What a failure weighs at least, however fast it was.
const FAILURE: Duration = Duration::from_secs(5);

/// What one mail has cost, in seconds: the time that it took, beyond what its size is `allowed`.
pub fn sample(took: Duration, allowed: Duration, failed: bool) -> f64 {
    let took = took.saturating_sub(allowed);
    if failed { took.max(FAILURE) } else { took }.as_secs_f64()
}

/// The average, and when it was last added to.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Not a number: there was no mail yet.
    seconds: f32,
    /// Milliseconds; it may wrap around.
    at: u32,
}

impl Cost {
    /// That of an upstream without any mail yet.
    pub const UNKNOWN: Self = Self { seconds: f32::NAN, at: 0 };

    /// With one more sample, at this time in milliseconds. It counts for as long as there was none. The time does not go back,
    /// though one thread may read it before another and come after it.
    #[must_use]
    pub fn with(self, sample: f64, at: u32) -> Self {
        let Some(before) = self.seconds() else { return Self { seconds: sample as f32, at } };
        let since = self.since(at);
        // Two samples in the same millisecond count too.
        let kept = (-f64::from(since.max(1)) / 1000.0 / MEMORY).exp();
        Self { seconds: (before * kept + sample * (1.0 - kept)) as f32, at: self.at.wrapping_add(since) }
    }

    /// Milliseconds from the last sample to this time; 0: that was later.
    fn since(self, at: u32) -> u32 {
        let since = at.wrapping_sub(self.at);
        if since.wrapping_neg() <= LATENESS { 0 } else { since }
    }

    /// In seconds; `None`: there was no mail yet.
    pub fn seconds(self) -> Option<f64> {
        (!self.seconds.is_nan()).then_some(self.seconds.into())
    }

    /// All of it in one word.
    pub fn to_bits(self) -> u64 {
        u64::from(self.seconds.to_bits()) << 32 | u64::from(self.at)
    }

    /// From what [`Cost::to_bits`] gave.
    pub fn from_bits(bits: u64) -> Self {
        Self { seconds: f32::from_bits((bits >> 32) as u32), at: bits as u32 }
    }
}

//! What a mail at an upstream costs its caller: an average that forgets (EWMA), in seconds.

use std::time::Duration;

/// How long a mail is remembered; after so long its weight is a third.
const MEMORY: f64 = 10.0;
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

    /// With one more sample, at this time in milliseconds. It counts for as long as there was none.
    #[must_use]
    pub fn with(self, sample: f64, at: u32) -> Self {
        let seconds = match self.seconds() {
            None => sample,
            Some(before) => {
                // Two samples in the same millisecond count too.
                let since = f64::from(at.wrapping_sub(self.at).max(1)) / 1000.0;
                let kept = (-since / MEMORY).exp();
                before * kept + sample * (1.0 - kept)
            }
        };
        Self { seconds: seconds as f32, at }
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

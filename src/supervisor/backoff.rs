//! How long an open circuit waits for its next dummy: doubling, capped, jittered. Pure.

use std::time::Duration;

/// A fifth up or down, so that many nodes do not probe in step.
const JITTER: f64 = 0.2;

/// The waits of an open circuit.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    /// After the first trip.
    pub first: Duration,
    /// After many trips, before jitter.
    pub longest: Duration,
}

impl Backoff {
    /// The wait after so many trips, without jitter: `first` x 2^(trips - 1), at most `longest`.
    pub fn base_wait(self, trips: u8) -> Duration {
        let doublings = u32::from(trips.saturating_sub(1));
        self.first.saturating_mul(2u32.saturating_pow(doublings)).min(self.longest)
    }

    /// The wait after so many trips; `draw` from 0 to 1 places it within the jitter.
    pub fn wait(self, trips: u8, draw: f64) -> Duration {
        self.base_wait(trips).mul_f64(1.0 - JITTER + 2.0 * JITTER * draw.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BACKOFF: Backoff = Backoff { first: Duration::from_secs(5), longest: Duration::from_secs(300) };

    #[test]
    fn it_doubles_from_the_first_wait_to_the_cap() {
        let seconds: Vec<_> = (0..=9).map(|trips| BACKOFF.base_wait(trips).as_secs()).collect();
        assert_eq!(seconds, [5, 5, 10, 20, 40, 80, 160, 300, 300, 300]);
        assert_eq!(BACKOFF.base_wait(u8::MAX).as_secs(), 300);
    }

    proptest! {
        #[test]
        fn it_stays_within_a_fifth_of_the_base_wait(trips: u8, draw in 0.0..=1.0f64) {
            let (base, wait) = (BACKOFF.base_wait(trips), BACKOFF.wait(trips, draw));
            prop_assert!(wait >= base.mul_f64(0.799) && wait <= base.mul_f64(1.201), "{:?} of {:?}", wait, base);
        }
    }
}

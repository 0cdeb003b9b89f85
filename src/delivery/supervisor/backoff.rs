//! How long an open circuit waits for its next probe: doubling, capped, jittered. Pure.

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
    /// The wait after so many trips, without jitter: `first` x 2^(trips - 1), at most `longest`; none after none.
    pub fn base_wait(self, trips: u8) -> Duration {
        match trips.checked_sub(1) {
            Some(doublings) => self.first.saturating_mul(2u32.saturating_pow(doublings.into())).min(self.longest),
            None => Duration::ZERO,
        }
    }

    /// The wait after so many trips; `draw` from 0 to 1 places it within the jitter.
    pub fn wait(self, trips: u8, draw: f64) -> Duration {
        self.base_wait(trips).mul_f64(1.0 - JITTER + 2.0 * JITTER * draw.clamp(0.0, 1.0))
    }
}

/// A wait that must not be cut short, up to a fifth longer.
pub(super) fn spread(wait: Duration, draw: f64) -> Duration {
    wait.mul_f64(1.0 + JITTER * draw.clamp(0.0, 1.0))
}

/// The share of mail, of 127, that a circuit takes so long after it has closed: from a tenth to all of it.
pub(super) fn share(closed_for: Duration, ramp: Duration) -> u8 {
    const ALL: f64 = 127.0;
    if closed_for >= ramp {
        return ALL as u8;
    }
    (ALL * (0.1 + 0.9 * closed_for.as_secs_f64() / ramp.as_secs_f64())) as u8
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BACKOFF: Backoff = Backoff { first: Duration::from_secs(5), longest: Duration::from_secs(300) };

    #[test]
    fn wait_doubles_up_to_the_cap() {
        let seconds: Vec<_> = (0..=9).map(|trips| BACKOFF.base_wait(trips).as_secs()).collect();
        assert_eq!(seconds, [0, 5, 10, 20, 40, 80, 160, 300, 300, 300]);
        assert_eq!(BACKOFF.base_wait(u8::MAX).as_secs(), 300);
    }

    #[test]
    fn ramp_share_grows_from_a_tenth_to_all() {
        let second = Duration::from_secs(1);
        let shares: Vec<_> = [0, 10, 20, 29, 30, 99].map(|seconds| share(second * seconds, second * 30)).into();
        assert_eq!(shares, [12, 50, 88, 123, 127, 127]);
        assert_eq!(share(Duration::ZERO, Duration::ZERO), 127);
    }

    proptest! {
        #[test]
        fn requested_wait_is_never_cut_short(seconds in 0u64..4000, draw in 0.0..=1.0f64) {
            let wait = Duration::from_secs(seconds);
            prop_assert!(spread(wait, draw) >= wait && spread(wait, draw) <= wait.mul_f64(1.21));
        }

        #[test]
        fn jitter_stays_within_a_fifth(trips: u8, draw in 0.0..=1.0f64) {
            let (base, wait) = (BACKOFF.base_wait(trips), BACKOFF.wait(trips, draw));
            prop_assert!(wait >= base.mul_f64(0.799) && wait <= base.mul_f64(1.201), "{:?} of {:?}", wait, base);
        }
    }
}

//! How long a mail waits before it is tried again.
//!
//! Waits are spread upwards only: nobody comes back before the time that was asked for. Numbers of attempts have 32 bits,
//! and the last wait repeats for as long as the mail is wanted. Deliberately absent: clocks and random numbers.

use std::time::Duration;

/// At least so long, where a provider or a circuit asks for a wait.
const MIN_WAIT: Duration = Duration::from_secs(5);
/// To which such a wait grows.
const MAX_WAIT: Duration = Duration::from_secs(5 * 60);
/// Where an account is refused: a revoked key must not use up the attempts of a mail.
const REFUSED_ACCOUNTS: Duration = Duration::from_secs(15 * 60);
/// Where an upstream has refused another mail of the same sender: longer than it holds that sender (`SMSP_SENDER_HOLD`,
/// 10 min by default), so that it is asked for this mail.
const HELD_SENDER: Duration = Duration::from_secs(15 * 60);
/// Where a mail is sealed under a key that this node has not yet.
const SEALED_ELSEWHERE: Duration = Duration::from_secs(60);
/// And where it has not had that for long.
const STILL_SEALED_ELSEWHERE: Duration = Duration::from_secs(5 * 60);
/// The part of a wait that is added to it at most.
const SPREAD: f64 = 0.2;

/// The waits after the first attempt, the second, and so on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    first: Duration,
    later: Vec<Duration>,
}

impl Schedule {
    /// These waits; the last one repeats.
    pub fn new(first: Duration, later: Vec<Duration>) -> Self {
        Self { first, later }
    }

    /// The waits of mail to its recipients' own servers. Where no others are set, the first is one that greylisting wants
    /// (RFC 6647 4.5: servers there ask for up to 15 minutes, most for 5 or less).
    pub(super) fn of_parts(&self) -> Self {
        if *self != Self::default() {
            return self.clone();
        }
        let later = self.later.iter().skip(1).copied().collect();
        Self { first: self.later.first().copied().unwrap_or(self.first), later }
    }

    /// The wait after so many attempts. `draw`: a random number from 0 to 1.
    pub(super) fn after(&self, attempts: u32, draw: f64) -> Duration {
        let later = usize::try_from(attempts).unwrap_or(usize::MAX).checked_sub(2);
        let wait = later.and_then(|later| self.later.get(later).or(self.later.last())).unwrap_or(&self.first);
        spread(*wait, draw)
    }
}

impl Default for Schedule {
    fn default() -> Self {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        Self::new(minutes(1), [5, 15, 30, 60, 120, 240].map(minutes).into())
    }
}

/// The wait where no upstream took the mail now, for the `times`th time in a row, and `asked` is the wait that they asked for.
pub(super) fn postponed(asked: Duration, times: u32, draw: f64) -> Duration {
    let grown = 1_u32.checked_shl(times.saturating_sub(1)).unwrap_or(u32::MAX);
    spread(asked.max(MIN_WAIT.saturating_mul(grown).min(MAX_WAIT)), draw)
}

/// The wait where a sender is held.
pub(super) fn held_sender(draw: f64) -> Duration {
    spread(HELD_SENDER, draw)
}

/// The wait for a node that has the key of a mail.
pub(super) fn sealed_elsewhere(is_late: bool, draw: f64) -> Duration {
    spread(if is_late { STILL_SEALED_ELSEWHERE } else { SEALED_ELSEWHERE }, draw)
}

/// The wait where an account was refused.
pub(super) fn refused_accounts(draw: f64) -> Duration {
    spread(REFUSED_ACCOUNTS, draw)
}

fn spread(wait: Duration, draw: f64) -> Duration {
    wait.saturating_add(wait.mul_f64(SPREAD * draw))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn waits_follow_the_list_and_the_last_one_repeats() {
        let minutes = |attempts| Schedule::default().after(attempts, 0.0).as_secs() / 60;
        assert_eq!([0, 1, 2, 3, 4, 5, 6, 7, 8, u32::MAX].map(minutes), [1, 1, 5, 15, 30, 60, 120, 240, 240, 240]);
        let only = Schedule::new(SECOND, Vec::new());
        assert_eq!([1, 2, 99].map(|attempts| only.after(attempts, 0.0)), [SECOND; 3]);
    }

    #[test]
    fn parts_wait_as_greylisting_wants_unless_other_waits_are_set() {
        let minutes = |attempts| Schedule::default().of_parts().after(attempts, 0.0).as_secs() / 60;
        assert_eq!([1, 2, 3, 4, 5, 6, 7].map(minutes), [5, 15, 30, 60, 120, 240, 240]);
        let set = Schedule::new(600 * SECOND, vec![SECOND]);
        assert_eq!(set.of_parts(), set);
    }

    #[test]
    fn wait_of_a_mail_that_is_postponed_again_and_again_doubles_up_to_five_minutes() {
        let seconds = |times| postponed(Duration::ZERO, times, 0.0).as_secs();
        assert_eq!([0, 1, 2, 3, 6, 7, 8, 40, u32::MAX].map(seconds), [5, 5, 10, 20, 160, 300, 300, 300, 300]);
        assert_eq!(postponed(3600 * SECOND, 1, 0.0), 3600 * SECOND, "what is asked for is kept to");
    }

    proptest! {
        #[test]
        fn no_wait_is_shorter_than_asked_for_nor_longer_by_more_than_a_fifth(
            attempts: u32, asked in 0..10_000_u64, draw in 0.0..1.0_f64,
        ) {
            let asked = Duration::from_secs(asked);
            for (wait, least) in [
                (Schedule::default().after(attempts, draw), Schedule::default().after(attempts, 0.0)),
                (postponed(asked, attempts, draw), postponed(asked, attempts, 0.0)),
                (refused_accounts(draw), REFUSED_ACCOUNTS),
            ] {
                prop_assert!(wait >= least && wait <= least.mul_f64(1.2) + Duration::from_nanos(1), "{wait:?} of {least:?}");
            }
            prop_assert!(postponed(asked, attempts, draw) >= asked);
        }
    }
}

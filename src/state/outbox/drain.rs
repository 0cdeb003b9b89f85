//! How fast the outbox drains: by how much what waits gets less between two counts, and how long it takes at this rate.
//!
//! What waits is what is queued or in hand, mail for later too: the counts do not tell it apart. What comes in meanwhile makes
//! the rate lower, so the time left holds for a sender that goes on as before. Deliberately absent: counts of its own.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::{Count, State};
use crate::runtime::unix_time::UnixTime;

/// Fewer mails that wait are no backlog: a node has as many in hand.
const BACKLOG: u64 = 100;

/// How fast what waits gets less.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Mails that waited at the last count.
    pub waiting: u64,
    /// By how many mails a second they got fewer.
    pub rate: f64,
    /// Until none waits, at this rate.
    pub left: Duration,
}

/// What the counts of a node have shown last; clones show the same.
#[derive(Clone, Default)]
pub struct Drain(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    /// What waited at the last count, and when that was.
    last: Option<(u64, Instant)>,
    estimate: Option<Estimate>,
}

impl Estimate {
    /// The rate in tenths, for people and programs.
    pub fn shown_rate(&self) -> f64 {
        ((self.rate * 10.0).round() / 10.0).max(0.1)
    }
}

impl Drain {
    /// None: nothing is due, or what waits does not get less.
    pub fn estimate(&self) -> Option<Estimate> {
        self.seen().estimate
    }

    /// The store was counted at this time, which is `now` by the clock of its rows. The estimate, if there is a backlog whose
    /// oldest mail has been due for so long.
    pub(super) fn counted(&self, counts: &[Count], at: Instant, now: UnixTime, for_long: Duration) -> Option<Estimate> {
        let waiting = counts.iter().filter(|count| is_waiting(count.state)).map(|count| count.rows).sum();
        let queued = counts.iter().filter(|count| count.state == State::Queued);
        let oldest = queued.filter_map(|count| count.oldest).min().filter(|oldest| *oldest <= now);
        let mut seen = self.seen();
        let before = seen.last.replace((waiting, at));
        seen.estimate = before.filter(|_| oldest.is_some()).and_then(|before| estimate(before, (waiting, at)));
        let is_backlog = waiting >= BACKLOG && oldest.is_some_and(|oldest| now.since(oldest) >= for_long);
        seen.estimate.filter(|_| is_backlog)
    }

    /// Nothing is known of the store now, or nothing is sent from it.
    pub(super) fn forget(&self) {
        *self.seen() = Seen::default();
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_waiting(state: State) -> bool {
    matches!(state, State::Queued | State::Claimed | State::Sending)
}

fn estimate((before, then): (u64, Instant), (waiting, at): (u64, Instant)) -> Option<Estimate> {
    let fewer = before.checked_sub(waiting).filter(|fewer| *fewer > 0)?;
    let seconds = at.checked_duration_since(then).filter(|passed| !passed.is_zero())?.as_secs_f64();
    let rate = fewer as f64 / seconds;
    Some(Estimate { waiting, rate, left: Duration::try_from_secs_f64(waiting as f64 / rate).unwrap_or(Duration::MAX) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(10);
    const NOW: UnixTime = UnixTime(1_000_000);

    fn count(state: State, rows: u64, oldest: UnixTime) -> Count {
        Count { state, route_set: None, upstream: None, rows, bytes: 0, oldest: Some(oldest) }
    }

    /// What counts say that are ten seconds apart.
    fn after(counts: &[[Count; 2]]) -> (Option<Estimate>, Option<Estimate>) {
        let (drain, mut at, mut told) = (Drain::default(), Instant::now(), None);
        for counts in counts {
            told = drain.counted(counts, at, NOW, LONG);
            at += LONG;
        }
        (drain.estimate(), told)
    }

    fn waiting(queued: u64, sending: u64) -> [Count; 2] {
        [count(State::Queued, queued, NOW.before(LONG)), count(State::Sending, sending, NOW)]
    }

    #[test]
    fn what_waits_gets_less_by_so_much_a_second_and_is_gone_by_then() {
        let estimate = Estimate { waiting: 600, rate: 40.0, left: Duration::from_secs(15) };
        assert_eq!(after(&[waiting(990, 10), waiting(590, 10)]), (Some(estimate), Some(estimate)));
        assert_eq!(after(&[waiting(590, 10)]), (None, None), "one count tells no rate");
    }

    #[test]
    fn a_rate_is_shown_in_tenths_and_never_as_nothing() {
        let shown = |rate| Estimate { waiting: 1, rate, left: LONG }.shown_rate();
        assert_eq!([39.84, 0.26, 0.01].map(shown), [39.8, 0.3, 0.1]);
    }

    #[test]
    fn a_backlog_that_does_not_get_less_has_no_rate() {
        assert_eq!(after(&[waiting(500, 0), waiting(500, 0)]), (None, None));
        assert_eq!(after(&[waiting(500, 0), waiting(501, 0)]), (None, None));
        assert_eq!(after(&[waiting(500, 0), waiting(400, 0), waiting(600, 0)]), (None, None), "nor the one before");
    }

    #[test]
    fn little_mail_and_new_mail_is_no_backlog() {
        let (estimate, told) = after(&[waiting(120, 0), waiting(99, 0)]);
        assert_eq!((estimate.is_some(), told), (true, None));
        let new = |queued| [count(State::Queued, queued, NOW), count(State::Unknown, 9, NOW)];
        let (estimate, told) = after(&[new(400), new(300)]);
        assert_eq!((estimate.is_some(), told), (true, None), "it has not waited for long");
        let later = |queued| [count(State::Queued, queued, NOW.after(LONG)), count(State::Sending, 0, NOW)];
        assert_eq!(after(&[later(400), later(300)]), (None, None), "nothing is due");
    }

    #[test]
    fn what_is_forgotten_tells_no_rate() {
        let drain = Drain::default();
        let at = Instant::now();
        drain.counted(&waiting(500, 0), at, NOW, LONG);
        drain.counted(&waiting(400, 0), at + LONG, NOW, LONG);
        drain.forget();
        assert_eq!(drain.estimate(), None);
        assert_eq!(drain.counted(&waiting(300, 0), at + 2 * LONG, NOW, LONG), None);
    }
}

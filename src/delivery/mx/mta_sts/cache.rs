//! What is remembered of one domain's policy, and when it is fetched again. Pure: the time is passed in.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::policy::Policy;

/// A policy host that failed is left alone for so long (RFC 8461 3.3).
const PAUSE: Duration = Duration::from_secs(300);
/// A policy is fetched again after half of its time, and after a day at the latest (RFC 8461 10.2).
const REFRESH: Duration = Duration::from_secs(24 * 3600);

/// What is remembered of one domain.
#[derive(Debug, Default)]
pub(super) struct Entry {
    known: Option<Known>,
    failed: Option<Instant>,
}

#[derive(Debug)]
struct Known {
    /// Its version, as the record named it.
    id: Box<str>,
    policy: Arc<Policy>,
    fetched: Instant,
}

/// What to do for a mail.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// This policy holds, or none.
    Use(Option<Arc<Policy>>),
    /// Fetch it; until then this one holds, or none.
    Fetch(Option<Arc<Policy>>),
}

impl Entry {
    /// With the version that the domain's record names, if there is one.
    pub(super) fn step(&self, id: Option<&str>, now: Instant) -> Step {
        let valid = self.known.as_ref().filter(|known| now.duration_since(known.fetched) < known.policy.max_age);
        let policy = valid.map(|known| Arc::clone(&known.policy));
        let has_just_failed = self.failed.is_some_and(|failed| now.duration_since(failed) < PAUSE);
        let is_fresh = |id: &str, known: &Known| {
            *known.id == *id && now.duration_since(known.fetched) < (known.policy.max_age / 2).min(REFRESH)
        };
        match id {
            Some(id) if !has_just_failed && !valid.is_some_and(|known| is_fresh(id, known)) => Step::Fetch(policy),
            _ => Step::Use(policy),
        }
    }

    /// Takes what was fetched under this version, or that nothing was; the policy that holds for the mails that waited.
    pub(super) fn fetched(&mut self, id: &str, policy: Option<Policy>, now: Instant) -> Option<Arc<Policy>> {
        let Some(policy) = policy.map(Arc::new) else {
            self.failed = Some(now);
            let (Step::Use(valid) | Step::Fetch(valid)) = self.step(Some(id), now);
            return valid;
        };
        self.known = Some(Known { id: id.into(), policy: Arc::clone(&policy), fetched: now });
        self.failed = None;
        Some(policy)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn policy(max_age: u64) -> Policy {
        let text = format!("version: STSv1\nmode: enforce\nmax_age: {max_age}\nmx: a.example\n");
        Policy::parse(text.as_bytes()).unwrap()
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_policy_is_fetched_once_for_a_version_and_again_for_the_next() {
        let (mut entry, now) = (Entry::default(), Instant::now());
        assert_eq!(entry.step(None, now), Step::Use(None));
        assert_eq!(entry.step(Some("1"), now), Step::Fetch(None));
        let held = entry.fetched("1", Some(policy(1000)), now);
        assert!(held.is_some());
        assert_eq!(entry.step(Some("1"), now + seconds(499)), Step::Use(held.clone()));
        assert_eq!(entry.step(Some("1"), now + seconds(500)), Step::Fetch(held.clone()));
        assert_eq!(entry.step(Some("2"), now), Step::Fetch(held));
    }

    #[test]
    fn a_policy_stays_valid_while_record_or_host_fail_until_its_time_is_over() {
        let (mut entry, now) = (Entry::default(), Instant::now());
        let held = entry.fetched("1", Some(policy(1000)), now);
        assert_eq!(entry.step(None, now + seconds(999)), Step::Use(held.clone()));
        assert_eq!(entry.fetched("2", None, now + seconds(600)), held);
        assert_eq!(entry.step(Some("2"), now + seconds(601)), Step::Use(held.clone()));
        assert_eq!(entry.step(Some("2"), now + seconds(900)), Step::Fetch(held));
        assert_eq!(entry.step(Some("2"), now + seconds(1000)), Step::Fetch(None));
        assert_eq!(entry.step(None, now + seconds(1000)), Step::Use(None));
    }

    #[test]
    fn a_host_that_failed_is_left_alone_for_a_while() {
        let (mut entry, now) = (Entry::default(), Instant::now());
        assert_eq!(entry.fetched("1", None, now), None);
        assert_eq!(entry.step(Some("1"), now + seconds(299)), Step::Use(None));
        assert_eq!(entry.step(Some("1"), now + seconds(300)), Step::Fetch(None));
    }

    proptest! {
        /// Whatever happens, the policy that holds is the last one fetched, and holds for exactly its time.
        #[test]
        fn the_last_policy_holds_for_its_time(events in vec((0u64..2000, 0u8..3, 0u8..3), 0..40)) {
            let (mut entry, mut now) = (Entry::default(), Instant::now());
            let mut last: Option<(Instant, u64)> = None;
            for (wait, kind, id) in events {
                now += seconds(wait);
                let id = id.to_string();
                let (Step::Use(held) | Step::Fetch(held)) = entry.step((kind > 0).then_some(&id), now);
                let expected = last.filter(|(since, age)| now < *since + seconds(*age)).map(|(_, age)| age);
                prop_assert_eq!(held.map(|policy| policy.max_age.as_secs()), expected);
                match kind {
                    1 => drop(entry.fetched(&id, None, now)),
                    2 => {
                        let age = 100 + wait;
                        entry.fetched(&id, Some(policy(age)), now);
                        last = Some((now, age));
                    }
                    _ => {}
                }
            }
        }
    }
}

//! The domains that have a record: those whose policy is known, and the others. Pure: the time is passed in.
//!
//! They have places of their own, for anybody can make up domains that have a record and no policy, as many as it takes to have
//! the policy of another domain forgotten.

use std::sync::Arc;

use tokio::sync::Mutex as Gate;
use tokio::time::Instant;

use super::cache::{Entry, Step};
use super::policy::Policy;
use crate::runtime::lru::Lru;

/// Domains whose policy is remembered.
const MOST_KNOWN: usize = 5_000;
/// Domains that have none yet, or whose policy host fails.
const MOST_OTHERS: usize = 500;

/// The domains that have a record.
pub(super) struct Domains {
    known: Lru<Domain>,
    others: Lru<Domain>,
}

#[derive(Default)]
struct Domain {
    entry: Entry,
    /// Lets one mail fetch while others wait for what it hears.
    gate: Arc<Gate<()>>,
}

impl Default for Domains {
    fn default() -> Self {
        Self { known: Lru::new(MOST_KNOWN), others: Lru::new(MOST_OTHERS) }
    }
}

impl Domains {
    /// What to do for a mail now, and who fetches. A domain that never had a record takes no place.
    pub(super) fn step(&mut self, domain: &str, id: Option<&str>, now: Instant) -> (Step, Arc<Gate<()>>) {
        let found = match (self.known.get_mut(domain), id) {
            (Some(known), _) => Some(known),
            (None, Some(_)) => self.others.entry(domain, |_| true, Domain::default),
            (None, None) => None,
        };
        let step = |found: &mut Domain| (found.entry.step(id, now), Arc::clone(&found.gate));
        found.map_or_else(|| (Step::Use(None), Arc::default()), step)
    }

    /// Takes what was fetched under this version, or that nothing was; the policy that holds for the mails that waited.
    pub(super) fn fetched(
        &mut self,
        domain: &str,
        id: &str,
        policy: Option<Policy>,
        now: Instant,
    ) -> Option<Arc<Policy>> {
        if policy.is_none() && self.known.peek_mut(domain).is_none() {
            let other = self.others.entry(domain, |_| true, Domain::default)?;
            return other.entry.fetched(id, None, now);
        }
        let before = self.others.remove(domain).unwrap_or_default();
        let known = self.known.entry(domain, |_| true, || before)?;
        known.entry.fetched(id, policy, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> Policy {
        Policy::parse(b"version: STSv1\nmode: enforce\nmax_age: 86400\nmx: a.example\n").unwrap()
    }

    #[test]
    fn a_policy_is_not_forgotten_for_domains_that_have_a_record_and_no_policy() {
        let (mut domains, now) = (Domains::default(), Instant::now());
        assert_eq!(domains.step("kept.example", Some("1"), now).0, Step::Fetch(None));
        let held = domains.fetched("kept.example", "1", Some(policy()), now);
        assert!(held.is_some());
        for number in 0..2 * MOST_KNOWN {
            let name = format!("u{number}.example");
            assert_eq!(domains.step(&name, Some("1"), now).0, Step::Fetch(None));
            assert_eq!(domains.fetched(&name, "1", None, now), None);
        }
        assert_eq!((domains.known.len(), domains.others.len()), (1, MOST_OTHERS));
        assert_eq!(domains.step("kept.example", None, now).0, Step::Use(held.clone()));
        assert_eq!(domains.fetched("kept.example", "2", None, now), held, "nor by a fetch that fails");
    }

    #[test]
    fn a_host_that_fails_is_left_alone_and_once_it_does_not_the_domain_changes_its_place() {
        let (mut domains, now) = (Domains::default(), Instant::now());
        domains.fetched("a.example", "1", None, now);
        assert_eq!(domains.step("a.example", Some("1"), now).0, Step::Use(None));
        assert_eq!(domains.step("a.example", None, now).0, Step::Use(None));
        let held = domains.fetched("a.example", "1", Some(policy()), now);
        assert_eq!((domains.known.len(), domains.others.len()), (1, 0));
        assert_eq!(domains.step("a.example", Some("1"), now).0, Step::Use(held));
    }
}

//! The From addresses that a provider has refused a while ago: no use offering it their mail, and not its circuit's fault.
//!
//! By address, not by domain: what one caller writes must not close an upstream to others of its domain. Operators are
//! shown the domains. Bounded: a caller who makes addresses up pushes out the oldest, which costs one more refusal.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::model::message::Address;

/// A legitimate caller sends for a handful.
const MOST: usize = 256;

/// The addresses of one upstream, the oldest first.
pub(super) struct Senders {
    hold: Duration,
    held: Mutex<VecDeque<(Address, Instant)>>,
}

impl Senders {
    /// Each is held for so long.
    pub(super) fn new(hold: Duration) -> Self {
        Self { hold, held: Mutex::default() }
    }

    /// Holds an address from now on.
    pub(super) fn hold(&self, address: &Address) {
        let mut held = self.held();
        held.retain(|(known, _)| known != address);
        if held.len() == MOST {
            held.pop_front();
        }
        held.push_back((address.clone(), Instant::now() + self.hold));
    }

    pub(super) fn holds(&self, address: &Address) -> bool {
        self.held().iter().any(|(known, _)| known == address)
    }

    /// Every domain with a held address, and for how much longer.
    pub(super) fn list(&self) -> Vec<(String, Duration)> {
        let (now, mut domains) = (Instant::now(), Vec::<(String, Duration)>::new());
        for (address, until) in self.held().iter() {
            domains.retain(|(domain, _)| domain != address.domain());
            domains.push((address.domain().to_owned(), *until - now));
        }
        domains
    }

    pub(super) fn clear(&self) {
        self.held().clear();
    }

    /// All are held for the same time, so the oldest are over first.
    fn held(&self) -> MutexGuard<'_, VecDeque<(Address, Instant)>> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        while held.front().is_some_and(|(_, until)| *until <= now) {
            held.pop_front();
        }
        held
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn a(domain: &str) -> Address {
        format!("a@{domain}").parse().unwrap()
    }

    #[test]
    fn another_address_of_the_domain_is_not_held_and_a_domain_is_listed_once() {
        let senders = Senders::new(MINUTE);
        for address in ["bogus@a.example", "other@a.example", "a@b.example"] {
            senders.hold(&address.parse().unwrap());
        }
        assert!(!senders.holds(&a("a.example")));
        assert_eq!(
            senders.list().iter().map(|(domain, _)| domain.as_str()).collect::<Vec<_>>(),
            ["a.example", "b.example"]
        );
    }

    const MINUTE: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn a_domain_is_held_for_its_time_and_no_longer() {
        let senders = Senders::new(10 * MINUTE);
        senders.hold(&a("a.example"));
        tokio::time::advance(5 * MINUTE).await;
        senders.hold(&a("b.example"));
        assert_eq!(senders.list(), [("a.example".to_owned(), 5 * MINUTE), ("b.example".to_owned(), 10 * MINUTE)]);
        tokio::time::advance(5 * MINUTE).await;
        assert!(!senders.holds(&a("a.example")) && senders.holds(&a("b.example")));
        senders.clear();
        assert!(!senders.holds(&a("b.example")));
    }

    #[tokio::test(start_paused = true)]
    async fn a_repeated_refusal_holds_from_then_on() {
        let senders = Senders::new(10 * MINUTE);
        senders.hold(&a("a.example"));
        tokio::time::advance(9 * MINUTE).await;
        senders.hold(&a("a.example"));
        tokio::time::advance(9 * MINUTE).await;
        assert!(senders.holds(&a("a.example")));
        assert_eq!(senders.list().len(), 1);
    }

    #[test]
    fn made_up_domains_push_out_the_oldest_and_take_no_more_memory() {
        let senders = Senders::new(10 * MINUTE);
        for number in 0..=MOST {
            senders.hold(&a(&format!("d{number}.example")));
        }
        assert_eq!(senders.list().len(), MOST);
        assert!(!senders.holds(&a("d0.example")) && senders.holds(&a("d1.example")));
    }
}

//! The From addresses that a provider has refused a while ago: no use offering it their mail, and not its circuit's fault.
//!
//! By address, not by domain: what one caller writes must not close an upstream to others of its domain. Operators are
//! shown the domains. Bounded: a caller who makes addresses up pushes out the oldest, which costs one more refusal. A mail
//! reads a snapshot, and while no sender is held one atomic; a refusal, which is rare, copies the list.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::time::Instant;

use crate::model::message::Address;

/// A legitimate caller sends for a handful.
const MAX_HELD: usize = 256;

/// An address, and until when it is held.
type Held = (Address, Instant);

/// The addresses of one upstream, the oldest first.
pub(super) struct HeldSenders {
    hold: Duration,
    held: ArcSwap<Vec<Held>>,
    /// Was any address held since the last [`HeldSenders::clear`]?
    any: AtomicBool,
}

impl HeldSenders {
    /// Each is held for so long.
    pub(super) fn new(hold: Duration) -> Self {
        Self { hold, held: ArcSwap::default(), any: AtomicBool::new(false) }
    }

    /// Holds an address from now on.
    pub(super) fn hold(&self, address: &Address) {
        let now = Instant::now();
        self.held.rcu(|held| {
            let others = held.iter().filter(|(known, until)| known != address && *until > now);
            let mut held: Vec<Held> = others.cloned().collect();
            if held.len() == MAX_HELD {
                held.remove(0);
            }
            held.push((address.clone(), now + self.hold));
            held
        });
        // After the list, so that a reader of the flag finds the address.
        self.any.store(true, Ordering::Release);
    }

    pub(super) fn holds(&self, address: &Address) -> bool {
        self.any.load(Ordering::Acquire)
            && self.held.load().iter().any(|(known, until)| known == address && *until > Instant::now())
    }

    /// Every domain with a held address, and for how much longer.
    pub(super) fn list(&self) -> Vec<(String, Duration)> {
        let (now, mut domains) = (Instant::now(), Vec::<(String, Duration)>::new());
        for (address, until) in self.held.load().iter().filter(|(_, until)| *until > now) {
            domains.retain(|(domain, _)| domain != address.domain());
            domains.push((address.domain().to_owned(), *until - now));
        }
        domains
    }

    /// Forgets every address.
    pub(super) fn clear(&self) {
        // Before the list: an address that is held meanwhile sets the flag again.
        self.any.store(false, Ordering::Release);
        self.held.store(Vec::new().into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn a(domain: &str) -> Address {
        format!("a@{domain}").parse().unwrap()
    }

    #[test]
    fn senders_are_held_by_address_and_listed_by_domain() {
        let senders = HeldSenders::new(MINUTE);
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
    async fn sender_is_held_for_its_time_and_no_longer() {
        let senders = HeldSenders::new(10 * MINUTE);
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
    async fn repeated_refusal_holds_from_then_on() {
        let senders = HeldSenders::new(10 * MINUTE);
        senders.hold(&a("a.example"));
        tokio::time::advance(9 * MINUTE).await;
        senders.hold(&a("a.example"));
        tokio::time::advance(9 * MINUTE).await;
        assert!(senders.holds(&a("a.example")));
        assert_eq!(senders.list().len(), 1);
    }

    #[test]
    fn made_up_senders_push_out_the_oldest() {
        let senders = HeldSenders::new(10 * MINUTE);
        for number in 0..=MAX_HELD {
            senders.hold(&a(&format!("d{number}.example")));
        }
        assert_eq!(senders.list().len(), MAX_HELD);
        assert!(!senders.holds(&a("d0.example")) && senders.holds(&a("d1.example")));
    }
}

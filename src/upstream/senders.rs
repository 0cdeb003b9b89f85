//! The From domains that a provider has refused a while ago: no use offering it their mail, and not its circuit's fault.
//!
//! Bounded: a caller who makes domains up pushes out the oldest, which costs one more refusal.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// A legitimate caller sends for a handful.
const MOST: usize = 256;

/// The domains of one upstream, the oldest first.
pub(super) struct Senders {
    hold: Duration,
    held: Mutex<VecDeque<(String, Instant)>>,
}

impl Senders {
    /// Each is held for so long.
    pub(super) fn new(hold: Duration) -> Self {
        Self { hold, held: Mutex::default() }
    }

    /// Holds a domain from now on.
    pub(super) fn hold(&self, domain: &str) {
        let mut held = self.held();
        held.retain(|(known, _)| known != domain);
        if held.len() == MOST {
            held.pop_front();
        }
        held.push_back((domain.to_owned(), Instant::now() + self.hold));
    }

    pub(super) fn holds(&self, domain: &str) -> bool {
        self.held().iter().any(|(known, _)| known == domain)
    }

    /// Every held domain, and for how much longer.
    pub(super) fn list(&self) -> Vec<(String, Duration)> {
        let now = Instant::now();
        self.held().iter().map(|(domain, until)| (domain.clone(), *until - now)).collect()
    }

    pub(super) fn clear(&self) {
        self.held().clear();
    }

    /// All are held for the same time, so the oldest are over first.
    fn held(&self) -> MutexGuard<'_, VecDeque<(String, Instant)>> {
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

    const MINUTE: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn a_domain_is_held_for_its_time_and_no_longer() {
        let senders = Senders::new(10 * MINUTE);
        senders.hold("a.example");
        tokio::time::advance(5 * MINUTE).await;
        senders.hold("b.example");
        assert_eq!(senders.list(), [("a.example".to_owned(), 5 * MINUTE), ("b.example".to_owned(), 10 * MINUTE)]);
        tokio::time::advance(5 * MINUTE).await;
        assert!(!senders.holds("a.example") && senders.holds("b.example"));
        senders.clear();
        assert!(!senders.holds("b.example"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_repeated_refusal_holds_from_then_on() {
        let senders = Senders::new(10 * MINUTE);
        senders.hold("a.example");
        tokio::time::advance(9 * MINUTE).await;
        senders.hold("a.example");
        tokio::time::advance(9 * MINUTE).await;
        assert!(senders.holds("a.example"));
        assert_eq!(senders.list().len(), 1);
    }

    #[test]
    fn made_up_domains_push_out_the_oldest_and_take_no_more_memory() {
        let senders = Senders::new(10 * MINUTE);
        for number in 0..=MOST {
            senders.hold(&format!("d{number}.example"));
        }
        assert_eq!(senders.list().len(), MOST);
        assert!(!senders.holds("d0.example") && senders.holds("d1.example"));
    }
}

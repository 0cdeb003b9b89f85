//! The domains that this node has closed in the store, because their site takes no mail for a time.
//!
//! It is remembered so that a domain is closed once, however many of its parts come by, and opened with its site. What is
//! forgotten opens by itself. A domain is closed for every node, and another one may reach the site: so not for long.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::super::super::Hmac;
use crate::delivery::mx::sites::SiteKey;

/// Domains that are remembered.
const MAX_DOMAINS: usize = 10_000;
/// The longest time for which a domain is closed.
const LONGEST: Duration = Duration::from_secs(5 * 60);

/// The domains that are closed.
#[derive(Default)]
pub(in super::super) struct Closed(Mutex<HashMap<Hmac, Entry>>);

struct Entry {
    site: SiteKey,
    until: Instant,
}

impl Closed {
    /// A site takes no mail of this domain before then. For how long the domain is to be closed; none: it is closed.
    pub(super) fn close(&self, domain: Hmac, site: SiteKey, until: Instant) -> Option<Duration> {
        let (now, mut domains) = (Instant::now(), self.lock());
        if domains.get(&domain).is_some_and(|entry| entry.until > now) {
            return None;
        }
        let wait = until.saturating_duration_since(now).min(LONGEST);
        if domains.len() >= MAX_DOMAINS {
            domains.retain(|_, entry| entry.until > now);
        }
        if domains.len() < MAX_DOMAINS {
            domains.insert(domain, Entry { site, until: now + wait });
        }
        Some(wait)
    }

    /// It was not closed, after all.
    pub(super) fn forget(&self, domain: &Hmac) {
        self.lock().remove(domain);
    }

    /// The domains that were closed because of any of these sites and not opened since, each with the place of its site.
    pub(super) fn met_at(&self, sites: &[String]) -> Vec<(usize, Hmac)> {
        let places: HashMap<&str, usize> =
            sites.iter().enumerate().map(|(place, site)| (site.as_str(), place)).collect();
        let domains = self.lock();
        let met = |(domain, entry): (&Hmac, &Entry)| Some((*places.get(entry.site.as_str())?, *domain));
        domains.iter().filter_map(met).collect()
    }

    /// The domains that are closed because of this site, which are to be opened.
    pub(super) fn open(&self, site: &str) -> Vec<Hmac> {
        let (mut domains, mut opened) = (self.lock(), Vec::new());
        domains.retain(|domain, entry| {
            let is_meant = entry.site.as_str() == site;
            opened.extend(is_meant.then_some(*domain));
            !is_meant
        });
        opened
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Hmac, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn domain(number: u32) -> Hmac {
        let mut bytes = [0; 32];
        bytes[..4].copy_from_slice(&number.to_be_bytes());
        Hmac(bytes)
    }

    fn site(name: &str) -> SiteKey {
        SiteKey::of(&[name.into()])
    }

    #[tokio::test(start_paused = true)]
    async fn a_domain_is_closed_once_for_five_minutes_at_most_and_opened_with_its_site() {
        let (closed, now) = (Closed::default(), Instant::now());
        let close = |number, name, wait| closed.close(domain(number), site(name), now + wait);
        assert_eq!(close(1, "mx.a", SECOND), Some(SECOND));
        assert_eq!(close(1, "mx.a", 9 * SECOND), None, "it is closed");
        assert_eq!(close(2, "mx.b", 3600 * SECOND), Some(LONGEST));
        assert_eq!(closed.met_at(&["mx.c".to_owned(), "mx.b".to_owned()]), [(1, domain(2))]);
        tokio::time::advance(SECOND).await;
        assert_eq!(close(1, "mx.a", 3 * SECOND), Some(2 * SECOND));
        assert_eq!((closed.open("mx.a"), closed.open("mx.a")), (vec![domain(1)], Vec::new()));
        assert_eq!(close(1, "mx.a", 3 * SECOND), Some(2 * SECOND), "it was opened");
        closed.forget(&domain(1));
        assert_eq!(close(1, "mx.a", 3 * SECOND), Some(2 * SECOND));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_remembered_is_bounded_and_what_is_over_makes_room() {
        let (closed, now) = (Closed::default(), Instant::now());
        let all = u32::try_from(MAX_DOMAINS).unwrap() + 10;
        assert!((0..all).all(|number| closed.close(domain(number), site("mx.a"), now + SECOND).is_some()));
        assert_eq!(closed.lock().len(), MAX_DOMAINS);
        tokio::time::advance(SECOND).await;
        closed.close(domain(0), site("mx.a"), now + 2 * SECOND);
        assert_eq!(closed.lock().len(), 1);
    }
}

//! The domains that this node has closed in the store, because their site takes no mail for a time.
//!
//! It is remembered so that a domain is closed once, however many of its parts come by, and opened with its site, or once a
//! site that had no place has one. What is forgotten opens by itself. A domain is closed for every node, and another one may
//! reach the site: so not for long.

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
/// Between two looks for what may be forgotten; and for so long at least a domain is closed for want of a place.
const PAUSE: Duration = Duration::from_secs(1);

/// The domains that are closed.
#[derive(Default)]
pub(in super::super) struct Closed(Mutex<Domains>);

#[derive(Default)]
struct Domains {
    entries: HashMap<Hmac, Entry>,
    /// The domain that was closed last for want of a place, of each site.
    turned_away: HashMap<SiteKey, Hmac>,
    tidied: Option<Instant>,
}

struct Entry {
    site: SiteKey,
    since: Instant,
    until: Instant,
}

impl Closed {
    /// A site takes no mail of this domain before then. For how long the domain is to be closed; none: it is closed.
    pub(in super::super) fn close(&self, domain: Hmac, site: SiteKey, until: Instant) -> Option<Duration> {
        let (now, mut domains) = (Instant::now(), self.lock());
        if domains.entries.get(&domain).is_some_and(|entry| entry.until > now) {
            return None;
        }
        let wait = until.saturating_duration_since(now).min(LONGEST);
        domains.tidy(now);
        if domains.entries.len() < MAX_DOMAINS || domains.entries.contains_key(&domain) {
            domains.entries.insert(domain, Entry { site, since: now, until: now + wait });
        }
        Some(wait)
    }

    /// As [`Self::close`], where the site has no place for it now.
    pub(in super::super) fn turn_away(&self, domain: Hmac, site: &SiteKey, until: Instant) -> Option<Duration> {
        let wait = self.close(domain, site.clone(), until)?;
        let mut domains = self.lock();
        if domains.turned_away.len() < MAX_DOMAINS {
            domains.turned_away.insert(site.clone(), domain);
        }
        Some(wait)
    }

    /// A site has a place again. The domain that is to be opened, if one waits for that, and for how long it is closed still.
    pub(super) fn freed(&self, site: &SiteKey) -> Option<(Hmac, Duration)> {
        let (now, mut domains) = (Instant::now(), self.lock());
        let domain = *domains.turned_away.get(site)?;
        let entry = domains.entries.get(&domain).filter(|entry| entry.site == *site && entry.until > now);
        match entry.map(|entry| (now >= entry.since + PAUSE, entry.until - now)) {
            Some((true, left)) => {
                domains.turned_away.remove(site);
                domains.entries.remove(&domain);
                Some((domain, left))
            }
            // It opens soon, or at the next place that is free.
            Some((false, _)) => None,
            None => {
                domains.turned_away.remove(site);
                None
            }
        }
    }

    /// It was not closed, after all.
    pub(super) fn forget(&self, domain: &Hmac) {
        self.lock().entries.remove(domain);
    }

    /// The domains that were closed because of any of these sites and not opened since, each with the place of its site.
    pub(super) fn met_at(&self, sites: &[String]) -> Vec<(usize, Hmac)> {
        let places: HashMap<&str, usize> =
            sites.iter().enumerate().map(|(place, site)| (site.as_str(), place)).collect();
        let domains = self.lock();
        let met = |(domain, entry): (&Hmac, &Entry)| Some((*places.get(entry.site.as_str())?, *domain));
        domains.entries.iter().filter_map(met).collect()
    }

    /// The domains that are closed because of this site, which are to be opened.
    pub(super) fn open(&self, site: &str) -> Vec<Hmac> {
        let (mut domains, mut opened) = (self.lock(), Vec::new());
        domains.entries.retain(|domain, entry| {
            let is_meant = entry.site.as_str() == site;
            opened.extend(is_meant.then_some(*domain));
            !is_meant
        });
        opened
    }

    fn lock(&self) -> MutexGuard<'_, Domains> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Domains {
    /// Makes room, if there is none, and there was no look for it a moment ago.
    fn tidy(&mut self, now: Instant) {
        let is_full = self.entries.len() >= MAX_DOMAINS || self.turned_away.len() >= MAX_DOMAINS;
        if is_full && self.tidied.is_none_or(|tidied| now >= tidied + PAUSE) {
            self.tidied = Some(now);
            let Self { entries, turned_away, .. } = self;
            entries.retain(|_, entry| entry.until > now);
            turned_away.retain(|_, domain| entries.contains_key(domain));
        }
    }
}

#[cfg(test)]
mod tests;

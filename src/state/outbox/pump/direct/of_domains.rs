//! The bytes of parts in hand, by domain: a domain has a quarter of all at most, or one mail that is larger, so that servers
//! which take large mails slowly leave room for mail to others.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::super::super::Hmac;
use super::super::in_hand::MAX_BYTES;

/// Bytes of one domain.
const MOST: u64 = MAX_BYTES / 4;

/// Bytes of the parts in hand, of each domain.
#[derive(Default)]
pub(in super::super) struct OfDomains(Mutex<HashMap<Hmac, u64>>);

/// The bytes of one part, for as long as it is held.
pub(in super::super) struct HeldOfDomain<'a>(&'a OfDomains, Hmac, u64);

impl OfDomains {
    /// Adds a part; `None`: its domain has as much as it may.
    pub(in super::super) fn hold(&self, domain: Hmac, bytes: usize) -> Option<HeldOfDomain<'_>> {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let mut domains = self.lock();
        let held = domains.get(&domain).copied();
        let sum = held.unwrap_or_default().saturating_add(bytes);
        if held.is_some() && sum > MOST {
            return None;
        }
        domains.insert(domain, sum);
        Some(HeldOfDomain(self, domain, bytes))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Hmac, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for HeldOfDomain<'_> {
    fn drop(&mut self) {
        let Self(of, domain, bytes) = self;
        let mut domains = of.lock();
        let left = domains.get(domain).copied().unwrap_or_default().saturating_sub(*bytes);
        match left {
            0 => drop(domains.remove(domain)),
            left => drop(domains.insert(*domain, left)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_has_a_quarter_of_all_or_one_larger_mail_and_others_have_theirs() {
        let (domains, most) = (OfDomains::default(), usize::try_from(MOST).unwrap());
        let (one, other) = (Hmac([1; 32]), Hmac([2; 32]));
        let first = domains.hold(one, most - 1);
        let last = domains.hold(one, 1);
        assert!(first.is_some() && last.is_some() && domains.hold(one, 1).is_none());
        let large = domains.hold(other, 4 * most);
        assert!(large.is_some() && domains.hold(other, 1).is_none());
        drop(first);
        assert!(domains.hold(one, most).is_none() && domains.hold(one, most - 1).is_some());
        drop((last, large));
        assert!(domains.lock().is_empty(), "nothing is kept of what is not in hand");
    }
}

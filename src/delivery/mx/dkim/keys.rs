//! The keys of all domains.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::key::{Key, KeyKind};
use super::signature::{CannotSign, signature};

/// Keys by their domain, in lower-case A-labels.
#[derive(Clone, Default, PartialEq)]
pub struct Keys(Arc<BTreeMap<String, Vec<Key>>>);

impl Keys {
    /// Each list has to be in the order of its selectors.
    pub(super) fn new(by_domain: BTreeMap<String, Vec<Key>>) -> Self {
        Self(Arc::new(by_domain))
    }

    /// Every domain that has keys, and these, in the order of their selectors.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[Key])> {
        self.0.iter().map(|(domain, keys)| (domain.as_str(), keys.as_slice()))
    }

    /// Has no domain a key?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The domains that have keys here and none in `others`.
    pub fn domains_without(&self, others: &Self) -> impl Iterator<Item = &str> {
        self.0.keys().filter(|domain| !others.0.contains_key(*domain)).map(String::as_str)
    }

    /// Whose keys sign for this domain: its own, or those of the nearest domain above it.
    fn signer(&self, domain: &str) -> Option<(&str, &[Key])> {
        let mut domains = std::iter::successors(Some(domain), |domain| Some(domain.split_once('.')?.1));
        domains.find_map(|domain| self.0.get_key_value(domain)).map(|(domain, keys)| (&**domain, &**keys))
    }

    /// The fields that sign this file, a mail from this domain: lines with their CRLF, to stand before its own. They are empty
    /// where no key signs for the domain.
    pub fn sign(&self, domain: &str, file: &[u8]) -> Result<String, CannotSign> {
        let Some((domain, keys)) = self.signer(domain) else { return Ok(String::new()) };
        signing(keys).map(|key| signature(key, domain, file)).collect()
    }
}

/// The keys that sign: the first of each kind.
pub fn signing(keys: &[Key]) -> impl Iterator<Item = &Key> {
    let is_rsa = |key: &&Key| matches!(key.kind(), KeyKind::Rsa(_));
    let rsa = keys.iter().find(is_rsa);
    rsa.into_iter().chain(keys.iter().find(|key| !is_rsa(key)))
}

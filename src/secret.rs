//! API keys that can be compared but not read back.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The SHA-256 of a key. Comparing digests in constant time tells a guesser neither length nor prefix.
#[derive(Clone)]
pub struct KeyDigest([u8; 32]);

impl KeyDigest {
    /// Of a key as it was configured or presented.
    pub fn of(key: &[u8]) -> Self {
        Self(Sha256::digest(key).into())
    }

    /// Are they digests of the same key?
    pub fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_very_same_key_matches() {
        let key = KeyDigest::of(b"a key");
        assert!(key.matches(&KeyDigest::of(b"a key")));
        for other in [&b"a ke"[..], b"a key ", b"A key", b""] {
            assert!(!key.matches(&KeyDigest::of(other)), "{other:?}");
        }
    }
}

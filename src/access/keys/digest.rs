//! The SHA-256 of a key: what is kept of it, and what it is looked up by.

use sha2::{Digest, Sha256};

/// The SHA-256 of a key.
///
/// Comparing and hashing it need not take constant time: how far two digests agree tells nothing of a key, because no one
/// can choose a key by its digest.
#[derive(Clone, Copy, Hash, Eq)]
#[cfg_attr(not(test), derive(PartialEq))]
#[cfg_attr(test, expect(clippy::derived_hash_with_manual_eq, reason = "the comparison is the derived one, counted"))]
pub(super) struct KeyDigest([u8; 32]);

impl KeyDigest {
    /// The digest of a key as it was configured or presented.
    pub(super) fn of(key: &[u8]) -> Self {
        Self(Sha256::digest(key).into())
    }

    /// Reads a digest as `sha256sum` prints it.
    pub(super) fn from_hex(text: &str) -> Option<Self> {
        let is_digest = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let byte = |at: usize| u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok();
        let mut digest = [0; 32];
        for (at, slot) in digest.iter_mut().enumerate() {
            *slot = byte(at).filter(|_| is_digest)?;
        }
        Some(Self(digest))
    }
}

#[cfg(test)]
pub(super) use counted::comparisons;

/// In tests, counts comparisons: the work of a look-up that could grow with the number of keys.
#[cfg(test)]
mod counted {
    use std::cell::Cell;

    use super::KeyDigest;

    thread_local! {
        static COMPARISONS: Cell<usize> = const { Cell::new(0) };
    }

    impl PartialEq for KeyDigest {
        fn eq(&self, other: &Self) -> bool {
            COMPARISONS.set(COMPARISONS.get() + 1);
            self.0 == other.0
        }
    }

    /// The comparisons that this work makes.
    pub(crate) fn comparisons(work: impl FnOnce()) -> usize {
        let before = COMPARISONS.get();
        work();
        COMPARISONS.get() - before
    }
}

//! The withdrawal of a call to the store by a caller who gives up, possible until the store begins with it.
//!
//! Invariant: a call is begun or withdrawn, never both. Without that, nobody could tell a call that waits for a connection
//! from one whose COMMIT is under way: both are silent.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

const WAITING: u8 = 0;
const BEGUN: u8 = 1;
const WITHDRAWN: u8 = 2;

/// Whether a call is begun or withdrawn. Clones are for one call.
#[derive(Clone, Debug, Default)]
pub struct Withdrawal(Arc<AtomicU8>);

impl Withdrawal {
    /// The store begins with it, before its first statement. False: it was withdrawn, and is not to be carried out.
    pub fn begin(&self) -> bool {
        self.becomes(BEGUN)
    }

    /// The caller gives up. True: it was not and never will be carried out.
    pub fn withdraw(&self) -> bool {
        self.becomes(WITHDRAWN)
    }

    /// Is it that, from now on or already?
    fn becomes(&self, word: u8) -> bool {
        let before = self.0.compare_exchange(WAITING, word, Ordering::AcqRel, Ordering::Acquire);
        before.unwrap_or_else(|other| if other == word { WAITING } else { other }) == WAITING
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_begun_or_withdrawn_and_stays_so() {
        let [begun, withdrawn] = [Withdrawal::default(), Withdrawal::default()];
        assert!(begun.begin() && begun.clone().begin() && !begun.withdraw());
        assert!(withdrawn.clone().withdraw() && withdrawn.withdraw() && !withdrawn.begin());
    }
}

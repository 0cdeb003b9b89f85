//! Whether this node hears anything of its name servers: where it does not, nobody's zone is at fault that there is no answer.
//!
//! What comes from the cache proves nothing, and is not told here.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

/// Names of which nothing was heard, one after the other, without a new answer to any question: then it is not those names.
const MANY: usize = 5;

/// What was heard of the name servers.
#[derive(Default)]
pub(super) struct Hearing(Mutex<Heard>);

#[derive(Default)]
struct Heard {
    /// When a name server has said anything.
    last: Option<Instant>,
    /// The names that nothing was found out of since there was a new answer.
    failed: BTreeSet<String>,
}

impl Hearing {
    /// There was an answer from a name server.
    pub(super) fn answered(&self) {
        let mut heard = self.lock();
        heard.last = Some(Instant::now());
        heard.failed.clear();
    }

    /// Nothing was found out of this name. `is_said`: a name server says that it could not.
    pub(super) fn failed(&self, name: &str, is_said: bool) {
        let mut heard = self.lock();
        if is_said {
            heard.last = Some(Instant::now());
        }
        if heard.failed.len() < MANY {
            heard.failed.insert(name.to_owned());
        }
    }

    /// Was nothing heard since then, or nothing new while there was no answer for one name after the other?
    pub(super) fn is_deaf(&self, since: Instant) -> bool {
        let heard = self.lock();
        heard.last.is_none_or(|last| last < since) || heard.failed.len() >= MANY
    }

    fn lock(&self) -> MutexGuard<'_, Heard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

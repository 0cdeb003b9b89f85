//! Answers of a provider by codes that no table lists: each counted, each kind of them logged once.
//!
//! The lock is taken for such answers alone. No circuit counts them, so only this shows an operator that a provider has a
//! new word. The word itself is the provider's, and stays here; its status or reply code tells what to look for in
//! `smsp probe --show-answer`.

use std::sync::{Mutex, PoisonError};

use tracing::warn;

use crate::model::outcome::{Code, Outcome, Reason, Verdict};

/// Statuses and reply codes are few; a provider that makes codes up must not fill the memory or the log.
const MAX_KINDS: usize = 64;

/// The kinds of answers that were logged already.
#[derive(Default)]
pub(super) struct Unlisted(Mutex<Vec<(Reason, Option<Code>)>>);

impl Unlisted {
    /// Is this answer one? The first of its kind is logged.
    pub(super) fn note(&self, upstream: &str, verdict: &Verdict) -> bool {
        // An unlisted code behind a status that proves nothing ends as `unknown`.
        let unproven = verdict.outcome == Outcome::Unknown && verdict.subject.is_some() && verdict.code.is_none();
        if verdict.outcome != Outcome::Unlisted && !(unproven && verdict.reason != Reason::Duplicate) {
            return false;
        }
        let kind = (verdict.reason, verdict.code);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() < MAX_KINDS && !known.contains(&kind) {
            known.push(kind);
            let code = verdict.code.map(|code| code.to_string());
            warn!(upstream, reason = %verdict.reason, code, "the provider refuses by a code that no table lists; the circuit does not count it");
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_unlisted_answer_is_remembered_once() {
        let unlisted = Unlisted::default();
        let known = || unlisted.0.lock().unwrap().len();
        assert!(!unlisted.note("u", &Verdict::new(Outcome::Unclassified, Reason::Status(400))));
        for status in [400, 451, 400, 451] {
            assert!(unlisted.note("u", &Verdict::new(Outcome::Unlisted, Reason::Status(status))));
        }
        assert_eq!(known(), 2);
        for status in 0..u16::MAX {
            unlisted.note("u", &Verdict::new(Outcome::Unlisted, Reason::Status(status)));
        }
        assert_eq!(known(), MAX_KINDS);
    }
}

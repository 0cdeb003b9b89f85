//! What the answer of the dispatcher means for the row: ended, in the queue again, or `unknown`.
//!
//! An answer that no upstream takes mail now is no attempt, nor is one that all accounts are refused: both say nothing of
//! the mail. What no upstream can carry, or whose sender all refuse, is tried once more, because the configuration may be at
//! fault. Pure: the draw is passed in.

use std::time::Duration;

use super::super::ending::{Ended, Verdict};
use super::schedule::{self, Schedule};
use crate::model::receipt::{Answer, Failure};

/// Attempts that show that it is not the configuration.
const ENOUGH: u32 = 2;

/// How the outbox goes on with what was not taken.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// The waits between attempts.
    pub schedule: Schedule,
    /// After so many attempts no more are made; `None`: as long as the mail is wanted.
    pub attempts: Option<u32>,
    /// Is a mail that a provider may have sent again, at the risk of a second copy?
    pub resends_unknown: bool,
}

/// What is known of a row beside the answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    /// What became of the hand-overs under this fence.
    pub(super) verdicts: Vec<Verdict>,
    /// Was any hand-over marked?
    pub(super) is_marked: bool,
    /// Attempts that count, with this one.
    pub(super) attempts: u32,
    /// How often in a row no upstream took it, with this time.
    pub(super) postponed: u32,
    /// May a provider have had it before?
    pub(super) possible_duplicate: bool,
    /// A random number from 0 to 1.
    pub(super) draw: f64,
}

impl Policy {
    /// What is to be recorded.
    pub(super) fn conclude(&self, answer: &Answer, facts: Facts) -> Ended {
        let Facts { verdicts, is_marked, attempts, postponed, possible_duplicate, draw } = facts;
        let failure = match answer {
            Ok(receipt) => {
                let possible_duplicate = possible_duplicate || receipt.may_be_duplicate();
                return Ended::Accepted { verdicts, possible_duplicate };
            }
            Err(error) => error.failure,
        };
        let scheduled = self.schedule.after(attempts, draw);
        let (wait, counted) = match failure {
            // A hand-over without a mark there was none: our code has panicked before.
            Failure::Unknown | Failure::Panicked if is_marked => {
                return self.after_unknown(attempts, verdicts, scheduled);
            }
            Failure::NotNow { retry_after } => (schedule::postponed(retry_after, postponed, draw), false),
            Failure::Refused { retryable: false } => (schedule::refused_accounts(draw), false),
            Failure::MessageRejected | Failure::KeyReused => return Ended::Refused { verdicts },
            _ if self.is_last(attempts) => return Ended::Refused { verdicts },
            Failure::NotCapable | Failure::SenderRejected if attempts >= ENOUGH => return Ended::Refused { verdicts },
            _ => (scheduled, true),
        };
        Ended::Again { verdicts, wait, counted, possible_duplicate }
    }

    fn after_unknown(&self, attempts: u32, verdicts: Vec<Verdict>, wait: Duration) -> Ended {
        if self.resends_unknown && !self.is_last(attempts) {
            Ended::Again { verdicts, wait, counted: true, possible_duplicate: true }
        } else {
            Ended::Unknown { verdicts, replay_after: wait }
        }
    }

    fn is_last(&self, attempts: u32) -> bool {
        self.attempts.is_some_and(|most| attempts >= most)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::model::message::Id;
    use crate::model::outcome::{self, Outcome, Reason};
    use crate::model::receipt::{Attempt, Receipt, SendError};

    fn id() -> Id {
        crate::runtime::ids::fresh().into()
    }

    fn failed(failure: Failure) -> Answer {
        Err(SendError::new(id(), failure, Vec::new()))
    }

    fn facts(attempts: u32) -> Facts {
        Facts { attempts, is_marked: true, postponed: 1, ..Facts::default() }
    }

    fn words(ended: &Ended) -> String {
        match ended {
            Ended::Accepted { possible_duplicate, .. } => format!("accepted {possible_duplicate}"),
            Ended::Refused { .. } => "refused".to_owned(),
            Ended::Lost { wait } => format!("lost {wait:?}"),
            Ended::Unknown { replay_after, .. } => format!("unknown {replay_after:?}"),
            Ended::Again { wait, counted, possible_duplicate, .. } => {
                let (counted, risk) =
                    (if *counted { "counted" } else { "free" }, if *possible_duplicate { " risk" } else { "" });
                format!("again {wait:?} {counted}{risk}")
            }
        }
    }

    #[test]
    fn each_failure_is_concluded_by_the_table() {
        let not_now = |seconds| Failure::NotNow { retry_after: Duration::from_secs(seconds) };
        for (failure, attempts, expected) in [
            (not_now(1), 1, "again 5s free"),
            (not_now(600), 9, "again 600s free"),
            (Failure::Refused { retryable: true }, 1, "again 60s counted"),
            (Failure::Refused { retryable: true }, 2, "again 300s counted"),
            (Failure::Refused { retryable: false }, 9, "again 900s free"),
            (Failure::SenderRejected, 1, "again 60s counted"),
            (Failure::SenderRejected, 2, "refused"),
            (Failure::NotCapable, 1, "again 60s counted"),
            (Failure::NotCapable, 2, "refused"),
            (Failure::MessageRejected, 1, "refused"),
            (Failure::Unknown, 1, "unknown 60s"),
            (Failure::Panicked, 1, "unknown 60s"),
        ] {
            assert_eq!(words(&Policy::default().conclude(&failed(failure), facts(attempts))), expected, "{failure:?}");
        }
    }

    #[test]
    fn panic_before_any_mark_leaves_nothing_unknown() {
        let ended = Policy::default().conclude(&failed(Failure::Panicked), Facts { is_marked: false, ..facts(1) });
        assert_eq!(words(&ended), "again 60s counted");
    }

    #[test]
    fn last_attempt_is_refused_where_attempts_are_limited_and_unknown_where_a_provider_may_have_it() {
        let policy = Policy { attempts: Some(4), resends_unknown: true, ..Policy::default() };
        let words = |failure, attempts| words(&policy.conclude(&failed(failure), facts(attempts)));
        assert_eq!(words(Failure::Refused { retryable: true }, 3), "again 900s counted");
        assert_eq!(words(Failure::Refused { retryable: true }, 4), "refused");
        assert_eq!(words(Failure::Unknown, 3), "again 900s counted risk");
        assert_eq!(words(Failure::Unknown, 4), "unknown 1800s");
        assert_eq!(words(Failure::Refused { retryable: false }, 4), "again 900s free", "it is not the mail's fault");
    }

    #[test]
    fn danger_of_a_second_copy_is_kept_and_added() {
        let attempt = |upstream: &str, outcome| Attempt {
            upstream: upstream.into(),
            verdict: outcome::Verdict::new(outcome, Reason::Mock),
            took: Some(Duration::ZERO),
            ended_at: Instant::now().into_std(),
            lookup: None,
        };
        let taken = attempt("mg", Outcome::Accepted);
        for (attempts, before, after) in [
            (vec![taken.clone()], false, false),
            (vec![taken.clone()], true, true),
            (vec![attempt("sg", Outcome::Unknown), taken], false, true),
        ] {
            let facts = Facts { possible_duplicate: before, ..facts(1) };
            let ended = Policy::default().conclude(&Ok(Receipt::new(id(), attempts)), facts);
            assert_eq!(words(&ended), format!("accepted {after}"));
        }
        let facts = Facts { possible_duplicate: true, ..facts(1) };
        let ended = Policy::default().conclude(&failed(Failure::Refused { retryable: true }), facts);
        assert_eq!(words(&ended), "again 60s counted risk");
    }
}

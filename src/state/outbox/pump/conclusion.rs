//! What the answer of the dispatcher means for the row: ended, in the queue again, or `unknown`.
//!
//! An answer that no upstream takes mail now is no attempt, nor is one that an account is refused, nor one that an upstream
//! was not asked because it has refused another mail of the same sender: they say nothing of the mail. What no upstream can
//! carry, or whose sender all refuse, is tried three times, because the configuration may be at fault. Pure: the draw is
//! passed in.

use std::time::Duration;

use super::super::ending::{Ended, Verdict};
use super::schedule::{self, Schedule};
use crate::model::outcome::{Outcome, Reason};
use crate::model::receipt::{Answer, Attempt, Failure};

/// So many times in a row show that it is not the configuration.
const ENOUGH: u32 = 3;

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
    /// How often in a row it has met the [`Obstacle`] of the answer, with this time.
    pub(super) times: u32,
    /// May a provider have had it before?
    pub(super) possible_duplicate: bool,
    /// A random number from 0 to 1.
    pub(super) draw: f64,
}

/// What keeps a mail from being taken, perhaps time and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Obstacle {
    /// No upstream takes it now.
    NotNow,
    /// An upstream was not asked, because it has refused another mail of this sender a moment ago.
    SenderHeld,
    /// No upstream can carry it, or all refuse its sender.
    Rejected,
}

impl Obstacle {
    pub(super) const ALL: [Self; 3] = [Self::NotNow, Self::SenderHeld, Self::Rejected];

    /// The one that this answer tells of, if it does.
    pub(super) fn of(answer: &Answer) -> Option<Self> {
        let error = answer.as_ref().err()?;
        match error.failure {
            Failure::NotNow { .. } => Some(Self::NotNow),
            Failure::SenderRejected if error.attempts.iter().any(is_held) => Some(Self::SenderHeld),
            Failure::NotCapable | Failure::SenderRejected => Some(Self::Rejected),
            _ => None,
        }
    }
}

fn is_held(attempt: &Attempt) -> bool {
    attempt.verdict.reason == Reason::SenderHeld
}

fn refuses_account(attempt: &Attempt) -> bool {
    attempt.verdict.outcome == Outcome::AccountRefused
}

impl Policy {
    /// What is to be recorded.
    pub(super) fn conclude(&self, answer: &Answer, facts: Facts) -> Ended {
        let Facts { verdicts, is_marked, attempts, times, possible_duplicate, draw } = facts;
        let error = match answer {
            Ok(receipt) => {
                let possible_duplicate = possible_duplicate || receipt.may_be_duplicate();
                return Ended::Accepted { verdicts, possible_duplicate };
            }
            Err(error) => error,
        };
        let scheduled = self.schedule.after(attempts, draw);
        let (wait, counted) = match error.failure {
            Failure::Unknown | Failure::Panicked if is_marked => {
                return self.after_unknown(attempts, verdicts, scheduled);
            }
            // Without a mark there was no hand-over: our code has panicked before.
            Failure::Panicked => return Ended::Lost { wait: scheduled },
            Failure::NotNow { retry_after } => (schedule::postponed(retry_after, times, draw), false),
            Failure::Refused { retryable: false } if error.attempts.iter().any(refuses_account) => {
                (schedule::refused_accounts(draw), false)
            }
            _ if Obstacle::of(answer) == Some(Obstacle::SenderHeld) => {
                (schedule::held_sender(draw).max(self.schedule.after(times, draw)), false)
            }
            Failure::MessageRejected | Failure::KeyReused => return Ended::Refused { verdicts },
            _ if self.is_last(attempts) => return Ended::Refused { verdicts },
            Failure::NotCapable | Failure::SenderRejected if times >= ENOUGH => return Ended::Refused { verdicts },
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

    /// Are there to be no more attempts after so many?
    pub(super) fn is_last(&self, attempts: u32) -> bool {
        self.attempts.is_some_and(|most| attempts >= most)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::model::message::Id;
    use crate::model::outcome;
    use crate::model::receipt::{Receipt, SendError};

    fn id() -> Id {
        crate::runtime::ids::fresh().into()
    }

    fn failed(failure: Failure) -> Answer {
        Err(SendError::new(id(), failure, Vec::new()))
    }

    fn attempt(upstream: &str, outcome: Outcome, reason: Reason) -> Attempt {
        Attempt {
            upstream: upstream.into(),
            verdict: outcome::Verdict::new(outcome, reason),
            took: Some(Duration::ZERO),
            ended_at: Instant::now().into_std(),
            lookup: None,
        }
    }

    fn facts(attempts: u32) -> Facts {
        Facts { attempts, is_marked: true, times: 1, ..Facts::default() }
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
            (Failure::Refused { retryable: false }, 2, "again 300s counted"),
            (Failure::SenderRejected, 9, "again 14400s counted"),
            (Failure::NotCapable, 9, "again 14400s counted"),
            (Failure::MessageRejected, 1, "refused"),
            (Failure::Unknown, 1, "unknown 60s"),
            (Failure::Panicked, 1, "unknown 60s"),
        ] {
            assert_eq!(words(&Policy::default().conclude(&failed(failure), facts(attempts))), expected, "{failure:?}");
        }
    }

    #[test]
    fn panic_before_any_mark_is_a_loss() {
        let ended = Policy::default().conclude(&failed(Failure::Panicked), Facts { is_marked: false, ..facts(1) });
        assert_eq!(words(&ended), "lost 60s");
    }

    #[test]
    fn what_no_upstream_carries_or_all_refuse_the_sender_of_is_refused_the_third_time_in_a_row() {
        for failure in [Failure::NotCapable, Failure::SenderRejected] {
            let words = |times| words(&Policy::default().conclude(&failed(failure), Facts { times, ..facts(1) }));
            assert_eq!([1, 2, 3].map(words), ["again 60s counted", "again 60s counted", "refused"], "{failure:?}");
        }
    }

    /// The refusal was of another mail: this one is asked for once the sender is free, however often it was held.
    #[test]
    fn mail_whose_sender_is_held_somewhere_waits_and_is_never_refused_for_it() {
        let refused = attempt("mg", Outcome::SenderRejected, Reason::Status(403));
        let held = attempt("sg", Outcome::SenderRejected, Reason::SenderHeld);
        let answer = |attempts: &[Attempt]| Err(SendError::new(id(), Failure::SenderRejected, attempts.to_vec()));
        for attempts in [&[held.clone()][..], &[refused.clone(), held]] {
            assert_eq!(Obstacle::of(&answer(attempts)), Some(Obstacle::SenderHeld));
            let words = |times| words(&Policy::default().conclude(&answer(attempts), Facts { times, ..facts(9) }));
            assert_eq!([1, 3, 9].map(words), ["again 900s free", "again 900s free", "again 14400s free"]);
        }
        assert_eq!(Obstacle::of(&answer(&[refused])), Some(Obstacle::Rejected));
    }

    #[test]
    fn refused_account_is_no_attempt_and_a_refusal_that_nobody_knows_is_one() {
        let policy = Policy { attempts: Some(2), ..Policy::default() };
        let unclear = attempt("mg", Outcome::Unclassified, Reason::Status(418));
        let account = attempt("sg", Outcome::AccountRefused, Reason::Status(401));
        let words = |attempts: &[Attempt], nth| {
            let error = SendError::new(id(), Failure::Refused { retryable: false }, attempts.to_vec());
            words(&policy.conclude(&Err(error), facts(nth)))
        };
        assert_eq!(words(&[unclear.clone(), account], 9), "again 900s free");
        assert_eq!([1, 2].map(|nth| words(std::slice::from_ref(&unclear), nth)), ["again 60s counted", "refused"]);
    }

    #[test]
    fn last_attempt_is_refused_where_attempts_are_limited_and_unknown_where_a_provider_may_have_it() {
        let policy = Policy { attempts: Some(4), resends_unknown: true, ..Policy::default() };
        let words = |failure, attempts| words(&policy.conclude(&failed(failure), facts(attempts)));
        assert_eq!(words(Failure::Refused { retryable: true }, 3), "again 900s counted");
        assert_eq!(words(Failure::Refused { retryable: true }, 4), "refused");
        assert_eq!(words(Failure::Unknown, 3), "again 900s counted risk");
        assert_eq!(words(Failure::Unknown, 4), "unknown 1800s");
    }

    #[test]
    fn danger_of_a_second_copy_is_kept_and_added() {
        let taken = attempt("mg", Outcome::Accepted, Reason::Mock);
        for (attempts, before, after) in [
            (vec![taken.clone()], false, false),
            (vec![taken.clone()], true, true),
            (vec![attempt("sg", Outcome::Unknown, Reason::Mock), taken], false, true),
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

//! Whether a mail goes to its recipients' own servers, for which the outbox asks.
//!
//! It may where its route ends at `mx`: without any upstream of its own, or once each of them has refused it by an answer
//! that is definite and speaks of the sender or the account, not of this message. Out of reach is no answer: how long that
//! has to last the outbox knows, by [`Dispatcher::unusable_for`].

use super::Dispatcher;
use super::policy::failover;
use super::route::Route;
use crate::model::outcome::{Outcome, Reason};
use crate::model::receipt::{Attempt, Failure, SendError};
use crate::model::submission::{Failover, Submission};

impl Dispatcher {
    /// Does the route of this mail end at its recipients' own servers?
    pub fn ends_at_mx(&self, submission: &Submission) -> bool {
        Route::new(self.routes.load_full(), submission).is_direct()
    }

    /// Does a mail that was answered so go on to its recipients' own servers?
    pub fn goes_on_at_mx(&self, submission: &Submission, error: &SendError) -> bool {
        self.ends_at_mx(submission) && is_refused_by_all(error, failover(submission.options, &self.settings))
    }
}

/// Without failover only the upstream that comes first is asked, so not all have refused.
fn is_refused_by_all(error: &SendError, failover: Failover) -> bool {
    let is_refusal =
        matches!(error.failure, Failure::Refused { retryable: false } | Failure::SenderRejected | Failure::NotCapable);
    let by_all = || failover > Failover::Never && error.attempts.iter().all(is_of_sender_or_account);
    error.failure == Failure::OutboxAlone || is_refusal && by_all()
}

/// Is it a definite no that another upstream would not say of the same message? An upstream that is not asked, because it has
/// refused the sender before, says nothing.
fn is_of_sender_or_account(attempt: &Attempt) -> bool {
    use Outcome::{AccountRefused, NotCapable, SenderRejected, Unclassified};
    attempt.verdict.reason != Reason::SenderHeld
        && matches!(attempt.verdict.outcome, AccountRefused | NotCapable | SenderRejected | Unclassified)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::super::fixture::{Act, Fixture, mail, submission};
    use super::*;
    use crate::delivery::routing::rules::Rules;
    use crate::model::outcome::Verdict;
    use crate::model::receipt::Remaining;
    use crate::model::submission::SendOptions;

    /// What these outcomes add up to, of all upstreams.
    fn error(outcomes: &[Outcome]) -> SendError {
        let attempt = |outcome: &Outcome| Attempt {
            upstream: "mg".into(),
            verdict: Verdict::new(*outcome, Reason::Status(403)),
            took: Some(Duration::ZERO),
            ended_at: Instant::now().into_std(),
            lookup: None,
        };
        let (id, attempts) = (crate::runtime::ids::fresh().into(), outcomes.iter().map(attempt).collect());
        crate::model::receipt::conclude(id, attempts, Remaining::Exhausted, Duration::ZERO).expect_err("nobody took it")
    }

    #[test]
    fn a_mail_goes_on_where_each_upstream_has_refused_its_sender_or_the_account() {
        use Outcome::*;
        for (outcomes, goes_on) in [
            (&[AccountRefused][..], true),
            (&[SenderRejected, SenderRejected], true),
            (&[NotCapable, AccountRefused], true),
            (&[NotCapable], true),
            (&[Unclassified], true),
            (&[AccountRefused, Unlisted], false),
            (&[AccountRefused, MessageRejected], false),
            (&[AccountRefused, Unavailable], false),
            (&[AccountRefused, Throttled], false),
            (&[SenderRejected, Deferred], false),
            (&[AccountRefused, Unknown], false),
            (&[AccountRefused, Cancelled], false),
            (&[], false),
        ] {
            assert_eq!(is_refused_by_all(&error(outcomes), Failover::Safe), goes_on, "{outcomes:?}");
            assert!(!is_refused_by_all(&error(outcomes), Failover::Never), "{outcomes:?}: not all were asked");
        }
        let mut held = error(&[SenderRejected]);
        held.attempts[0].verdict.reason = Reason::SenderHeld;
        assert!(!is_refused_by_all(&held, Failover::Safe), "it was not asked");
    }

    #[tokio::test(start_paused = true)]
    async fn a_mail_goes_on_where_its_rule_ends_at_mx_and_nowhere_else() {
        let refuses: &[Act] = &[Act::Say(Outcome::AccountRefused); 2];
        for (rules, ends, goes_on) in
            [("caller=* -> u0,mx", true, true), ("caller=* -> u0", false, false), ("caller=* -> mx", true, true)]
        {
            let fixture = Fixture::new(Failover::Safe, &[refuses]);
            fixture.dispatcher.replace_rules(Rules::read(rules, &["u0".into()]).unwrap());
            let submission = submission(mail("a@example.org"), SendOptions::default());
            let error = fixture.dispatcher.send(&submission, None).await.expect_err("nobody takes it");
            assert_eq!(fixture.dispatcher.ends_at_mx(&submission), ends, "{rules}");
            assert_eq!(fixture.dispatcher.goes_on_at_mx(&submission, &error), goes_on, "{rules}");
        }
    }
}

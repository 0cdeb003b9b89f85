//! Verdicts that come after their attempt has ended: a relay may answer minutes after the mail was given up.
//!
//! While the claim is under way they are kept; once it has ended `unknown` they end it anew, under the same fence. After
//! that they change nothing. The store has the last word: where the row was claimed or replayed meanwhile, it takes no more of
//! them than that the provider has the mail.

use std::sync::{Arc, Mutex, PoisonError};

use crate::model::outcome::{Outcome, Verdict};
use crate::model::receipt::{Answer, SendError, settle_late};

/// What is heard of one claim.
#[derive(Default)]
pub(super) struct Late(Mutex<State>);

enum State {
    UnderWay(Vec<(Arc<str>, Verdict)>),
    Unknown(Box<SendError>),
    Settled,
}

impl Default for State {
    fn default() -> Self {
        Self::UnderWay(Vec::new())
    }
}

impl Late {
    /// Hears a verdict of the upstream of this name. The answer that it makes of a claim that has ended `unknown`.
    pub(super) fn hear(&self, upstream: &str, verdict: &Verdict) -> Option<Answer> {
        if verdict.outcome == Outcome::Unknown {
            return None;
        }
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *state {
            State::UnderWay(heard) => {
                heard.push((upstream.into(), verdict.clone()));
                None
            }
            State::Unknown(error) => {
                let answer = settle_late((**error).clone(), upstream, verdict);
                *state = State::after(&answer);
                matches!(*state, State::Settled).then_some(answer)
            }
            State::Settled => None,
        }
    }

    /// Ends the claim with this answer, and what was heard meanwhile.
    pub(super) fn end(&self, answer: Answer) -> Answer {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = match &*state {
            State::UnderWay(heard) => heard.iter().fold(answer, |answer, (upstream, verdict)| match answer {
                Err(error) if error.failure.is_unknown() => settle_late(error, upstream, verdict),
                clear => clear,
            }),
            State::Unknown(_) | State::Settled => answer,
        };
        *state = State::after(&answer);
        answer
    }
}

impl State {
    fn after(answer: &Answer) -> Self {
        match answer {
            Err(error) if error.failure.is_unknown() => Self::Unknown(Box::new(error.clone())),
            _ => Self::Settled,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::*;
    use crate::model::outcome::Reason;
    use crate::model::receipt::{Attempt, Failure};

    fn verdict(outcome: Outcome) -> Verdict {
        Verdict::new(outcome, Reason::Smtp(250))
    }

    fn unknown_at(upstreams: &[&str]) -> Answer {
        let attempt = |upstream: &&str| Attempt {
            upstream: (*upstream).into(),
            verdict: Verdict::new(Outcome::Unknown, Reason::Timeout),
            took: Some(Duration::ZERO),
            ended_at: Instant::now().into_std(),
            lookup: None,
        };
        let attempts = upstreams.iter().map(attempt).collect();
        Err(SendError::new(crate::runtime::ids::fresh().into(), Failure::Unknown, attempts))
    }

    #[test]
    fn verdict_after_the_end_settles_an_unknown_once() {
        let late = Late::default();
        assert!(late.end(unknown_at(&["relay"])).is_err());
        assert!(late.hear("relay", &verdict(Outcome::Unknown)).is_none(), "it brings no clarity");
        assert!(late.hear("relay", &verdict(Outcome::Accepted)).is_some_and(|answer| answer.is_ok()));
        assert!(late.hear("relay", &verdict(Outcome::MessageRejected)).is_none());
    }

    #[test]
    fn verdict_before_the_end_is_part_of_it() {
        let late = Late::default();
        assert!(late.hear("relay", &verdict(Outcome::MessageRejected)).is_none());
        let answer = late.end(unknown_at(&["relay"]));
        assert!(answer.is_err_and(|error| error.failure == Failure::MessageRejected));
        assert!(late.hear("relay", &verdict(Outcome::Accepted)).is_none());
    }

    #[test]
    fn mail_stays_unknown_until_every_upstream_that_may_have_it_has_answered() {
        let late = Late::default();
        late.end(unknown_at(&["relay", "other"])).unwrap_err();
        assert!(late.hear("other", &verdict(Outcome::MessageRejected)).is_none());
        let answer = late.hear("relay", &verdict(Outcome::Unavailable)).expect("clear by now");
        assert!(answer.is_err_and(|error| !error.failure.is_unknown()));
    }
}

//! The attempts of one mail so far, by the index of their upstream.

use std::time::Duration;

use crate::model::message::Id;
use crate::model::outcome::Outcome;
use crate::model::receipt::{Answer, Attempt, Remaining, conclude};
use crate::model::submission::Failover;

/// What has happened at one upstream.
#[derive(Clone, Copy, Default)]
struct Visit {
    /// The upstream had its turn, even if its circuit let no attempt pass.
    visited: bool,
    /// The mail would have come to it, but for its circuit.
    rejected: bool,
    /// There was an attempt.
    tried: bool,
    /// The upstream may have the mail, for want of a clear answer.
    silent: bool,
    /// The upstream might take the mail later.
    put_off: bool,
}

/// The attempts of one mail.
pub(super) struct AttemptLog {
    id: Id,
    visits: Vec<Visit>,
    attempts: Vec<Attempt>,
}

impl AttemptLog {
    /// No attempt yet, at none of so many upstreams. Most mails need one.
    pub(super) fn new(id: Id, upstreams: usize) -> Self {
        Self { id, visits: vec![Visit::default(); upstreams], attempts: Vec::with_capacity(1) }
    }

    /// Records a visit, with its attempt unless the circuit let none pass.
    pub(super) fn record(&mut self, upstream: usize, attempt: Option<Attempt>) {
        let visit = &mut self.visits[upstream];
        visit.visited = true;
        if let Some(attempt) = attempt {
            visit.tried = true;
            visit.silent |= attempt.was_silent();
            visit.put_off |= attempt.was_put_off();
            self.attempts.push(attempt);
        }
    }

    /// Records that the circuit of this upstream keeps the mail away. Is that new?
    pub(super) fn reject(&mut self, upstream: usize) -> bool {
        !std::mem::replace(&mut self.visits[upstream].rejected, true)
    }

    pub(super) fn has_visited(&self, upstream: usize) -> bool {
        self.visits[upstream].visited
    }

    pub(super) fn has_tried(&self, upstream: usize) -> bool {
        self.visits[upstream].tried
    }

    /// Is it unknown whether this upstream has the mail, for want of a clear answer?
    pub(super) fn was_silent(&self, upstream: usize) -> bool {
        self.visits[upstream].silent
    }

    /// Might this upstream take the mail later, though it was tried?
    pub(super) fn was_put_off(&self, upstream: usize) -> bool {
        self.visits[upstream].put_off
    }

    /// Was the mail handed over at all?
    pub(super) fn was_handed_over(&self) -> bool {
        self.attempts.iter().any(|attempt| attempt.took.is_some())
    }

    /// May another upstream try, given every attempt so far? An attempt without hand-over is no failure to recover from.
    pub(super) fn may_fail_over(&self, failover: Failover) -> bool {
        self.attempts.iter().all(|attempt| match (attempt.took, attempt.verdict.outcome) {
            (None, outcome) => outcome != Outcome::Cancelled,
            (Some(_), outcome) => failover.allows(outcome.failover_safety()),
        })
    }

    /// Was the mail deferred for its own sake at every upstream that put it off?
    pub(super) fn was_deferred(&self) -> bool {
        let deferred = |attempt: &Attempt| attempt.verdict.outcome == Outcome::Deferred;
        let put_off = |attempt: &&Attempt| attempt.was_put_off();
        self.attempts.iter().any(deferred) && self.attempts.iter().filter(put_off).all(deferred)
    }

    /// The answer, given which upstreams remain, and the shortest wait for one that may take the mail.
    pub(super) fn conclude(self, remaining: Remaining, wait: Duration) -> Answer {
        conclude(self.id, self.attempts, remaining, wait)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::model::outcome::{Reason, Verdict};

    #[test]
    fn duplicate_as_the_first_answer_is_no_silence_though_it_is_unknown() {
        for (reason, is_silent) in [(Reason::Timeout, true), (Reason::Duplicate, false)] {
            let mut log = AttemptLog::new(crate::runtime::ids::fresh().into(), 2);
            let verdict = Verdict::new(Outcome::Unknown, reason);
            let took = Some(Duration::ZERO);
            log.record(
                1,
                Some(Attempt {
                    upstream: "u1".into(),
                    verdict,
                    took,
                    ended_at: Instant::now().into_std(),
                    lookup: None,
                }),
            );
            assert_eq!((log.was_silent(0), log.was_silent(1)), (false, is_silent), "{reason}");
        }
    }
}

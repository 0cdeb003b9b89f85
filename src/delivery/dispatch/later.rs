//! Mail whose caller has its answer already: nobody waits, each hand-over is marked, and attempts may take long.
//!
//! A time-out after the hand-over proves nothing, so an attempt waits for as long as its provider may need; the drain of
//! its journal cuts it. A mail whose end is not known is replayed at the upstream that may have it, and nowhere else.

use std::sync::Arc;
use std::time::Duration;

use super::Dispatcher;
use super::attempt;
use super::attempt_spans;
use super::eligible::Eligible;
use super::journal::{Journal, NotMarked};
use super::route::Route;
use crate::delivery::routing::rules::{MX, Rule};
use crate::delivery::upstream::LateVerdict;
use crate::model::left_out::LeftOut;
use crate::model::message::Message;
use crate::model::receipt::{Answer, Attempt, Remaining, SendError, by_rule, conclude};
use crate::model::skip::SkipReason;
use crate::model::submission::Submission;

impl Dispatcher {
    /// Sends one message for which nobody waits. `late` hears of attempts whose verdict comes after the answer. Where there
    /// was no consent to a hand-over, the answer is that of the attempts before.
    pub fn deliver<J: Journal>(
        &self,
        submission: &Submission,
        journal: J,
        late: &LateVerdict,
    ) -> impl Future<Output = Answer> {
        self.run(submission, journal, Some(late))
    }

    /// Hands a mail to the upstream of this name once more, which may have it and takes it once. Only an acceptance brings
    /// clarity: another verdict says nothing of the hand-over before. `None`: it was not handed over.
    pub async fn replay<J: Journal>(
        &self,
        submission: &Submission,
        upstream: &str,
        journal: J,
        late: &LateVerdict,
    ) -> Result<Option<Attempt>, NotMarked> {
        let Some(upstream) = self.upstreams.iter().find(|known| **known.name() == *upstream) else { return Ok(None) };
        let attempt = attempt::repeat(upstream, &self.call(&submission.message, journal, Some(late))).await?.ok();
        attempt_spans::record_attempts(&self.upstreams, attempt.as_slice());
        Ok(attempt)
    }

    /// Which upstreams may ever have this mail, `mx` behind them where its route ends there. An error: none, and so
    /// [`Self::send`] would answer it, whatever the circuits and the rates are.
    pub fn eligible(&self, submission: &Submission) -> Result<Eligible, SendError> {
        let routes = self.routes.load_full();
        let rules = routes.version();
        let (message, route) = (&submission.message, Route::new(routes, submission));
        let is_lasting = |reason: &LeftOut| matches!(reason, LeftOut::NotCapable(_) | LeftOut::SenderNotAllowed);
        let (mut upstreams, mut skipped) = (Vec::new(), Vec::new());
        for index in route.order(self.upstreams.len()).filter(|index| route.allows(*index)) {
            let upstream = &self.upstreams[index];
            match upstream.leaves_out(message).filter(is_lasting) {
                Some(reason) => skipped.extend(attempt::skipped(upstream, SkipReason::LeftOut(reason))),
                None => upstreams.push(Arc::clone(upstream.name())),
            }
        }
        if route.is_direct() {
            upstreams.push(MX.into());
        } else if upstreams.is_empty() {
            let answer = conclude(message.id(), skipped, Remaining::Exhausted, Duration::ZERO);
            by_rule(answer, route.rule().map(Rule::name))?;
        }
        Ok(Eligible { upstreams, rules })
    }

    /// How each upstream lets this mail be looked up, by its name: the field there, and its value.
    pub fn lookups(&self, message: &Message) -> Vec<(String, (&'static str, String))> {
        self.upstreams.iter().map(|upstream| (upstream.name().to_string(), upstream.lookup(message))).collect()
    }

    /// The [`Eligible::rules`] of now.
    pub fn rules_version(&self) -> u64 {
        self.routes.load().version()
    }
}

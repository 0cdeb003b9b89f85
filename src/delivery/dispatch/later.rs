//! Mail whose caller has its answer already: nobody waits, each hand-over is marked, and attempts may take long.
//!
//! A time-out after the hand-over proves nothing, so an attempt waits for as long as its provider may need; the drain of
//! its journal cuts it. A mail whose end is not known is replayed at the upstream that may have it, and nowhere else.

use std::sync::Arc;

use super::Dispatcher;
use super::attempt;
use super::eligible::Eligible;
use super::journal::{Journal, NotMarked};
use super::route::Route;
use crate::delivery::upstream::LateVerdict;
use crate::model::left_out::LeftOut;
use crate::model::receipt::{Answer, Attempt};
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
        Ok(attempt::repeat(upstream, &self.call(&submission.message, journal, Some(late))).await?.ok())
    }

    /// Which upstreams may ever have this mail.
    pub fn eligible(&self, submission: &Submission) -> Eligible {
        let routes = self.routes.load_full();
        let rules = routes.version();
        let route = Route::new(routes, submission);
        let is_lasting = |reason| matches!(reason, LeftOut::NotCapable(_) | LeftOut::SenderNotAllowed);
        let may_have = |index: &usize| {
            let reason = self.upstreams[*index].leaves_out(&submission.message);
            route.allows(*index) && !reason.is_some_and(is_lasting)
        };
        let order = route.order(self.upstreams.len()).filter(may_have);
        Eligible { upstreams: order.map(|index| Arc::clone(self.upstreams[index].name())).collect(), rules }
    }

    /// The [`Eligible::rules`] of now.
    pub fn rules_version(&self) -> u64 {
        self.routes.load().version()
    }
}

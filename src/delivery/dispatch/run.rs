//! One mail from upstream to upstream, until one takes it or none may be asked any more.

use std::sync::Arc;
use std::time::Duration;

use super::attempt::{self, Call};
use super::attempt_log::AttemptLog;
use super::candidates::Candidates;
use super::journal::{Journal, NotMarked};
use super::policy::SendPolicy;
use super::rejections::rejections;
use super::route::Route;
use super::skips::Skips;
use crate::delivery::routing::{Draw, Place};
use crate::delivery::upstream::Upstream;
use crate::model::left_out::LeftOut;
use crate::model::receipt::{Answer, Attempt, Remaining};
use crate::model::skip::SkipReason;
use crate::model::submission::Failover;

/// How long a caller is asked to wait where an upstream defers a mail for its own sake: greylisting takes minutes
/// (RFC 6647 5).
const DEFERRED_WAIT: Duration = Duration::from_secs(60);

/// One mail, the upstreams that it may go to, and where it has been.
pub(super) struct Run<'a, J> {
    upstreams: &'a [Arc<Upstream>],
    candidates: Candidates<'a>,
    call: &'a Call<'a, J>,
    policy: SendPolicy,
    /// Made with the first plan; each attempt follows it.
    draw: Option<Draw>,
    route: &'a Route,
    log: AttemptLog,
    skips: Skips,
}

impl<'a, J: Journal> Run<'a, J> {
    pub(super) fn new(candidates: Candidates<'a>, call: &'a Call<'a, J>, policy: SendPolicy) -> Self {
        let Candidates { upstreams, route, .. } = candidates;
        let log = AttemptLog::new(call.message.id(), upstreams.len());
        Self { upstreams, candidates, call, policy, draw: None, route, log, skips: Skips::default() }
    }

    /// Offers the mail to one upstream after the other.
    pub(super) async fn finish(mut self) -> Answer {
        self.candidates.adaptive.iter().for_each(|adaptive| adaptive.step());
        while let Some(place) = self.next() {
            let is_marked = self.visit(place).await.is_ok();
            if !is_marked || !self.log.may_fail_over(self.policy.failover) {
                break;
            }
        }
        self.conclude()
    }

    /// Where the mail goes next. The plan is made anew each time: a circuit may have closed while another was slow to fail.
    fn next(&mut self) -> Option<Place> {
        let candidates = self.candidates.now(self.call.message);
        let (policy, route) = (self.policy, self.route);
        let draw = *self.draw.get_or_insert_with(|| policy.draw(&candidates, route));
        let rejecting = rejections(&policy, draw, &candidates, |upstream| self.log.has_visited(upstream));
        rejecting.into_iter().for_each(|upstream| self.count_rejection(upstream));
        let plan = policy.plan(draw, &candidates);
        plan.asked().iter().find(|place| !self.log.has_visited(place.upstream())).copied()
    }

    /// Counts the mail, once, at an upstream that it would have gone to and whose circuit is not closed.
    fn count_rejection(&mut self, upstream: usize) {
        if self.log.reject(upstream) {
            self.upstreams[upstream].count_rejection();
        }
    }

    async fn visit(&mut self, place: Place) -> Result<(), NotMarked> {
        let (index, upstream) = (place.upstream(), &self.upstreams[place.upstream()]);
        let attempt = match place.left_out() {
            Some(reason) => Err(SkipReason::LeftOut(reason)),
            None => {
                let size = self.call.message.size();
                let _in_flight = self.candidates.adaptive.and_then(|adaptive| adaptive.begin(index, size));
                attempt::attempt(upstream, self.call).await?
            }
        };
        if let Err(SkipReason::LeftOut(LeftOut::Circuit)) = attempt {
            self.count_rejection(index);
        }
        let attempt = attempt.map_or_else(|reason| self.skip(upstream, reason), Some);
        if let (Some(adaptive), Some(attempt)) = (self.candidates.adaptive, &attempt) {
            adaptive.learn(index, attempt, self.call.message.size());
        }
        if attempt.as_ref().is_some_and(|attempt| attempt.took.is_some()) {
            self.route.count(index);
        }
        self.log.record(index, attempt);
        // A provider that takes a mail once can be asked again: that can only bring clarity. Where nobody waits there is
        // time for that later, under a mark of its own.
        let may_repeat = self.policy.failover > Failover::Never && upstream.takes_once(Duration::ZERO);
        if may_repeat && self.call.is_awaited() && self.log.was_silent(index) {
            let attempt = attempt::repeat(upstream, self.call).await?;
            // The mail was handed over here before: this is no skip to be counted.
            self.log.record(index, attempt.map_or_else(|reason| attempt::skipped(upstream, reason), Some));
        }
        Ok(())
    }

    /// The answer, and how long to wait where an upstream may take the mail later.
    fn conclude(mut self) -> Answer {
        if self.log.may_fail_over(self.policy.failover) {
            self.record_skips();
        }
        self.count_open_circuits();
        self.skips.log(self.call);
        let (remaining, wait) = (self.remaining(), self.wait());
        self.log.conclude(remaining, wait)
    }

    /// Records which untried upstreams would not take this mail even with a closed circuit: they give no hope.
    fn record_skips(&mut self) {
        for (index, upstream) in self.upstreams.iter().enumerate() {
            if self.route.allows(index) && !self.log.has_tried(index) {
                let reason = upstream.leaves_out(self.call.message);
                let attempt = reason.and_then(|reason| self.skip(upstream, SkipReason::LeftOut(reason)));
                self.log.record(index, attempt);
            }
        }
    }

    /// An open circuit has no place in the order, so it is counted where the mail has ended without this upstream.
    fn count_open_circuits(&mut self) {
        let reason = SkipReason::LeftOut(LeftOut::Circuit);
        let is_kept_away = |index: usize| {
            let upstream = &self.upstreams[index];
            !self.log.has_tried(index)
                && (self.log.has_visited(index) || !upstream.snapshot().admits())
                && upstream.leaves_out(self.call.message).is_none()
        };
        let mut skips = std::mem::take(&mut self.skips);
        self.upstreams_where(is_kept_away).for_each(|upstream| skips.count(upstream, reason));
        self.skips = skips;
    }

    fn remaining(&self) -> Remaining {
        let mut untried = self.upstreams_where(|index| !self.log.has_tried(index)).peekable();
        if untried.peek().is_none() {
            Remaining::Exhausted
        } else if self.policy.failover > Failover::Never || !self.log.was_handed_over() {
            Remaining::Later
        } else if untried.any(|upstream| upstream.takes_now(self.call.message)) {
            // Without failover the one attempt speaks for itself.
            Remaining::Unasked
        } else {
            Remaining::Exhausted
        }
    }

    /// Until the first upstream may take the mail that was not tried, or has put it off.
    fn wait(&self) -> Duration {
        let hopeful = self.upstreams_where(|index| !self.log.has_tried(index) || self.log.was_put_off(index));
        let wait = hopeful.filter_map(Upstream::until_usable).min();
        // A deferred mail stays deferred for a while, though its upstream takes other mail at once.
        let wait = if self.log.was_deferred() { wait.map(|wait| wait.max(DEFERRED_WAIT)) } else { wait };
        // Only an operator can end the wait for circuits that are forced open: when is not known.
        let unknown = || self.upstreams_where(|_| true).map(|upstream| upstream.settings().first_wait).min();
        wait.or_else(unknown).unwrap_or_default()
    }

    /// The upstreams that the mail may be offered to, as far as they are wanted.
    fn upstreams_where(&self, wanted: impl Fn(usize) -> bool) -> impl Iterator<Item = &Upstream> {
        let wanted = move |index: &usize| self.route.allows(*index) && wanted(*index);
        (0..self.upstreams.len()).filter(wanted).map(|index| &*self.upstreams[index])
    }

    /// Counts a mail that was not handed over, and says what the receipt shows of that.
    fn skip(&mut self, upstream: &Upstream, reason: SkipReason) -> Option<Attempt> {
        let attempt = attempt::skipped(upstream, reason);
        // A circuit that let it not pass may yet be asked again: it is counted at the end.
        attempt.inspect(|_| self.skips.count(upstream, reason))
    }
}

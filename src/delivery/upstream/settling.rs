//! What the verdict of a call does: to the circuit, to held senders, and to what is counted.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::Upstream;
use super::ended::Ended;
use super::settings::{is_timed, transfer_time};
use crate::delivery::circuit::{CallResult, Permit, ProbePermit, Settled};
use crate::model::message::Message;
use crate::model::outcome::{Blame, Outcome, Verdict};

impl Upstream {
    /// Settles the permit of a mail, and counts the attempt.
    pub fn settle(&self, permit: Permit<'_>, message: &Message, ended: Ended<'_>) {
        let Ended { verdict, took, is_repeat, has_alternative } = ended;
        self.metrics.attempt(verdict.outcome.as_str(), verdict.is_judgement(), took);
        if verdict.outcome == Outcome::SenderRejected {
            self.held_senders.hold(message.from().address());
        }
        let size = message.size();
        let slow = is_timed(size) && self.settings.slow_call.is_some_and(|slow| took >= slow + transfer_time(size));
        let result = self.call_result(verdict.blame(), verdict, Duration::ZERO);
        self.settled(permit.settle(CallResult { slow, is_repeat, has_alternative, ..result }));
    }

    /// Settles the permit of a probe, and counts it. Is the circuit still waiting for more probes?
    ///
    /// If no provider can be reached, the fault is on our side of the network, and the probe says nothing about this one.
    pub fn settle_probe(&self, permit: ProbePermit<'_>, verdict: &Verdict, all_unreachable: bool) -> bool {
        self.metrics.probe(verdict.outcome.as_str());
        let blame = if all_unreachable { Blame::Neutral } else { verdict.blame_of_probe() };
        let settled = permit.settle(self.call_result(blame, verdict, self.settings.account_hold));
        self.settled(settled);
        settled == Settled::NoTransition
    }

    fn settled(&self, settled: Settled) {
        match settled {
            Settled::Changed(transition) => self.publish(transition),
            Settled::Stale => self.metrics.circuit_stale_result(),
            Settled::NoTransition => {}
        }
    }

    fn call_result(&self, blame: Blame, verdict: &Verdict, account_hold: Duration) -> CallResult {
        if self.unlisted.note(&self.name, verdict) {
            self.metrics.unlisted();
        }
        self.unreachable.store(verdict.reason.is_unreachable(), Ordering::Release);
        let hold = match blame {
            Blame::Throttled => verdict.retry_after.unwrap_or(self.settings.first_wait),
            Blame::Account => account_hold,
            _ => Duration::ZERO,
        };
        let (now, not_before) = (self.now(), self.after(hold));
        CallResult { blame, slow: false, now, not_before, thread: thread(), is_repeat: false, has_alternative: false }
    }
}

/// A small number for each thread, so that threads count on cache lines of their own.
fn thread() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local!(static NUMBER: usize = NEXT.fetch_add(1, Ordering::Relaxed));
    NUMBER.with(|number| *number)
}

//! The calls about parts, counted by the mails that they end.

mod bounces;

use std::sync::Arc;
use std::time::Duration;

use crate::runtime::metrics::OutboxMetrics;
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::{
    Answered, ClaimedPart, Hmac, Hold, NodeId, PartEnded, PartHold, Parts, Split, State, WantedParts,
};

/// Parts, and what is counted of them.
pub struct CountedParts {
    parts: Arc<dyn Parts>,
    metrics: Arc<OutboxMetrics>,
}

impl CountedParts {
    /// Counts the calls to this one.
    pub fn new(parts: Arc<dyn Parts>, metrics: Arc<OutboxMetrics>) -> Self {
        Self { parts, metrics }
    }

    fn consented(&self, consents: bool) {
        if !consents {
            self.metrics.mark_refused();
        }
    }

    fn ended(&self, state: Option<State>) {
        let Some(state) = state else { return self.metrics.fences_lost(1) };
        if state.is_final() {
            self.metrics.ended(state.as_str(), 1);
        }
    }
}

impl Parts for CountedParts {
    fn split<'a>(&'a self, hold: &'a Hold, split: &'a Split) -> Answered<'a, bool> {
        Box::pin(async move { self.parts.split(hold, split).await.inspect(|consents| self.consented(*consents)) })
    }

    fn claim_parts<'a>(&'a self, node: NodeId, wanted: &'a WantedParts) -> Answered<'a, Vec<ClaimedPart>> {
        self.parts.claim_parts(node, wanted)
    }

    fn give_back_parts<'a>(&'a self, holds: &'a [PartHold], wait: Duration) -> Answered<'a, usize> {
        let lost = |given: &usize| self.metrics.fences_lost(holds.len().saturating_sub(*given) as u64);
        Box::pin(async move { self.parts.give_back_parts(holds, wait).await.inspect(lost) })
    }

    fn close_domain<'a>(&'a self, domain: &'a Hmac, wait: Duration) -> Answered<'a, ()> {
        self.parts.close_domain(domain, wait)
    }

    fn open_domain<'a>(&'a self, domain: &'a Hmac, closed_for: Duration) -> Answered<'a, ()> {
        self.parts.open_domain(domain, closed_for)
    }

    fn oldest_of<'a>(&'a self, domains: &'a [Hmac]) -> Answered<'a, Vec<Option<UnixTime>>> {
        self.parts.oldest_of(domains)
    }

    fn mark_part<'a>(&'a self, hold: &'a PartHold) -> Answered<'a, bool> {
        Box::pin(async move { self.parts.mark_part(hold).await.inspect(|consents| self.consented(*consents)) })
    }

    fn end_part<'a>(&'a self, hold: &'a PartHold, ended: &'a PartEnded) -> Answered<'a, Option<State>> {
        Box::pin(async move { self.parts.end_part(hold, ended).await.inspect(|state| self.ended(*state)) })
    }
}

//! The calls about parts, each a span of the mail that it is made for.

mod bounces;

use std::sync::Arc;
use std::time::Duration;

use super::traced::spans_in;
use super::{Answered, ClaimedPart, Hmac, Hold, NodeId, PartEnded, PartHold, Parts, Split, State, WantedParts};
use crate::runtime::unix_time::UnixTime;
use crate::state::store::Spans;

/// Parts in a store of this system.
pub struct TracedParts {
    parts: Arc<dyn Parts>,
    spans: Spans,
}

impl TracedParts {
    /// Over these.
    pub fn new(parts: Arc<dyn Parts>, system: &'static str) -> Self {
        Self { parts, spans: spans_in(system) }
    }
}

impl Parts for TracedParts {
    fn split<'a>(&'a self, hold: &'a Hold, split: &'a Split) -> Answered<'a, bool> {
        self.spans.of("split", self.parts.split(hold, split))
    }

    fn claim_parts<'a>(&'a self, node: NodeId, wanted: &'a WantedParts) -> Answered<'a, Vec<ClaimedPart>> {
        self.spans.of("claim_parts", self.parts.claim_parts(node, wanted))
    }

    fn give_back_parts<'a>(&'a self, holds: &'a [PartHold], wait: Duration) -> Answered<'a, usize> {
        self.spans.of("give_back_parts", self.parts.give_back_parts(holds, wait))
    }

    fn close_domain<'a>(&'a self, domain: &'a Hmac, wait: Duration) -> Answered<'a, ()> {
        self.spans.of("close_domain", self.parts.close_domain(domain, wait))
    }

    fn mark_part<'a>(&'a self, hold: &'a PartHold) -> Answered<'a, bool> {
        self.spans.of("mark_part", self.parts.mark_part(hold))
    }

    fn open_domain<'a>(&'a self, domain: &'a Hmac, closed_for: Duration) -> Answered<'a, ()> {
        self.spans.of("open_domain", self.parts.open_domain(domain, closed_for))
    }

    fn oldest_of<'a>(&'a self, domains: &'a [Hmac]) -> Answered<'a, Vec<Option<UnixTime>>> {
        self.spans.of("oldest_of", self.parts.oldest_of(domains))
    }

    fn end_part<'a>(&'a self, hold: &'a PartHold, ended: &'a PartEnded) -> Answered<'a, Option<State>> {
        self.spans.of("end_part", self.parts.end_part(hold, ended))
    }
}

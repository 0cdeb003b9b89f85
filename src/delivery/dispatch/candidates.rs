//! The upstreams of one mail as they are now: what its plan is made of.

use std::sync::Arc;

use super::adaptive::Adaptive;
use super::route::Route;
use crate::delivery::routing::Candidate;
use crate::delivery::upstream::Upstream;
use crate::model::left_out::LeftOut;
use crate::model::message::Message;

/// What is known of the upstreams before a mail comes, and the route of that mail.
#[derive(Clone, Copy)]
pub(super) struct Candidates<'a> {
    pub(super) upstreams: &'a [Arc<Upstream>],
    pub(super) configured: &'a [Candidate],
    /// `None`: the configured shares hold.
    pub(super) adaptive: Option<&'a Adaptive>,
    pub(super) route: &'a Route,
}

impl Candidates<'_> {
    /// All of them, those that the mail's rule names first.
    pub(super) fn now(self, message: &Message) -> Vec<Candidate> {
        let order = self.route.order(self.upstreams.len());
        order.map(|upstream| self.one_now(&self.configured[upstream], message)).collect()
    }

    /// Is there no upstream that the mail's rule allows?
    pub(super) fn are_none(self) -> bool {
        !(0..self.upstreams.len()).any(|upstream| self.route.allows(upstream))
    }

    fn one_now(self, configured: &Candidate, message: &Message) -> Candidate {
        let upstream = &self.upstreams[configured.upstream];
        let outside = (!self.route.allows(configured.upstream)).then_some(LeftOut::Rule);
        let circuit_share = upstream.snapshot().share();
        // Of an upstream whose circuit takes no mail, its circuit is the reason: its rates say nothing of the mail.
        let spent = || (circuit_share > 0 && upstream.is_spent()).then_some(LeftOut::RateSpent);
        let adaptive_share = self.adaptive.map(|adaptive| adaptive.share(configured.upstream));
        Candidate {
            weight: self.route.weight(configured),
            adaptive_share: adaptive_share.unwrap_or(configured.adaptive_share),
            floor: self.route.floor(configured),
            circuit_share,
            left_out: outside.or_else(|| upstream.leaves_out(message)).or_else(spent),
            ..*configured
        }
    }
}

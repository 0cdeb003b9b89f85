//! Whether it costs nothing to open the circuit of an upstream early: others take this mail, and all that rules pin to it.
//!
//! Read without a lock, after a failure only. Two upstreams may each find the other ready, and open both.

use std::ptr;
use std::sync::Arc;

use super::route::Route;
use crate::delivery::upstream::Upstream;
use crate::model::message::Message;

/// The upstreams that one mail may go to.
#[derive(Clone, Copy)]
pub(super) struct Neighbours<'a> {
    upstreams: &'a [Arc<Upstream>],
    route: &'a Route,
}

impl<'a> Neighbours<'a> {
    pub(super) fn new(upstreams: &'a [Arc<Upstream>], route: &'a Route) -> Self {
        Self { upstreams, route }
    }

    /// Would others than this upstream be offered the mail now, also under every rule that pins mail to this one?
    pub(super) fn are_ready(self, message: &Message, upstream: &Upstream) -> bool {
        let is_own = |index: usize| ptr::eq(&*self.upstreams[index], upstream);
        let is_ready = |index: usize| !is_own(index) && self.upstreams[index].is_ready_for(message);
        let all = || 0..self.upstreams.len();
        let is_pinned =
            |own: usize| self.route.pins(own).any(|targets| !targets.iter().any(|target| is_ready(target.upstream)));
        all().any(|other| self.route.allows(other) && is_ready(other))
            && !all().any(|own| is_own(own) && is_pinned(own))
    }
}

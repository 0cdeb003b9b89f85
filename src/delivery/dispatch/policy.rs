//! What decides the way of one mail before its first attempt: how far failover leads, and its draw.

use super::route::Route;
use super::settings;
use crate::delivery::routing::{Candidate, Draw, Plan, Strategy, identity, rank};
use crate::delivery::upstream::{Settings, Upstream};
use crate::model::submission::{Failover, SendOptions};

/// How one mail goes.
#[derive(Clone, Copy)]
pub(super) struct SendPolicy {
    pub(super) failover: Failover,
    strategy: Strategy,
    /// The number of its key.
    key: Option<u64>,
}

impl SendPolicy {
    pub(super) fn new(options: SendOptions, settings: &settings::Settings, route: &Route) -> Self {
        let key = options.key.map(|key| key.number());
        Self { failover: failover(options, settings), strategy: strategy(settings, route), key }
    }

    /// A repeat goes the way of the first mail under its key, on every node; any other mail has a draw of its own.
    pub(super) fn draw(&self, candidates: &[Candidate], route: &Route) -> Draw {
        let free = || Draw::Free { turn: route.turns().next(candidates), random: fastrand::u64(..) };
        self.key.map_or_else(free, Draw::Key)
    }

    /// The plan over these upstreams, as they are now.
    pub(super) fn plan(&self, draw: Draw, candidates: &[Candidate]) -> Plan {
        rank(self.strategy, draw, candidates)
    }
}

/// How the mail's rule ranks its upstreams; how this node does, if none holds.
pub(super) fn strategy(settings: &settings::Settings, route: &Route) -> Strategy {
    route.strategy().unwrap_or(settings.routing)
}

/// The upstream as it was configured, without what changes.
pub(super) fn candidate(index: usize, upstream: &Upstream) -> Candidate {
    let &Settings { weight, floor, .. } = upstream.settings();
    Candidate {
        upstream: index,
        identity: identity(upstream.name()),
        weight,
        floor,
        adaptive_share: weight.into(),
        circuit_share: 0,
        left_out: None,
    }
}

/// The failover of this node, unless the caller has asked for less.
pub(super) fn failover(options: SendOptions, settings: &settings::Settings) -> Failover {
    options.failover.map_or(settings.failover, |asked| asked.min(settings.failover))
}

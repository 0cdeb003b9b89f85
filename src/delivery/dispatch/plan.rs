//! What decides the way of one mail before its first attempt: how far failover leads, whose turn it is, and its draw.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::settings::Settings;
use crate::delivery::routing::{ALL_MAIL, Candidate, Strategy, Turn, order};
use crate::model::submission::{Failover, SendOptions};

/// How one mail goes.
#[derive(Clone, Copy)]
pub(super) struct SendPlan {
    pub(super) failover: Failover,
    strategy: Strategy,
    turn: Turn,
    draw: u8,
}

impl SendPlan {
    /// A repeat goes the way of the first mail under its key, on every node; any other mail takes the next turn.
    pub(super) fn new(options: SendOptions, settings: &Settings, turns: &AtomicUsize) -> Self {
        let (turn, draw) = match options.key.map(|key| key.number()) {
            Some(number) => (Turn::Fixed(number), 1 + (number >> 32) as u8 % ALL_MAIL),
            None => (Turn::Next(turns.fetch_add(1, Ordering::Relaxed)), fastrand::u8(1..=ALL_MAIL)),
        };
        Self { failover: failover(options, settings), strategy: settings.routing, turn, draw }
    }

    /// The upstreams to try, by index, the first to try first.
    pub(super) fn order(&self, candidates: &[Candidate]) -> Vec<usize> {
        order(self.strategy, self.turn, self.draw, candidates)
    }
}

/// The failover of this node, unless the caller has asked for less.
pub(super) fn failover(options: SendOptions, settings: &Settings) -> Failover {
    options.failover.map_or(settings.failover, |asked| asked.min(settings.failover))
}

//! How much mail an operator allows an upstream, and what of it a node has.

use std::num::NonZeroU32;
use std::time::Duration;

use super::{RampUp, RateList};
use crate::runtime::rate::Rate;
use crate::runtime::settings::{Count, rows, setting};

/// A burst is what a rate brings in this time.
const BURST: Duration = Duration::from_secs(60);

rows! {
    NODES: u32 = setting(
        "1",
        &Count(1000),
        "the nodes that share the rates of upstreams (`SMSP_RATE`, `SMSP_RAMP_UP`): each node has this part of them",
    );
}

/// How much mail an operator allows an upstream.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `None`: any.
    pub rates: Option<RateList>,
    /// How it grows day by day; `None`: it does not.
    pub ramp_up: Option<RampUp>,
    /// How many nodes share that.
    pub nodes: NonZeroU32,
}

impl Settings {
    /// For an upstream without a rate.
    pub const NONE: Self = Self { rates: None, ramp_up: None, nodes: NonZeroU32::MIN };

    /// What each node has of a rate: as many calls in a longer time, so that it never becomes none.
    pub fn of_each_node(&self, rate: Rate) -> Rate {
        Rate { per: rate.per * self.nodes.get(), ..rate }
    }

    /// The mails that each node may hand over at once: what it is allowed in a minute, at least one, at most its part of
    /// the rate.
    pub fn burst_of_each_node(&self, rate: Rate) -> NonZeroU32 {
        let calls = u64::from(rate.calls.get());
        let in_time = (calls * BURST.as_secs()).div_ceil(self.of_each_node(rate).per.as_secs().max(1));
        let burst = in_time.min(calls / u64::from(self.nodes.get()));
        u32::try_from(burst).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_has_its_part_of_a_rate_and_a_burst_of_what_a_minute_brings() {
        for (rate, nodes, per, burst) in [
            ("14/s", 1, 1, 14),
            ("50000/d", 1, 86_400, 35),
            ("200/d", 1, 86_400, 1),
            ("600/m", 1, 60, 600),
            ("14/s", 3, 3, 4),
            ("50000/d", 3, 3 * 86_400, 12),
            ("2/d", 1000, 1000 * 86_400, 1),
            ("1000000000/s", 1, 1, 1_000_000_000),
        ] {
            let settings = Settings { nodes: NonZeroU32::new(nodes).unwrap(), ..Settings::NONE };
            let whole: Rate = rate.parse().unwrap();
            let own = settings.of_each_node(whole);
            let found = (own.calls, own.per.as_secs(), settings.burst_of_each_node(whole).get());
            assert_eq!(found, (whole.calls, per, burst), "{rate} on {nodes} nodes");
        }
    }
}

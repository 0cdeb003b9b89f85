//! What the rates of upstreams come to, for people: nodes do not know of each other.

use std::num::NonZeroU32;

use super::upstream::UpstreamConfig;
use crate::delivery::upstream::quota::Settings;
use crate::runtime::rate::Rate;

/// A line for each upstream with a rate.
pub(super) fn lines(upstreams: &[UpstreamConfig]) -> Vec<String> {
    let told = |upstream: &UpstreamConfig| {
        let UpstreamConfig { name, settings, .. } = upstream;
        Some(format!("rates of {name}: {}", line(&settings.quota)?))
    };
    upstreams.iter().filter_map(told).collect()
}

/// `None`: there is no rate.
fn line(quota: &Settings) -> Option<String> {
    let all = list(quota, |rate| rate.to_string());
    if all.is_empty() {
        return None;
    }
    Some(match quota.nodes.get() {
        1 => {
            let two = list(quota, |rate| format!("{}/{}", u64::from(rate.calls.get()) * 2, rate.unit()));
            format!("{all}; this is per node, times the number of nodes: 2 nodes come to {two} (SMSP_NODES divides)")
        }
        nodes => {
            let each = list(quota, |rate| of_each(quota, rate));
            format!("{all} on {nodes} nodes: each has {each}")
        }
    })
}

fn list(quota: &Settings, told: impl Fn(Rate) -> String) -> String {
    let rates = quota.rates.iter().flat_map(|rates| rates.iter()).map(&told);
    let warm_up = quota.ramp_up.iter().map(|ramp_up| {
        let (start, end) = ramp_up.bounds();
        format!("warm-up {} to {}", told(start), told(end))
    });
    rates.chain(warm_up).collect::<Vec<_>>().join(", ")
}

fn of_each(quota: &Settings, rate: Rate) -> String {
    let share = share(rate.calls, quota.nodes);
    format!("{share}/{} ({} at once)", rate.unit(), quota.burst_of_each_node(rate))
}

/// The part of each node, with two decimals, or three where two would show nothing; rounded down.
fn share(calls: NonZeroU32, nodes: NonZeroU32) -> String {
    let parts = |of_one: u64| u64::from(calls.get()) * of_one / u64::from(nodes.get());
    match parts(100) {
        0 => format!("0.{:03}", parts(1000)),
        hundredths => format!("{}.{:02}", hundredths / 100, hundredths % 100),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn share_of_a_node_is_shown_with_the_decimals_that_it_needs() {
        let share_of = |calls, nodes| share(NonZeroU32::new(calls).unwrap(), NonZeroU32::new(nodes).unwrap());
        for (calls, nodes, shown) in
            [(200, 3, "66.66"), (50, 100, "0.50"), (1, 100, "0.01"), (1, 101, "0.009"), (1, 1000, "0.001")]
        {
            assert_eq!(share_of(calls, nodes), shown, "{calls} on {nodes}");
        }
    }
}

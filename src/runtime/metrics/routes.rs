//! Where the mail of each rule goes: counters that are resolved once, whenever rules are read.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

use super::labels::Route;

/// The counters of some rules, shown from the start as 0.
pub struct RouteMetrics {
    /// By rule, then by upstream.
    routed: Vec<Vec<Counter>>,
}

impl RouteMetrics {
    pub(super) fn new<'a>(
        upstreams: impl Iterator<Item = &'a str> + Clone,
        rules: impl Iterator<Item = &'a str>,
        routed: &Family<Route, Counter>,
    ) -> Self {
        let counter = |rule: &str, upstream: &str| {
            let labels = Route { upstream: upstream.to_owned(), rule: rule.to_owned() };
            routed.get_or_create(&labels).clone()
        };
        let of_rule = |rule: &str| upstreams.clone().map(|upstream| counter(rule, upstream)).collect();
        Self { routed: rules.map(of_rule).collect() }
    }

    /// Counts a mail that was handed to the upstream at this place, by the rule at that one.
    pub fn routed(&self, rule: usize, upstream: usize) {
        if let Some(counter) = self.routed.get(rule).and_then(|upstreams| upstreams.get(upstream)) {
            counter.inc();
        }
    }
}

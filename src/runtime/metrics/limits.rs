//! How high gauges may rise, as this node is configured, so that an alert needs no number of its own.

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::edge::Listener;
use super::numbers::whole;

/// The gauge, and the labels that its limit has in common with it.
type Labels = Vec<(&'static str, String)>;

/// The limits of gauges that show how much of something is used.
#[derive(Default)]
pub struct Limits {
    most: Family<Labels, Gauge>,
}

impl Limits {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "limit",
            "The most that a gauge may show; of is its name without its prefix",
            self.most.clone(),
        );
    }

    /// Sets the limit of the gauge of this name, without its prefix.
    pub fn set(&self, of: &'static str, most: impl TryInto<i64>) {
        self.add(of, None, most);
    }

    /// Sets the limit of the connections of a listener.
    pub fn set_connections(&self, listener: Listener, most: usize) {
        self.add("connections", Some(("listener", listener.as_str())), most);
    }

    /// Sets the limit of the mails in flight at an upstream.
    pub(super) fn set_in_flight(&self, upstream: &str, most: usize) {
        self.add("upstream_in_flight", Some(("upstream", upstream)), most);
    }

    fn add(&self, of: &'static str, label: Option<(&'static str, &str)>, most: impl TryInto<i64>) {
        let labels = [("of", of)].into_iter().chain(label).map(|(name, value)| (name, value.to_owned()));
        self.most.get_or_create(&labels.collect()).set(whole(most));
    }
}

//! What is counted of requests.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use super::labels::Request;

/// The part of the metrics that is about requests.
#[derive(Default)]
pub struct Requests {
    answered: Family<Request, Counter>,
}

impl Requests {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "requests",
            "HTTP requests answered by either listener, by route, status and caller",
            self.answered.clone(),
        );
    }

    /// Counts an HTTP answer; `path` is the route's pattern, `caller` the name that the key belongs to, or empty.
    pub fn answered(&self, path: &str, status: u16, caller: &str) {
        let (path, caller) = (path.to_owned(), caller.to_owned());
        self.answered.get_or_create(&Request { path, status, caller }).inc();
    }
}

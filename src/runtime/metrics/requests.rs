//! What is counted of requests: their answers by route, status and caller, and how long they took.
//!
//! A listener resolves its routes once, and each pair of caller and status at its first answer. To count then allocates
//! nothing.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::upstreams::BUCKETS;

/// The path of requests that have no route, or were refused before it was looked up.
const OTHER: &str = "other";

/// The classes of statuses, from the hundreds on.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];
/// Those that are shown of each route from the start. The others are for redirects alone.
const EXPECTED: [u16; 3] = [200, 400, 500];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answer {
    path: Arc<str>,
    status: u16,
    caller: Arc<str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Class {
    path: Arc<str>,
    status_class: &'static str,
}

/// The part of the metrics that is about requests.
#[derive(Clone)]
pub struct Requests {
    answers: Family<Answer, Counter>,
    durations: Family<Class, Histogram>,
}

impl Default for Requests {
    fn default() -> Self {
        let durations = Family::new_with_constructor((|| Histogram::new(BUCKETS)) as fn() -> Histogram);
        Self { answers: Family::default(), durations }
    }
}

/// The requests of one listener, each of its routes resolved once.
pub struct RequestMetrics {
    families: Requests,
    routes: Vec<Route>,
}

/// The counters of each caller by status, of which a route has few.
type ByCaller = HashMap<Arc<str>, Vec<(u16, Counter)>>;

/// One route.
struct Route {
    path: Arc<str>,
    /// By class.
    durations: [OnceLock<Histogram>; CLASSES.len()],
    answers: RwLock<ByCaller>,
}

impl Requests {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "requests",
            "HTTP requests answered by either listener, by route, status and caller",
            self.answers.clone(),
        );
        registry.register(
            "request_duration_seconds",
            "Time from the head of a request to its answer, at either listener",
            self.durations.clone(),
        );
    }

    /// The metrics of a listener with routes of these patterns, from 0 on.
    pub fn of<'a>(&self, paths: impl IntoIterator<Item = &'a str>) -> RequestMetrics {
        let routes: Vec<_> = paths.into_iter().chain([OTHER]).map(Route::new).collect();
        for route in &routes {
            // What has no route has no success.
            let expected = EXPECTED.iter().filter(|status| **status != 200 || *route.path != *OTHER);
            for status in expected {
                route.duration(self, *status);
            }
        }
        RequestMetrics { families: self.clone(), routes }
    }
}

impl RequestMetrics {
    /// The pattern that has no variable and is this path.
    pub fn pattern(&self, path: &str) -> Option<Arc<str>> {
        self.routes.iter().find(|route| *route.path == *path).map(|route| Arc::clone(&route.path))
    }

    /// Counts an answer. `path` is the pattern of the route, if the request has one; `caller` the name that its key belongs
    /// to, or empty.
    pub fn answered(&self, path: Option<&str>, status: u16, caller: &str, took: Duration) {
        let path = path.unwrap_or(OTHER);
        match self.routes.iter().find(|route| *route.path == *path) {
            Some(route) => route.answered(&self.families, status, caller, took),
            // A route that was not told of is resolved for this answer.
            None => Route::new(path).answered(&self.families, status, caller, took),
        }
    }
}

impl Route {
    fn new(path: &str) -> Self {
        Self { path: path.into(), durations: Default::default(), answers: RwLock::default() }
    }

    fn answered(&self, families: &Requests, status: u16, caller: &str, took: Duration) {
        self.duration(families, status).observe(took.as_secs_f64());
        let answers = self.answers.read().unwrap_or_else(PoisonError::into_inner);
        let known = answers.get(caller).and_then(|answers| answers.iter().find(|(known, _)| *known == status));
        if let Some((_, counter)) = known {
            counter.inc();
            return;
        }
        drop(answers);
        self.first_answer(families, status, caller).inc();
    }

    fn duration(&self, families: &Requests, status: u16) -> &Histogram {
        let class = usize::from(status / 100).clamp(1, CLASSES.len()) - 1;
        self.durations[class].get_or_init(|| {
            let labels = Class { path: Arc::clone(&self.path), status_class: CLASSES[class] };
            families.durations.get_or_create(&labels).clone()
        })
    }

    /// Resolves the counter of this caller and status.
    fn first_answer(&self, families: &Requests, status: u16, caller: &str) -> Counter {
        let caller: Arc<str> = caller.into();
        let labels = Answer { path: Arc::clone(&self.path), status, caller: Arc::clone(&caller) };
        let counter = families.answers.get_or_create(&labels).clone();
        let mut answers = self.answers.write().unwrap_or_else(PoisonError::into_inner);
        answers.entry(caller).or_default().push((status, counter.clone()));
        counter
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text::encode_registry;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// The series that begin so.
    fn series(requests: &Requests, start: &str) -> Vec<String> {
        let (mut page, mut registry) = (String::new(), Registry::default());
        requests.register(&mut registry);
        encode_registry(&mut page, &registry).unwrap();
        let mut series: Vec<_> = page.lines().filter(|line| line.starts_with(start)).map(str::to_owned).collect();
        series.sort();
        series
    }

    #[test]
    fn every_route_and_class_is_there_before_the_first_request() {
        let requests = Requests::default();
        let _listener = requests.of(["/email"]);
        assert_eq!(
            series(&requests, "request_duration_seconds_count"),
            [("/email", "2xx"), ("/email", "4xx"), ("/email", "5xx"), ("other", "4xx"), ("other", "5xx")].map(
                |(path, class)| format!("request_duration_seconds_count{{path=\"{path}\",status_class=\"{class}\"}} 0")
            )
        );
    }

    #[test]
    fn two_listeners_with_the_same_route_count_together() {
        let requests = Requests::default();
        let (api, admin) = (requests.of(["/route"]), requests.of(["/route"]));
        for listener in [&api, &admin, &api] {
            listener.answered(Some("/route"), 200, "billing", SECOND);
        }
        api.answered(Some("/route"), 503, "billing", 3 * SECOND);
        api.answered(Some("/route"), 200, "", SECOND);
        let counts = [(200, "", 1), (200, "billing", 3), (503, "billing", 1)].map(|(status, caller, count)| {
            format!("requests_total{{path=\"/route\",status=\"{status}\",caller=\"{caller}\"}} {count}")
        });
        assert_eq!(series(&requests, "requests_total"), counts);
        let sum = "request_duration_seconds_sum{path=\"/route\",status_class=\"2xx\"}";
        assert_eq!(series(&requests, sum), [format!("{sum} 4.0")]);
    }

    #[test]
    fn a_route_and_a_class_that_were_not_expected_are_counted_too() {
        let requests = Requests::default();
        let listener = requests.of([]);
        listener.answered(Some("/new"), 303, "", SECOND);
        listener.answered(None, 404, "", SECOND);
        for (path, class) in [("/new", "3xx"), ("other", "4xx")] {
            let count = format!("request_duration_seconds_count{{path=\"{path}\",status_class=\"{class}\"}} 1");
            assert_eq!(series(&requests, &count), [count]);
        }
    }
}

//! The operators' door, a listener of its own for the network of operators: is this node alive, ready, and how are
//! its circuits? And the orders that only a person may give.
//!
//! `/livez` fails when a supervisor has gone silent: circuits would stay open for ever, so the node must be restarted.
//! `/readyz` says "started and not draining"; it never fails because of providers, or every node would leave at the
//! worst moment. That story is told by `/circuits` and `/metrics`.

mod circuits;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::{get, put};
use tower_http::timeout::TimeoutLayer;

use crate::delivery::circuit::{Override, State as CircuitState};
use crate::delivery::upstream::Upstream;
use crate::ingress::server::problem::Problem;
use crate::ingress::server::rules::Rules;
use crate::ingress::server::service::Service;
use crate::runtime::metrics::{self, Gauges, Metrics};
use crate::runtime::shutdown::Shutdown;

/// A supervisor that waits for a dummy is silent for as long as the dummy may take; one that is silent for so much
/// longer has stopped.
const SUPERVISOR_SILENCE: Duration = Duration::from_secs(30);

/// Nothing here takes long but an order that does not arrive.
const TIMEOUT: Duration = Duration::from_secs(10);

/// An order has less than 100 bytes.
const MAX_BODY: usize = 64 * 1024;

/// What the handlers look at.
#[derive(Clone)]
pub struct Door {
    /// Whose circuits are shown.
    pub upstreams: Arc<[Arc<Upstream>]>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Are we leaving?
    pub shutdown: Shutdown,
}

/// The admin listener, ready to be served.
pub fn service(door: Door) -> Service {
    let rules = Rules {
        max_body: MAX_BODY,
        monitored: &["/livez", "/readyz", "/metrics"],
        sheds_over_capacity: false,
        write: |refusal| Problem::from(refusal).into_response(),
    };
    let metrics = Arc::clone(&door.metrics);
    Service::new(router(door), rules, metrics)
}

fn router(door: Door) -> Router {
    Router::new()
        .route("/livez", get(live))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .route("/circuits", get(circuits::list))
        .route("/circuits/{name}", put(circuits::order))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, TIMEOUT))
        .with_state(door)
}

async fn live(State(door): State<Door>) -> (StatusCode, &'static str) {
    let silent =
        |upstream: &Arc<Upstream>| upstream.supervisor_age() > SUPERVISOR_SILENCE + upstream.settings().probe_timeout;
    if door.upstreams.iter().any(silent) {
        (StatusCode::SERVICE_UNAVAILABLE, "a supervisor has stopped\n")
    } else {
        (StatusCode::OK, "alive\n")
    }
}

async fn ready(State(door): State<Door>) -> (StatusCode, &'static str) {
    if door.shutdown.is_draining() {
        (StatusCode::SERVICE_UNAVAILABLE, "draining\n")
    } else {
        (StatusCode::OK, "ready\n")
    }
}

async fn metrics(State(door): State<Door>) -> impl IntoResponse {
    door.upstreams.iter().for_each(|upstream| measure(&door.metrics, upstream));
    ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], door.metrics.render())
}

/// Gauges are read when somebody looks, so that they are always true.
fn measure(metrics: &Metrics, upstream: &Upstream) {
    let circuit = upstream.snapshot();
    for state in CircuitState::ALL {
        metrics.circuit_state(upstream.name(), state.as_str(), state == circuit.state);
    }
    for order in Override::ALL {
        metrics.circuit_override(upstream.name(), order.as_str(), order == circuit.overriding);
    }
    let gauges = Gauges {
        ramp: circuits::ramp(&circuit),
        next_probe: upstream.until_next_probe().unwrap_or_default().as_secs_f64(),
        supervisor_age: upstream.supervisor_age().as_secs_f64(),
    };
    metrics.circuit_gauges(upstream.name(), &gauges);
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use tokio::time::Instant;
    use tower::ServiceExt;

    use super::*;
    use crate::delivery::circuit::Settings as Policies;
    use crate::delivery::provider::{Call, Capabilities, Delivery, Provider};
    use crate::delivery::upstream::history::Events;
    use crate::delivery::upstream::{Probe, Settings};
    use crate::model::outcome::{Outcome, Reason, Verdict};

    struct Idle;

    impl Provider for Idle {
        fn send<'a>(&'a self, _: Delivery<'a>) -> Call<'a> {
            Box::pin(async { Verdict::new(Outcome::Accepted, Reason::Mock) })
        }
    }

    fn door() -> Door {
        let second = Duration::from_secs(1);
        let circuit = Policies {
            consecutive_failures: 1,
            probes_to_close: 1,
            rates: None,
            ramps: false,
            start_closed: true,
            shards: 1,
        };
        let settings = Settings {
            capabilities: Capabilities::ANY,
            attempt_timeout: second,
            connect_timeout: second,
            probe_timeout: second * 10,
            probe: Probe::Auto,
            first_wait: second,
            slow_call: None,
            account_hold: second,
            sender_hold: second,
            concurrency: 100,
            ramp: second,
            circuit,
        };
        let metrics = Arc::new(Metrics::default());
        let upstream =
            Arc::new(Upstream::new("u".to_owned(), "idle", Box::new(Idle), settings, &metrics, Events::new(1)));
        Door { upstreams: [upstream].into(), metrics, shutdown: Shutdown::default() }
    }

    #[tokio::test(start_paused = true)]
    async fn a_supervisor_that_has_gone_silent_fails_the_liveness() {
        let (second, door) = (Duration::from_secs(1), door());
        tokio::time::advance(second * 40).await;
        assert_eq!(live(State(door.clone())).await.0, StatusCode::OK);
        tokio::time::advance(second).await;
        assert_eq!(live(State(door.clone())).await.0, StatusCode::SERVICE_UNAVAILABLE);
        door.upstreams[0].beat();
        assert_eq!(live(State(door)).await.0, StatusCode::OK);
    }

    #[tokio::test(start_paused = true)]
    async fn an_order_that_does_not_arrive_is_given_up() {
        let stalled = Body::from_stream(futures_util::stream::pending::<Result<&[u8], std::io::Error>>());
        let order = Request::put("/circuits/u").header(CONTENT_TYPE, "application/json").body(stalled).unwrap();
        let start = Instant::now();
        let answer = router(door()).oneshot(order).await.unwrap();
        assert_eq!((answer.status(), start.elapsed()), (StatusCode::REQUEST_TIMEOUT, TIMEOUT));
    }
}

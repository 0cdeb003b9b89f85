//! `GET /livez`, `/readyz` and `/metrics`: what an orchestrator and Prometheus ask, without a key.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;

use super::accepted_format::accepted_format;
use super::circuits;
use super::responses::OfHead;
use super::state::AdminState;
use super::upstream_row::{UpstreamRow, rows};
use crate::delivery::circuit::{Override, State as CircuitState};
use crate::delivery::upstream::Upstream;
use crate::runtime::metrics::Gauges;

/// Beyond the time of a probe, for which a supervisor is silent: one that is silent for longer has stopped.
const SUPERVISOR_SILENCE: Duration = Duration::from_secs(30);

const ALIVE: &str = "alive\n";
const STOPPED: &str = "a supervisor has stopped\n";
const PANICS: &str = "a task of the outbox or a thread of the store panics again and again\n";
const READY: &str = "ready\n";
const READY_WITHOUT_STORE: &str = "ready, but the store is down\n";
const DRAINING: &str = "draining\n";
const ONE_METRIC: &str = "# HELP smsp_in_flight Mails whose body has arrived and that have no answer yet.\n# TYPE smsp_in_flight gauge\nsmsp_in_flight 3\n";

/// Is this node alive?
///
/// Fails when the task that probes an upstream has stopped, so that the circuit would stay open for ever, and when tasks of
/// the outbox or threads of the store have panicked three times within a minute: restart the node.
#[utoipa::path(
    get,
    path = "/livez",
    operation_id = "livez",
    tag = "health",
    responses(
        (status = 200, description = "This node is alive", body = String, content_type = "text/plain; charset=utf-8"),
        (status = 503, description = "Restart this node", body = String, content_type = "text/plain; charset=utf-8", example = json!(STOPPED)),
        OfHead
    ),
    security(())
)]
pub(super) async fn live(State(state): State<AdminState>) -> (StatusCode, &'static str) {
    let silent =
        |upstream: &Arc<Upstream>| upstream.supervisor_age() > SUPERVISOR_SILENCE + upstream.settings().probe_timeout;
    if state.upstreams.iter().any(silent) {
        (StatusCode::SERVICE_UNAVAILABLE, STOPPED)
    } else if state.restarts.are_too_many() {
        (StatusCode::SERVICE_UNAVAILABLE, PANICS)
    } else {
        (StatusCode::OK, ALIVE)
    }
}

/// May this node be sent traffic?
///
/// Fails while the node drains, and never because of providers or the store: every node would be taken out at once. A store
/// that is down is named in the answer.
#[utoipa::path(
    get,
    path = "/readyz",
    operation_id = "readyz",
    tag = "health",
    responses(
        (status = 200, description = "This node takes calls; what needs the store is refused if the answer says that it is down", body = String, content_type = "text/plain; charset=utf-8"),
        (status = 503, description = "This node is shutting down", body = String, content_type = "text/plain; charset=utf-8"),
        OfHead
    ),
    security(())
)]
pub(super) async fn ready(State(state): State<AdminState>) -> (StatusCode, &'static str) {
    if state.shutdown.is_draining() {
        return (StatusCode::SERVICE_UNAVAILABLE, DRAINING);
    }
    let is_down = state.store.is_some_and(|store| !store.is_up());
    (StatusCode::OK, if is_down { READY_WITHOUT_STORE } else { READY })
}

/// Metrics, for Prometheus
///
/// In the text format 0.0.4 of Prometheus, or in OpenMetrics 1.0.0 where `Accept` prefers that.
#[utoipa::path(
    get,
    path = "/metrics",
    operation_id = "metrics",
    tag = "health",
    responses(
        (status = 200, description = "Every metric", content(
            (String = "application/openmetrics-text; version=1.0.0; charset=utf-8"),
            (String = "text/plain; version=0.0.4; charset=utf-8", example = json!(ONE_METRIC))
        )),
        OfHead
    ),
    security(())
)]
pub(super) async fn metrics(State(state): State<AdminState>, headers: HeaderMap) -> impl IntoResponse {
    rows(&state.upstreams).into_iter().for_each(|row| measure(&state, row));
    for (word, sites) in state.sites.iter().flat_map(|sites| sites.counts()) {
        state.metrics.mx.sites(word.as_str(), sites);
    }
    let format = accepted_format(&headers);
    ([(CONTENT_TYPE, format.content_type())], state.metrics.page(format))
}

/// Gauges are set when the page is asked for, so that they are always true.
fn measure(state: &AdminState, row: UpstreamRow<'_>) {
    let UpstreamRow { upstream, position, share } = row;
    let (metrics, circuit) = (&state.metrics, upstream.snapshot());
    for state in CircuitState::ALL {
        metrics.circuits.state(upstream.name(), state.as_str(), state == circuit.state);
    }
    for order in Override::ALL {
        metrics.circuits.overriding(upstream.name(), order.as_str(), order == circuit.overriding);
    }
    let gauges = Gauges {
        ramp: circuits::ramp(&circuit),
        next_probe: upstream.until_next_probe().unwrap_or_default().as_secs_f64(),
        supervisor_age: upstream.supervisor_age().as_secs_f64(),
        kind: upstream.kind(),
        position,
        weight: upstream.settings().weight,
        share: share.unwrap_or_default(),
        in_flight: upstream.in_flight(),
        limit: upstream.settings().concurrency,
        tokens_left: upstream.tokens_left(),
    };
    metrics.upstream_gauges(upstream.name(), &gauges);
    let override_ends = state.overrides.ends_in(upstream.name()).unwrap_or_default();
    metrics.admin.override_ends(upstream.name(), override_ends.as_secs_f64());
}

#[cfg(test)]
mod tests {
    use super::super::fixture::state;
    use super::*;
    use crate::state::store::Up;

    #[tokio::test]
    async fn a_node_whose_store_is_down_stays_ready_and_says_so() {
        let state = state();
        let up = Up::new(state.metrics.store.of("sqlite"), true);
        let state = AdminState { store: Some(up.clone()), ..state };
        assert_eq!(ready(State(state.clone())).await, (StatusCode::OK, READY));
        up.set(false);
        assert_eq!(ready(State(state.clone())).await, (StatusCode::OK, READY_WITHOUT_STORE));
        assert_eq!(live(State(state.clone())).await.0, StatusCode::OK, "a restart does not mend a disk");
        up.set(true);
        assert_eq!(ready(State(state)).await, (StatusCode::OK, READY));
    }

    #[tokio::test(start_paused = true)]
    async fn tasks_that_panic_again_and_again_fail_the_liveness() {
        let state = state();
        for _ in 0..2 {
            state.restarts.count();
            assert_eq!(live(State(state.clone())).await.0, StatusCode::OK);
        }
        state.restarts.count();
        assert_eq!(live(State(state)).await.0, StatusCode::SERVICE_UNAVAILABLE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_supervisor_that_has_gone_silent_fails_the_liveness() {
        let (second, state) = (Duration::from_secs(1), state());
        tokio::time::advance(second * 40).await;
        assert_eq!(live(State(state.clone())).await.0, StatusCode::OK);
        tokio::time::advance(second).await;
        assert_eq!(live(State(state.clone())).await.0, StatusCode::SERVICE_UNAVAILABLE);
        state.upstreams[0].beat();
        assert_eq!(live(State(state)).await.0, StatusCode::OK);
    }
}

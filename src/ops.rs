//! The operators' door, a listener of its own for the network of operators: is this node alive, ready, and how are
//! its circuits?
//!
//! `/readyz` says "started and not draining"; it never fails because of providers, or every node would leave at the
//! worst moment. That story is told by `/circuits` and `/metrics`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

use crate::circuit;
use crate::metrics::{self, Metrics};
use crate::shutdown::Shutdown;
use crate::upstream::Upstream;

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

/// The door, ready to be served.
pub fn router(door: Door) -> Router {
    Router::new()
        .route("/livez", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .route("/circuits", get(circuits))
        .with_state(door)
}

async fn ready(State(door): State<Door>) -> (StatusCode, &'static str) {
    if door.shutdown.is_draining() {
        (StatusCode::SERVICE_UNAVAILABLE, "draining\n")
    } else {
        (StatusCode::OK, "ready\n")
    }
}

async fn metrics(State(door): State<Door>) -> impl IntoResponse {
    for upstream in door.upstreams.iter() {
        let now = upstream.circuit.snapshot().state;
        for state in circuit::State::ALL {
            door.metrics.circuit_state(&upstream.name, state.as_str(), state == now);
        }
    }
    ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], door.metrics.render())
}

#[derive(Serialize)]
struct Circuits {
    circuits: Vec<Circuit>,
}

#[derive(Serialize)]
struct Circuit {
    name: String,
    kind: &'static str,
    state: &'static str,
    generation: u64,
    trips: u8,
    /// Absent while closed: nothing is waited for.
    next_probe_in_ms: Option<u64>,
}

async fn circuits(State(door): State<Door>) -> Json<Circuits> {
    Json(Circuits { circuits: door.upstreams.iter().map(|upstream| show(upstream)).collect() })
}

fn show(upstream: &Upstream) -> Circuit {
    let circuit = upstream.circuit.snapshot();
    let next_probe = upstream.until_next_probe().map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
    Circuit {
        name: upstream.name.clone(),
        kind: upstream.kind,
        state: circuit.state.as_str(),
        generation: circuit.generation,
        trips: circuit.trips,
        next_probe_in_ms: next_probe,
    }
}

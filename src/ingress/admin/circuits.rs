//! `GET /circuits` and `PUT /circuits/{name}`: what the circuits are like, and what an operator orders.

use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::Uri;
use serde::Serialize;

use super::access::{Operator, Viewer};
use super::order::OrderObject;
use super::refusal::{invalid_order, no_parameters, rejected, unknown_circuit};
use super::state::AdminState;
use crate::delivery::circuit::{Snapshot, TransitionReason};
use crate::delivery::upstream::Upstream;
use crate::ingress::server::problem::Problem;
use crate::runtime::millis::millis;
use crate::state::overrides::UnknownUpstream;

#[derive(Serialize)]
pub(super) struct Circuits {
    circuits: Vec<Circuit>,
}

/// One circuit, for people.
#[derive(Serialize)]
pub(super) struct Circuit {
    name: String,
    kind: &'static str,
    state: &'static str,
    /// Why it is in this state; absent as long as nothing has happened.
    reason: Option<&'static str>,
    /// How long it has been in this state.
    for_ms: u64,
    /// How long it has been out of order, failed recoveries included.
    outage_ms: Option<u64>,
    r#override: &'static str,
    /// Absent where the override stays until the next order.
    #[serde(skip_serializing_if = "Option::is_none")]
    override_ends_in_ms: Option<u64>,
    generation: u64,
    trips: u8,
    /// The share of mail that it takes.
    ramp: f64,
    /// Absent while closed: nothing is waited for.
    next_probe_in_ms: Option<u64>,
    window: Window,
    /// From domains that the provider has refused: their mail goes elsewhere for now.
    held_senders: Vec<HeldSender>,
}

#[derive(Serialize)]
struct HeldSender {
    domain: String,
    for_ms: u64,
}

#[derive(Serialize)]
struct Window {
    ok: u32,
    failed: u32,
    slow: u32,
}

pub(super) async fn list(_: Viewer, State(state): State<AdminState>) -> Json<Circuits> {
    Json(Circuits { circuits: state.upstreams.iter().map(|upstream| show(&state, upstream)).collect() })
}

pub(super) async fn order(
    Operator(origin): Operator,
    State(state): State<AdminState>,
    uri: Uri,
    name: Result<Path<String>, PathRejection>,
    order: Result<Json<OrderObject>, JsonRejection>,
) -> Result<Json<Circuit>, Problem> {
    if uri.query().is_some_and(|query| !query.is_empty()) {
        return Err(no_parameters());
    }
    // A name that is no text is none of an upstream.
    let Path(name) = name.map_err(|_| unknown_circuit())?;
    let upstream = state.upstreams.iter().find(|upstream| **upstream.name() == *name);
    let upstream = upstream.ok_or_else(unknown_circuit)?;
    let order = order.map_err(|rejection| rejected(&rejection))?.0.0.read().map_err(invalid_order)?;
    state.overrides.apply(&name, order, origin).map_err(|UnknownUpstream| unknown_circuit())?;
    Ok(Json(show(&state, upstream)))
}

/// From 0 to 1, an operator's order included.
pub(super) fn ramp(circuit: &Snapshot) -> f64 {
    f64::from(circuit.share()) / f64::from(Snapshot::ALL_MAIL)
}

fn show(state: &AdminState, upstream: &Upstream) -> Circuit {
    let (circuit, counts) = (upstream.snapshot(), upstream.counts());
    let history = *upstream.history().borrow();
    Circuit {
        name: upstream.name().to_string(),
        kind: upstream.kind(),
        state: circuit.state.as_str(),
        reason: history.reason.map(TransitionReason::as_str),
        for_ms: millis(history.since.elapsed()),
        outage_ms: history.outage_since.map(|since| millis(since.elapsed())),
        r#override: circuit.overriding.as_str(),
        override_ends_in_ms: state.overrides.ends_in(upstream.name()).map(millis),
        generation: circuit.generation,
        trips: circuit.trips,
        ramp: ramp(&circuit),
        next_probe_in_ms: upstream.until_next_probe().map(millis),
        window: Window { ok: counts.ok, failed: counts.failed, slow: counts.slow },
        held_senders: held_senders(upstream),
    }
}

fn held_senders(upstream: &Upstream) -> Vec<HeldSender> {
    let held = upstream.held_senders().into_iter();
    held.map(|(domain, left)| HeldSender { domain, for_ms: millis(left) }).collect()
}

//! `GET /circuits` and `PUT /circuits/{name}`: what the circuits are like, and what an operator orders.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use super::Door;
use crate::delivery::circuit::{Override, Snapshot, TransitionReason};
use crate::delivery::upstream::Upstream;
use crate::ingress::server::problem::Problem;

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

/// What an operator may order: either of the two.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Order {
    r#override: Option<String>,
    reset: Option<bool>,
}

pub(super) async fn list(State(door): State<Door>) -> Json<Circuits> {
    Json(Circuits { circuits: door.upstreams.iter().map(|upstream| show(upstream)).collect() })
}

pub(super) async fn order(
    State(door): State<Door>,
    Path(name): Path<String>,
    order: Result<Json<Order>, JsonRejection>,
) -> Result<Json<Circuit>, Problem> {
    let named = |upstream: &&Arc<Upstream>| **upstream.name() == *name;
    let Some(upstream) = door.upstreams.iter().find(named) else {
        let detail = "there is no such circuit: see GET /circuits";
        return Err(Problem::new(StatusCode::NOT_FOUND, "not-found", "There is no such circuit", detail));
    };
    let Json(order) = order.map_err(|rejection| invalid(rejection.status(), HOW))?;
    obey(upstream, order).map_err(|detail| invalid(StatusCode::UNPROCESSABLE_ENTITY, detail))?;
    Ok(Json(show(upstream)))
}

const HOW: &str = r#"send {"override": "open" | "closed" | "auto"} or {"reset": true} as application/json"#;

fn obey(upstream: &Upstream, order: Order) -> Result<(), &'static str> {
    match order {
        Order { r#override: Some(word), reset: None } => {
            let order = Override::ALL.into_iter().find(|order| order.as_str() == word);
            upstream.override_circuit(order.ok_or("override must be one of: auto, open, closed")?);
        }
        Order { r#override: None, reset: Some(true) } => upstream.reset(),
        _ => return Err(HOW),
    }
    Ok(())
}

/// A body that is no order.
fn invalid(status: StatusCode, detail: &'static str) -> Problem {
    Problem::new(status, "invalid-order", "The order is invalid", detail)
}

/// From 0 to 1, an operator's order included.
pub(super) fn ramp(circuit: &Snapshot) -> f64 {
    f64::from(circuit.share()) / f64::from(Snapshot::ALL_MAIL)
}

fn show(upstream: &Upstream) -> Circuit {
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

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

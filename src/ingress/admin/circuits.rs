//! `GET /circuits` and `PUT /circuits/{name}`: what the circuits are like, and what an operator orders.

mod body;

use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::Uri;

use super::access::{Operator, Viewer};
use super::object::{Object, read};
use super::order::{HOW, OrderBody};
use super::refusal::{invalid_order, no_parameters, unknown_circuit};
use super::responses::{OfHead, OfOrder, OfRights};
use super::state::AdminState;
use super::upstream_row::rows;
use crate::ingress::server::problem::Problem;
use crate::state::overrides::UnknownUpstream;
pub(super) use body::ramp;
use body::{Circuit, Circuits, show};

/// Show every circuit
///
/// Needs the role `viewer`.
#[utoipa::path(
    get,
    path = "/circuits",
    operation_id = "listCircuits",
    tag = "circuits",
    responses((status = 200, description = "Every circuit as it is now", body = Circuits), OfRights, OfHead),
    security(("X-ADMIN-KEY" = ["viewer"]), ())
)]
pub(super) async fn list(_: Viewer, State(state): State<AdminState>) -> Json<Circuits> {
    Json(Circuits { circuits: rows(&state.upstreams).into_iter().map(|row| show(&state, row)).collect() })
}

/// Override or reset the circuit of one upstream
///
/// Needs the role `operator`. An override holds until the next order, or until its time is over. With a store it holds on all
/// nodes within 5 s, and after a restart; without one on this node alone, until that ends. The audit log records every order.
#[utoipa::path(
    put,
    path = "/circuits/{name}",
    operation_id = "orderCircuit",
    tag = "circuits",
    params(("name" = String, Path, description = "The name of the upstream")),
    request_body(content = OrderBody, description = "The order", examples(
        ("1-open" = (summary = "No mail for two hours", value = json!({"override": "open", "for": "2h"}))),
        ("2-closed" = (summary = "Mail, whatever the circuit says", value = json!({"override": "closed"}))),
        ("3-auto" = (summary = "The circuit decides again", value = json!({"override": "auto"}))),
        ("4-reset" = (summary = "Forget all failures", value = json!({"reset": true})))
    )),
    responses(
        (status = 200, description = "The circuit as it is now", body = Circuit),
        OfRights,
        OfHead,
        OfOrder
    ),
    security(("X-ADMIN-KEY" = ["operator"]), ())
)]
pub(super) async fn order(
    Operator(origin): Operator,
    State(state): State<AdminState>,
    uri: Uri,
    name: Result<Path<String>, PathRejection>,
    order: Result<Json<Object<OrderBody>>, JsonRejection>,
) -> Result<Json<Circuit>, Problem> {
    no_parameters(&uri)?;
    // A name that is no text is none of an upstream.
    let Path(name) = name.map_err(|_| unknown_circuit())?;
    let row = rows(&state.upstreams).into_iter().find(|row| **row.upstream.name() == *name);
    let row = row.ok_or_else(unknown_circuit)?;
    let order = read(order, HOW)?.read().map_err(invalid_order)?;
    state.overrides.order(&name, order, origin).await.map_err(|UnknownUpstream| unknown_circuit())?;
    Ok(Json(show(&state, row)))
}

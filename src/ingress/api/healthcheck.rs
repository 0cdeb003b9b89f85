//! `GET /healthcheck`, for load balancers: 503 from the stop signal on; because of providers only if the operator wants
//! it so, or every node would leave at the worst moment. Never because of the store: `POST /email` does not need it.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::{Kind, Problem, ProblemBody};
use super::state::ApiState;
use super::words;
use crate::delivery::dispatch::AllOpen;
use crate::state::store::Up;

/// The answer while serving.
#[derive(Serialize, ToSchema)]
pub(super) struct Health {
    /// Always `serving`.
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, schema_with = words::store)]
    store: Option<&'static str>,
}

/// May this node be sent traffic?
#[utoipa::path(
    get,
    path = "/healthcheck",
    operation_id = "healthcheck",
    tag = "health",
    responses(
        (status = 200, description = "This node serves; `store` says whether its store can be written, if it has one", body = Health),
        (status = 413, description = "The request announces a body that is too large", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The request announces a Content-Encoding", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "This node is shutting down, or no circuit is closed and `SMSP_ALL_OPEN=unhealthy` is set", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(())
)]
pub(super) async fn healthcheck(State(state): State<ApiState>) -> Result<Json<Health>, Problem> {
    if state.shutdown.is_draining() {
        let problem = Problem::new(Kind::Draining, "This node finishes what it has; send new traffic to another.");
        return Err(problem.retry_after(Duration::from_secs(1)));
    }
    if state.dispatcher.is_down(AllOpen::Unhealthy) {
        return Err(Problem::new(
            Kind::TemporarilyUnavailable,
            "No circuit is closed, and SMSP_ALL_OPEN makes that unhealthy.",
        ));
    }
    Ok(Json(Health { status: "serving", store: state.store.as_ref().map(Up::as_str) }))
}

//! The routes of the API, each registered together with its part of the document.

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::state::ApiState;
use super::{email, healthcheck, route};

/// Every documented route.
pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(email::send))
        .routes(routes!(route::explain))
        .routes(routes!(healthcheck::healthcheck))
}

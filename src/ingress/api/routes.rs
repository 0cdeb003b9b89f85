//! The routes of the API, each registered together with its part of the document.

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::state::ApiState;
use super::{email, healthcheck, outbox, route};

/// Every documented route of a node whose outbox is on, or is off.
pub(super) fn routes(has_outbox: bool) -> OpenApiRouter<ApiState> {
    let routes = OpenApiRouter::new()
        .routes(routes!(email::send))
        .routes(routes!(route::explain))
        .routes(routes!(healthcheck::healthcheck));
    if has_outbox { routes.merge(outbox::routes()) } else { routes }
}

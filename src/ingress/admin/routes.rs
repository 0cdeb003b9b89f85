//! The routes of the admin listener, each registered together with its part of the document.

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::state::AdminState;
use super::{audit, circuits, health, outbox, route};

/// Every documented route of a node whose outbox is on, or is off.
pub(super) fn routes(has_outbox: bool) -> OpenApiRouter<AdminState> {
    let routes = OpenApiRouter::new()
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .routes(routes!(health::metrics))
        .routes(routes!(circuits::list))
        .routes(routes!(circuits::order))
        .routes(routes!(audit::list))
        .routes(routes!(route::explain));
    if has_outbox { routes.merge(outbox::routes()) } else { routes }
}

//! The routes of the admin listener, each registered together with its part of the document.

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::state::AdminState;
use super::{audit, circuits, health, outbox, route, sites};

/// What a node has, of what not each has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts {
    pub(super) outbox: bool,
    pub(super) sites: bool,
}

impl Parts {
    pub(super) const ALL: Self = Self { outbox: true, sites: true };
}

/// Every documented route of a node that has these.
pub(super) fn routes(parts: Parts) -> OpenApiRouter<AdminState> {
    let routes = OpenApiRouter::new()
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .routes(routes!(health::metrics))
        .routes(routes!(circuits::list))
        .routes(routes!(circuits::order))
        .routes(routes!(audit::list))
        .routes(routes!(route::explain));
    let routes = if parts.outbox { routes.merge(outbox::routes()) } else { routes };
    if parts.sites { routes.merge(sites::routes()) } else { routes }
}

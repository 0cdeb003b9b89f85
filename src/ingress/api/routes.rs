//! The routes of the API, each registered together with its part of the document.

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::state::ApiState;
use super::{email, healthcheck, outbox, route};

/// What a node has, and so what it answers.
#[derive(Clone, Copy)]
pub(super) struct Served {
    /// A store.
    pub(super) store: bool,
    /// An outbox that is on.
    pub(super) outbox: bool,
}

impl Served {
    /// What the whole document tells of.
    pub(super) const ALL: Self = Self { store: true, outbox: true };
}

/// Every documented route of a node that has this.
pub(super) fn routes(served: Served) -> OpenApiRouter<ApiState> {
    let routes = OpenApiRouter::new()
        .routes(routes!(email::send))
        .routes(routes!(route::explain))
        .routes(routes!(healthcheck::healthcheck));
    let routes = if served.store { routes.routes(routes!(email::show::show)) } else { routes };
    if served.outbox { routes.merge(outbox::routes()) } else { routes }
}

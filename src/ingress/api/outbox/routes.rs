//! The routes of the outbox, each registered together with its part of the document.

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{accept, batch, change, list, show};
use crate::ingress::api::state::ApiState;

/// Every documented route.
pub(in crate::ingress::api) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(accept::queue, list::list)).routes(routes!(batch::queue)).routes(routes!(
        show::show,
        change::reschedule,
        change::cancel
    ))
}

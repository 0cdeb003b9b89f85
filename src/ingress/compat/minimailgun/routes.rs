//! The routes, each registered together with its part of the document.

use axum::response::IntoResponse;
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::error::Error;
use super::fields::NAMES;
use super::{send, status};
use crate::ingress::compat::state::CompatState;
use crate::ingress::server::beside::Beside;
use crate::ingress::server::rules::OtherForm;

/// The patterns of the routes.
pub(super) const PATHS: [&str; 2] = ["/send", "/status"];

#[derive(utoipa::OpenApi)]
#[openapi(tags((name = "minimailgun", description = "As Mini-MailGun had it (`SMSP_SHAPES=minimailgun`)")))]
struct Head;

fn routes() -> OpenApiRouter<CompatState> {
    OpenApiRouter::with_openapi(Head::openapi()).routes(routes!(send::send)).routes(routes!(status::status))
}

/// The part of a document that tells of it.
pub fn document() -> OpenApi {
    routes().to_openapi()
}

/// What a listener needs to serve it.
pub fn beside(state: CompatState) -> Beside {
    let (router, document) = routes().split_for_parts();
    let form = OtherForm { paths: &PATHS, write: |refusal| Error::from(refusal).into_response() };
    Beside { router: router.with_state(state), document, form, fields: &NAMES }
}

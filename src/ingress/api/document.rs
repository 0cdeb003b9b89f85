//! The OpenAPI document and its UI, both served by us: every asset comes from our own port.
//!
//! The document is made from the routes; `openapi/openapi.json` is its checked-in copy, and a test compares the two.

mod examples;

use std::sync::Arc;

use axum::http::{Method, StatusCode};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use tower_http::cors::{Any, CorsLayer};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::openapi::{Components, OpenApi};
use utoipa::{Modify, OpenApi as _};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::problem::Problem;
use super::routes;
use super::state::ApiState;
use crate::ingress::server::context::RequestContext;
use crate::ingress::server::refusal::Refusal;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Send Mail Service Proxy",
        version = "1",
        description = "Hands each message to one of several email providers, and never lies about what became of it."
    ),
    servers((url = "/", description = "This node")),
    tags((name = "email", description = "Sending mail"), (name = "health", description = "For load balancers")),
    modifiers(&Security)
)]
struct Head;

struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut OpenApi) {
        let key = ApiKeyValue::with_description(
            "X-API-KEY",
            "A key of a caller: SMSP_API_KEY or SMSP_API_KEYS of the server.",
        );
        let components = document.components.get_or_insert_with(Components::new);
        components.add_security_scheme("X-API-KEY", SecurityScheme::ApiKey(ApiKey::Header(key)));
    }
}

/// The document, made from the routes; `providers` is what it tells of them, in Markdown.
pub fn document(providers: &str) -> OpenApi {
    let mut document = OpenApiRouter::with_openapi(Head::openapi()).merge(routes::routes()).to_openapi();
    let about = document.info.description.unwrap_or_default();
    document.info.description = Some(format!("{about}\n\n{providers}"));
    examples::add(&mut document);
    document
}

/// The document under both of its names, for scripts of any origin to read; and the UI.
pub(super) fn routes(providers: &str) -> Router<ApiState> {
    let document = Arc::new(document(providers));
    let serve = move || std::future::ready(Json(Arc::clone(&document)));
    let config = Config::from("/openapi.json").validator_url("none");
    Router::new()
        .route("/openapi.json", get(serve.clone()))
        .route("/swagger.json", get(serve))
        .layer(CorsLayer::new().allow_methods([Method::GET]).allow_origin(Any))
        .merge(Router::from(SwaggerUi::new("/swagger-ui").config(config)).layer(map_response(page)))
}

/// Marks an asset of the UI as a page; an asset that there is not is a problem as any other path.
async fn page(asset: Response) -> Response {
    if asset.status() == StatusCode::NOT_FOUND {
        return Problem::from(Refusal::NotFound).into_response();
    }
    RequestContext::with(RequestContext::set_page);
    asset
}

#[cfg(test)]
mod tests;

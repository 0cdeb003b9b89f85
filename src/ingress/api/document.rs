//! The OpenAPI document and its UI, both served by us: every asset comes from our own port.
//!
//! The document is made from the routes; `openapi/openapi.json` is its checked-in copy, and a test compares the two.

mod examples;

use axum::Router;
use axum::http::{Method, StatusCode};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use tower_http::cors::{Any, CorsLayer};
use utoipa::openapi::path::Parameter;
use utoipa::openapi::{OpenApi, RefOr};
use utoipa::{Modify, OpenApi as _};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::problem::Problem;
use super::routes::{self, Served};
use super::state::ApiState;
use crate::ingress::server::context::RequestContext;
use crate::ingress::server::document::{add_key, serve};
use crate::ingress::server::refusal::Refusal;

const ABOUT: &str = "\
Hands each message to one of several email providers, and answers what is known of its delivery.

The field `delivery` of an answer says what to do next. `accepted`: a provider has the mail. `none`: no provider has it, so \
the call may be repeated. `unknown`: a provider may have it, so look it up there before you repeat the call. `queued`: this \
service has it, and sends it to a provider or, where the node is configured so, to its recipients' own mail servers.

The version is that of this API, not of the program.";

/// The tag of what there is only where the outbox is on.
const OUTBOX: &str = "outbox";

/// Stands above the table of providers.
const PROVIDERS: &str = "\
### Providers

What each kind of provider can carry; a node uses those that are configured. A provider that cannot carry the whole message \
is skipped, and its attempt says why.

`name`: what answers call it, unless the node is configured otherwise. `Bcc alone`: it takes a message without `to`. \
`idempotent`: it takes a message once under its id. `probe`: how a node tests it.";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "Send Mail Service Proxy", version = "1", description = ABOUT),
    servers((url = "/", description = "This node")),
    tags(
        (name = "email", description = "Sending mail"),
        (name = "outbox", description = "Sending mail later (`SMSP_OUTBOX=on`)"),
        (name = "health", description = "For load balancers")
    ),
    modifiers(&Security)
)]
struct Head;

struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut OpenApi) {
        add_key(document, "X-API-KEY", "The key of a caller, one of `SMSP_API_KEY` or `SMSP_API_KEYS`.");
    }
}

/// The whole document, made from the routes; `providers` is what it tells of them, in Markdown.
pub fn document(providers: &str) -> OpenApi {
    part(providers, Served::ALL)
}

/// What a node serves that has this.
fn part(providers: &str, served: Served) -> OpenApi {
    let mut document = OpenApiRouter::with_openapi(Head::openapi()).merge(routes::routes(served)).to_openapi();
    if !served.outbox {
        document.tags.iter_mut().for_each(|tags| tags.retain(|tag| tag.name != OUTBOX));
    }
    remove_absent(&mut document, served);
    document.info.description = Some(format!("{ABOUT}\n\n{PROVIDERS}\n\n{providers}"));
    examples::add(&mut document);
    document
}

/// Without an outbox no mail is queued: `POST /email` neither heeds a preference for that nor answers of it. Without a store
/// no key is in flight at another node.
fn remove_absent(document: &mut OpenApi, served: Served) {
    let item = document.paths.paths.get_mut("/email").and_then(|path| path.post.as_mut());
    let Some(send) = item else { return };
    let is_there = |status: &str| match status {
        "202" => served.outbox,
        "409" => served.store,
        _ => true,
    };
    send.responses.responses.retain(|status, _| is_there(status));
    let is_preference = |parameter: &RefOr<Parameter>| matches!(parameter, RefOr::T(known) if known.name == "Prefer");
    let keeps = |parameter: &RefOr<Parameter>| served.outbox || !is_preference(parameter);
    send.parameters.iter_mut().for_each(|parameters| parameters.retain(keeps));
}

/// The patterns of [`routes()`].
pub(super) const PATTERNS: [&str; 5] =
    ["/openapi.json", "/swagger.json", "/swagger-ui", "/swagger-ui/", "/swagger-ui/{*rest}"];

/// The document under both of its names, for scripts of any origin to read; and the UI. `others`: the part of what stands
/// beside the API.
pub(super) fn routes(providers: &str, served: Served, others: Option<OpenApi>) -> Router<ApiState> {
    let mut document = part(providers, served);
    others.into_iter().for_each(|others| document.merge(others));
    let document = serve(&document);
    // Without the bar that loads other documents.
    let config = Config::from("/openapi.json").validator_url("none").use_base_layout();
    Router::new()
        .route("/openapi.json", document.clone())
        .route("/swagger.json", document)
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

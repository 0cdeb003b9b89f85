//! The public door: HTTP/1.1 in, one [`Message`](crate::model::message::Message) to the service, one answer out.
//!
//! Read top to bottom: the routes, then what every request passes on its way to one. Every answer of a handler that
//! is not a success is a [`problem`]. TLS and HTTP/2 end at the load balancer in front.

mod caller;
mod delivery;
mod document;
mod email;
mod healthcheck;
mod layers;
mod problem;
mod query;
mod refusal;
mod replayed;
mod wire;
mod wishes;

use std::sync::Arc;
use std::time::Duration;

use axum::{Router, middleware};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use document::document;

use crate::access::admission::Admission;
use crate::access::callers::Callers;
use crate::delivery::dispatch::Dispatcher;
use crate::model::message::ReservedHeaders;
use crate::runtime::metrics::Metrics;
use crate::runtime::shutdown::Shutdown;
use crate::service::submit::Submit;

/// What the public door asks of its callers.
#[derive(Clone)]
pub struct Settings {
    /// Whether the document and its UI are served.
    pub docs: bool,
    /// What the document tells of the providers, in Markdown.
    pub providers: String,
    /// Bytes of a request body, at most.
    pub max_body: usize,
    /// For a whole request body, beside what it earns by the bytes that have come.
    pub body_timeout: Duration,
    /// What one mail may hold.
    pub mail: MailLimits,
}

/// What one mail may hold: how many of each, at most, and which headers not.
#[derive(Clone, Copy)]
pub struct MailLimits {
    /// To, Cc and Bcc together.
    pub recipients: usize,
    /// Files.
    pub attachments: usize,
    /// Headers of the caller's.
    pub headers: usize,
    /// Names of headers that no caller may write.
    pub reserved_headers: ReservedHeaders,
}

impl MailLimits {
    /// What an operator may set: more than any provider takes, and little enough for the memory that a hostile list costs.
    pub const MOST: Self =
        Self { recipients: 10_000, attachments: 1000, headers: 200, reserved_headers: ReservedHeaders::NONE };
}

/// What the handlers share.
#[derive(Clone)]
pub struct ApiState {
    /// Where mail goes.
    pub submit: Arc<Submit>,
    /// Is any circuit usable?
    pub dispatcher: Arc<Dispatcher>,
    /// Who may call.
    pub callers: Arc<Callers>,
    /// What is taken on at once.
    pub admission: Arc<Admission>,
    /// The rules of this state.
    pub settings: Arc<Settings>,
    /// Are we leaving?
    pub shutdown: Shutdown,
    /// Where requests are counted.
    pub metrics: Arc<Metrics>,
}

/// The handlers, each registered together with its part of the document.
fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(email::send)).routes(routes!(healthcheck::healthcheck))
}

/// The door, ready to be served.
pub fn router(state: ApiState) -> Router {
    let mut router = Router::from(routes());
    if state.settings.docs {
        router = router.merge(document::routes(&state.settings.providers));
    }
    let rules = layers::Rules { metrics: Arc::clone(&state.metrics), max_body: state.settings.max_body };
    router
        .fallback(layers::not_found)
        .method_not_allowed_fallback(layers::method_not_allowed)
        .layer(middleware::from_fn_with_state(rules, layers::pass))
        .with_state(state)
}

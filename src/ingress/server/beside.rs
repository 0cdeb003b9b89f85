//! Routes of another way in, beside those of a listener's own.

use axum::Router;
use utoipa::openapi::OpenApi;

use super::rules::OtherForm;

/// What a listener serves beside its own routes.
pub struct Beside {
    /// The routes, none of which the listener has.
    pub router: Router,
    /// Their part of its document.
    pub document: OpenApi,
    /// Their paths, and how refusals are written there.
    pub form: OtherForm,
    /// Names of fields that the log may tell.
    pub fields: &'static [&'static str],
}

//! What the OpenAPI documents of all listeners share: how a document is served, its key, its problems, its examples.
//!
//! A way in makes its document from its routes, each registered together with its part of it. Deliberately absent: what
//! the parts say.

#[cfg(test)]
pub mod checks;
pub mod examples;

use std::collections::BTreeMap;
use std::future::ready;

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::routing::{MethodRouter, get};
use bytes::Bytes;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::openapi::{Components, ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{PartialSchema, ToSchema};

use super::field_error::FieldError;
use super::problem::{MEDIA_TYPE, ProblemBody, to_json};

/// Serves the document as JSON, written once: its parts need more memory than its text.
pub fn serve<S: Clone + Send + Sync + 'static>(document: &OpenApi) -> MethodRouter<S> {
    let json = Bytes::from(to_json(document));
    get(move || ready(([(CONTENT_TYPE, "application/json")], json.clone())))
}

/// Adds the scheme of a key that a request has in this header.
pub fn add_key(document: &mut OpenApi, header: &str, about: &str) {
    let scheme = SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(header, about)));
    document.components.get_or_insert_with(Components::new).add_security_scheme(header, scheme);
}

/// Adds the schema of [`Problem`](super::problem::Problem) and of what it holds.
pub fn add_problem(document: &mut OpenApi) {
    let components = document.components.get_or_insert_with(Components::new);
    components.schemas.insert(ProblemBody::name().into_owned(), ProblemBody::schema());
    components.schemas.insert(FieldError::name().into_owned(), FieldError::schema());
}

/// Responses that are a [`Problem`](super::problem::Problem): their status, and when they are given.
pub fn problems(problems: &[(StatusCode, &str)]) -> BTreeMap<String, RefOr<Response>> {
    problems.iter().map(|(status, about)| (status.as_str().to_owned(), problem(*status, about).into())).collect()
}

fn problem(status: StatusCode, about: &str) -> Response {
    let schema = Ref::from_schema_name(ProblemBody::name());
    let content = ContentBuilder::new().schema(Some(schema)).build();
    let response = ResponseBuilder::new().description(about).content(MEDIA_TYPE, content);
    if ![StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE].contains(&status) {
        return response.build();
    }
    let seconds = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0));
    let header = HeaderBuilder::new().schema(Some(seconds)).description(Some("Seconds to wait before the next call"));
    response.header("Retry-After", header.build()).build()
}

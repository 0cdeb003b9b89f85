//! The headers that keep a browser from making more of an answer than it is (ASVS 5.0, 3.4): no frame around it, no
//! guess at its type, nothing loaded from elsewhere, nothing kept.

use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;

/// An answer for programs has nothing to run or to show.
const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'";
/// The UI loads what we serve, and writes styles and pictures into itself.
const PAGE: &str = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'; object-src 'none'";

/// What every answer says.
const ALWAYS: [(HeaderName, &str); 2] = [(X_CONTENT_TYPE_OPTIONS, "nosniff"), (REFERRER_POLICY, "no-referrer")];
/// What it says unless it is a page.
const UNLESS_PAGE: [(HeaderName, &str); 2] = [(CONTENT_SECURITY_POLICY, NOTHING), (CACHE_CONTROL, "no-store")];

/// Of every answer.
pub fn harden(headers: &mut HeaderMap) {
    let page = headers.contains_key(CONTENT_SECURITY_POLICY);
    let all = ALWAYS.into_iter().chain(UNLESS_PAGE.into_iter().filter(|_| !page));
    headers.extend(all.map(|(name, value)| (name, HeaderValue::from_static(value))));
}

/// Of the UI.
pub async fn page(mut response: Response) -> Response {
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE));
    response
}

//! Headers that keep a browser from making more of an answer than it is (ASVS 5.0, 3.4): no frame around it, no guess at
//! its type, nothing loaded from elsewhere, nothing kept.

use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderValue};

/// An answer for programs has nothing to run or to show.
const NOTHING: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
/// A page loads what we serve, and writes styles and pictures into itself.
const OWN_ASSETS: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
);

/// Headers of every answer.
const ALWAYS: [(HeaderName, HeaderValue); 2] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
];

/// Headers of an answer for programs.
const PROGRAM: [(HeaderName, HeaderValue); 2] =
    [(CONTENT_SECURITY_POLICY, NOTHING), (CACHE_CONTROL, HeaderValue::from_static("no-store"))];
/// Headers of a page.
const PAGE: [(HeaderName, HeaderValue); 1] = [(CONTENT_SECURITY_POLICY, OWN_ASSETS)];

/// As many headers as most answers have, with their type, length and id: a map of fewer is enlarged by the last of them,
/// which costs more than to make a new one.
const USUAL_HEADERS: usize = 8;

/// Adds the headers of an answer for programs or, if it `is_page`, of one for a browser to show.
pub(super) fn harden(headers: &mut HeaderMap, is_page: bool) {
    let before = std::mem::replace(headers, HeaderMap::with_capacity(USUAL_HEADERS));
    headers.extend(before);
    headers.extend(ALWAYS);
    if is_page { headers.extend(PAGE) } else { headers.extend(PROGRAM) }
}

//! Headers that keep a browser from making more of an answer than it is (ASVS 5.0, 3.4): no frame around it, no guess at
//! its type, nothing loaded from elsewhere, nothing kept.

use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderValue};

/// An answer for programs has nothing to run or to show.
const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'";
/// A page loads what we serve, and writes styles and pictures into itself.
const OWN_ASSETS: &str = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'";

/// Headers of every answer.
const ALWAYS: [(HeaderName, &str); 2] = [(X_CONTENT_TYPE_OPTIONS, "nosniff"), (REFERRER_POLICY, "no-referrer")];

/// Headers of an answer for programs.
const PROGRAM: [(HeaderName, &str); 2] = [(CONTENT_SECURITY_POLICY, NOTHING), (CACHE_CONTROL, "no-store")];
/// Headers of a page.
const PAGE: [(HeaderName, &str); 1] = [(CONTENT_SECURITY_POLICY, OWN_ASSETS)];

/// Adds the headers of an answer for programs or, if it `is_page`, of one for a browser to show.
pub(super) fn harden(headers: &mut HeaderMap, is_page: bool) {
    let own = if is_page { &PAGE[..] } else { &PROGRAM[..] };
    let all = ALWAYS.iter().chain(own).map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
    headers.extend(all);
}

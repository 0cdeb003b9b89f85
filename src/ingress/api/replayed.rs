//! `Idempotency-Replayed: true`: the header of an answer that an earlier call under the same key has had already.

use axum::http::{HeaderName, HeaderValue};
use axum::response::AppendHeaders;

pub(super) const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
const TRUE: HeaderValue = HeaderValue::from_static("true");

/// The header, or none.
pub(super) type Replayed = AppendHeaders<Option<(HeaderName, HeaderValue)>>;

pub(super) fn replayed(replayed: bool) -> Replayed {
    AppendHeaders(replayed.then_some((IDEMPOTENCY_REPLAYED, TRUE)))
}

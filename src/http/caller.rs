//! Who calls: the holder of the API key.
//!
//! Missing, doubled and wrong keys get the same answer after the same work. A key in the query is not read.

use axum::extract::FromRequestParts;
use axum::http::HeaderName;
use axum::http::request::Parts;

use super::Door;
use super::problem::{Kind, Problem};
use crate::secret::KeyDigest;

pub(super) const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Who holds the key of a request.
pub(super) struct Caller {
    /// One key, one caller: a name that nobody else has.
    pub(super) name: &'static str,
}

const THE_ONE: Caller = Caller { name: "caller" };

impl FromRequestParts<Door> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, door: &Door) -> Result<Self, Problem> {
        let mut keys = parts.headers.get_all(X_API_KEY).iter();
        let key = keys.next().map_or(&b""[..], |key| key.as_bytes());
        let right = door.settings.key.matches(&KeyDigest::of(key));
        if right && keys.next().is_none() {
            Ok(THE_ONE)
        } else {
            Err(Problem::new(Kind::Unauthorized, "Send the API key of this service, once, as the header X-API-KEY."))
        }
    }
}

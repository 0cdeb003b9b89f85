//! The caller of a request, by the key in its `X-API-KEY` header.
//!
//! No header, two of them and a wrong key get the same answer. A key in the query is not read.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::HeaderName;
use axum::http::request::Parts;

use super::problem::{Kind, Problem};
use super::state::ApiState;
use crate::access::callers;
use crate::ingress::server::context::RequestContext;

pub(super) const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// The caller of a request, which has counted against its rate.
pub(super) struct Caller(pub(super) callers::Caller);

impl FromRequestParts<ApiState> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let mut keys = parts.headers.get_all(X_API_KEY).iter();
        let key = keys.next().map_or(&b""[..], |key| key.as_bytes());
        let found = state.callers.find(key);
        let Some(caller) = found.filter(|_| keys.next().is_none()) else {
            if !key.is_empty() {
                state.callers.delay_auth_failure().await?;
            }
            return Err(Problem::new(
                Kind::Unauthorized,
                "Send the API key of this service, once, as the header X-API-KEY.",
            ));
        };
        RequestContext::with(|context| context.set_caller(Arc::clone(&caller.name)));
        caller.limits.count_call()?;
        Ok(Self(caller))
    }
}

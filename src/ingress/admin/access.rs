//! The rights of a request: by the key in its `X-ADMIN-KEY` header, or by where it comes from if no admin keys are set.
//!
//! A handler names [`Viewer`] or [`Operator`] among its arguments and so runs only for a request that has that right; the
//! body has not been read then. No header, two of them and a wrong key get the same answer. A key in the query is not read.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::HeaderName;
use axum::http::request::Parts;
use tracing::info;

use super::loopback::is_local;
use super::state::AdminState;
use crate::access::admins::{Credentials, Refusal, Role, User};
use crate::ingress::server::context::RequestContext;
use crate::ingress::server::problem::Problem;
use crate::state::audit::{Actor, Origin};

const X_ADMIN_KEY: HeaderName = HeaderName::from_static("x-admin-key");

/// The request may see how this node is.
pub(super) struct Viewer;

/// The request may change this node too; whom it comes from.
pub(super) struct Operator(pub(super) Origin);

impl FromRequestParts<AdminState> for Viewer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AdminState) -> Result<Self, Problem> {
        authorize(parts, state, Role::Viewer).await.map(|_| Self)
    }
}

impl FromRequestParts<AdminState> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AdminState) -> Result<Self, Problem> {
        authorize(parts, state, Role::Operator).await.map(Self)
    }
}

async fn authorize(parts: &Parts, state: &AdminState, needed: Role) -> Result<Origin, Problem> {
    let mut keys = parts.headers.get_all(X_ADMIN_KEY).iter();
    let peer = RequestContext::with(RequestContext::peer);
    let credentials = Credentials {
        key: keys.next().map_or(&b""[..], |key| key.as_bytes()),
        is_alone: keys.next().is_none(),
        is_local: peer.is_some_and(|peer| is_local(peer.ip(), &parts.uri, &parts.headers)),
    };
    match state.admins.authorize(&credentials, needed).await {
        Ok(User::Admin(name)) => {
            record_caller(&name);
            Ok(Origin { actor: Actor::Admin(name), peer })
        }
        Ok(User::Local) => Ok(Origin { actor: Actor::Loopback, peer }),
        Err(refusal) => {
            if let Refusal::RoleNeeded { name, .. } = &refusal {
                record_caller(name);
            }
            state.metrics.admin.refused(refusal.reason());
            let from = peer.map(|peer| peer.to_string()).unwrap_or_default();
            info!(reason = refusal.reason(), from, "admin request refused");
            Err(refusal.into())
        }
    }
}

/// Shows the holder of the key in the log lines of the request and in its count.
fn record_caller(name: &Arc<str>) {
    RequestContext::with(|context| context.set_caller(Arc::clone(name)));
}

//! What a handler takes from a request: its caller, and the members of its body.
//!
//! The secret of a client stands in the body, so that is read before it is known whose it is, within a share of the room
//! that all bodies have.

use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;

use super::error::Error;
use super::fields::{CLIENT_ID, OfClient, text};
use crate::access::admission::BodyReservation;
use crate::access::callers::Caller;
use crate::ingress::compat::state::CompatState;
use crate::ingress::server::body;
use crate::ingress::server::context::RequestContext;
use crate::runtime::off_worker::off_worker;

/// A call of a known caller, which has counted against its rate.
pub(super) struct Call<F> {
    pub(super) caller: Caller,
    pub(super) fields: F,
    /// The room for its bytes, until it has its answer.
    pub(super) room: BodyReservation,
}

impl<F: DeserializeOwned + OfClient> FromRequest<CompatState> for Call<F> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &CompatState) -> Result<Self, Error> {
        let (bytes, mut room) = bytes(request, state).await?;
        let fields: F = off_worker(bytes.len(), || members(&bytes))?;
        drop(bytes);
        let caller = caller(&fields, state).await?;
        room.identified();
        Ok(Self { caller, fields, room })
    }
}

async fn bytes(request: Request, state: &CompatState) -> Result<(Vec<u8>, BodyReservation), Error> {
    if !is_json(request.headers()) {
        return Err(Error::not_json());
    }
    let mut room = state.admission.unidentified_body();
    let reserve = |more| state.admission.grow(&mut room, more);
    let bytes = body::read(request.into_body(), state.body, reserve, &state.shutdown).await;
    let bytes = bytes.map_err(|error| Error::of_body(error, state.body))?;
    Ok((bytes, room))
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    content_type.split(';').next().is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}

/// An object: its members could also be read from a list.
fn members<F: DeserializeOwned>(bytes: &[u8]) -> Result<F, Error> {
    let is_object = bytes.trim_ascii_start().starts_with(b"{");
    let members = is_object.then(|| serde_json::from_slice(bytes).ok()).flatten();
    members.ok_or_else(Error::malformed)
}

/// No secret, one that is no text and a wrong one get the same answer.
async fn caller(fields: &impl OfClient, state: &CompatState) -> Result<Caller, Error> {
    let secret = text(CLIENT_ID, fields.client_id()).unwrap_or_default();
    let Some(caller) = state.callers.find(secret.as_bytes()) else {
        if !secret.is_empty() {
            state.callers.delay_auth_failure().await?;
        }
        return Err(Error::unauthorized());
    };
    RequestContext::with(|context| context.set_caller(Arc::clone(&caller.name)));
    caller.limits.count_call()?;
    Ok(caller)
}

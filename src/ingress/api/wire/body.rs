//! The bytes of a message: a JSON body by its type, for which there is room.

use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;

use crate::access::admission::BodyReservation;
use crate::ingress::api::problem::{Kind, Problem};
use crate::ingress::api::state::ApiState;
use crate::ingress::server::body::{self, Limits};

/// Reads a body for which there is room, or says why not.
pub(super) async fn read(request: Request, state: &ApiState) -> Result<(Vec<u8>, BodyReservation), Problem> {
    if !is_json(request.headers()) {
        return Err(Problem::new(Kind::UnsupportedMediaType, "Send the message as Content-Type: application/json."));
    }
    let limits = Limits { bytes: state.settings.max_body, time: state.settings.body_timeout };
    let mut reservation = state.admission.body();
    let reserve = |more| state.admission.grow(&mut reservation, more);
    let bytes = body::read(request.into_body(), limits, reserve, &state.shutdown).await;
    let bytes = bytes.map_err(|error| Problem::of_body(error, limits))?;
    Ok((bytes, reservation))
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

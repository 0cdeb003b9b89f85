//! The bytes of a request's body: JSON by its type, within the size limit, in time.
//!
//! A body has a time of its own and earns more by what comes of it, at a minimum rate: a large mail on a slow line is
//! taken. What it earns is saved up to its first time and no further: one that comes fast and then stalls would hold its
//! share of the budget for minutes.

use std::pin::pin;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use http_body_util::BodyExt;
use tokio::time::{Instant, sleep, sleep_until};

use super::super::ApiState;
use super::super::problem::{Kind, Problem};
use crate::access::admission::{Admission, BodyReservation, InFlightPermit, SMALL_BODY};
use crate::runtime::shutdown::Shutdown;

/// For a body that is still on its way when the listeners close.
const CLOSING_TIMEOUT: Duration = Duration::from_secs(5);
/// The bytes that earn a body one second more.
const MIN_RATE: u32 = 64 * 1024;

/// Reads it and gets the permit for its mail, or says why not.
pub(super) async fn read(request: Request, state: &ApiState) -> Result<(Vec<u8>, InFlightPermit), Problem> {
    if !is_json(request.headers()) {
        return Err(Problem::new(Kind::UnsupportedMediaType, "Send the message as Content-Type: application/json."));
    }
    let limits = Limits { bytes: state.settings.max_body, time: state.settings.body_timeout };
    let (body, reservation) = collect(request.into_body(), limits, &state.admission, &state.shutdown).await?;
    Ok((body, state.admission.admit(reservation).await?))
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

/// What one body may take.
#[derive(Clone, Copy)]
struct Limits {
    bytes: usize,
    /// Before any of it has come, and between two parts of it.
    time: Duration,
}

impl Limits {
    /// When a body must be here that had to be here by `end`, and of which so much has come now.
    fn earned(self, end: Instant, received: usize) -> Instant {
        let received = u32::try_from(received).unwrap_or(u32::MAX);
        (end + Duration::from_secs(1) * received / MIN_RATE).min(Instant::now() + self.time)
    }

    fn too_slow(self) -> Problem {
        let (time, rate) = (self.time, MIN_RATE / 1024);
        let detail = format!(
            "Send the whole body within {time:?} and 1s more for every {rate} KiB of it, without a pause of {time:?}."
        );
        Problem::new(Kind::BodyTimeout, detail)
    }
}

async fn collect(
    mut body: Body,
    limits: Limits,
    admission: &Admission,
    shutdown: &Shutdown,
) -> Result<(Vec<u8>, BodyReservation), Problem> {
    // A small one in a piece; of a large one, what was announced is not believed.
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    let (mut bytes, mut reservation) = (Vec::with_capacity(announced.min(SMALL_BODY)), admission.body());
    let mut end = Instant::now() + limits.time;
    let mut clock = pin!(sleep_until(end));
    let mut closed = pin!(closed(shutdown));
    loop {
        let frame = tokio::select! {
            // First: most bodies are here already, and their clock is never set.
            biased;
            frame = body.frame() => frame,
            () = &mut clock => {
                if clock.deadline() == end {
                    return Err(limits.too_slow());
                }
                clock.as_mut().reset(end);
                continue;
            }
            () = &mut closed => {
                return Err(Problem::new(Kind::BodyTimeout, "This node is shutting down; send the mail to another."));
            }
        };
        let Some(frame) = frame else { return Ok((bytes, reservation)) };
        let Ok(frame) = frame else {
            return Err(Problem::new(Kind::Malformed, "The body ended before its announced length."));
        };
        let data = frame.into_data().unwrap_or_default();
        if bytes.len() + data.len() > limits.bytes {
            return Err(Problem::too_large(limits.bytes));
        }
        admission.grow(&mut reservation, data.len())?;
        end = limits.earned(end, data.len());
        bytes.extend_from_slice(&data);
    }
}

async fn closed(shutdown: &Shutdown) {
    shutdown.closing().await;
    sleep(CLOSING_TIMEOUT).await;
}

#[cfg(test)]
mod tests;

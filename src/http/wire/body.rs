//! The bytes of a request's body: JSON by its type, within the size limit, in time.

use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use http_body_util::BodyExt;
use tokio::time::sleep;

use super::super::Door;
use super::super::load::{self, BodyRoom, Load, Place};
use super::super::problem::{Kind, Problem};
use crate::shutdown::Shutdown;

/// For a body that is still on its way when the listeners close.
const CLOSING_TIMEOUT: Duration = Duration::from_secs(5);

/// Reads it and finds a place for its mail, or says why not.
pub(super) async fn read(request: Request, door: &Door) -> Result<(Vec<u8>, Place), Problem> {
    if !is_json(request.headers()) {
        return Err(Problem::new(Kind::UnsupportedMediaType, "Send the message as Content-Type: application/json."));
    }
    let body = collect(request.into_body(), door.settings.max_body, &door.load);
    let (body, room) = in_time(body, door.settings.body_timeout, &door.shutdown).await?;
    Ok((body, door.load.place(room).await?))
}

async fn in_time<T>(
    body: impl Future<Output = Result<T, Problem>>,
    limit: Duration,
    shutdown: &Shutdown,
) -> Result<T, Problem> {
    let closing = async {
        shutdown.closing().await;
        sleep(CLOSING_TIMEOUT).await;
    };
    let too_late = |detail: String| Err(Problem::new(Kind::BodyTimeout, detail));
    tokio::select! {
        // First: most bodies are here already, and their clock is never set.
        biased;
        body = body => body,
        () = sleep(limit) => too_late(format!("Send the whole body within {limit:?}.")),
        () = closing => too_late("This node is leaving; send the mail to another.".to_owned()),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

async fn collect(mut body: Body, limit: usize, load: &Load) -> Result<(Vec<u8>, BodyRoom), Problem> {
    // A small one in a piece; of a large one, what was announced is not believed.
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    let (mut bytes, mut room) = (Vec::with_capacity(announced.min(load::SMALL)), load.body());
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            return Err(Problem::new(Kind::Malformed, "The body ended before its announced length."));
        };
        let data = frame.into_data().unwrap_or_default();
        if bytes.len() + data.len() > limit {
            return Err(Problem::too_large(limit));
        }
        load.grow(&mut room, data.len())?;
        bytes.extend_from_slice(&data);
    }
    Ok((bytes, room))
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stalls_is_cut_when_its_time_is_over() {
        let (start, limit) = (Instant::now(), Duration::from_secs(10));
        let problem = in_time(pending::<Result<(), _>>(), limit, &Shutdown::default()).await.unwrap_err();
        assert!(format!("{problem:?}").contains("BodyTimeout"), "{problem:?}");
        assert_eq!(start.elapsed(), limit);
    }
}

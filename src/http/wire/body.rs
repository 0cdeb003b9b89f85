//! The bytes of a request's body: JSON by its type, within the size limit, in time.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::time::sleep;

use super::super::problem::{Kind, Problem};
use crate::shutdown::Shutdown;

/// For a whole body, from its headers on.
const TIMEOUT: Duration = Duration::from_secs(10);
/// For a body that is still on its way when the listeners close.
const CLOSING_TIMEOUT: Duration = Duration::from_secs(5);

/// Reads it, or says why not.
pub(super) async fn read(request: Request, limit: usize, shutdown: &Shutdown) -> Result<Bytes, Problem> {
    if !is_json(request.headers()) {
        return Err(Problem::new(Kind::UnsupportedMediaType, "Send the message as Content-Type: application/json."));
    }
    let closing = async {
        shutdown.closing().await;
        sleep(CLOSING_TIMEOUT).await;
    };
    tokio::select! {
        body = collect(request.into_body(), limit) => body,
        () = sleep(TIMEOUT) => Err(Problem::new(Kind::BodyTimeout, "Send the whole body within 10 seconds.")),
        () = closing => Err(Problem::new(Kind::BodyTimeout, "This node is leaving; send the mail to another.")),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

async fn collect(body: Body, limit: usize) -> Result<Bytes, Problem> {
    match Limited::new(body, limit).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Problem::too_large(limit)),
        Err(_) => Err(Problem::new(Kind::Malformed, "The body ended before its announced length.")),
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stalls_is_cut_after_ten_seconds() {
        let stalled = Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>());
        let request = Request::post("/email").header(CONTENT_TYPE, "application/json").body(stalled).unwrap();
        let start = Instant::now();
        let problem = read(request, 1024, &Shutdown::default()).await.unwrap_err();
        assert!(format!("{problem:?}").contains("BodyTimeout"), "{problem:?}");
        assert_eq!(start.elapsed(), TIMEOUT);
    }
}

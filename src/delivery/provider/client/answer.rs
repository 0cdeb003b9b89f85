//! A provider's answer: what its status proves, and a body that is whole or is none.
//!
//! A body is read up to 64 KiB and 1 KiB for every recipient, since some providers write a line about each. One that broke
//! off, is longer, or comes compressed though that was not asked for is not looked into. Deliberately absent: any
//! provider's codes, which the adapters know.

use std::time::{Duration, SystemTime};

use reqwest::header::{CONTENT_ENCODING, HeaderMap, RETRY_AFTER, TRANSFER_ENCODING};
use reqwest::{Response, StatusCode, Version};

use super::super::call::{Delivery, Mode};
use crate::model::outcome::{Outcome, Reason, Subject, Verdict};
use crate::runtime::transcript;

/// More than any provider's answer about a mail as a whole.
const ANSWER_LIMIT: usize = 64 * 1024;
/// More than any provider's words about one recipient.
const RECIPIENT_LIMIT: usize = 1024;

/// A provider's answer: the status is known, the body is still on its way.
pub(in crate::delivery::provider) struct Answer {
    response: Response,
    mode: Mode,
    limit: usize,
}

/// The status, and the header in which the provider names its errors, for the operator of a probe.
pub(super) fn summary(response: &Response, error_header: Option<&str>) -> String {
    let kind = error_header.and_then(|name| response.headers().get(name)?.to_str().ok());
    [Some(response.status().as_str()), kind].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// How a body ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Where it was to end.
    Whole,
    /// Before that, or without a sign that nothing more was to come.
    BrokenOff,
    /// Not within the limit.
    TooLong,
    /// The answer is compressed.
    Encoded,
}

impl Answer {
    /// To this delivery.
    pub(super) fn new(response: Response, delivery: &Delivery<'_>) -> Self {
        let limit = ANSWER_LIMIT + RECIPIENT_LIMIT * delivery.message.recipients();
        Self { response, mode: delivery.mode, limit }
    }

    pub(in crate::delivery::provider) fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// The verdict where the status alone decides, with the wait that a Retry-After header asks for.
    pub(in crate::delivery::provider) fn verdict(&self) -> Verdict {
        let verdict = by_status(self.status()).waiting(retry_after(self.response.headers()));
        // Nothing in our own probe is there to be disliked.
        if self.mode == Mode::Probe && verdict.outcome == Outcome::Unlisted {
            return Verdict { outcome: Outcome::Unclassified, ..verdict };
        }
        verdict
    }

    /// A header as text.
    pub(in crate::delivery::provider) fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name).and_then(|value| value.to_str().ok())
    }

    /// The verdict by status and by how the body ended, and the body, which is empty unless it is whole; what is no UTF-8
    /// is replaced. Only a whole 2xx is still [`Outcome::Accepted`].
    pub(in crate::delivery::provider) async fn text(mut self) -> (Verdict, String) {
        let verdict = self.verdict();
        let (body, end) = self.body().await;
        let text = String::from_utf8_lossy(&body).into_owned();
        transcript::record(|| text.clone());
        match end {
            End::Whole => (verdict, text),
            _ => (self.without_body(verdict, end), String::new()),
        }
    }

    async fn body(&mut self) -> (Vec<u8>, End) {
        let mut body = Vec::new();
        loop {
            match self.response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > self.limit => return (body, End::TooLong),
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break,
                Err(_) => return (body, End::BrokenOff),
            }
        }
        let end = match () {
            () if self.is_encoded() => End::Encoded,
            () if body.is_empty() && !self.has_a_marked_end() => End::BrokenOff,
            () => End::Whole,
        };
        (body, end)
    }

    fn is_encoded(&self) -> bool {
        self.header(CONTENT_ENCODING.as_str()).is_some_and(|coding| !coding.eq_ignore_ascii_case("identity"))
    }

    /// A body that ends with its connection alone (RFC 9112 6.3) may have broken off, and nobody can tell.
    fn has_a_marked_end(&self) -> bool {
        let is_chunked = self.response.headers().contains_key(TRANSFER_ENCODING);
        self.response.content_length().is_some() || is_chunked || self.response.version() >= Version::HTTP_2
    }

    fn without_body(&self, verdict: Verdict, end: End) -> Verdict {
        match (verdict.outcome, end) {
            (Outcome::Accepted, End::BrokenOff) => Verdict::new(Outcome::Unknown, Reason::ConnectionLost),
            (Outcome::Accepted, _) => Verdict::new(Outcome::Unknown, Reason::UnreadableAnswer),
            // A provider may repeat at length what a caller wrote, or compress its own error: it may speak of the mail.
            (Outcome::Unclassified, End::TooLong | End::Encoded) if self.mode != Mode::Probe => {
                Verdict { outcome: Outcome::Unlisted, ..verdict }
            }
            _ => verdict,
        }
    }
}

/// A 2xx may be an acceptance; a redirect shows that the base URL is wrong; a 4xx is refused, but for those that a gateway
/// or an idempotency layer gives while the provider may go on; every 5xx is unknown.
fn by_status(status: StatusCode) -> Verdict {
    let verdict = |outcome| Verdict::new(outcome, Reason::Status(status.as_u16()));
    match status.as_u16() {
        200..=299 => verdict(Outcome::Accepted),
        301 | 302 | 307 | 308 => Verdict::new(Outcome::Unavailable, Reason::WrongBaseUrl),
        401 | 402 | 404 | 405 => verdict(Outcome::AccountRefused).about(Subject::Account, None),
        // A web application firewall answers so to content that it dislikes, and lets other mail pass.
        403 | 406 => verdict(Outcome::Unlisted),
        408 | 409 | 425 | 499 => verdict(Outcome::Unknown),
        // Another may take a larger one.
        413 => verdict(Outcome::NotCapable).about(Subject::Size, None),
        429 => verdict(Outcome::Throttled),
        400..=499 => verdict(Outcome::Unclassified),
        _ => verdict(Outcome::Unknown),
    }
}

/// The wait that a Retry-After header asks for: seconds or a date (RFC 9110 10.2.3).
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    value.parse().map(Duration::from_secs).ok().or_else(|| until_date(value))
}

/// From now to an HTTP date (RFC 9110 5.6.7); the past is no wait.
pub(in crate::delivery::provider) fn until_date(date: &str) -> Option<Duration> {
    let date = httpdate::parse_http_date(date).ok()?;
    Some(date.duration_since(SystemTime::now()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn wait(value: &'static str) -> Option<Duration> {
        retry_after(&HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(value))]))
    }

    #[test]
    fn retry_after_reads_seconds_and_dates_and_nothing_else() {
        assert_eq!(wait("7"), Some(Duration::from_secs(7)));
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
        assert!(wait("Fri, 31 Dec 2100 23:59:59 GMT").is_some_and(|wait| wait > Duration::from_secs(3600)));
        for value in ["", "-1", "soon", "1.5", "99999999999999999999999"] {
            assert_eq!(wait(value), None, "{value:?}");
        }
    }

    #[test]
    fn the_status_alone_never_proves_more_than_it_says() {
        for (status, outcome) in [
            (200, Outcome::Accepted),
            (202, Outcome::Accepted),
            (300, Outcome::Unknown),
            (301, Outcome::Unavailable),
            (304, Outcome::Unknown),
            (307, Outcome::Unavailable),
            (400, Outcome::Unclassified),
            (401, Outcome::AccountRefused),
            (403, Outcome::Unlisted),
            (404, Outcome::AccountRefused),
            (405, Outcome::AccountRefused),
            (406, Outcome::Unlisted),
            (407, Outcome::Unclassified),
            (408, Outcome::Unknown),
            (409, Outcome::Unknown),
            (413, Outcome::NotCapable),
            (418, Outcome::Unclassified),
            (429, Outcome::Throttled),
            (499, Outcome::Unknown),
            (500, Outcome::Unknown),
            (503, Outcome::Unknown),
            (599, Outcome::Unknown),
        ] {
            assert_eq!(by_status(StatusCode::from_u16(status).unwrap()).outcome, outcome, "{status}");
        }
    }
}

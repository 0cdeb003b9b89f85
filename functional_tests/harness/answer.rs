//! One answer of the proxy; every assertion on it prints the whole of it.

use std::fmt;

use reqwest::RequestBuilder;
use reqwest::header::{HeaderMap, HeaderName};
use serde_json::Value;

/// One answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    /// `Null` where the body is not JSON.
    pub(crate) json: Value,
}

impl Answer {
    /// Makes the call.
    pub(crate) async fn to(request: RequestBuilder) -> Self {
        Self::try_to(request).await.unwrap_or_else(|e| panic!("no answer: {e:?}"))
    }

    /// Makes a call that may be cut off.
    pub(crate) async fn try_to(request: RequestBuilder) -> Result<Self, reqwest::Error> {
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = String::from_utf8_lossy(&response.bytes().await?).into_owned();
        let json = serde_json::from_str(&text).unwrap_or_default();
        Ok(Self { status, headers, text, json })
    }

    /// An answer as it came over a connection.
    #[track_caller]
    pub(crate) fn parse(bytes: &str) -> Self {
        let (head, text) = bytes.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {bytes}"));
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let headers = lines.filter_map(|line| {
            let (name, value) = line.split_once(": ")?;
            Some((name.parse::<HeaderName>().ok()?, value.parse().ok()?))
        });
        let (headers, json) = (headers.collect(), serde_json::from_str(text).unwrap_or_default());
        Self { status: status.unwrap_or_else(|| panic!("no status: {bytes}")), headers, text: text.to_owned(), json }
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self}");
        self
    }

    /// A problem in full form, which says what became of the mail.
    #[track_caller]
    pub(crate) fn expect_problem(self, status: u16, delivery: &str, retryable: bool) -> Self {
        assert_eq!(self.status, status, "{self}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self}");
        assert_eq!((&self.json["status"], &self.json["delivery"]), (&status.into(), &delivery.into()), "{self}");
        assert_eq!(self.json["retryable"], retryable, "{self}");
        for field in ["type", "title", "detail", "message", "request_id"] {
            assert!(self.json[field].as_str().is_some_and(|text| !text.is_empty()), "{field} in {self}");
        }
        assert_eq!(self.json["message"], self.json["detail"], "{self}");
        assert_eq!(self.header("x-request-id"), self.json["request_id"].as_str(), "{self}");
        self
    }

    /// What a JSON pointer names; `Null` where there is nothing.
    pub(crate) fn at(&self, pointer: &str) -> &Value {
        self.json.pointer(pointer).unwrap_or(&Value::Null)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Every attempt as `upstream:outcome`, in order.
    pub(crate) fn attempts(&self) -> Vec<String> {
        let attempts = self.json["attempts"].as_array().cloned().unwrap_or_default();
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        attempts.iter().map(|a| format!("{}:{}", word(&a["provider"]), word(&a["outcome"]))).collect()
    }

    /// The reason of each attempt, in order.
    pub(crate) fn reasons(&self) -> Vec<&str> {
        let attempts = self.json["attempts"].as_array().map_or(&[][..], Vec::as_slice);
        attempts.iter().map(|attempt| attempt["reason"].as_str().unwrap_or_default()).collect()
    }

    #[track_caller]
    pub(crate) fn expect_attempts(self, expected: &[&str]) -> Self {
        assert_eq!(self.attempts(), expected, "{self}");
        self
    }

    /// The fields that the problem names, without the place inside them: `to[3]` is `to`.
    pub(crate) fn fields(&self) -> Vec<String> {
        let errors = self.json["errors"].as_array().cloned().unwrap_or_default();
        let name =
            |field: &str| field.trim_start_matches('/').split(['[', '.', '/']).next().unwrap_or_default().to_owned();
        errors.iter().filter_map(|error| error["field"].as_str()).map(name).collect()
    }

    /// Whole seconds of Retry-After.
    #[track_caller]
    pub(crate) fn retry_after(&self) -> u64 {
        let seconds = self.header("retry-after").and_then(|text| text.parse().ok());
        seconds.unwrap_or_else(|| panic!("no Retry-After in whole seconds in {self}"))
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "answer {}\n{:#?}\n{}", self.status, self.headers, self.text)
    }
}

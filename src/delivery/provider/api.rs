//! What every adapter over HTTP is made of: a client, an endpoint, a key.

use bytes::Bytes;
use futures_util::TryStreamExt;
use reqwest::Url;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::multipart::Form;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use super::call::Delivery;
use super::client::{self, Answer, Client, Post};
use super::values::{Connect, Invalid, Values};
use crate::delivery::render;
use crate::model::outcome::{Outcome, Reason, Verdict};
use crate::runtime::off_worker::off_worker;
use crate::runtime::settings::Row;

/// The variable of every such adapter that holds its key.
pub(super) const fn api_key(text: &'static str) -> Row {
    Row::secret(API_KEY, text)
}

const API_KEY: &str = "API_KEY";

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// One endpoint of a provider.
pub(super) struct Api {
    client: Client,
    endpoint: Url,
    key: SecretString,
}

impl Api {
    /// At this path of the base URL.
    pub(super) fn new(values: &Values, connect: Connect, path: &str) -> Result<Self, Invalid> {
        let endpoint = client::endpoint(values, path)?;
        Ok(Self { client: client::build(connect)?, endpoint, key: values.get(API_KEY).into() })
    }

    pub(super) fn key(&self) -> &str {
        self.key.expose_secret()
    }

    pub(super) fn post(&self) -> Post {
        self.client.post(self.endpoint.clone())
    }
}

/// Makes the one call with this body as JSON, and judges the answer.
pub(super) async fn call(
    request: Post,
    body: &impl Serialize,
    delivery: &Delivery<'_>,
    judge: impl AsyncFnOnce(Answer) -> Verdict,
) -> Verdict {
    match off_worker(delivery.message.size(), || render::json(body)) {
        Ok(body) => judged(request.header(CONTENT_TYPE, JSON), [Bytes::from(body)], delivery, judge).await,
        Err(_) => Verdict::new(Outcome::MessageRejected, Reason::NotSent),
    }
}

/// Makes the one call with this form, and judges the answer.
pub(super) async fn call_with_form(
    request: Post,
    form: Form,
    delivery: &Delivery<'_>,
    judge: impl AsyncFnOnce(Answer) -> Verdict,
) -> Verdict {
    let content_type = format!("multipart/form-data; boundary={}", form.boundary());
    // Its parts are in memory, so this neither waits nor fails.
    match form.into_stream().try_collect::<Vec<_>>().await {
        Ok(parts) => judged(request.header(CONTENT_TYPE, content_type), parts, delivery, judge).await,
        Err(_) => Verdict::new(Outcome::MessageRejected, Reason::NotSent),
    }
}

/// Makes the one call, and judges the answer.
async fn judged(
    request: Post,
    body: impl IntoIterator<Item = Bytes>,
    delivery: &Delivery<'_>,
    judge: impl AsyncFnOnce(Answer) -> Verdict,
) -> Verdict {
    match client::call(request, body, delivery).await {
        Ok(answer) => judge(answer).await,
        Err(verdict) => verdict,
    }
}

//! What every adapter over HTTP is made of: a client, an endpoint, a key.

use reqwest::{Client, RequestBuilder, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use super::client::{self, Answer};
use super::{Connect, Invalid, Values, Variable};
use crate::outcome::Verdict;

/// The variable of every such adapter that holds its key.
pub(super) const API_KEY: Variable = Variable::secret("API_KEY");

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
        Ok(Self { client: client::build(connect)?, endpoint, key: values.get(API_KEY.name).into() })
    }

    pub(super) fn key(&self) -> &str {
        self.key.expose_secret()
    }

    pub(super) fn post(&self) -> RequestBuilder {
        self.client.post(self.endpoint.clone())
    }
}

/// Makes the one call with this body, and judges the answer.
pub(super) async fn call(
    request: RequestBuilder,
    body: &impl Serialize,
    judge: impl AsyncFnOnce(Answer) -> Verdict,
) -> Verdict {
    judged(request.json(body), judge).await
}

/// Makes the one call, and judges the answer.
pub(super) async fn judged(request: RequestBuilder, judge: impl AsyncFnOnce(Answer) -> Verdict) -> Verdict {
    match client::call(request).await {
        Ok(answer) => judge(answer).await,
        Err(verdict) => verdict,
    }
}

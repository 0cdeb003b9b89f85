//! The admin listener of a running node, as commands ask it.
//!
//! Invariant: the admin key goes to the node alone. A redirect is not followed, and no proxy is used.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::app::config::AdminAccess;

/// The node answers every call within 16 s.
const TIMEOUT: Duration = Duration::from_secs(20);

/// The title of a problem of the node that no mail is missing for, but the path.
const NO_SUCH_PATH: &str = "There is no such path";

/// Parameters of a query.
pub(super) type Query = [(&'static str, String)];

/// An answer of the node that is none of its problems.
pub(super) struct Answer {
    /// As it came.
    pub(super) text: String,
    /// What it says.
    pub(super) json: Value,
}

/// A node that commands ask.
pub(super) struct AdminClient {
    address: SocketAddr,
    key: SecretString,
    client: Client,
    why_no_path: &'static str,
}

impl AdminClient {
    pub(super) fn new(AdminAccess { address, key }: AdminAccess) -> Result<Self, String> {
        let client = Client::builder().no_proxy().redirect(Policy::none()).timeout(TIMEOUT).build();
        let why_no_path = "is it of a version that has this command?";
        Ok(Self { address, key, client: client.map_err(|error| error.to_string())?, why_no_path })
    }

    /// With what it means where the node does not have a path.
    pub(super) fn without_path(self, why_no_path: &'static str) -> Self {
        Self { why_no_path, ..self }
    }

    pub(super) async fn get(&self, path: &str, query: &Query) -> Result<Answer, String> {
        let request = self.client.get(self.url(path, query)?);
        self.send(request).await
    }

    /// With this as its JSON.
    pub(super) async fn post(&self, path: &str, body: Vec<u8>) -> Result<Answer, String> {
        self.send(self.request(path, &[], body)?).await
    }

    /// A call that is not made yet.
    pub(super) fn request(&self, path: &str, query: &Query, body: Vec<u8>) -> Result<RequestBuilder, String> {
        Ok(self.client.post(self.url(path, query)?).header(CONTENT_TYPE, "application/json").body(body))
    }

    /// What the node answers; an error is for people.
    pub(super) async fn send(&self, request: RequestBuilder) -> Result<Answer, String> {
        let (address, key) = (self.address, self.key.expose_secret());
        let request = if key.is_empty() { request } else { request.header("x-admin-key", key) };
        let answer = request.send().await;
        let answer = answer.map_err(|_| format!("no answer from {address}; is the admin listener of smsp there?"))?;
        let status = answer.status();
        let text = answer.text().await.map_err(|_| format!("{address} did not finish its answer"))?;
        let json: Value = serde_json::from_str(&text).unwrap_or_default();
        if status.is_success() {
            return Ok(Answer { text, json });
        }
        let detail = match json["detail"].as_str() {
            Some(_) if json["title"] == NO_SUCH_PATH => self.why_no_path,
            Some(detail) => detail,
            None => "it says no more",
        };
        Err(format!("{address} answers {status}: {detail}"))
    }

    fn url(&self, path: &str, query: &Query) -> Result<Url, String> {
        let mut url = Url::parse(&format!("http://{}{path}", self.address)).map_err(|error| error.to_string())?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }
}

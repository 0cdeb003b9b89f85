//! The caller's side in verbs: send a mail, ask for the circuits, read the metrics.

use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use super::answer::Answer;
use super::metrics::Metrics;

/// More than the longest request deadline here: a test fails, it never hangs.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A caller of one server.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    api: String,
    ops: Option<String>,
    key: String,
}

impl Client {
    pub(crate) fn new(api: &str, key: &str) -> Self {
        let redirects = reqwest::redirect::Policy::none();
        let http = reqwest::Client::builder().no_proxy().redirect(redirects).timeout(TIMEOUT).build();
        Self { http: http.expect("the test client can be built"), api: api.to_owned(), ops: None, key: key.to_owned() }
    }

    /// An operator's client too.
    pub(crate) fn with_ops(mut self, ops: &str) -> Self {
        self.ops = Some(ops.to_owned());
        self
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.api)
    }

    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// Sends one mail.
    pub(crate) async fn send(&self, mail: &Value) -> Answer {
        self.post_raw(mail.to_string(), &[]).await
    }

    /// Sends one mail with these headers beside the usual ones, duplicate ones too.
    pub(crate) async fn send_with(&self, mail: &Value, headers: &[(&str, &str)]) -> Answer {
        let all = [&[("x-api-key", self.key.as_str())], headers].concat();
        self.post_bare("/email", mail, &all).await
    }

    /// `POST /route`: asks where a mail would go, with these headers beside the usual ones.
    pub(crate) async fn explain(&self, mail: &Value, headers: &[(&str, &str)]) -> Answer {
        self.post_to("/route", mail.to_string(), headers).await
    }

    /// `POST /email` with any body; a header given here takes the place of the usual one.
    pub(crate) async fn post_raw(&self, body: impl Into<reqwest::Body>, headers: &[(&str, &str)]) -> Answer {
        self.post_to("/email", body, headers).await
    }

    /// `POST` of any body to a path; a header given here takes the place of the usual one.
    pub(crate) async fn post_to(&self, path: &str, body: impl Into<reqwest::Body>, headers: &[(&str, &str)]) -> Answer {
        let mut all = HeaderMap::new();
        all.insert("x-api-key", value(&self.key));
        all.insert("content-type", value("application/json"));
        for (name, text) in headers {
            all.insert(self::name(name), value(text));
        }
        Answer::to(self.request(Method::POST, path).headers(all).body(body)).await
    }

    /// `POST /email` with these headers alone, duplicate ones too.
    pub(crate) async fn post_bare(&self, path: &str, mail: &Value, headers: &[(&str, &str)]) -> Answer {
        let mut all = HeaderMap::new();
        all.insert("content-type", value("application/json"));
        for (name, text) in headers {
            all.append(self::name(name), value(text));
        }
        Answer::to(self.request(Method::POST, path).headers(all).body(mail.to_string())).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path).await
    }

    /// Any method, without key and body.
    pub(crate) async fn call(&self, method: Method, path: &str) -> Answer {
        Answer::to(self.request(method, path)).await
    }

    pub(crate) async fn healthcheck(&self) -> Answer {
        self.get("/healthcheck").await
    }

    /// A request to the API listener, for tests that need something of their own.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, self.url(path))
    }

    /// `GET` at the admin listener.
    pub(crate) async fn ops(&self, path: &str) -> Answer {
        let ops = self.ops.as_ref().expect("this server's admin listener is known");
        Answer::to(self.http.get(format!("{ops}{path}"))).await
    }

    /// `GET` at the admin listener of a server that may be gone by now.
    pub(crate) async fn try_ops(&self, path: &str) -> Option<Answer> {
        let ops = self.ops.as_ref().expect("this server's admin listener is known");
        Answer::try_to(self.http.get(format!("{ops}{path}"))).await.ok()
    }

    /// An order at the admin listener of a server that may be gone by now. A body is JSON.
    pub(crate) async fn try_order(&self, method: Method, path: &str, order: Option<&Value>) -> Option<Answer> {
        let ops = self.ops.as_ref().expect("this server's admin listener is known");
        let request = self.http.request(method, format!("{ops}{path}"));
        let request = match order {
            Some(order) => request.header("content-type", "application/json").body(order.to_string()),
            None => request,
        };
        Answer::try_to(request).await.ok()
    }

    /// The state of one circuit, as operators see it.
    pub(crate) async fn circuit(&self, name: &str) -> Value {
        let answer = self.ops("/circuits").await.expect(200);
        let circuits = answer.at("/circuits").as_array().cloned().unwrap_or_default();
        circuits.into_iter().find(|circuit| circuit["name"] == name).unwrap_or_else(|| panic!("no {name} in {answer}"))
    }

    /// `closed`, `open` or `half_open`.
    pub(crate) async fn state(&self, name: &str) -> String {
        self.circuit(name).await["state"].as_str().expect("a state is a word").to_owned()
    }

    /// `PUT /circuits/{name}`, as JSON, at the admin listener.
    pub(crate) async fn order(&self, name: &str, order: &Value) -> Answer {
        self.order_raw(name, "application/json", &order.to_string()).await
    }

    /// `PUT /circuits/{name}` with any body.
    pub(crate) async fn order_raw(&self, name: &str, content_type: &str, body: &str) -> Answer {
        let ops = self.ops.as_ref().expect("this server's admin listener is known");
        let request = self.http.put(format!("{ops}/circuits/{name}")).header("content-type", content_type);
        Answer::to(request.body(body.to_owned())).await
    }

    /// In the plain format, which is what a client gets that names none.
    pub(crate) async fn metrics(&self) -> Metrics {
        Metrics::parse(&self.ops("/metrics").await.expect(200).text)
    }
}

fn name(text: &str) -> HeaderName {
    text.parse().expect("a header name of a test is one")
}

fn value(text: &str) -> HeaderValue {
    HeaderValue::from_bytes(text.as_bytes()).expect("a header value of a test is one")
}

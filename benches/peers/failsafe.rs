//! What one would write with axum and failsafe: offer the mail to one `SendGrid` account after the other, each behind a
//! circuit breaker.

#![expect(
    clippy::expect_used,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a peer that cannot start has no row"
)]

use std::env::var;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use bytes::Bytes;
use failsafe::backoff::{EqualJittered, equal_jittered};
use failsafe::failure_policy::{ConsecutiveFailures, consecutive_failures};
use failsafe::futures::CircuitBreaker;
use failsafe::{Config, StateMachine};
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use serde::Deserialize;
use serde_json::{Value, json};

type Breaker = StateMachine<ConsecutiveFailures<EqualJittered>, ()>;

struct Relay {
    key: String,
    upstreams: Vec<(String, Breaker)>,
    client: Client<HttpConnector, Full<Bytes>>,
    timeout: Duration,
}

#[derive(Deserialize)]
struct Mail {
    from: String,
    to: String,
    subject: String,
    text: Option<String>,
    html: Option<String>,
}

impl Mail {
    fn sendgrid(&self) -> Bytes {
        let parts = [("text/plain", &self.text), ("text/html", &self.html)];
        let parts = parts.iter().filter_map(|(kind, text)| Some(json!({"type": kind, "value": text.as_ref()?})));
        let (to, content) = (json!([{"to": [{"email": self.to}]}]), parts.collect::<Vec<_>>());
        let (from, subject) = (json!({"email": self.from}), &self.subject);
        json!({"personalizations": to, "from": from, "subject": subject, "content": content}).to_string().into()
    }
}

impl Relay {
    fn from_env() -> Self {
        let backoff = || equal_jittered(Duration::from_secs(5), Duration::from_secs(300));
        let breaker = || Config::new().failure_policy(consecutive_failures(5, backoff())).build();
        let timeout = var("TIMEOUT_MS").map_or(10_000, |text| text.parse().expect("milliseconds"));
        let upstreams = var("UPSTREAMS").expect("UPSTREAMS");
        Self {
            key: var("KEY").expect("KEY"),
            upstreams: upstreams.split(',').map(|url| (format!("{url}/v3/mail/send"), breaker())).collect(),
            client: Client::builder(TokioExecutor::new()).build_http(),
            timeout: Duration::from_millis(timeout),
        }
    }

    async fn post(&self, url: &str, body: Bytes) -> Result<(), String> {
        let request = Request::post(url).header("authorization", "Bearer k").header("content-type", "application/json");
        let request = request.body(Full::new(body)).map_err(|error| error.to_string())?;
        let answer = async {
            let response = self.client.request(request).await.map_err(|error| error.to_string())?;
            let status = response.status();
            response.into_body().collect().await.map_err(|error| error.to_string())?;
            if status.is_success() { Ok(()) } else { Err(status.to_string()) }
        };
        tokio::time::timeout(self.timeout, answer).await.map_err(|error| error.to_string())?
    }
}

async fn email(
    State(relay): State<Arc<Relay>>,
    headers: HeaderMap,
    Json(mail): Json<Mail>,
) -> (StatusCode, Json<Value>) {
    if headers.get("x-api-key").is_none_or(|key| key.as_bytes() != relay.key.as_bytes()) {
        return (StatusCode::UNAUTHORIZED, Json(json!({"sent": false})));
    }
    let body = mail.sendgrid();
    for (url, breaker) in &relay.upstreams {
        match breaker.call(relay.post(url, body.clone())).await {
            Ok(()) => return (StatusCode::OK, Json(json!({"sent": true}))),
            Err(error) => eprintln!("{url}: {error:?}"),
        }
    }
    (StatusCode::BAD_GATEWAY, Json(json!({"sent": false})))
}

#[tokio::main]
async fn main() {
    let app = Router::new().route("/email", post(email)).with_state(Arc::new(Relay::from_env()));
    let port = var("PORT").unwrap_or_else(|_| "0".to_owned());
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await.expect("a port");
    println!("http://{}", listener.local_addr().expect("an address"));
    axum::serve(listener, app).await.expect("no end");
}

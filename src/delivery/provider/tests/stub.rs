//! An adapter before a stub on loopback that gives one answer a connection, byte for byte.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::delivery::provider;
use crate::delivery::provider::call::{Delivery, Mode, Provider};
use crate::delivery::provider::kind::BASE_URL;
use crate::delivery::provider::values::{Connect, Values};
use crate::model::message::{Draft, Message};
use crate::model::outcome::{Outcome, Verdict};

pub(in crate::delivery::provider) const CONNECT: Connect = Connect { timeout: Duration::from_millis(500), proxy: None };

pub(in crate::delivery::provider) fn adapter(kind_name: &str, base_url: &str) -> Box<dyn Provider> {
    let kind = provider::kind(kind_name).expect("a kind");
    let mut values = Values::default();
    for variable in kind.variables {
        let value = if variable.name == BASE_URL { base_url } else { "value" };
        values.set(variable.name, value.into());
    }
    (kind.build)(&values, CONNECT).unwrap_or_else(|e| panic!("{kind_name}: {e:?}"))
}

pub(in crate::delivery::provider) fn mail() -> Message {
    mail_to(&["b@example.org"])
}

pub(in crate::delivery::provider) fn mail_to(emails: &[&str]) -> Message {
    let draft = Draft { to: emails.iter().map(|email| email.parse().unwrap()).collect(), ..Draft::default() };
    Message::new(crate::runtime::ids::fresh().into(), "a@example.org".parse().unwrap(), draft).unwrap()
}

/// An adapter before a stub on loopback that gives one answer a connection, byte for byte.
pub(in crate::delivery::provider) struct Stub {
    adapter: Box<dyn Provider>,
    answer: Arc<Mutex<Vec<u8>>>,
    /// The last request, byte for byte.
    pub(in crate::delivery::provider) request: Arc<Mutex<Vec<u8>>>,
}

impl Stub {
    pub(in crate::delivery::provider) async fn of(kind: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let answer = Arc::<Mutex<Vec<u8>>>::default();
        let request = Arc::<Mutex<Vec<u8>>>::default();
        let (told, last) = (Arc::clone(&answer), Arc::clone(&request));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = Vec::new();
                while !is_whole(&request) {
                    assert_ne!(stream.read_buf(&mut request).await.unwrap(), 0, "the request broke off");
                }
                *last.lock().unwrap() = request;
                let answer = told.lock().unwrap().clone();
                // An adapter that has seen enough may close before the end.
                let _ = stream.write_all(&answer).await;
            }
        });
        Self { adapter: adapter(kind, &base_url), answer, request }
    }

    /// What the adapter makes of this answer.
    pub(in crate::delivery::provider) async fn judge(
        &self,
        mail: &Message,
        mode: Mode,
        answer: impl Into<Vec<u8>>,
    ) -> Verdict {
        *self.answer.lock().unwrap() = answer.into();
        self.adapter.send(Delivery::new(mail, mode)).await
    }
}

/// What the adapter makes of this answer to one mail.
pub(in crate::delivery::provider) async fn verdict(kind: &str, answer: String) -> Verdict {
    Stub::of(kind).await.judge(&mail(), Mode::First, answer).await
}

/// Headers, and as much body as they announce.
fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.split_once("content-length: ").and_then(|(_, rest)| rest.lines().next()?.parse().ok());
    body.len() >= length.unwrap_or_else(|| panic!("no length: {head}"))
}

pub(in crate::delivery::provider) fn answer(status: u16, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

pub(in crate::delivery::provider) async fn check(kind: &str, rows: &[(u16, &str, Outcome)]) {
    for (status, body, outcome) in rows {
        let verdict = verdict(kind, answer(*status, "", body)).await;
        assert_eq!(verdict.outcome, *outcome, "{kind}: {status} {body}: {verdict:?}");
    }
}

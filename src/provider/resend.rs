//! Resend: `POST /emails`. It takes a mail once under an `Idempotency-Key`, for 24 hours.
//!
//! Source: Resend's OpenAPI document and its pages "Errors" and "Idempotency keys". Our id is that key, and travels as
//! the tag `smsp_id`. Its error names decide before the status does: a spent quota is a 429 that no wait within reason
//! ends. A conflict over the key means that an earlier call under it was or is being taken: unknown.

use std::time::Duration;

use reqwest::{Client, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::client::{self, Answer};
use super::{Call, Capabilities, Connect, Invalid, Kind, Provider, Values, Variable};
use crate::message::{Mailbox, Message};
use crate::outcome::{Outcome, Reason, Verdict};

pub(super) const KIND: Kind = Kind {
    name: "resend",
    upstream: "rs",
    local: false,
    variables: &[Variable::secret("API_KEY"), client::base_url("https://api.resend.com")],
    build,
};

struct Resend {
    client: Client,
    endpoint: Url,
    key: SecretString,
}

fn build(values: &Values, connect: Connect) -> Result<Box<dyn Provider>, Invalid> {
    Ok(Box::new(Resend {
        client: client::build(connect)?,
        endpoint: client::endpoint(values, "emails")?,
        key: values.get("API_KEY").into(),
    }))
}

impl Provider for Resend {
    fn send<'a>(&'a self, message: &'a Message) -> Call<'a> {
        Box::pin(async {
            let request = self.client.post(self.endpoint.clone()).bearer_auth(self.key.expose_secret());
            let request = request.header("Idempotency-Key", message.id().to_string());
            match client::call(request.json(&render(message))).await {
                Ok(answer) => judge(answer).await,
                Err(verdict) => verdict,
            }
        })
    }

    /// Source: its document ("Max 50" of `to`; we count all), its page of attachments (40 MB after encoding).
    fn capabilities(&self) -> Capabilities {
        Capabilities { recipients: 50, size: 30_000_000, idempotent: true }
    }
}

#[derive(Serialize)]
struct Mail<'a> {
    from: String,
    to: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cc: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    bcc: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<String>,
    subject: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<&'a str>,
    tags: [Tag; 1],
}

#[derive(Serialize)]
struct Tag {
    name: &'static str,
    value: String,
}

fn render(message: &Message) -> Mail<'_> {
    let (text, html) = client::bodies(message);
    Mail {
        from: message.from().to_string(),
        to: texts(message.to()),
        cc: texts(message.cc()),
        bcc: texts(message.bcc()),
        reply_to: message.reply_to().map(ToString::to_string),
        subject: message.subject(),
        text,
        html,
        tags: [Tag { name: "smsp_id", value: message.id().to_string() }],
    }
}

fn texts(mailboxes: &[Mailbox]) -> Vec<String> {
    mailboxes.iter().map(ToString::to_string).collect()
}

#[derive(Deserialize)]
struct Accepted {
    id: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Fault {
    name: String,
    message: String,
}

async fn judge(answer: Answer) -> Verdict {
    let status = answer.status();
    let wait = client::retry_after(answer.headers()).or_else(|| reset(&answer));
    let text = answer.text().await;
    let verdict = client::by_status(status);
    if status.is_success() {
        return match serde_json::from_str::<Accepted>(&text) {
            Ok(Accepted { id }) => Verdict::accepted(verdict.reason, Some(id)),
            Err(_) => Verdict::new(Outcome::Unknown, Reason::UnreadableAnswer),
        };
    }
    let fault: Fault = serde_json::from_str(&text).unwrap_or_default();
    match refused(status.as_u16(), &fault) {
        Some(Outcome::Throttled) => Verdict::throttled(verdict.reason, wait),
        Some(outcome) => Verdict { outcome, ..verdict },
        None if status.as_u16() == 429 => Verdict::throttled(verdict.reason, wait),
        None => verdict,
    }
}

/// What its own error name says; nothing if the answer is somebody else's, or a fault of its own.
fn refused(status: u16, fault: &Fault) -> Option<Outcome> {
    Some(match (status, fault.name.as_str()) {
        (400..=499, "missing_api_key" | "restricted_api_key" | "invalid_api_key" | "suspended_api_key") => {
            Outcome::AccountRefused
        }
        (
            400..=499,
            "invalid_permission" | "daily_quota_exceeded" | "monthly_quota_exceeded" | "method_not_allowed",
        ) => Outcome::AccountRefused,
        (_, "rate_limit_exceeded") => Outcome::Throttled,
        (400, "validation_error") if fault.message.contains("API key") => Outcome::AccountRefused,
        (403, "validation_error") => Outcome::SenderRejected,
        (409, _) => Outcome::Unknown,
        (400 | 422, name) if !name.is_empty() => Outcome::MessageRejected,
        _ => return None,
    })
}

/// `ratelimit-reset` counts seconds.
fn reset(answer: &Answer) -> Option<Duration> {
    answer.header("ratelimit-reset")?.parse().ok().map(Duration::from_secs)
}

//! Resend: `POST /emails`. It takes a mail once under an `Idempotency-Key`, for 24 hours.
//!
//! Source: Resend's OpenAPI document and its pages "Errors" and "Idempotency keys". Our id is that key, and travels as
//! the tag `smsp_id`. Its error names decide before the status does: a spent quota is a 429 that no wait within reason
//! ends. A conflict over the key means that an earlier call under it was or is being taken: unknown.

use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::api::{self, API_KEY, Api};
use super::client::{self, Answer};
use super::render::{self, Pairs};
use super::{Call, Capabilities, Connect, Delivery, Invalid, Kind, Mode, Provider, Values};
use crate::message::attachment::ContentId;
use crate::message::{Attachment, Message};
use crate::outcome::{Outcome, Reason, Verdict};

pub(super) const KIND: Kind = Kind {
    name: "resend",
    upstream: "rs",
    local: false,
    // Its document: 50 of `to` (all are counted here); its page of attachments: 40 MB after encoding.
    capabilities: Capabilities {
        recipients: 50,
        size: 40_000_000,
        smtputf8: false,
        // A mail with a file whose name does not fit its type vanishes without an error.
        guessed_types: true,
        once_within: Some(Duration::from_secs(23 * 3600)),
        ..Capabilities::ANY
    },
    dummy: "to its test address; counted as a mail",
    variables: &[API_KEY, client::base_url("https://api.resend.com")],
    build,
};

/// Takes a mail, and tells nobody.
const NOBODY: &str = "delivered@resend.dev";

struct Resend(Api);

fn build(values: &Values, connect: Connect) -> Result<Box<dyn Provider>, Invalid> {
    Ok(Box::new(Resend(Api::new(values, connect, "emails")?)))
}

impl Resend {
    async fn call(&self, Delivery { message, mode, hand_over }: Delivery<'_>) -> Verdict {
        let mut mail = mail(message);
        if mode == Mode::Probe {
            mail.to = vec![NOBODY.to_owned()];
        }
        let request = self.0.post().bearer_auth(self.0.key()).header("Idempotency-Key", message.id().to_string());
        api::call(request, &mail, hand_over, judge).await
    }
}

impl Provider for Resend {
    fn send<'a>(&'a self, delivery: Delivery<'a>) -> Call<'a> {
        Box::pin(self.call(delivery))
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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reply_to: Vec<String>,
    subject: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<File<'a>>,
    #[serde(skip_serializing_if = "Pairs::is_empty")]
    headers: Pairs<'a>,
    tags: Vec<Label>,
}

#[derive(Serialize)]
struct File<'a> {
    filename: &'a str,
    #[serde(serialize_with = "render::base64")]
    content: &'a Bytes,
    content_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_id: Option<&'a str>,
}

/// A tag has a name and a value.
#[derive(Serialize)]
struct Label {
    name: String,
    value: String,
}

fn mail(message: &Message) -> Mail<'_> {
    let (text, html) = render::bodies(message);
    Mail {
        from: message.from().to_string(),
        to: render::texts(message.to()),
        cc: render::texts(message.cc()),
        bcc: render::texts(message.bcc()),
        reply_to: render::texts(message.reply_to()),
        subject: render::subject(message),
        text,
        html,
        attachments: message.attachments().iter().map(file).collect(),
        headers: headers(message),
        tags: labels(message),
    }
}

fn file(attachment: &Attachment) -> File<'_> {
    File {
        filename: attachment.filename.as_str(),
        content: &attachment.content,
        content_type: attachment.content_type.as_str(),
        content_id: attachment.content_id.as_ref().map(ContentId::as_str),
    }
}

/// Metadata has no other place: the values of its tags are words.
fn headers(message: &Message) -> Pairs<'_> {
    let (headers, metadata) = (Pairs::headers(message), Pairs::metadata(message));
    if metadata.is_empty() { headers } else { headers.with("X-Metadata", metadata.to_line()) }
}

/// A tag is its own name: two of the same name would be one.
fn labels(message: &Message) -> Vec<Label> {
    let label = |name: &str, value: &str| Label { name: name.to_owned(), value: value.to_owned() };
    let tags = message.tags().iter().map(|tag| label(tag.as_str(), tag.as_str()));
    tags.chain([label("smsp_id", &message.id().to_string())]).collect()
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
    let verdict = answer.verdict().waiting(reset(&answer));
    let text = answer.text().await;
    if status.is_success() {
        return match serde_json::from_str::<Accepted>(&text) {
            Ok(Accepted { id }) => Verdict::accepted(verdict.reason, Some(id)),
            Err(_) => Verdict::new(Outcome::Unknown, Reason::UnreadableAnswer),
        };
    }
    let fault: Fault = serde_json::from_str(&text).unwrap_or_default();
    match refused(status.as_u16(), &fault) {
        Some(outcome) => Verdict { outcome, ..verdict },
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

//! Resend: `POST /emails`. It takes a mail once under an `Idempotency-Key`, for 24 hours.
//!
//! Source: Resend's OpenAPI document and its page "Idempotency keys". Our id is that key, and travels as the tag `smsp_id`.

mod answer;

use std::time::Duration;

use serde::Serialize;

use super::api::{self, Api, api_key};
use super::call::{Call, Delivery, Mode, Provider};
use super::capabilities::{Capabilities, Files, MaxLength, WordLimits, is_word};
use super::client;
use super::json::Base64;
use super::kind::Kind;
use super::ses;
use super::values::{Connect, Invalid, Values};
use crate::delivery::render::{self, Pairs};
use crate::model::message::attachment::ContentId;
use crate::model::message::{Attachment, Message};
use crate::model::outcome::Verdict;

pub(super) const KIND: Kind = Kind {
    name: "resend",
    upstream: "rs",
    local: false,
    // Its document: 50 of `to` (all are counted here); its page of attachments: 40 MB after encoding.
    capabilities: Capabilities {
        recipients: 50,
        size: 40_000_000,
        sender: true,
        // Names and values of tags: 256 of the characters A-Z a-z 0-9 _ -.
        tags: WordLimits { max_length: MaxLength::Bytes(256), is_allowed: is_word, ..WordLimits::ANY },
        // A mail with a file whose name does not fit its type vanishes without an error. It sends through SES.
        files: Files { infers_content_type: true, refused_extensions: &ses::REFUSED_EXTENSIONS, ..Files::ANY },
        idempotency_window: Some(Duration::from_secs(23 * 3600)),
        ..Capabilities::API
    },
    reserved_headers: &["idempotency-key"],
    probe: "to its test address; counted as a mail",
    #[cfg(test)]
    codes: answer::LISTED,
    variables: &[api_key("Resend's key"), client::base_url("https://api.resend.com", "where Resend's API is")],
    build,
};

/// Takes a mail, and tells nobody.
const NOBODY: &str = "delivered@resend.dev";

struct Resend(Api);

fn build(values: &Values, connect: Connect) -> Result<Box<dyn Provider>, Invalid> {
    Ok(Box::new(Resend(Api::new(values, connect, "emails")?)))
}

impl Resend {
    async fn call(&self, delivery: Delivery<'_>) -> Verdict {
        let (message, mut mail) = (delivery.message, mail(delivery.message));
        if delivery.mode == Mode::Probe {
            mail.to = vec![NOBODY.to_owned()];
        }
        let request = self.0.post().bearer_auth(self.0.key()).header("Idempotency-Key", message.id().to_string());
        api::call(request, &mail, &delivery, answer::judge).await
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
    content: Base64<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<String>,
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

/// The name of a file of bytes says more than its type, from which it must not differ.
fn file(attachment: &Attachment) -> File<'_> {
    let is_bytes = attachment.content_type.as_str() == "application/octet-stream";
    File {
        filename: attachment.filename.as_str(),
        content: Base64(&attachment.content),
        content_type: (!is_bytes).then(|| attachment.media_type()),
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

#[cfg(test)]
mod tests;

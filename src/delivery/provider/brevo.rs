//! Brevo: `POST /v3/smtp/email`. It takes a mail once under an idempotency key, for half an hour.
//!
//! Source: its documentation, "Idempotency" and "Rate limits", and its SDK. It wants HTML, so a mail without any gets its
//! text as that too. The type of a file is guessed from its name, and nothing is shown inside of the HTML. Our id is the
//! key, and travels in the custom header.

mod answer;

use std::borrow::Cow;
use std::time::Duration;

use serde::Serialize;

use super::api::{self, Api, api_key};
use super::call::{Call, Delivery, Mode, Provider};
use super::capabilities::{Capabilities, Files, Inline, Lookup, MaxLength, Parameters};
use super::client;
use super::json::{Base64, EmailAddress};
use super::kind::Kind;
use super::values::{Connect, Invalid, Values};
use crate::delivery::render::{self, Pairs};
use crate::model::message::{Attachment, Mailbox, Message, Tag};
use crate::model::outcome::Verdict;

pub(super) const KIND: Kind = Kind {
    name: "brevo",
    upstream: "bv",
    local: false,
    // Its document and SDK: 99 recipients a version, names of 70 characters, one address for answers, a head of less than
    // 4096 characters ("Unexpected long headers length"), of which 600 are ours; 20 MB is what its page of attachments allows.
    capabilities: Capabilities {
        recipients: 99,
        size: 20_000_000,
        text_as_html: true,
        names: |name| MaxLength::Characters(70).allows(&written(name)),
        reply_to: 1,
        head: 4096 - 600,
        files: Files {
            inline: Inline::No,
            parameters: Parameters::Utf8,
            infers_content_type: true,
            allowed_extensions: Some(&ALLOWED_EXTENSIONS),
            ..Files::ANY
        },
        // It knows a key for half an hour; the rest is for the clocks and the way.
        lookup: Lookup::Id("X-Mailin-custom"),
        idempotency_window: Some(Duration::from_secs(25 * 60)),
        ..Capabilities::API
    },
    reserved_headers: &["x-sib-*", "x-mailin-*", "idempotencykey"],
    probe: "in the sandbox; free",
    #[cfg(test)]
    codes: answer::LISTED,
    variables: &[api_key("Brevo's key"), client::base_url("https://api.brevo.com", "where Brevo's API is")],
    build,
};

/// The help page of Brevo on attachments.
const ALLOWED_EXTENSIONS: [&str; 55] = [
    "aif", "aifc", "aiff", "avi", "bmp", "cgm", "css", "csv", "doc", "docm", "docx", "eps", "ez", "flac", "gif", "htm",
    "html", "ics", "jpeg", "jpg", "m4a", "m4v", "mkv", "mobi", "mov", "mp3", "mp4", "mpeg", "mpg", "msg", "ods", "odt",
    "ogg", "pdf", "pkpass", "png", "ppt", "pptx", "pub", "rtf", "shtml", "tar", "tif", "tiff", "txt", "wav", "wma",
    "wmv", "xls", "xlsm", "xlsx", "xml", "zip", "ico", "eml",
];

struct Brevo(Api);

fn build(values: &Values, connect: Connect) -> Result<Box<dyn Provider>, Invalid> {
    Ok(Box::new(Brevo(Api::new(values, connect, "v3/smtp/email")?)))
}

impl Brevo {
    async fn call(&self, delivery: Delivery<'_>) -> Verdict {
        let mut mail = mail(delivery.message);
        if delivery.mode == Mode::Probe {
            // Its sandbox looks at the key and the mail, and drops it.
            mail.headers = mail.headers.with("X-Sib-Sandbox", "drop".to_owned());
        }
        let request = self.0.post().header("api-key", self.0.key());
        api::call(request, &mail, &delivery, async |answer| answer::judge(answer, delivery.mode).await).await
    }
}

impl Provider for Brevo {
    fn send<'a>(&'a self, delivery: Delivery<'a>) -> Call<'a> {
        Box::pin(self.call(delivery))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Mail<'a> {
    sender: EmailAddress<'a>,
    to: Vec<EmailAddress<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cc: Vec<EmailAddress<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    bcc: Vec<EmailAddress<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<EmailAddress<'a>>,
    subject: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    text_content: Option<&'a str>,
    html_content: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<&'a str>,
    headers: Pairs<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachment: Vec<File<'a>>,
}

#[derive(Serialize)]
struct File<'a> {
    name: &'a str,
    content: Base64<'a>,
}

fn mail(message: &Message) -> Mail<'_> {
    let (text, html) = render::bodies(message);
    let id = message.id().to_string();
    let custom = Pairs::metadata(message).with("smsp_id", id.clone()).to_line();
    Mail {
        sender: address(message.from()),
        to: message.to().iter().map(address).collect(),
        cc: message.cc().iter().map(address).collect(),
        bcc: message.bcc().iter().map(address).collect(),
        reply_to: message.reply_to().first().map(address),
        subject: render::subject(message),
        text_content: text,
        html_content: html.map_or_else(|| render::as_html(text.unwrap_or_default()), str::to_owned),
        tags: message.tags().iter().map(Tag::as_str).collect(),
        headers: Pairs::headers(message).with("X-Mailin-custom", custom).with("idempotencyKey", id),
        attachment: message.attachments().iter().map(file).collect(),
    }
}

fn address(mailbox: &Mailbox) -> EmailAddress<'_> {
    EmailAddress { name: mailbox.name().map(written), ..EmailAddress::new(mailbox) }
}

/// Brevo drops a name that is both beyond ASCII and in need of quotes, unless that is in encoded words.
fn written(name: &str) -> Cow<'_, str> {
    let is_plain = name.is_ascii() || name.chars().all(|c| c.is_alphanumeric() || c == ' ');
    if is_plain { name.into() } else { render::encoded_words(name).into() }
}

fn file(attachment: &Attachment) -> File<'_> {
    File { name: attachment.filename.as_str(), content: Base64(&attachment.content) }
}

#[cfg(test)]
mod tests;

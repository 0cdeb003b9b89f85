//! `SparkPost`: `POST /api/v1/transmissions`.
//!
//! Source: its "Transmissions API". Every recipient is an entry of its own; `header_to` shows the To list to all, Cc stands
//! in a header, Bcc nowhere. Substitution is off for bodies, but not for headers, so `{{` in a subject is not carried; nor is
//! a List-Unsubscribe of one's own.

mod answer;

use reqwest::header::AUTHORIZATION;
use serde::Serialize;

use super::api::{self, Api, api_key};
use super::call::{Call, Delivery, Mode, Provider};
use super::capabilities::{Capabilities, Files, MaxLength, WordLimits};
use super::client;
use super::json::{Base64, EmailAddress};
use super::kind::Kind;
use super::values::{Connect, Invalid, Values};
use crate::delivery::render::{self, OUR_PAIR, Pairs};
use crate::model::message::attachment::ContentId;
use crate::model::message::{Attachment, Mailbox, Message, Tag};
use crate::model::outcome::Verdict;

pub(super) const KIND: Kind = Kind {
    name: "sparkpost",
    upstream: "sp",
    local: false,
    // Its document: 20 MB of content, one campaign of 64 bytes, 10 kB of metadata, ours included. It names no number of
    // recipients, but the whole To line is repeated for each. "Supported file types": neither of the two endings.
    capabilities: Capabilities {
        recipients: 200,
        size: 20_000_000,
        smtputf8: true,
        sender: true,
        dropped_headers: &["list-unsubscribe"],
        literal_braces: false,
        tags: WordLimits { max_count: 1, max_length: MaxLength::Bytes(64), ..WordLimits::ANY },
        metadata: 10_000 - OUR_PAIR,
        files: Files { refused_extensions: &["bat", "exe"], ..Files::ANY },
        ..Capabilities::API
    },
    reserved_headers: &["x-msys-*"],
    probe: "to its sink; counted as a mail",
    #[cfg(test)]
    codes: answer::LISTED,
    variables: &[
        api_key("SparkPost's key"),
        client::base_url(
            "https://api.sparkpost.com",
            "where SparkPost's API is; in the EU `https://api.eu.sparkpost.com`",
        ),
    ],
    build,
};

struct SparkPost(Api);

fn build(values: &Values, connect: Connect) -> Result<Box<dyn Provider>, Invalid> {
    Ok(Box::new(SparkPost(Api::new(values, connect, "api/v1/transmissions")?)))
}

/// Behind any address, it swallows the mail.
const SINK: &str = ".sink.sparkpostmail.com";

impl SparkPost {
    async fn call(&self, delivery: Delivery<'_>) -> Verdict {
        let request = self.0.post().header(AUTHORIZATION, self.0.key());
        let Delivery { message, mode, .. } = delivery;
        let (header_to, suffix) = (render::line(message.to()), if mode == Mode::Probe { SINK } else { "" });
        let mail = mail(message, &header_to, suffix);
        api::call(request, &mail, &delivery, async |answer| answer::judge(answer, message).await).await
    }
}

impl Provider for SparkPost {
    fn send<'a>(&'a self, delivery: Delivery<'a>) -> Call<'a> {
        Box::pin(self.call(delivery))
    }
}

#[derive(Serialize)]
struct Mail<'a> {
    recipients: Vec<To<'a>>,
    content: Content<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    campaign_id: Option<&'a str>,
    metadata: Pairs<'a>,
    options: Options,
}

#[derive(Serialize)]
struct To<'a> {
    address: Address<'a>,
}

#[derive(Serialize)]
struct Address<'a> {
    email: String,
    header_to: &'a str,
}

#[derive(Serialize)]
struct Content<'a> {
    from: EmailAddress<'a>,
    subject: &'a str,
    #[serde(skip_serializing_if = "String::is_empty")]
    reply_to: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<&'a str>,
    #[serde(skip_serializing_if = "Pairs::is_empty")]
    headers: Pairs<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<File<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    inline_images: Vec<File<'a>>,
}

/// The name of a picture is its content id.
#[derive(Serialize)]
struct File<'a> {
    name: &'a str,
    r#type: String,
    data: Base64<'a>,
}

#[derive(Serialize)]
struct Options {
    transactional: bool,
    /// Template syntax in a body goes through untouched.
    perform_substitutions: bool,
    open_tracking: bool,
    click_tracking: bool,
}

const OPTIONS: Options =
    Options { transactional: true, perform_substitutions: false, open_tracking: false, click_tracking: false };

/// The request for all recipients, with this suffix behind each address.
fn mail<'a>(message: &'a Message, header_to: &'a str, suffix: &str) -> Mail<'a> {
    let email = |mailbox: &Mailbox| format!("{}{suffix}", mailbox.address().as_str());
    let to = |mailbox| To { address: Address { email: email(mailbox), header_to } };
    Mail {
        recipients: message.recipient_mailboxes().map(to).collect(),
        content: content(message),
        campaign_id: message.tags().first().map(Tag::as_str),
        metadata: Pairs::metadata(message).with("smsp_id", message.id().to_string()),
        options: OPTIONS,
    }
}

fn content(message: &Message) -> Content<'_> {
    let (text, html) = render::bodies(message);
    Content {
        from: EmailAddress::new(message.from()),
        subject: render::subject(message),
        reply_to: render::line(message.reply_to()),
        text,
        html,
        headers: headers(message),
        attachments: render::attachments(message, false).map(file).collect(),
        inline_images: render::attachments(message, true).map(file).collect(),
    }
}

/// The provider encodes what is beyond ASCII.
fn headers(message: &Message) -> Pairs<'_> {
    let headers = Pairs::plain_headers(message);
    if message.cc().is_empty() { headers } else { headers.with("Cc", render::line(message.cc())) }
}

fn file(attachment: &Attachment) -> File<'_> {
    let name = attachment.content_id.as_ref().map_or(attachment.filename.as_str(), ContentId::as_str);
    File { name, r#type: attachment.media_type(), data: Base64(&attachment.content) }
}

#[cfg(test)]
mod tests;

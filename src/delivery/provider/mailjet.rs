//! Mailjet: `POST /v3.1/send`, one message a call, so that a 4xx never hides a success.
//!
//! Source: its "Send API v3.1" guide. Our id travels as the `CustomID`.

mod answer;

use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use super::api::{self, Api, api_key};
use super::call::{Call, Delivery, Mode, Provider};
use super::capabilities::{Capabilities, Files, Lookup, MaxLength, Parameters, WordLimits};
use super::client;
use super::json::Base64;
use super::kind::Kind;
use super::values::{Connect, Invalid, Values};
use crate::delivery::render::{self, Pairs};
use crate::model::message::attachment::ContentId;
use crate::model::message::{Attachment, Mailbox, Message, Tag};
use crate::model::outcome::Verdict;
use crate::runtime::settings::Row;

const API_SECRET: Row = Row::secret("API_SECRET", "the secret of Mailjet's key");

pub(super) const KIND: Kind = Kind {
    name: "mailjet",
    upstream: "mj",
    local: false,
    // Its guide: 50 recipients, a subject of 255 characters, 15 MB of files, none of them empty, 50 headers, one address for
    // answers, one campaign. It refuses headers that it or its customers' readers rely on (`send-0011`), and calls every text
    // UTF-8.
    capabilities: Capabilities {
        recipients: 50,
        size: 15_000_000,
        subject: MaxLength::Characters(255),
        smtputf8: true,
        reply_to: 1,
        headers: 50,
        dropped_headers: &REFUSED_HEADERS,
        tags: WordLimits { max_count: 1, max_length: MaxLength::Characters(255), ..WordLimits::ANY },
        files: Files { empty: false, parameters: Parameters::Utf8, ..Files::ANY },
        lookup: Lookup::Id("CustomID"),
        ..Capabilities::API
    },
    reserved_headers: &["x-mj-*", "x-mailjet-*"],
    probe: "in the sandbox; free",
    #[cfg(test)]
    codes: answer::LISTED,
    variables: &[
        api_key("Mailjet's key"),
        API_SECRET,
        client::base_url("https://api.mailjet.com", "where Mailjet's API is"),
    ],
    build,
};

/// The guide of Mailjet, "Forbidden headers", but for those that no caller may write.
const REFUSED_HEADERS: [&str; 7] =
    ["x-mailer", "user-agent", "list-id", "x-feedback-id", "x-csa-complaints", "domainkey-status", "x-mailjet-prio"];

struct Mailjet {
    api: Api,
    secret: SecretString,
}

fn build(values: &Values, connect: Connect) -> Result<Box<dyn Provider>, Invalid> {
    let secret = values.get(API_SECRET.name).into();
    Ok(Box::new(Mailjet { api: Api::new(values, connect, "v3.1/send")?, secret }))
}

impl Mailjet {
    async fn call(&self, delivery: Delivery<'_>) -> Verdict {
        // Its sandbox looks at the key, the sender and the mail, and sends nothing.
        let mails = Mails { messages: [mail(delivery.message)], sandbox_mode: delivery.mode == Mode::Probe };
        let request = self.api.post().basic_auth(self.api.key(), Some(self.secret.expose_secret()));
        api::call(request, &mails, &delivery, answer::judge).await
    }
}

impl Provider for Mailjet {
    fn send<'a>(&'a self, delivery: Delivery<'a>) -> Call<'a> {
        Box::pin(self.call(delivery))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Mails<'a> {
    messages: [Mail<'a>; 1],
    sandbox_mode: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Mail<'a> {
    from: EmailAddress<'a>,
    to: Vec<EmailAddress<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cc: Vec<EmailAddress<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    bcc: Vec<EmailAddress<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<EmailAddress<'a>>,
    subject: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    text_part: Option<&'a str>,
    #[serde(rename = "HTMLPart", skip_serializing_if = "Option::is_none")]
    html_part: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<File<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    inlined_attachments: Vec<File<'a>>,
    #[serde(skip_serializing_if = "Pairs::is_empty")]
    headers: Pairs<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_campaign: Option<&'a str>,
    #[serde(rename = "CustomID")]
    custom_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_payload: Option<String>,
    /// Off, whatever the account's default; it refuses both switches without HTML.
    #[serde(skip_serializing_if = "Option::is_none")]
    track_opens: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    track_clicks: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct EmailAddress<'a> {
    email: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct File<'a> {
    content_type: &'a str,
    filename: &'a str,
    #[serde(rename = "Base64Content")]
    content: Base64<'a>,
    #[serde(rename = "ContentID", skip_serializing_if = "Option::is_none")]
    content_id: Option<&'a str>,
}

fn mail(message: &Message) -> Mail<'_> {
    let (text_part, html_part) = render::bodies(message);
    let metadata = Pairs::metadata(message);
    let tracking = html_part.map(|_| "disabled");
    Mail {
        from: address(message.from()),
        to: message.to().iter().map(address).collect(),
        cc: message.cc().iter().map(address).collect(),
        bcc: message.bcc().iter().map(address).collect(),
        reply_to: message.reply_to().first().map(address),
        subject: render::subject(message),
        text_part,
        html_part,
        attachments: render::attachments(message, false).map(file).collect(),
        inlined_attachments: render::attachments(message, true).map(file).collect(),
        headers: Pairs::headers(message),
        custom_campaign: message.tags().first().map(Tag::as_str),
        custom_id: message.id().to_string(),
        event_payload: (!metadata.is_empty()).then(|| metadata.to_json()),
        track_opens: tracking,
        track_clicks: tracking,
    }
}

fn address(mailbox: &Mailbox) -> EmailAddress<'_> {
    EmailAddress { email: mailbox.address().as_str(), name: mailbox.name() }
}

fn file(attachment: &Attachment) -> File<'_> {
    File {
        content_type: attachment.content_type.as_str(),
        filename: attachment.filename.as_str(),
        content: Base64(&attachment.content),
        content_id: attachment.content_id.as_ref().map(ContentId::as_str),
    }
}

#[cfg(test)]
mod tests;

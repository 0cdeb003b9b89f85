//! SendGrid: `POST /v3/mail/send`.
//!
//! Source: Twilio's OpenAPI document `tsg_mail_v3`. Our id travels as the custom argument `smsp_id`, inside the
//! personalization: SendGrid's own document wants a string at the top level.

mod answer;

use std::borrow::Cow;
use std::str;

use reqwest::header::ACCEPT;
use serde::Serialize;

use super::api::{self, Api, api_key};
use super::call::{Call, Delivery, Mode, Provider};
use super::capabilities::{Capabilities, Files, MaxLength, Parameters, WordLimits, is_ascii};
use super::client;
use super::json::{Base64, EmailAddress};
use super::kind::Kind;
use super::values::{Connect, Invalid, Values};
use crate::delivery::render::{self, OUR_PAIR, Pairs};
use crate::model::message::attachment::ContentId;
use crate::model::message::{Attachment, Message, Tag};
use crate::model::outcome::Verdict;

pub(super) const KIND: Kind = Kind {
    name: "sendgrid",
    upstream: "sg",
    local: false,
    // Its document: 1000 recipients a call; ten categories of 255 ASCII characters; custom arguments of 10,000 bytes, ours
    // included; no empty file; of a file's type it takes the method of an invitation alone. Twilio's page of limits: 30 MB.
    capabilities: Capabilities {
        recipients: 1000,
        size: 30_000_000,
        sender: true,
        tags: WordLimits { max_count: 10, max_length: MaxLength::Characters(255), is_allowed: is_ascii },
        metadata: 10_000 - OUR_PAIR,
        files: Files {
            empty: false,
            parameters: Parameters::Method,
            // Its page "Mail Send errors", `attachments.filename`.
            names: |name| !name.contains([';', ',']),
            ..Files::ANY
        },
        ..Capabilities::API
    },
    reserved_headers: &["x-smtpapi*", "x-sg-*"],
    probe: "in the sandbox; free",
    #[cfg(test)]
    codes: answer::LISTED,
    variables: &[
        api_key("SendGrid's key"),
        client::base_url(
            "https://api.sendgrid.com",
            "where SendGrid's API is; in the EU `https://api.eu.sendgrid.com`",
        ),
    ],
    build,
};

struct SendGrid(Api);

fn build(values: &Values, connect: Connect) -> Result<Box<dyn Provider>, Invalid> {
    Ok(Box::new(SendGrid(Api::new(values, connect, "v3/mail/send")?)))
}

impl SendGrid {
    async fn call(&self, delivery: Delivery<'_>) -> Verdict {
        let Delivery { message, mode, .. } = delivery;
        // The sandbox looks at the key, the scope and the mail, and sends nothing.
        let mail = Mail { mail_settings: (mode == Mode::Probe).then_some(SANDBOX), ..mail(message) };
        // Without Accept it can answer 406.
        let request = self.0.post().bearer_auth(self.0.key()).header(ACCEPT, "application/json");
        api::call(request, &mail, &delivery, async |answer| answer::judge(answer, message, mode).await).await
    }
}

impl Provider for SendGrid {
    fn send<'a>(&'a self, delivery: Delivery<'a>) -> Call<'a> {
        Box::pin(self.call(delivery))
    }
}

#[derive(Serialize)]
struct Mail<'a> {
    personalizations: [Personalization<'a>; 1],
    from: EmailAddress<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reply_to_list: Vec<EmailAddress<'a>>,
    subject: &'a str,
    content: Vec<Content<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<File<'a>>,
    #[serde(skip_serializing_if = "Pairs::is_empty")]
    headers: Pairs<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    categories: Vec<&'a str>,
    tracking_settings: Tracking,
    #[serde(skip_serializing_if = "Option::is_none")]
    mail_settings: Option<MailSettings>,
}

#[derive(Serialize)]
struct Personalization<'a> {
    to: Vec<EmailAddress<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cc: Vec<EmailAddress<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    bcc: Vec<EmailAddress<'a>>,
    custom_args: Pairs<'a>,
}

#[derive(Serialize)]
struct Content<'a> {
    r#type: Cow<'a, str>,
    value: &'a str,
}

#[derive(Serialize)]
struct File<'a> {
    content: Base64<'a>,
    r#type: Cow<'a, str>,
    filename: &'a str,
    disposition: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_id: Option<&'a str>,
}

/// Off, whatever the account's default.
#[derive(Default, Serialize)]
struct Tracking {
    click_tracking: Switch,
    open_tracking: Switch,
    subscription_tracking: Switch,
    ganalytics: Switch,
}

#[derive(Default, Serialize)]
struct Switch {
    enable: bool,
}

#[derive(Serialize)]
struct MailSettings {
    sandbox_mode: Switch,
}

const SANDBOX: MailSettings = MailSettings { sandbox_mode: Switch { enable: true } };

fn mail(message: &Message) -> Mail<'_> {
    Mail {
        personalizations: [Personalization {
            to: EmailAddress::list(message.to()),
            cc: EmailAddress::list(message.cc()),
            bcc: EmailAddress::list(message.bcc()),
            custom_args: Pairs::metadata(message).with("smsp_id", message.id().to_string()),
        }],
        from: EmailAddress::new(message.from()),
        reply_to_list: EmailAddress::list(message.reply_to()),
        subject: render::subject(message),
        content: content(message),
        attachments: files(message),
        headers: Pairs::headers(message),
        categories: message.tags().iter().map(Tag::as_str).collect(),
        tracking_settings: Tracking::default(),
        mail_settings: None,
    }
}

/// An invitation stands among the texts, where it has no name, and once more as a file.
fn files(message: &Message) -> Vec<File<'_>> {
    let is_shown = invitation(message).is_some();
    let written = |attachment| match file(attachment) {
        file if is_shown && message.is_invitation(attachment) => File { r#type: "application/ics".into(), ..file },
        file => file,
    };
    message.attachments().iter().map(written).collect()
}

/// The file that asks for an answer, and its text, if it is the UTF-8 that its type may claim.
fn invitation(message: &Message) -> Option<(&Attachment, &str)> {
    let file = message.invitation()?;
    Some((file, str::from_utf8(&file.content).ok()?))
}

/// The method is the only parameter that it takes.
fn content_type(attachment: &Attachment) -> Cow<'_, str> {
    let bare = attachment.content_type.as_str();
    attachment.content_type.method().map_or(bare.into(), |method| format!("{bare}; method={method}").into())
}

fn file(attachment: &Attachment) -> File<'_> {
    let content_id = attachment.content_id.as_ref().map(ContentId::as_str);
    File {
        content: Base64(&attachment.content),
        r#type: content_type(attachment),
        filename: attachment.filename.as_str(),
        disposition: if content_id.is_some() { "inline" } else { "attachment" },
        content_id,
    }
}

/// Plain text first, then HTML, as it asks; then what asks for an answer.
fn content(message: &Message) -> Vec<Content<'_>> {
    let (text, html) = render::bodies(message);
    let texts = [("text/plain", text), ("text/html", html)];
    let texts = texts.into_iter().filter_map(|(r#type, value)| Some(Content { r#type: r#type.into(), value: value? }));
    let invitation = invitation(message).map(|(file, value)| Content { r#type: content_type(file), value });
    texts.chain(invitation).collect()
}

#[cfg(test)]
mod tests;

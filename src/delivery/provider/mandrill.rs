//! Mandrill: `POST /api/1.0/messages/send.json`, which answers for every recipient apart.
//!
//! Source: Mailchimp's "Transactional API" document and SDKs. Our id travels as the metadata `smsp_id`.

mod answer;

use serde::Serialize;

use super::api::{self, Api, api_key};
use super::call::{Call, Delivery, Provider};
use super::capabilities::{Capabilities, Files, Inline, MaxLength, WordLimits};
use super::client;
use super::json::Base64;
use super::kind::Kind;
use super::values::{Connect, Invalid, Values};
use crate::delivery::render::{self, OUR_PAIR, Pairs};
use crate::model::message::attachment::ContentId;
use crate::model::message::{Attachment, Message, Tag};

pub(super) const KIND: Kind = Kind {
    name: "mandrill",
    upstream: "md",
    local: false,
    // Its help pages: tags of 50 characters, none of which begins with `_`; metadata of 200 bytes, ours included, under names
    // of letters, digits and a few marks, none of which begins with `_`; the type of a picture begins with `image/`.
    capabilities: Capabilities {
        size: 25_000_000,
        sender: true,
        tags: WordLimits {
            max_length: MaxLength::Characters(50),
            is_allowed: |tag| !tag.starts_with('_'),
            ..WordLimits::ANY
        },
        metadata_names: WordLimits { is_allowed: is_metadata_name, ..WordLimits::ANY },
        metadata: 200 - OUR_PAIR,
        files: Files { inline: Inline::Images, ..Files::ANY },
        ..Capabilities::API
    },
    reserved_headers: &["x-mc-*"],
    probe: "a mail to the poll address",
    #[cfg(test)]
    codes: answer::LISTED,
    variables: &[api_key("Mandrill's key"), client::base_url("https://mandrillapp.com", "where Mandrill's API is")],
    build,
};

fn is_metadata_name(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_alphanumeric() || "_- ".contains(c)) && !name.starts_with('_')
}

struct Mandrill(Api);

fn build(values: &Values, connect: Connect) -> Result<Box<dyn Provider>, Invalid> {
    Ok(Box::new(Mandrill(Api::new(values, connect, "api/1.0/messages/send.json")?)))
}

impl Provider for Mandrill {
    fn send<'a>(&'a self, delivery: Delivery<'a>) -> Call<'a> {
        Box::pin(async move {
            let judge = async |answer| answer::judge(answer, delivery.message).await;
            api::call(self.0.post(), &request(self.0.key(), delivery.message), &delivery, judge).await
        })
    }
}

#[derive(Serialize)]
struct Request<'a> {
    key: &'a str,
    /// Asynchronous sending would answer before it knows anything.
    r#async: bool,
    message: Mail<'a>,
}

#[derive(Serialize)]
struct Mail<'a> {
    from_email: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    from_name: Option<&'a str>,
    to: Vec<To<'a>>,
    subject: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<&'a str>,
    #[serde(skip_serializing_if = "Pairs::is_empty")]
    headers: Pairs<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<File<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    images: Vec<File<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<&'a str>,
    /// Without it Cc and Bcc would each get a mail of their own.
    preserve_recipients: bool,
    /// Template syntax in a body goes through untouched.
    merge: bool,
    track_opens: bool,
    track_clicks: bool,
    metadata: Pairs<'a>,
}

#[derive(Serialize)]
struct To<'a> {
    email: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    r#type: &'static str,
}

/// The name of a picture is its content id.
#[derive(Serialize)]
struct File<'a> {
    r#type: String,
    name: &'a str,
    content: Base64<'a>,
}

fn request<'a>(key: &'a str, message: &'a Message) -> Request<'a> {
    let (text, html) = render::bodies(message);
    let mail = Mail {
        from_email: message.from().address().as_str(),
        from_name: message.from().name(),
        to: recipients(message),
        subject: render::subject(message),
        text,
        html,
        headers: headers(message),
        attachments: render::attachments(message, false).map(file).collect(),
        images: render::attachments(message, true).map(file).collect(),
        tags: message.tags().iter().map(Tag::as_str).collect(),
        preserve_recipients: true,
        merge: false,
        track_opens: false,
        track_clicks: false,
        metadata: Pairs::metadata(message).with("smsp_id", message.id().to_string()),
    };
    Request { key, r#async: false, message: mail }
}

fn headers(message: &Message) -> Pairs<'_> {
    let headers = Pairs::headers(message);
    if message.reply_to().is_empty() {
        headers
    } else {
        headers.with("Reply-To", render::line_in_7_bits(message.reply_to()))
    }
}

fn file(attachment: &Attachment) -> File<'_> {
    let name = attachment.content_id.as_ref().map_or(attachment.filename.as_str(), ContentId::as_str);
    File { r#type: attachment.media_type(), name, content: Base64(&attachment.content) }
}

fn recipients(message: &Message) -> Vec<To<'_>> {
    let lists = [("to", message.to()), ("cc", message.cc()), ("bcc", message.bcc())];
    let all = lists.into_iter().flat_map(|(r#type, list)| list.iter().map(move |mailbox| (r#type, mailbox)));
    all.map(|(r#type, mailbox)| To { email: mailbox.address().as_str(), name: mailbox.name(), r#type }).collect()
}

#[cfg(test)]
mod tests;

//! Postmark: `POST /email`.
//!
//! Source: its documentation, "Email API". Our id travels in the metadata; Postmark makes its own Message-ID where the caller
//! has none.

mod answer;

use std::borrow::Cow;

use reqwest::header::ACCEPT;
use serde::Serialize;

use super::api::{self, Api, api_key};
use super::call::{Call, Delivery, Provider};
use super::capabilities::{Capabilities, Files, MaxLength, WordLimits};
use super::client;
use super::json::Base64;
use super::kind::Kind;
use super::values::{Connect, Invalid, Values};
use crate::delivery::render::{self, Pairs};
use crate::model::message::{Attachment, Message, Tag};

pub(super) const KIND: Kind = Kind {
    name: "postmark",
    upstream: "pm",
    local: false,
    // Its documentation: 50 recipients, 10 MB after encoding, 5 MB of each body, one tag of 1000 characters; "Subject line and From address
    // character limits", in units of UTF-16; "Custom metadata FAQ": ten pairs, ours included, of 20 and 80 characters;
    // "Forbidden file types".
    capabilities: Capabilities {
        recipients: 50,
        size: 10_000_000,
        body: 5_000_000,
        subject: MaxLength::Utf16(2000),
        from: MaxLength::Utf16(255),
        sender: true,
        message_id: true,
        tags: WordLimits { max_count: 1, max_length: MaxLength::Characters(1000), ..WordLimits::ANY },
        metadata_names: WordLimits { max_count: 9, max_length: MaxLength::Characters(20), ..WordLimits::ANY },
        metadata_value: MaxLength::Characters(80),
        files: Files { refused_extensions: &REFUSED_EXTENSIONS, ..Files::ANY },
        ..Capabilities::API
    },
    reserved_headers: &["x-pm-*", "x-postmark-*"],
    probe: "a mail to the poll address",
    #[cfg(test)]
    codes: answer::LISTED,
    variables: &[
        api_key("Postmark's server token"),
        client::base_url("https://api.postmarkapp.com", "where Postmark's API is"),
    ],
    build,
};

/// The page of Postmark "Forbidden file types" (code 411).
const REFUSED_EXTENSIONS: [&str; 32] = [
    "vbs", "exe", "bin", "bat", "chm", "com", "cpl", "crt", "hlp", "hta", "inf", "ins", "isp", "jse", "lnk", "mdb",
    "pcd", "pif", "reg", "scr", "sct", "shs", "vbe", "vba", "wsf", "wsh", "wsl", "msc", "msi", "msp", "mst", "vb",
];

struct Postmark(Api);

fn build(values: &Values, connect: Connect) -> Result<Box<dyn Provider>, Invalid> {
    Ok(Box::new(Postmark(Api::new(values, connect, "email")?)))
}

impl Provider for Postmark {
    fn send<'a>(&'a self, delivery: Delivery<'a>) -> Call<'a> {
        let request = self.0.post().header("X-Postmark-Server-Token", self.0.key()).header(ACCEPT, "application/json");
        Box::pin(async move {
            let judge = async |answer| answer::judge(answer, delivery.message).await;
            api::call(request, &mail(delivery.message), &delivery, judge).await
        })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Mail<'a> {
    from: String,
    to: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    cc: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    bcc: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    reply_to: String,
    subject: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    text_body: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    html_body: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<&'a str>,
    metadata: Pairs<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    headers: Vec<Header<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<File<'a>>,
    track_opens: bool,
    track_links: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Header<'a> {
    name: &'a str,
    value: Cow<'a, str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct File<'a> {
    name: &'a str,
    content: Base64<'a>,
    content_type: String,
    #[serde(rename = "ContentID", skip_serializing_if = "Option::is_none")]
    content_id: Option<String>,
}

fn mail(message: &Message) -> Mail<'_> {
    let (text_body, html_body) = render::bodies(message);
    Mail {
        from: message.from().to_string(),
        to: render::line(message.to()),
        cc: render::line(message.cc()),
        bcc: render::line(message.bcc()),
        reply_to: render::line(message.reply_to()),
        subject: render::subject(message),
        text_body,
        html_body,
        tag: message.tags().first().map(Tag::as_str),
        metadata: Pairs::metadata(message).with("smsp_id", message.id().to_string()),
        headers: headers(message),
        attachments: message.attachments().iter().map(file).collect(),
        track_opens: false,
        track_links: "None",
    }
}

/// A Message-ID is kept where one more header asks for that.
fn headers(message: &Message) -> Vec<Header<'_>> {
    let own_id =
        message.own_message_id().map(|id| [("Message-ID", format!("<{id}>")), ("X-PM-KeepID", "true".to_owned())]);
    let own_id = own_id.into_iter().flatten().map(|(name, value)| (name, value.into()));
    Pairs::headers(message).into_iter().chain(own_id).map(|(name, value)| Header { name, value }).collect()
}

fn file(attachment: &Attachment) -> File<'_> {
    File {
        name: attachment.filename.as_str(),
        content: Base64(&attachment.content),
        content_type: attachment.media_type(),
        content_id: attachment.content_id.as_ref().map(|id| format!("cid:{}", id.as_str())),
    }
}

#[cfg(test)]
mod tests;

//! A message as SES takes it: in parts (`Simple`), or as a file (`Raw`) where its parts are not enough.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Serialize;

use crate::delivery::mime::{self, MetadataHeaders};
use crate::delivery::provider::json::Base64;
use crate::delivery::render::{self, Pairs};
use crate::model::message::attachment::ContentId;
use crate::model::message::{Attachment, Mailbox, Message};
use crate::runtime::off_worker::off_worker;

/// Headers in `Simple`, at most.
const MAX_HEADERS: usize = 15;
/// Bytes of a header in `Simple`, its name and value together.
const MAX_HEADER_LEN: usize = 996;
/// Bytes of a file's type in `Simple`.
const MAX_TYPE_LEN: usize = 78;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Request<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    from_email_address: Option<String>,
    destination: Destination,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reply_to_addresses: Vec<String>,
    content: Content<'a>,
    email_tags: Vec<Pair<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Destination {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    to_addresses: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cc_addresses: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    bcc_addresses: Vec<String>,
}

#[derive(Serialize)]
enum Content<'a> {
    Simple(Simple<'a>),
    Raw(Raw<'a>),
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Raw<'a> {
    data: Base64<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Simple<'a> {
    subject: Text<'a>,
    body: Body<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    headers: Vec<Pair<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<File<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<Text<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Text<'a> {
    data: &'a str,
    charset: &'static str,
}

/// A header or a tag.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Pair<'a> {
    name: Cow<'a, str>,
    value: Cow<'a, str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct File<'a> {
    raw_content: Base64<'a>,
    file_name: &'a str,
    content_type: String,
    content_disposition: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_id: Option<&'a str>,
    /// The encoding of the file's part in the mail; without a word it would be `7bit`, whatever the bytes.
    content_transfer_encoding: &'static str,
}

/// The whole body; `None` if it cannot be written as JSON.
pub(super) fn body(message: &Message) -> Option<Vec<u8>> {
    let simple = simple(message);
    let json = |content| off_worker(message.size(), || render::json(&request(message, content))).ok();
    if is_enough(&simple) && message.attachments().iter().all(is_simple) {
        return json(Content::Simple(simple));
    }
    let file = Bytes::from(mime::render(message, MetadataHeaders::MetadataOnly));
    json(Content::Raw(Raw { data: Base64(&file) }))
}

/// A file has its own From, which a further one would replace; it is given all recipients, for that is how Bcc works.
fn request<'a>(message: &Message, content: Content<'a>) -> Request<'a> {
    let is_simple = matches!(content, Content::Simple(_));
    Request {
        from_email_address: is_simple.then(|| render::in_7_bits(message.from())),
        destination: Destination {
            to_addresses: mailboxes(message.to()),
            cc_addresses: mailboxes(message.cc()),
            bcc_addresses: mailboxes(message.bcc()),
        },
        reply_to_addresses: if is_simple { mailboxes(message.reply_to()) } else { Vec::new() },
        content,
        email_tags: tags(message),
    }
}

fn simple(message: &Message) -> Simple<'_> {
    let text = |data| Text { data, charset: "UTF-8" };
    let (plain, html) = render::bodies(message);
    Simple {
        subject: text(message.subject()),
        body: Body { text: plain.map(text), html: html.map(text) },
        headers: headers(message),
        attachments: message.attachments().iter().map(file).collect(),
    }
}

/// What SES makes of an empty subject, or of a file name beyond ASCII, is not documented, so neither is left to it.
fn is_enough(simple: &Simple) -> bool {
    let fits = |header: &Pair| header.name.len() + header.value.len() <= MAX_HEADER_LEN;
    let is_plain = |file: &File| file.file_name.is_ascii() && file.content_type.len() <= MAX_TYPE_LEN;
    !simple.subject.data.is_empty()
        && simple.headers.len() <= MAX_HEADERS
        && simple.headers.iter().all(fits)
        && simple.attachments.iter().all(is_plain)
}

/// A mail as a file must not be encoded (RFC 2046 5.2.1), and an invitation stands among the texts (RFC 6047 2.4): neither can
/// be said here.
fn is_simple(file: &Attachment) -> bool {
    !file.content_type.as_str().starts_with("message/") && file.content_type.method().is_none()
}

/// Metadata has no other place: the values of tags are words.
fn headers(message: &Message) -> Vec<Pair<'_>> {
    let metadata = Pairs::metadata(message);
    let metadata = (!metadata.is_empty()).then(|| ("X-Metadata", metadata.to_line().into()));
    let headers = Pairs::headers(message).into_iter().chain(metadata);
    headers.map(|(name, value)| pair(name.into(), value)).collect()
}

/// No name may come twice, so tags are told apart by their place: `tag`, `tag_2`, `tag_3`.
fn tags(message: &Message) -> Vec<Pair<'static>> {
    let name = |index| if index == 0 { "tag".into() } else { format!("tag_{}", index + 1).into() };
    let tags = message.tags().iter().enumerate();
    let tags = tags.map(|(index, tag)| pair(name(index), tag.as_str().to_owned().into()));
    tags.chain([pair("smsp_id".into(), message.id().to_string().into())]).collect()
}

fn pair<'a>(name: Cow<'a, str>, value: Cow<'a, str>) -> Pair<'a> {
    Pair { name, value }
}

fn file(attachment: &Attachment) -> File<'_> {
    let content_id = attachment.content_id.as_ref().map(ContentId::as_str);
    File {
        raw_content: Base64(&attachment.content),
        file_name: attachment.filename.as_str(),
        content_type: attachment.media_type(),
        content_disposition: if content_id.is_some() { "INLINE" } else { "ATTACHMENT" },
        content_id,
        content_transfer_encoding: "BASE64",
    }
}

/// A name beyond ASCII is refused unless it is in encoded words.
fn mailboxes(mailboxes: &[Mailbox]) -> Vec<String> {
    mailboxes.iter().map(render::in_7_bits).collect()
}

#[cfg(test)]
mod tests;

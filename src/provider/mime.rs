//! A message as an RFC 5322 file, for who takes one whole. The library fixes line ends and encodings; it is given no
//! header text that [`crate::message`] has not checked. Bcc recipients appear nowhere.

use lettre::error::Error;
use lettre::message::header::{Cc, ContentTransferEncoding, ContentType, HeaderName, HeaderValue, ReplyTo, To};
use lettre::message::{Attachment, Body, Mailbox, Mailboxes, MessageBuilder, MultiPart, SinglePart};

use super::render::{self, Pairs};
use crate::message::{self, Message};
use crate::off_worker::off_worker;

/// Does the file show tags and metadata, which have no other place in it than `X-Tags` and `X-Metadata`? Every recipient sees
/// those.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Labels {
    Shown,
    Hidden,
}

/// The bytes, with CRLF at the end of every line.
pub(super) fn render(message: &Message, labels: Labels) -> Result<Vec<u8>, Error> {
    off_worker(message.size(), || write(message, labels))
}

fn write(message: &Message, labels: Labels) -> Result<Vec<u8>, Error> {
    let mut head = lettre::Message::builder()
        .message_id(Some(format!("<{}>", message.message_id())))
        .date_now()
        .from(mailbox(message.from())?)
        .subject(message.subject())
        .header(To::from(mailboxes(message.to())?));
    if !message.cc().is_empty() {
        head = head.header(Cc::from(mailboxes(message.cc())?));
    }
    if !message.reply_to().is_empty() {
        head = head.header(ReplyTo::from(mailboxes(message.reply_to())?));
    }
    let head = further_headers(head, message, labels);
    let rendered = match content(message)? {
        Part::Single(part) => head.singlepart(part),
        Part::Multi(part) => head.multipart(part),
    };
    Ok(rendered?.formatted())
}

fn mailbox(mailbox: &message::Mailbox) -> Result<Mailbox, Error> {
    let address = mailbox.address().as_str().parse().map_err(|_| Error::EmailMissingAt)?;
    Ok(Mailbox::new(mailbox.name().map(str::to_owned), address))
}

/// All at once: the library encodes a header anew for every address that is added to it.
fn mailboxes(list: &[message::Mailbox]) -> Result<Mailboxes, Error> {
    list.iter().map(mailbox).collect()
}

/// The caller's, and those for tags and metadata.
fn further_headers(head: MessageBuilder, message: &Message, labels: Labels) -> MessageBuilder {
    let tags: Vec<_> = message.tags().iter().map(message::Tag::as_str).collect();
    let metadata = Pairs::metadata(message);
    let own = message.headers().iter().map(|header| (header.name(), header.value().to_owned()));
    let tags = (!tags.is_empty()).then(|| ("X-Tags", tags.join(", ")));
    let metadata = (!metadata.is_empty()).then(|| ("X-Metadata", metadata.to_line()));
    let shown = tags.into_iter().chain(metadata).filter(|_| labels == Labels::Shown);
    own.chain(shown).fold(head, |head, (name, value)| {
        match HeaderName::new_from_ascii(name.to_owned()) {
            Ok(name) => head.raw_header(HeaderValue::new(name, value)),
            // Names of a message are ASCII words.
            Err(_) => head,
        }
    })
}

enum Part {
    Single(SinglePart),
    Multi(MultiPart),
}

/// Text and HTML are alternatives; pictures are related to them; files come beside (RFC 2046 5.1, RFC 2387).
fn content(message: &Message) -> Result<Part, Error> {
    let body = match (message.text(), message.html()) {
        (Some(text), Some(html)) => Part::Multi(MultiPart::alternative_plain_html(line_ends(text), line_ends(html))),
        (None, Some(html)) => Part::Single(SinglePart::html(line_ends(html))),
        (text, None) => Part::Single(SinglePart::plain(line_ends(text.unwrap_or_default()))),
    };
    let body = with(body, MultiPart::related, message, true)?;
    with(body, MultiPart::mixed, message, false)
}

/// The body inside of a multipart with those files, if there are any.
fn with(
    body: Part,
    kind: fn() -> lettre::message::MultiPartBuilder,
    message: &Message,
    inline: bool,
) -> Result<Part, Error> {
    let mut files = render::attachments(message, inline).peekable();
    if files.peek().is_none() {
        return Ok(body);
    }
    let whole = match body {
        Part::Single(part) => kind().singlepart(part),
        Part::Multi(part) => kind().multipart(part),
    };
    let whole = files.try_fold(whole, |whole, file| part(file).map(|part| whole.singlepart(part)))?;
    Ok(Part::Multi(whole))
}

fn part(file: &message::Attachment) -> Result<SinglePart, Error> {
    let filename = file.filename.as_str().to_owned();
    let part = match &file.content_id {
        Some(content_id) => Attachment::new_inline_with_name(content_id.as_str().to_owned(), filename),
        None => Attachment::new(filename),
    };
    let content_type = ContentType::parse(file.content_type.as_str()).map_err(|_| Error::NonAsciiChars)?;
    // Base64 takes any bytes, so this cannot fail; other encodings would depend on what is inside.
    let body = Body::new_with_encoding(file.content.to_vec(), ContentTransferEncoding::Base64);
    body.map(|body| part.body(body, content_type)).map_err(|_| Error::NonAsciiChars)
}

/// Every line end as LF, which the library then writes as CRLF; a bare CR would go through as it is.
fn line_ends(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

#[cfg(test)]
mod tests;

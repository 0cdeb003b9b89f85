//! A message as an RFC 5322 file, for who takes one whole.
//!
//! Invariant: CRLF ends every line, and no line has more than 998 octets without it (RFC 5322 2.1.1). The fields of the
//! head are written here, for the library folds no list of addresses and loses spaces; it writes the parts of the body.

mod field;
mod head;
mod text;

use lettre::error::Error;
use lettre::message::header::{ContentTransferEncoding, ContentType};
use lettre::message::{Attachment, Body, MultiPart, SinglePart};

use super::render;
use crate::message::{self, Message};
use crate::off_worker::off_worker;

/// Does the file show tags and metadata, which have no other place in it than `X-Tags` and `X-Metadata`? Every recipient
/// sees those.
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
    let head = head::head(message, labels) + "MIME-Version: 1.0\r\n";
    let body = match content(message)? {
        Part::Single(part) => part.formatted(),
        Part::Multi(part) => part.formatted(),
    };
    Ok([head.into_bytes(), body].concat())
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

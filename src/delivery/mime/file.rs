//! A file of the caller's as a part of the mail: base64, but for messages.
//!
//! `message/*` has no other encoding than 7bit or 8bit (RFC 2046 5.2), else readers see an empty mail; `message/global`
//! may have one (RFC 6532 3.7). A message that a line of a mail cannot carry goes as plain bytes, which alter nothing.

use email_encoding::body::base64;

use super::Bytes;
use super::field::Field;
use crate::model::message::Attachment;
use crate::model::message::attachment::ContentId;

/// Octets of a line without its CRLF (RFC 5322 2.1.1).
const MAX_LINE_LEN: usize = 998;
/// What may be any bytes.
const ANY_BYTES: &str = "application/octet-stream";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    SevenBit,
    EightBit,
    Base64,
}

impl Encoding {
    fn of(file: &Attachment) -> Self {
        match is_message(file) && has_lines(&file.content) {
            true if file.content.is_ascii() => Self::SevenBit,
            // Parts of a mail and reports have 7 bits alone (RFC 2046 5.2.2.1, RFC 3464 2.1).
            true if file.content_type.as_str() == "message/rfc822" => Self::EightBit,
            _ => Self::Base64,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::SevenBit => "7bit",
            Self::EightBit => "8bit",
            Self::Base64 => "base64",
        }
    }
}

/// Does its part hold octets above 127?
pub(super) fn is_eight_bit(file: &Attachment) -> bool {
    Encoding::of(file) == Encoding::EightBit
}

/// Writes the part, without the line end that joins it to the next.
pub(super) fn write(file: &Attachment, disposition: &str, out: &mut Bytes) {
    let encoding = Encoding::of(file);
    let is_renamed = is_message(file) && encoding == Encoding::Base64;
    let media_type = if is_renamed { ANY_BYTES.to_owned() } else { file.media_type() };
    if let Some(id) = &file.content_id {
        out.field(Field::of("Content-ID", &format!("<{}>", ContentId::as_str(id))));
    }
    let mut shown = Field::of("Content-Disposition", &format!("{disposition};"));
    shown.parameter("filename", file.filename.as_str());
    out.field(shown);
    out.field(Field::of_words("Content-Type", &media_type));
    out.field(Field::of("Content-Transfer-Encoding", encoding.name()));
    out.end_of_line();
    if encoding == Encoding::Base64 {
        // Memory takes whatever is written.
        let _ = base64::encode(&file.content, out);
    } else {
        out.lines(lines(&file.content));
    }
}

fn is_message(file: &Attachment) -> bool {
    let subtype = file.content_type.as_str().strip_prefix("message/");
    subtype.is_some_and(|subtype| !subtype.starts_with("global"))
}

/// Can it be written line by line without loss?
fn has_lines(content: &[u8]) -> bool {
    let fits = |line: &[u8]| line.len() <= MAX_LINE_LEN && !line.contains(&b'\r') && !line.contains(&0);
    lines(content).all(fits)
}

/// Each without its end, LF or CRLF; what follows the last end is a line too, perhaps empty.
fn lines(content: &[u8]) -> impl Iterator<Item = &[u8]> {
    let last = content.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let (ended, rest) = content.split_at(last);
    let without_end = |line: &'_ [u8]| line.len() - 1 - usize::from(line.ends_with(b"\r\n"));
    ended.split_inclusive(|byte| *byte == b'\n').map(move |line| &line[..without_end(line)]).chain([rest])
}

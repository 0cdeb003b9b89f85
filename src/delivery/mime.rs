//! A message as an RFC 5322 file, for who takes one whole.
//!
//! Invariants: CRLF ends every line; no line has more than 998 octets without it (RFC 5322 2.1.1), and few have more than
//! 76. Written by ourselves, from head to last boundary: a library that composes mails folds no list of addresses, loses
//! spaces, and encodes messages that are files. What encodes is from libraries.

mod body;
mod bytes;
mod field;
mod file;
mod head;
mod metadata_headers;
mod part;
mod text;

use self::bytes::Bytes;
pub(super) use self::head::date;
pub(super) use self::metadata_headers::MetadataHeaders;
use self::part::Part;
use crate::model::message::Message;
use crate::runtime::off_worker::off_worker;

/// The bytes, whole lines.
pub(super) fn render(message: &Message, metadata_headers: MetadataHeaders) -> Vec<u8> {
    off_worker(message.size(), || write(message, metadata_headers))
}

/// The head of a mail as [`render`] writes it, but for what says how the body is written: lines with their CRLF.
pub(super) fn head(message: &Message) -> String {
    head::head(message, MetadataHeaders::None)
}

fn write(message: &Message, metadata_headers: MetadataHeaders) -> Vec<u8> {
    // Base64 is counted, its line ends are not.
    let mut out = Bytes::with_room_for(message.size() / 76 * 78 + 4096);
    out.text(&head::head(message, metadata_headers));
    out.text("MIME-Version: 1.0\r\n");
    Part::whole(message).write(&mut out);
    out.end()
}

#[cfg(test)]
mod tests;

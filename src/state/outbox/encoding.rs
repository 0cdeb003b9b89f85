//! A message as bytes that later versions can read: never MIME, because adapters render a message afresh.
//!
//! Version 1 is a byte for the version, four for the length of the head, the head as JSON, and then the bodies and files as
//! they are, in the order of the head. A part that a later version adds is one more member of the head; what no version
//! before could read gets a new number: version 2 is a report about a mail. What is read is checked as what comes from a caller
//! is.

mod head;

use std::str;

use bytes::Bytes;

use crate::model::message::{Attachment, Body, Draft, Id, Message};
use crate::model::submission::Failover;
use head::{Head, message_head};

const VERSION: u8 = 1;
/// A report, with its parts in the head. The version before would take it for a mail of its author.
const REPORT: u8 = 2;

/// Why bytes are no message that this version can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no message that this version can read")]
pub struct Unreadable;

/// What is kept of a submission besides its id, its caller and its key.
pub fn encode(message: &Message, failover: Option<Failover>) -> Vec<u8> {
    let head = serde_json::to_vec(&message_head(message, failover)).unwrap_or_default();
    let length = u32::try_from(head.len()).unwrap_or_default().to_be_bytes();
    let bodies = [message.text(), message.html()].into_iter().flatten().map(str::as_bytes);
    let files = message.attachments().iter().map(|file| &file.content[..]);
    let version = if message.report().is_some() { REPORT } else { VERSION };
    [&[version][..], &length, &head].into_iter().chain(bodies).chain(files).collect::<Vec<_>>().concat()
}

/// The message of this id that such bytes hold.
pub fn decode(id: Id, bytes: &Bytes) -> Result<(Message, Option<Failover>), Unreadable> {
    read(id, bytes).ok_or(Unreadable)
}

fn read(id: Id, bytes: &Bytes) -> Option<(Message, Option<Failover>)> {
    let (version, rest) = bytes.split_first()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    if ![VERSION, REPORT].contains(version) || rest.len() < length {
        return None;
    }
    let start = bytes.len() - rest.len();
    let head: Head = serde_json::from_slice(&rest[..length]).ok()?;
    let mut cut = Cut { bytes, at: start + length };
    let text = cut.body(head.text)?;
    let html = cut.body(head.html)?;
    let files: Option<Vec<Attachment>> = head.files.iter().map(|file| file.read(cut.next(file.length)?)).collect();
    let whole = cut.at == bytes.len();
    let draft = Draft { text, html, attachments: files?, ..head.draft()? };
    let message = Message::new(id, head.from.read()?, draft).ok().filter(|_| whole)?;
    let message = match &head.bounce_address {
        Some(address) => message.with_bounce_address(address.parse().ok()?),
        None => message,
    };
    Some((message, head.failover()?))
}

/// Cuts pieces off the front; files share the memory of the whole.
struct Cut<'a> {
    bytes: &'a Bytes,
    at: usize,
}

impl Cut<'_> {
    fn next(&mut self, length: usize) -> Option<Bytes> {
        let end = self.at.checked_add(length).filter(|end| *end <= self.bytes.len())?;
        let piece = self.bytes.slice(self.at..end);
        self.at = end;
        Some(piece)
    }

    /// Not there is one answer, unreadable another.
    fn body(&mut self, length: Option<usize>) -> Option<Option<Body>> {
        let Some(length) = length else { return Some(None) };
        str::from_utf8(&self.next(length)?).ok()?.parse().ok().map(Some)
    }
}

#[cfg(test)]
pub(super) mod tests;

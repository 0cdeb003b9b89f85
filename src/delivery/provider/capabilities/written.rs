//! How many bytes an adapter writes for parts of a mail, where a provider has a limit on them.
//!
//! They are written for that only where they could be too long: most mails are far below every limit.

use super::limit::MaxLength;
use crate::delivery::render::{self, Pairs};
use crate::model::message::{Mailbox, Message};

/// Bytes around a value: `": "`, `", "`, quotes, or the name of a form's field.
const SEPARATORS: usize = 6;
/// Bytes of the longest escape of one byte.
const ESCAPE: usize = 6;
/// Bytes around a value, at most: its separators, the name of its field, and what marks encoded words.
const AROUND: usize = 64;

/// Are the bytes that are `written` no more than `most`?
pub(super) fn fit(message: &Message, most: usize, written: fn(&Message) -> usize) -> bool {
    most == usize::MAX || longest(message) <= most || written(message) <= most
}

/// Is the mailbox as it is shown no longer?
pub(super) fn fits(mailbox: &Mailbox, most: MaxLength) -> bool {
    let longest = AROUND + mailbox.address().as_str().len() + mailbox.name().map_or(0, str::len) * ESCAPE;
    most.allows_bytes(longest) || most.allows(&mailbox.to_string())
}

/// Bytes of everything but bodies and files, whichever way it is written, at most.
fn longest(message: &Message) -> usize {
    let labels = message.headers().len() + message.tags().len() + message.metadata().len();
    // One more for the subject.
    let values = message.mailboxes().count() + labels + 1;
    message.head_size() * ESCAPE + values * AROUND
}

/// Bytes of metadata as a JSON object.
pub(super) fn metadata_as_json(message: &Message) -> usize {
    Pairs::metadata(message).to_json().len()
}

/// Bytes of the headers that readers see, in ASCII: who it is from and to, subject, headers and labels.
pub(super) fn visible_head(message: &Message) -> usize {
    let seen = message.to().iter().chain(message.cc()).chain([message.from()]);
    let parties: usize = seen.map(|mailbox| render::in_7_bits(mailbox).len() + SEPARATORS).sum();
    let metadata = Pairs::metadata(message);
    let metadata = if metadata.is_empty() { 0 } else { metadata.to_line().len() };
    parties + render::in_ascii(message.subject()).len() + headers(message) + metadata + tags(message)
}

/// Bytes of what a mail has beside its parties, subject, texts and files.
pub(super) fn options(message: &Message) -> usize {
    let pairs = message.metadata().iter().map(|pair| pair.name().len() + pair.value().len() + SEPARATORS);
    headers(message) + pairs.sum::<usize>() + tags(message)
}

/// Bytes of the caller's headers, of Sender and Reply-To, in ASCII.
fn headers(message: &Message) -> usize {
    let headers = Pairs::headers(message).into_iter().map(|(name, value)| name.len() + value.len() + SEPARATORS);
    let reply_to = message.reply_to().iter().map(|mailbox| render::in_7_bits(mailbox).len() + SEPARATORS);
    headers.chain(reply_to).sum()
}

fn tags(message: &Message) -> usize {
    message.tags().iter().map(|tag| tag.as_str().len() + SEPARATORS).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::message::{Draft, Header, Metadata, ReservedHeaders};

    const TEXT: &str = "[ -~éあ😀]{0,60}";

    fn message(name: &str, text: &str, count: usize) -> Option<Message> {
        let mailbox = Mailbox::new(Some(name), "a@example.org".parse().ok()?).ok()?;
        let header = Header::new("X-Kind", text, ReservedHeaders::NONE).ok();
        let pair = Metadata::new("n", text).ok();
        let draft = Draft {
            to: vec![mailbox.clone()],
            reply_to: vec![mailbox.clone()],
            sender: Some(Mailbox::new(Some(name), "b@example.org".parse().ok()?).ok()?),
            subject: text.parse().ok()?,
            tags: (0..count).filter_map(|number| format!("{text}{number}").parse().ok()).collect(),
            headers: vec![header; count].into_iter().flatten().collect(),
            metadata: vec![pair; count.min(1)].into_iter().flatten().collect(),
            ..Draft::default()
        };
        Message::new(crate::runtime::ids::fresh().into(), mailbox, draft).ok()
    }

    proptest! {
        #[test]
        fn nothing_is_written_longer_than_its_longest(name in TEXT, text in TEXT, count in 0_usize..5) {
            let Some(message) = message(&name, &text, count) else { return Ok(()) };
            let written = [visible_head(&message), options(&message), metadata_as_json(&message)];
            prop_assert!(written.iter().all(|written| *written <= longest(&message)), "{written:?}");
            let shown = message.from().to_string();
            prop_assert!(!fits(message.from(), MaxLength::Bytes(shown.len() - 1)), "{shown}");
        }
    }
}

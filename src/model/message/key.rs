//! Idempotency keys: a mail under a key has an id that follows from the caller, the key and the message alone.
//!
//! So a repeat carries the id of the first call to the provider, whichever node it comes to and whenever: an idempotent mail
//! needs no store. Hashed by hand, length before bytes: the bytes must be the same in every version of this service.

use sha2::{Digest, Sha256};

use super::Message;
use super::address::Mailbox;
use super::attachment::ContentId;
use super::id::Id;

/// What a caller calls a mail, so that a repeat is known as one: the digest of the caller's name and the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey([u8; 32]);

impl IdempotencyKey {
    const MAX_LEN: usize = 256;

    /// May a caller use this text?
    pub fn allows(text: &[u8]) -> bool {
        (1..=Self::MAX_LEN).contains(&text.len()) && text.iter().all(u8::is_ascii_graphic)
    }

    /// Two callers may use the same text: their keys differ.
    pub fn new(caller: &str, text: &str) -> Self {
        let mut hash = Sha256::new();
        part(&mut hash, "key", [Some(caller), Some(text)]);
        Self(hash.finalize().into())
    }

    /// The key of these bytes, which [`Self::as_bytes`] gave.
    pub fn of_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes, from which its text cannot be told.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// A number that is the same on every node.
    pub fn number(&self) -> u64 {
        self.0.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
    }
}

impl Message {
    /// The message under the id that its key gives it.
    pub fn identified_by(mut self, key: &IdempotencyKey) -> Self {
        self.id = Id::of_bytes(digest(key, &self));
        self
    }
}

/// The first half of a digest of the key and every part of the message, but for the bounce address.
fn digest(key: &IdempotencyKey, message: &Message) -> [u8; 16] {
    let mut hash = Sha256::new();
    hash.update(key.0);
    part(&mut hash, "from", mailbox(message.from()));
    let lists = [("to", message.to()), ("cc", message.cc()), ("bcc", message.bcc()), ("reply_to", message.reply_to())];
    for (name, list) in lists {
        list.iter().for_each(|one| part(&mut hash, name, mailbox(one)));
    }
    part(&mut hash, "subject", [Some(message.subject())]);
    for (name, body) in [("text", message.text()), ("html", message.html())] {
        body.iter().for_each(|body| part(&mut hash, name, [Some(*body)]));
    }
    for file in message.attachments() {
        let content_type = file.content_type.to_string();
        let words = [file.filename.as_str(), content_type.as_str()].map(Some);
        part(&mut hash, "attachment", words.into_iter().chain([file.content_id.as_ref().map(ContentId::as_str)]));
        bytes(&mut hash, Some(&file.content));
    }
    message.sender().iter().for_each(|sender| part(&mut hash, "sender", mailbox(sender)));
    message.own_message_id().iter().for_each(|id| part(&mut hash, "message_id", [Some(*id)]));
    message.headers().iter().for_each(|h| part(&mut hash, "header", [Some(h.name()), Some(h.value())]));
    message.tags().iter().for_each(|tag| part(&mut hash, "tag", [Some(tag.as_str())]));
    message.metadata().iter().for_each(|m| part(&mut hash, "metadata", [Some(m.name()), Some(m.value())]));
    message.report().iter().for_each(|report| part(&mut hash, "report", [Some(report.status()), report.head()]));
    let digest: [u8; 32] = hash.finalize().into();
    let (first, _) = digest.split_at(16);
    first.try_into().unwrap_or_default()
}

fn mailbox(mailbox: &Mailbox) -> [Option<&str>; 2] {
    [Some(mailbox.address().as_str()), mailbox.name()]
}

/// What is not there is not hashed: a part that a later version adds leaves the ids of mails without it as they are.
fn part<'a>(hash: &mut Sha256, name: &str, texts: impl IntoIterator<Item = Option<&'a str>>) {
    bytes(hash, Some(name.as_bytes()));
    texts.into_iter().for_each(|text| bytes(hash, text.map(str::as_bytes)));
}

/// Their length first, so that no two messages have the same bytes.
fn bytes(hash: &mut Sha256, bytes: Option<&[u8]>) {
    let length = bytes.map_or(u64::MAX, |bytes| bytes.len() as u64);
    hash.update(length.to_be_bytes());
    hash.update(bytes.unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::{Attachment, Draft, Header, Metadata, ReservedHeaders};
    use uuid::Uuid;

    use super::*;

    fn mailbox(text: &str) -> Mailbox {
        text.parse().unwrap()
    }

    fn draft() -> Draft {
        Draft {
            to: vec![mailbox("b@example.org")],
            subject: "s".parse().unwrap(),
            text: "t".parse().ok(),
            ..Draft::default()
        }
    }

    fn file(name: &str, content: &'static [u8], content_id: Option<&str>) -> Attachment {
        let content_id = content_id.map(|text| text.parse().unwrap());
        let (filename, content_type) = (name.parse().unwrap(), "text/plain".parse().unwrap());
        Attachment { filename, content_type, content: content.into(), content_id }
    }

    fn file_of(content_type: &str) -> Attachment {
        Attachment { content_type: content_type.parse().unwrap(), ..file("a.txt", b"x", None) }
    }

    fn id(caller: &str, key: &str, from: &str, draft: Draft) -> String {
        let message = Message::new(Uuid::nil().into(), mailbox(from), draft).unwrap();
        message.identified_by(&IdempotencyKey::new(caller, key)).id().to_string()
    }

    #[test]
    fn the_same_mail_under_the_same_key_has_the_same_id_for_ever() {
        let first = id("c", "k", "a@example.org", draft());
        assert_eq!(first, id("c", "k", "a@example.org", draft()));
        assert_eq!(
            first, "71bb14c6-b413-8f39-82ad-77b15d47d2e2",
            "another version of this service would send it twice"
        );
    }

    #[test]
    fn the_order_of_headers_and_metadata_is_no_difference() {
        let id = |reversed: bool| {
            let mut headers = ["X-B", "x-a"].map(|name| Header::new(name, "1", ReservedHeaders::NONE).unwrap());
            let mut metadata = ["b", "a"].map(|name| Metadata::new(name, "1").unwrap());
            if reversed {
                headers.reverse();
                metadata.reverse();
            }
            id("c", "k", "a@example.org", Draft { headers: headers.into(), metadata: metadata.into(), ..draft() })
        };
        assert_eq!(id(false), id(true));
    }

    #[test]
    fn another_key_another_caller_or_another_part_of_the_mail_is_another_id() {
        let other = |change: fn(&mut Draft)| {
            let mut draft = draft();
            change(&mut draft);
            id("c", "k", "a@example.org", draft)
        };
        let ids = [
            id("c", "k", "a@example.org", draft()),
            id("c", "K", "a@example.org", draft()),
            id("ck", "", "a@example.org", draft()),
            id("c", "k", "x@example.org", draft()),
            id("c", "k", "Al <a@example.org>", draft()),
            other(|draft| draft.to.push(mailbox("c@example.org"))),
            other(|draft| draft.cc.push(mailbox("c@example.org"))),
            other(|draft| draft.bcc.push(mailbox("c@example.org"))),
            other(|draft| draft.reply_to.push(mailbox("c@example.org"))),
            other(|draft| draft.subject = "st".parse().unwrap()),
            other(|draft| draft.text = None),
            other(|draft| draft.text = "".parse().ok()),
            other(|draft| (draft.text, draft.html) = (None, "t".parse().ok())),
            other(|draft| draft.attachments.push(file("a.txt", b"x", None))),
            other(|draft| draft.attachments.push(file("b.txt", b"x", None))),
            other(|draft| draft.attachments.push(file("a.txt", b"y", None))),
            other(|draft| draft.attachments.push(file("a.txt", b"x", Some("cid")))),
            other(|draft| draft.attachments.push(file_of("text/plain; charset=utf-8"))),
            other(|draft| draft.sender = Some(mailbox("s@example.org"))),
            other(|draft| draft.message_id = Some("1@example.org".to_owned())),
            other(|draft| draft.headers.push(Header::new("X-A", "1", ReservedHeaders::NONE).unwrap())),
            other(|draft| draft.tags.push("X-A".parse().unwrap())),
            other(|draft| draft.metadata.push(Metadata::new("X-A", "1").unwrap())),
        ];
        assert_eq!(BTreeSet::from_iter(&ids).len(), ids.len(), "{ids:#?}");
    }
}

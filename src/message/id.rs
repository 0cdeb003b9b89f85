//! Our id of a mail, a UUID: fresh for every request (version 7 of RFC 9562), unless the caller gave a key.
//!
//! With a key, the id follows from the caller, the key and the message alone (version 8), so that a repeat carries the
//! same id to the provider, whichever node it comes to and whenever: an idempotent mail needs no store.

use std::fmt;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Mailbox, Message};

/// The id of one mail, in the receipt, at the provider and in the logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Id(Uuid);

impl Id {
    /// A new one.
    pub fn fresh() -> Self {
        Self(Uuid::now_v7())
    }

    /// The one of this message under this key.
    pub(super) fn of(key: &IdempotencyKey, message: &Message) -> Self {
        let mut hash = Sha256::new();
        hash.update(key.0);
        mailboxes(&mut hash, std::slice::from_ref(message.from()));
        for list in [message.to(), message.cc(), message.bcc(), message.reply_to().map_or(&[], std::slice::from_ref)] {
            mailboxes(&mut hash, list);
        }
        for text in [Some(message.subject()), message.text(), message.html()] {
            text_or_none(&mut hash, text);
        }
        let digest: [u8; 32] = hash.finalize().into();
        let (first, _) = digest.split_at(16);
        Self(Uuid::new_v8(first.try_into().unwrap_or_default()))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a caller calls a mail, so that a repeat is known as one: the digest of the caller's name and the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey([u8; 32]);

impl IdempotencyKey {
    /// Two callers may use the same text: their keys differ.
    pub fn new(caller: &str, text: &str) -> Self {
        let mut hash = Sha256::new();
        text_or_none(&mut hash, Some(caller));
        text_or_none(&mut hash, Some(text));
        Self(hash.finalize().into())
    }

    /// A number that is the same on every node.
    pub fn number(&self) -> u64 {
        self.0.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
    }
}

fn mailboxes(hash: &mut Sha256, list: &[Mailbox]) {
    hash.update((list.len() as u64).to_be_bytes());
    for mailbox in list {
        text_or_none(hash, Some(mailbox.address().as_str()));
        text_or_none(hash, mailbox.name());
    }
}

/// Its length first, so that no two lists of texts have the same bytes.
fn text_or_none(hash: &mut Sha256, text: Option<&str>) {
    let length = text.map_or(u64::MAX, |text| text.len() as u64);
    hash.update(length.to_be_bytes());
    hash.update(text.unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::Draft;
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

    fn id(caller: &str, key: &str, from: &str, draft: Draft) -> String {
        let message = Message::new(mailbox(from), draft).unwrap();
        Id::of(&IdempotencyKey::new(caller, key), &message).to_string()
    }

    #[test]
    fn the_same_mail_under_the_same_key_has_the_same_id_for_ever() {
        let first = id("c", "k", "a@example.org", draft());
        assert_eq!(first, id("c", "k", "a@example.org", draft()));
        assert_eq!(
            first, "8398a34b-37ee-8a21-a32d-2c2fd933a1fb",
            "another version of this service would send it twice"
        );
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
            other(|draft| draft.reply_to = Some(mailbox("c@example.org"))),
            other(|draft| draft.subject = "st".parse().unwrap()),
            other(|draft| draft.text = None),
            other(|draft| draft.text = "".parse().ok()),
            other(|draft| (draft.text, draft.html) = (None, "t".parse().ok())),
        ];
        assert_eq!(BTreeSet::from_iter(&ids).len(), ids.len(), "{ids:#?}");
    }
}

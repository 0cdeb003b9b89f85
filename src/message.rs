//! One validated mail, immutable, valid by construction: whoever holds a [`Message`] may hand it to any provider.
//!
//! Invariants: at least one To recipient; no address twice; no control character, NUL or encoded-word in anything
//! that becomes a header. Deliberately absent: serde, HTTP, MIME: every adapter renders a message afresh for every
//! attempt. `Debug` shows the id alone, so that no address or body can reach a log.

pub mod address;
pub mod attachment;
pub mod content;
pub mod header;
pub mod id;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

pub use address::{Address, Mailbox};
pub use attachment::Attachment;
pub use content::{Body, Subject};
pub use header::{Header, Metadata, Tag};
pub use id::{Id, IdempotencyKey};

/// The parts of a mail before they are known to fit together.
#[derive(Default)]
pub struct Draft {
    /// Visible recipients; at least one.
    pub to: Vec<Mailbox>,
    /// Visible copies.
    pub cc: Vec<Mailbox>,
    /// Copies that no header names.
    pub bcc: Vec<Mailbox>,
    /// Where answers go, if not to From.
    pub reply_to: Vec<Mailbox>,
    /// The subject; empty is legal.
    pub subject: Subject,
    /// The plain text part.
    pub text: Option<Body>,
    /// The HTML part.
    pub html: Option<Body>,
    /// Files, and pictures that the HTML shows.
    pub attachments: Vec<Attachment>,
    /// Headers of the caller's; no name twice.
    pub headers: Vec<Header>,
    /// Words that group mails at the provider; none twice.
    pub tags: Vec<Tag>,
    /// Pairs that come back with the provider's events; no name twice.
    pub metadata: Vec<Metadata>,
}

/// One validated mail; clones share their content.
#[derive(Clone)]
pub struct Message {
    id: Id,
    from: Mailbox,
    parts: Arc<Draft>,
}

/// A draft without a To recipient is no mail.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("name at least one recipient")]
pub struct NoRecipient;

impl Message {
    /// Joins the parts under a fresh id; an address that occurs twice is kept once, To before Cc before Bcc.
    pub fn new(from: Mailbox, mut parts: Draft) -> Result<Self, NoRecipient> {
        let mut seen = BTreeSet::new();
        for list in [&mut parts.to, &mut parts.cc, &mut parts.bcc] {
            list.retain(|mailbox| seen.insert(mailbox.address().as_str().to_ascii_lowercase()));
        }
        if parts.to.is_empty() {
            return Err(NoRecipient);
        }
        // The members of an object have no order: the same mail has the same id and is written in the same way.
        parts.headers.sort_by_cached_key(|header| header.name().to_ascii_lowercase());
        parts.metadata.sort_by(|one, other| one.name().cmp(other.name()));
        Ok(Self { id: Id::fresh(), from, parts: Arc::new(parts) })
    }

    /// The same message under the id that its key gives it.
    pub fn identified_by(self, key: &IdempotencyKey) -> Self {
        Self { id: Id::of(key, &self), ..self }
    }

    /// A message that only a probe sends.
    pub fn dummy(from: Mailbox, to: Mailbox) -> Self {
        let parts = Draft {
            to: vec![to],
            subject: "smsp probe".parse().unwrap_or_default(),
            text: "A dummy message of the Send Mail Service Proxy: is this provider back?\n".parse().ok(),
            ..Draft::default()
        };
        Self { id: Id::fresh(), from, parts: Arc::new(parts) }
    }

    /// Our id, which travels to the provider.
    pub fn id(&self) -> Id {
        self.id
    }

    /// The author.
    pub fn from(&self) -> &Mailbox {
        &self.from
    }

    /// Visible recipients.
    pub fn to(&self) -> &[Mailbox] {
        &self.parts.to
    }

    /// Visible copies.
    pub fn cc(&self) -> &[Mailbox] {
        &self.parts.cc
    }

    /// Copies that no header names.
    pub fn bcc(&self) -> &[Mailbox] {
        &self.parts.bcc
    }

    /// Where answers go.
    pub fn reply_to(&self) -> &[Mailbox] {
        &self.parts.reply_to
    }

    /// The subject, perhaps empty.
    pub fn subject(&self) -> &str {
        self.parts.subject.as_str()
    }

    /// The plain text part.
    pub fn text(&self) -> Option<&str> {
        self.parts.text.as_ref().map(Body::as_str)
    }

    /// The HTML part.
    pub fn html(&self) -> Option<&str> {
        self.parts.html.as_ref().map(Body::as_str)
    }

    /// Files, and pictures that the HTML shows.
    pub fn attachments(&self) -> &[Attachment] {
        &self.parts.attachments
    }

    /// Headers of the caller's.
    pub fn headers(&self) -> &[Header] {
        &self.parts.headers
    }

    /// Words that group mails at the provider.
    pub fn tags(&self) -> &[Tag] {
        &self.parts.tags
    }

    /// Pairs that come back with the provider's events.
    pub fn metadata(&self) -> &[Metadata] {
        &self.parts.metadata
    }

    /// Everybody it goes to: To, Cc, Bcc.
    pub fn recipient_mailboxes(&self) -> impl Iterator<Item = &Mailbox> {
        self.to().iter().chain(self.cc()).chain(self.bcc())
    }

    /// Everybody it names, the author first.
    pub fn mailboxes(&self) -> impl Iterator<Item = &Mailbox> {
        std::iter::once(&self.from).chain(self.recipient_mailboxes()).chain(self.reply_to())
    }

    /// How many addresses it goes to.
    pub fn recipients(&self) -> usize {
        self.recipient_mailboxes().count()
    }

    /// Bytes on the way: text as it is, files in base64.
    pub fn size(&self) -> usize {
        let files: usize = self.attachments().iter().map(Attachment::encoded_size).sum();
        let names = |mailbox: &Mailbox| mailbox.address().as_str().len() + mailbox.name().map_or(0, str::len);
        let parties: usize = self.mailboxes().map(names).sum();
        let bodies = self.text().map_or(0, str::len) + self.html().map_or(0, str::len);
        self.subject().len() + bodies + files + parties + self.labels()
    }

    /// Bytes of what the caller adds to the head of the mail: headers, tags, metadata.
    pub fn labels(&self) -> usize {
        let headers = self.headers().iter().map(|header| header.name().len() + header.value().len());
        let metadata = self.metadata().iter().map(|pair| pair.name().len() + pair.value().len());
        let tags = self.tags().iter().map(|tag| tag.as_str().len());
        headers.chain(metadata).chain(tags).sum()
    }

    /// The RFC 5322 Message-ID without angle brackets: our id at the author's domain.
    pub fn message_id(&self) -> String {
        format!("{}@{}", self.id, self.from.address().domain())
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message({})", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mailboxes(list: &[&str]) -> Vec<Mailbox> {
        list.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn from() -> Mailbox {
        "Al <a@example.org>".parse().unwrap()
    }

    #[test]
    fn a_doubled_address_is_kept_once_to_before_cc_before_bcc() {
        let draft = Draft {
            to: mailboxes(&["b@example.org", "B@Example.org"]),
            cc: mailboxes(&["b@example.org", "c@example.org"]),
            bcc: mailboxes(&["c@example.org", "d@example.org"]),
            ..Draft::default()
        };
        let message = Message::new(from(), draft).unwrap();
        assert_eq!(message.to(), mailboxes(&["b@example.org"]));
        assert_eq!(message.cc(), mailboxes(&["c@example.org"]));
        assert_eq!(message.bcc(), mailboxes(&["d@example.org"]));
        assert_eq!(message.recipients(), 3);
    }

    #[test]
    fn a_mail_without_to_is_no_mail() {
        let draft = Draft { cc: mailboxes(&["c@example.org"]), ..Draft::default() };
        assert_eq!(Message::new(from(), draft).err(), Some(NoRecipient));
    }

    #[test]
    fn debug_shows_neither_address_nor_content() {
        let draft =
            Draft { to: mailboxes(&["b@example.org"]), text: Some("secret".parse().unwrap()), ..Draft::default() };
        let shown = format!("{:?}", Message::new(from(), draft).unwrap());
        assert!(!shown.contains("example") && !shown.contains("secret"), "{shown}");
    }
}

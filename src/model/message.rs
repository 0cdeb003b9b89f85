//! One validated mail, immutable, valid by construction: a [`Message`] may be handed to any provider.
//!
//! Invariants: at least one recipient in To, Cc or Bcc; no address twice in them, nor in Reply-To; no control character,
//! NUL or encoded-word in anything that becomes a header. Deliberately absent: serde, HTTP, MIME: every adapter renders a
//! message afresh for every attempt. `Debug` shows the id alone, so that no address or body can reach a log.

pub mod address;
pub mod attachment;
pub mod content;
pub mod domain_patterns;
mod draft;
pub mod header;
pub mod id;
pub mod key;
pub mod label;
pub mod report;
pub mod tokens;

use std::fmt;
use std::ptr;
use std::sync::Arc;

pub use address::{Address, BadAddress, Mailbox};
pub use attachment::Attachment;
pub use content::{Body, Subject};
pub use domain_patterns::DomainPatterns;
pub use draft::{BadDraft, Draft};
pub use header::{Header, ReservedHeaders};
pub use id::Id;
pub use label::{Metadata, Tag};
pub use report::Report;

/// One validated mail; clones share their content.
#[derive(Clone)]
pub struct Message {
    id: Id,
    from: Mailbox,
    parts: Arc<Draft>,
    bounce_address: Option<Address>,
}

impl Message {
    /// Joins the parts; an address that occurs twice is kept once, To before Cc before Bcc. The `id` must be new.
    pub fn new(id: Id, from: Mailbox, mut parts: Draft) -> Result<Self, BadDraft> {
        parts.settle(&from)?;
        Ok(Self { id, from, parts: Arc::new(parts), bounce_address: None })
    }

    /// The message with an envelope sender of its own (RFC 5321 4.1.1.2), which is no part of what its id is made of.
    pub fn with_bounce_address(self, address: Address) -> Self {
        Self { bounce_address: Some(address), ..self }
    }

    /// A test message, which only a probe sends.
    pub fn probe(id: Id, from: Mailbox, to: Mailbox) -> Self {
        let parts = Draft {
            to: vec![to],
            subject: "smsp probe".parse().unwrap_or_default(),
            text: "A test message of the Send Mail Service Proxy: is this provider back?\n".parse().ok(),
            ..Draft::default()
        };
        Self { id, from, parts: Arc::new(parts), bounce_address: None }
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

    /// The Sender, if it is not the author.
    pub fn sender(&self) -> Option<&Mailbox> {
        self.parts.sender.as_ref()
    }

    /// Where reports about the delivery go: the bounce address, if it has one of its own.
    pub fn bounce_address(&self) -> Option<&Address> {
        self.bounce_address.as_ref()
    }

    /// The envelope sender: the bounce address, else the author's. `None`: nobody is to be told of what becomes of a report, so
    /// that no report is about a report (RFC 5321 4.5.5).
    pub fn envelope_from(&self) -> Option<&Address> {
        let sender = self.bounce_address().unwrap_or_else(|| self.from.address());
        self.report().is_none().then_some(sender)
    }

    /// Has its sender an address to be told at of recipients that it does not reach? A report has none.
    pub fn can_bounce(&self) -> bool {
        self.bounce_address().is_some() && self.report().is_none()
    }

    /// What makes it a report about another mail, if it is one.
    pub fn report(&self) -> Option<&Report> {
        self.parts.report.as_ref()
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

    /// What asks for an answer to an invitation (RFC 6047 2.4): the first `text/calendar` file with a method.
    pub fn invitation(&self) -> Option<&Attachment> {
        let asks = |file: &&Attachment| file.content_type.method().is_some() && file.content_id.is_none();
        self.attachments().iter().find(asks)
    }

    /// Is this file of its own that invitation?
    pub fn is_invitation(&self, file: &Attachment) -> bool {
        self.invitation().is_some_and(|invitation| ptr::eq(invitation, file))
    }

    /// Headers of the caller's, but for those that have a place of their own.
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

    /// All recipients: To, Cc, Bcc.
    pub fn recipient_mailboxes(&self) -> impl Iterator<Item = &Mailbox> {
        self.to().iter().chain(self.cc()).chain(self.bcc())
    }

    /// All mailboxes that it names, the author first.
    pub fn mailboxes(&self) -> impl Iterator<Item = &Mailbox> {
        std::iter::once(&self.from).chain(self.sender()).chain(self.recipient_mailboxes()).chain(self.reply_to())
    }

    /// How many addresses it goes to.
    pub fn recipients(&self) -> usize {
        self.recipient_mailboxes().count()
    }

    /// Bytes on the way: text as it is, files in base64.
    pub fn size(&self) -> usize {
        let files: usize = self.attachments().iter().map(Attachment::encoded_size).sum();
        let bodies = self.text().map_or(0, str::len) + self.html().map_or(0, str::len);
        self.head_size() + bodies + files + self.report().map_or(0, Report::size)
    }

    /// Bytes of everything but bodies and files, as it is.
    pub fn head_size(&self) -> usize {
        let names = |mailbox: &Mailbox| mailbox.address().as_str().len() + mailbox.name().map_or(0, str::len);
        let parties: usize = self.mailboxes().map(names).sum();
        self.subject().len() + parties + self.header_bytes()
    }

    /// Bytes of what the caller adds to the head of the mail: headers, tags, metadata.
    fn header_bytes(&self) -> usize {
        let headers = self.headers().iter().map(|header| header.name().len() + header.value().len());
        let metadata = self.metadata().iter().map(|pair| pair.name().len() + pair.value().len());
        let tags = self.tags().iter().map(|tag| tag.as_str().len());
        headers.chain(metadata).chain(tags).sum()
    }

    /// The Message-ID that the caller gave it, without angle brackets.
    pub fn own_message_id(&self) -> Option<&str> {
        self.parts.message_id.as_deref()
    }

    /// The RFC 5322 Message-ID without angle brackets: the caller's own, else our id at the author's domain.
    pub fn message_id(&self) -> String {
        let ours = || format!("{}@{}", self.id, self.from.address().domain());
        self.own_message_id().map_or_else(ours, str::to_owned)
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message({})", self.id)
    }
}

#[cfg(test)]
mod tests;

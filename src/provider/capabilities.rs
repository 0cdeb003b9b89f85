//! What an adapter can carry. A message that it cannot carry whole is not offered to it: nothing is dropped in silence.

use crate::message::{Attachment, Message};
use crate::outcome::Reason;

/// What an adapter can carry, and promises.
#[derive(Clone, Copy, Debug)]
pub struct Capabilities {
    /// Recipients of a mail, at most: To, Cc and Bcc together.
    pub recipients: usize,
    /// Bytes of a mail as [`Message::size`] counts them, at most.
    pub size: usize,
    /// Pictures that the HTML shows.
    pub inline: Inline,
    /// Tags of a mail, at most.
    pub tags: usize,
    /// Addresses for answers, at most.
    pub reply_to: usize,
    /// Local parts beyond ASCII (RFC 6531).
    pub smtputf8: bool,
    /// Does it take a mail once, however often it is handed over under the same id?
    pub idempotent: bool,
}

/// Which attachments an adapter can show inside of the HTML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inline {
    /// None.
    No,
    /// Those whose type is `image/...`.
    Images,
    /// Any.
    Any,
}

impl Capabilities {
    /// Any mail, and no promise.
    pub const ANY: Self = Self {
        recipients: usize::MAX,
        size: usize::MAX,
        inline: Inline::Any,
        tags: usize::MAX,
        reply_to: usize::MAX,
        smtputf8: true,
        idempotent: false,
    };

    /// Why a message cannot be carried whole, if it cannot.
    pub fn lack(&self, message: &Message) -> Option<Reason> {
        let inline = |attachment: &&Attachment| attachment.content_id.is_some();
        let lacks = [
            (message.recipients() > self.recipients, Reason::Recipients),
            (message.size() > self.size, Reason::Size),
            (message.attachments().iter().filter(inline).any(|picture| !self.shows(picture)), Reason::Inline),
            (message.tags().len() > self.tags, Reason::Tags),
            (message.reply_to().len() > self.reply_to, Reason::ReplyTo),
            (!self.smtputf8 && message.mailboxes().any(|mailbox| !mailbox.address().is_ascii()), Reason::Smtputf8),
        ];
        lacks.into_iter().find(|(lacks, _)| *lacks).map(|(_, reason)| reason)
    }

    fn shows(&self, picture: &Attachment) -> bool {
        match self.inline {
            Inline::No => false,
            Inline::Images => picture.content_type.as_str().starts_with("image/"),
            Inline::Any => true,
        }
    }
}

//! A mail as a relay takes it: from whom, to whom, a file. It owns its parts, for it may outlive the call.

use super::super::mime::{self, Labels};
use crate::message::{Address, Id, Mailbox, Message};
use crate::outcome::{Outcome, Reason, Verdict};

pub(super) struct Mail {
    pub(super) id: Id,
    pub(super) message_id: String,
    pub(super) from: Address,
    pub(super) to: Vec<Address>,
    pub(super) file: Vec<u8>,
    /// Can only a relay with SMTPUTF8 take it (RFC 6531)?
    pub(super) utf8: bool,
}

impl Mail {
    pub(super) fn of(message: &Message, labels: Labels) -> Result<Self, Verdict> {
        let not_sent = |_| Verdict::new(Outcome::MessageRejected, Reason::NotSent);
        let file = mime::render(message, labels).map_err(not_sent)?;
        let addresses = || message.mailboxes().map(Mailbox::address);
        Ok(Self {
            id: message.id(),
            message_id: message.message_id(),
            from: message.from().address().clone(),
            to: message.recipient_mailboxes().map(|mailbox| mailbox.address().clone()).collect(),
            utf8: !file.is_ascii() || !addresses().all(Address::is_ascii),
            file,
        })
    }
}

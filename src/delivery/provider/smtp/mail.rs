//! A mail as a relay takes it: from whom, to whom, a file. It owns its parts, for it may outlive the call.

use super::super::mime::{self, MetadataHeaders};
use crate::model::message::{Address, Id, Mailbox, Message};

pub(super) struct Mail {
    pub(super) id: Id,
    pub(super) message_id: String,
    pub(super) from: Address,
    pub(super) to: Vec<Address>,
    pub(super) file: Vec<u8>,
    /// Can only a relay with SMTPUTF8 take it (RFC 6531)? Addresses are all that is beyond ASCII in a head.
    pub(super) utf8: bool,
    /// Can only a relay with 8BITMIME take it (RFC 6152)?
    pub(super) eight_bit: bool,
}

impl Mail {
    pub(super) fn of(message: &Message, metadata_headers: MetadataHeaders) -> Self {
        let file = mime::render(message, metadata_headers);
        let mut addresses = message.mailboxes().map(Mailbox::address).chain([message.envelope_from()]);
        Self {
            id: message.id(),
            message_id: message.message_id(),
            from: message.envelope_from().clone(),
            to: message.recipient_mailboxes().map(|mailbox| mailbox.address().clone()).collect(),
            utf8: !addresses.all(Address::is_ascii),
            eight_bit: !file.is_ascii(),
            file,
        }
    }
}

//! A mail as a relay takes it: an envelope and a file. It owns its parts, for it may outlive the call.

use crate::delivery::mime::{self, MetadataHeaders};
use crate::delivery::smtp_client::envelope::Envelope;
use crate::model::message::{Address, Id, Mailbox, Message};

pub(super) struct Mail {
    pub(super) id: Id,
    pub(super) message_id: String,
    pub(super) envelope: Envelope,
    pub(super) file: Vec<u8>,
}

impl Mail {
    pub(super) fn of(message: &Message, metadata_headers: MetadataHeaders) -> Self {
        let file = mime::render(message, metadata_headers);
        let mut addresses = message.mailboxes().map(Mailbox::address).chain(message.envelope_from());
        let envelope = Envelope {
            from: message.envelope_from().cloned(),
            to: message.recipient_mailboxes().map(|mailbox| mailbox.address().clone()).collect(),
            size: file.len(),
            // Addresses are all that is beyond ASCII in a head.
            utf8: !addresses.all(Address::is_ascii),
            eight_bit: !file.is_ascii(),
        };
        Self { id: message.id(), message_id: message.message_id(), envelope, file }
    }
}

//! Parts of a body in JSON that several providers write alike. Deliberately absent: files, of which each has a form of its own.

use std::borrow::Cow;

use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Serialize, Serializer};

use crate::model::message::Mailbox;

/// A mailbox as `{"email", "name"}`.
#[derive(Serialize)]
pub(super) struct EmailAddress<'a> {
    pub(super) email: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<Cow<'a, str>>,
}

impl<'a> EmailAddress<'a> {
    /// With the name as it is.
    pub(super) fn new(mailbox: &'a Mailbox) -> Self {
        Self { email: mailbox.address().as_str(), name: mailbox.name().map(Cow::Borrowed) }
    }

    /// Each of these addresses.
    pub(super) fn list(mailboxes: &'a [Mailbox]) -> Vec<Self> {
        mailboxes.iter().map(Self::new).collect()
    }
}

/// The content of a file in base64, written straight into the body: an attempt makes one copy, not two.
pub(super) struct Base64<'a>(pub(super) &'a Bytes);

impl Serialize for Base64<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Base64Display::new(self.0, &STANDARD))
    }
}

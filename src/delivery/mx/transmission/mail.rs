//! A mail as it is transmitted to one domain.

use std::time::Duration;

use bytes::Bytes;

use crate::delivery::mime::{self, MetadataHeaders};
use crate::delivery::mx::dkim::{CannotSign, Keys};
use crate::delivery::smtp_client::envelope::Envelope;
use crate::model::message::{Address, Message};

/// A rendered and signed mail with the part of its envelope that goes to one domain.
pub struct Mail {
    from: Option<Address>,
    to: Vec<Address>,
    file: Bytes,
    has_utf8_head: bool,
    eight_bit: bool,
    is_signed: bool,
    wanted_for: Duration,
}

impl Mail {
    /// This message to these of its recipients, signed where a domain of its author has keys. Tags and metadata are its
    /// caller's, and stay here.
    pub fn of(message: &Message, to: Vec<Address>, keys: &Keys) -> Result<Self, CannotSign> {
        let file = mime::render(message, MetadataHeaders::None);
        let signatures = keys.sign(message.from().address().domain(), &file)?;
        let is_signed = !signatures.is_empty();
        let file = if is_signed { [signatures.into_bytes(), file].concat() } else { file };
        Ok(Self { is_signed, ..Self::new(message.envelope_from().cloned(), to, file.into()) })
    }

    /// From this envelope sender, or from nobody, to these recipients: a file of whole lines, each with its CRLF.
    pub fn new(from: Option<Address>, to: Vec<Address>, file: Bytes) -> Self {
        let eight_bit = !file.is_ascii();
        let has_utf8_head = eight_bit && !head(&file).is_ascii();
        Self { from, to, file, has_utf8_head, eight_bit, is_signed: false, wanted_for: Duration::MAX }
    }

    /// Has a key signed it?
    pub fn is_signed(&self) -> bool {
        self.is_signed
    }

    /// Its end is written within that time, from the beginning of its transmission, or not at all.
    #[must_use]
    pub fn wanted_for(self, time: Duration) -> Self {
        Self { wanted_for: time, ..self }
    }

    pub(super) fn time_left(&self) -> Duration {
        self.wanted_for
    }

    pub(super) fn to(&self) -> &[Address] {
        &self.to
    }

    pub(super) fn file(&self) -> &[u8] {
        &self.file
    }

    /// What a host has to know beforehand, if the mail goes to the recipients at these places.
    pub(super) fn envelope(&self, places: &[usize]) -> Envelope {
        let to: Vec<_> = places.iter().filter_map(|place| self.to.get(*place)).cloned().collect();
        let is_ascii = self.from.iter().chain(&to).all(Address::is_ascii);
        Envelope {
            from: self.from.clone(),
            to,
            size: self.file.len(),
            utf8: self.has_utf8_head || !is_ascii,
            eight_bit: self.eight_bit,
        }
    }
}

/// The lines before the first empty one.
fn head(file: &[u8]) -> &[u8] {
    let end = file.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    &file[..end.unwrap_or(file.len())]
}

//! Headers that a caller adds, and tags and metadata that stay with the provider.
//!
//! Only what every provider carries in the same way: plain ASCII, short, and no header that is ours to write or that the
//! way of a mail leaves behind.

use std::str::FromStr;

/// Written by us or by whoever carries the mail (RFC 5322 3.6, RFC 2045 3, RFC 6376, RFC 8601, RFC 8617).
const OURS: [&str; 24] = [
    "from",
    "to",
    "cc",
    "bcc",
    "subject",
    "reply-to",
    "sender",
    "date",
    "message-id",
    "mime-version",
    "received",
    "return-path",
    "delivered-to",
    "dkim-signature",
    "domainkey-signature",
    "authentication-results",
    "received-spf",
    "arc-seal",
    "arc-message-signature",
    "arc-authentication-results",
    "idempotency-key",
    "idempotencykey",
    "x-tags",
    "x-metadata",
];
/// The providers' own switches: through a header, a caller could turn on what the operator pays for.
const OF_PROVIDERS: [&str; 15] = [
    "content-",
    "dkim-",
    "resent-",
    "x-mailgun-",
    "x-smtpapi",
    "x-sg-",
    "x-mc-",
    "x-ses-",
    "x-pm-",
    "x-postmark-",
    "x-msys-",
    "x-mj-",
    "x-mailjet-",
    "x-sib-",
    "x-mailin-",
];
/// RFC 5322 2.1.1, less the name.
const LONGEST_VALUE: usize = 900;

/// Why a text cannot be a header, a tag or metadata. Never quotes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadHeader {
    /// Of a header.
    #[error("is not a header's name: 1 to 70 of the characters A-Z a-z 0-9 -")]
    Name,
    /// Written by us.
    #[error("is a name that this service or a provider uses itself")]
    Ours,
    /// Of a header.
    #[error("must be 1 to 900 printable ASCII characters")]
    Value,
    /// A tag.
    #[error("must be 1 to 50 of the characters A-Z a-z 0-9 _ -, the first no _")]
    Tag,
    /// Of metadata.
    #[error("is not a name for metadata: 1 to 20 of the characters A-Z a-z 0-9 _ -, the first a letter")]
    MetadataName,
    /// Of metadata.
    #[error("must be 1 to 80 printable ASCII characters")]
    MetadataValue,
}

/// One header of the caller's.
#[derive(Clone)]
pub struct Header {
    name: String,
    value: String,
}

impl Header {
    /// Checks both.
    pub fn new(name: &str, value: &str) -> Result<Self, BadHeader> {
        let lower = name.to_ascii_lowercase();
        if !is_word(name, 70, "-") {
            Err(BadHeader::Name)
        } else if OURS.contains(&lower.as_str()) || OF_PROVIDERS.iter().any(|start| lower.starts_with(start)) {
            Err(BadHeader::Ours)
        } else if !is_line(value, LONGEST_VALUE) {
            Err(BadHeader::Value)
        } else {
            Ok(Self { name: name.to_owned(), value: value.to_owned() })
        }
    }

    /// As the caller wrote it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// One line.
    pub fn value(&self) -> &str {
        &self.value
    }
}

/// A word that groups mails at the provider.
#[derive(Clone, PartialEq, Eq)]
pub struct Tag(String);

impl Tag {
    /// The word.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Tag {
    type Err = BadHeader;

    fn from_str(text: &str) -> Result<Self, BadHeader> {
        if !is_word(text, 50, "_-") || text.starts_with('_') {
            Err(BadHeader::Tag)
        } else if text.eq_ignore_ascii_case("smsp_id") {
            Err(BadHeader::Ours)
        } else {
            Ok(Self(text.to_owned()))
        }
    }
}

/// A pair that comes back with the provider's events.
#[derive(Clone)]
pub struct Metadata {
    name: String,
    value: String,
}

impl Metadata {
    /// Of one mail: a provider that takes ten has room for our id.
    pub const MOST: usize = 9;

    /// Checks both.
    pub fn new(name: &str, value: &str) -> Result<Self, BadHeader> {
        if !is_word(name, 20, "_-") || !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            Err(BadHeader::MetadataName)
        } else if name.eq_ignore_ascii_case("smsp_id") {
            Err(BadHeader::Ours)
        } else if !is_line(value, 80) {
            Err(BadHeader::MetadataValue)
        } else {
            Ok(Self { name: name.to_owned(), value: value.to_owned() })
        }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value.
    pub fn value(&self) -> &str {
        &self.value
    }
}

fn is_word(text: &str, longest: usize, marks: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || marks.contains(c);
    (1..=longest).contains(&text.len()) && text.chars().all(plain)
}

/// A space at either end would not survive the way.
fn is_line(text: &str, longest: usize) -> bool {
    let printable = |c: char| c.is_ascii_graphic() || c == ' ';
    (1..=longest).contains(&text.len()) && text.chars().all(printable) && text.trim() == text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_a_name_and_one_plain_line() {
        for (name, value) in
            [("X-Order", "17"), ("List-Unsubscribe", "<mailto:u@example.org>, <https://example.org/u>")]
        {
            let header = Header::new(name, value).unwrap();
            assert_eq!((header.name(), header.value()), (name, value));
        }
        for name in ["", "X Order", "X:Order", "X-Ördre", "X\r\nBcc", "x".repeat(71).as_str()] {
            assert_eq!(Header::new(name, "v").err(), Some(BadHeader::Name), "{name:?}");
        }
        for value in ["", " v", "v ", "a\r\nBcc: x@evil.org", "a\tb", "ü", "a\0", "x".repeat(901).as_str()] {
            assert_eq!(Header::new("X-A", value).err(), Some(BadHeader::Value), "{value:?}");
        }
    }

    #[test]
    fn headers_that_others_write_are_refused_in_any_case() {
        for name in ["From", "TO", "bcc", "Received", "Return-Path", "DKIM-Signature", "Content-Type", "MIME-Version"] {
            assert_eq!(Header::new(name, "v").err(), Some(BadHeader::Ours), "{name}");
        }
        for name in ["Message-ID", "X-Mailgun-Drop-Message", "X-SMTPAPI", "X-MC-Track", "Resent-To", "X-SES-Whatever"] {
            assert_eq!(Header::new(name, "v").err(), Some(BadHeader::Ours), "{name}");
        }
    }

    #[test]
    fn tags_and_metadata_are_what_every_provider_takes() {
        assert_eq!("welcome-mail_2".parse::<Tag>().unwrap().as_str(), "welcome-mail_2");
        for tag in ["", "_a", "a b", "ü", "a,b", "x".repeat(51).as_str()] {
            assert_eq!(tag.parse::<Tag>().err(), Some(BadHeader::Tag), "{tag:?}");
        }
        assert_eq!("smsp_id".parse::<Tag>().err(), Some(BadHeader::Ours));
        assert_eq!(Metadata::new("SMSP_ID", "v").err(), Some(BadHeader::Ours));
        assert!(Metadata::new("order_id", "17 of 20").is_ok());
        for name in ["", "1a", "_a", "a b", "a.b", "x".repeat(21).as_str()] {
            assert_eq!(Metadata::new(name, "v").err(), Some(BadHeader::MetadataName), "{name:?}");
        }
        for value in ["", " v", "ü", "a\nb", "x".repeat(81).as_str()] {
            assert_eq!(Metadata::new("n", value).err(), Some(BadHeader::MetadataValue), "{value:?}");
        }
    }
}

//! Files that a mail carries, and pictures that its HTML shows.
//!
//! A file name and a content id end up in headers of MIME parts, a type in every API: each is text that all providers
//! read in the same way. The content is held once, shared by every attempt.

use std::fmt;
use std::str::FromStr;

use bytes::Bytes;

use super::content::{BadText, check_bidi, check_header_text};

/// One file.
#[derive(Clone)]
pub struct Attachment {
    /// Its name.
    pub filename: Filename,
    /// What it is.
    pub content_type: ContentType,
    /// Its bytes.
    pub content: Bytes,
    /// Where the HTML names it as `cid:...`, it is shown there instead of being attached.
    pub content_id: Option<ContentId>,
}

impl Attachment {
    /// Its bytes once they are encoded for the way, line ends not counted.
    pub fn encoded_size(&self) -> usize {
        self.content.len().div_ceil(3) * 4
    }
}

impl fmt::Debug for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Attachment({} bytes)", self.content.len())
    }
}

/// Why a text cannot be part of an attachment. Never quotes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAttachment {
    /// The name.
    #[error("must be a file name of 1 to 255 bytes without a folder")]
    Filename,
    /// Neither.
    #[error("{0}")]
    Text(BadText),
    /// The type.
    #[error("must be a media type such as application/pdf, without parameters")]
    ContentType,
    /// The content id.
    #[error("must be 1 to 78 of the characters A-Z a-z 0-9 . _ - @ +, without < and >")]
    ContentId,
}

/// A file's name.
#[derive(Clone)]
pub struct Filename(String);

impl FromStr for Filename {
    type Err = BadAttachment;

    fn from_str(text: &str) -> Result<Self, BadAttachment> {
        check_header_text(text).and_then(|()| check_bidi(text)).map_err(BadAttachment::Text)?;
        let sound = (1..=255).contains(&text.len()) && !text.contains(['/', '\\']) && text.trim() == text;
        if sound && text != "." && text != ".." { Ok(Self(text.to_owned())) } else { Err(BadAttachment::Filename) }
    }
}

/// `type/subtype` (RFC 6838 4.2), in lower case.
#[derive(Clone)]
pub struct ContentType(String);

impl FromStr for ContentType {
    type Err = BadAttachment;

    fn from_str(text: &str) -> Result<Self, BadAttachment> {
        let sound = |part: &str| {
            let plain = |c: char| c.is_ascii_alphanumeric() || "!#$&-^_.+".contains(c);
            (1..=127).contains(&part.len()) && part.chars().all(plain)
        };
        match text.split_once('/') {
            Some((kind, subkind)) if sound(kind) && sound(subkind) => Ok(Self(text.to_ascii_lowercase())),
            _ => Err(BadAttachment::ContentType),
        }
    }
}

/// What HTML names as `cid:...` (RFC 2392), without angle brackets.
#[derive(Clone, PartialEq, Eq)]
pub struct ContentId(String);

impl FromStr for ContentId {
    type Err = BadAttachment;

    fn from_str(text: &str) -> Result<Self, BadAttachment> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-@+".contains(c);
        let sound = (1..=78).contains(&text.len()) && text.chars().all(plain);
        if sound { Ok(Self(text.to_owned())) } else { Err(BadAttachment::ContentId) }
    }
}

impl Filename {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ContentType {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ContentId {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_is_one_plain_name() {
        for name in ["a.pdf", "Bericht Überblick.pdf", "图.png", "no-extension", ".hidden", "a\"b.txt"] {
            assert!(name.parse::<Filename>().is_ok(), "{name}");
        }
        for name in ["", " a", "a ", ".", "..", "../a", "a/b", "a\\b", "a\r\nb", "a\0b", "=?utf-8?q?a?=", "a\u{202e}b"]
        {
            assert!(name.parse::<Filename>().is_err(), "{name:?}");
        }
        assert!("x".repeat(256).parse::<Filename>().is_err());
    }

    #[test]
    fn a_content_type_is_two_tokens() {
        assert_eq!("Application/PDF".parse::<ContentType>().unwrap().as_str(), "application/pdf");
        for text in ["", "pdf", "/", "a/", "/b", "a/b/c", "a/b; c=d", "a/b\r\nX: y", "ä/b", "a /b"] {
            assert!(text.parse::<ContentType>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_content_id_needs_no_quoting_anywhere() {
        for text in ["logo", "part1.abc@example.org"] {
            assert!(text.parse::<ContentId>().is_ok(), "{text}");
        }
        for text in ["", "<logo>", "a b", "a>b", "ü", "a\r\nb"] {
            assert!(text.parse::<ContentId>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn the_encoded_size_is_that_of_base64() {
        for (bytes, encoded) in [(0, 0), (1, 4), (3, 4), (4, 8), (300, 400)] {
            let attachment = Attachment {
                filename: "a".parse().unwrap(),
                content_type: "a/b".parse().unwrap(),
                content: vec![0; bytes].into(),
                content_id: None,
            };
            assert_eq!(attachment.encoded_size(), encoded);
        }
    }
}

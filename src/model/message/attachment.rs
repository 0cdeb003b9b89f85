//! Files that a mail carries, and pictures that its HTML shows.
//!
//! A file name and a content id end up in headers of MIME parts, a type in every API: each is text that all providers
//! read in the same way. The content is held once, shared by every attempt.

mod content_type;
mod error;

use std::fmt;
use std::str::{self, FromStr};

use bytes::Bytes;

use super::content::{check_bidi, check_header_text};
pub use content_type::ContentType;
pub use error::BadAttachment;

/// One file.
#[derive(Clone)]
pub struct Attachment {
    /// The name of the file.
    pub filename: Filename,
    /// What it is.
    pub content_type: ContentType,
    /// The content of the file.
    pub content: Bytes,
    /// Where the HTML names it as `cid:...`, it is shown there instead of being attached.
    pub content_id: Option<ContentId>,
}

impl Attachment {
    /// The length of the content once it is encoded for the way, line ends not counted.
    pub fn encoded_size(&self) -> usize {
        self.content.len().div_ceil(3) * 4
    }

    /// How its bytes are to be read: as the caller says, else UTF-8 if it is a text of that kind. A text without a charset
    /// would be read as US-ASCII (RFC 2046 4.1.2).
    pub fn charset(&self) -> Option<&str> {
        let found = || self.content_type.is_text() && str::from_utf8(&self.content).is_ok();
        self.content_type.charset().or_else(|| found().then_some("utf-8"))
    }

    /// The content type with its parameters, such as `text/calendar; charset=utf-8; method=REQUEST`.
    pub fn media_type(&self) -> String {
        self.content_type.with_charset(self.charset())
    }
}

impl fmt::Debug for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Attachment({} bytes)", self.content.len())
    }
}

/// A file's name. `/` and `\`, which would make a folder of what stands before them, become `_`.
#[derive(Clone)]
pub struct Filename(String);

impl FromStr for Filename {
    type Err = BadAttachment;

    fn from_str(text: &str) -> Result<Self, BadAttachment> {
        check_header_text(text).and_then(|()| check_bidi(text)).map_err(BadAttachment::Text)?;
        let name = text.replace(['/', '\\'], "_");
        let sound = (1..=255).contains(&name.len()) && name.trim() == name;
        if sound && name != "." && name != ".." { Ok(Self(name)) } else { Err(BadAttachment::Filename) }
    }
}

/// What HTML names as `cid:...` (RFC 2392), without angle brackets.
#[derive(Clone, PartialEq, Eq)]
pub struct ContentId(String);

impl FromStr for ContentId {
    type Err = BadAttachment;

    fn from_str(text: &str) -> Result<Self, BadAttachment> {
        let text = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).unwrap_or(text);
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
        for name in ["", " a", "a ", ".", "..", "a\r\nb", "a\0b", "=?utf-8?q?a?=", "a\u{202e}b"] {
            assert!(name.parse::<Filename>().is_err(), "{name:?}");
        }
        assert!("x".repeat(256).parse::<Filename>().is_err());
    }

    #[test]
    fn a_file_name_leads_to_no_folder() {
        for (name, kept) in [("../a", ".._a"), ("a/b", "a_b"), ("c:\\a\\b.txt", "c:_a_b.txt"), ("/", "_")] {
            assert_eq!(name.parse::<Filename>().unwrap().as_str(), kept);
        }
    }

    #[test]
    fn a_text_is_read_as_the_caller_says_else_as_utf_8_if_it_is() {
        for (content_type, content, whole) in [
            ("text/plain", "Größe".as_bytes(), "text/plain; charset=utf-8"),
            ("text/csv", b"a,b", "text/csv; charset=utf-8"),
            ("text/plain", b"Gr\xf6\xdfe", "text/plain"),
            ("text/plain; charset=iso-8859-1", b"Gr\xf6\xdfe", "text/plain; charset=iso-8859-1"),
            ("application/xml", b"<a/>", "application/xml"),
            ("text/calendar; method=REQUEST", b"BEGIN", "text/calendar; charset=utf-8; method=REQUEST"),
        ] {
            let file = Attachment {
                filename: "a".parse().unwrap(),
                content_type: content_type.parse().unwrap(),
                content: content.to_vec().into(),
                content_id: None,
            };
            assert_eq!(file.media_type(), whole);
        }
    }

    #[test]
    fn a_content_id_needs_no_quoting_anywhere() {
        for (text, kept) in [
            ("logo", "logo"),
            ("part1.abc@example.org", "part1.abc@example.org"),
            ("<logo@example.org>", "logo@example.org"),
        ] {
            assert_eq!(text.parse::<ContentId>().unwrap().as_str(), kept);
        }
        for text in ["", "<>", "<logo", "logo>", "<<logo>>", "a b", "a>b", "ü", "a\r\nb"] {
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

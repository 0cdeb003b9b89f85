//! Tags and metadata: words of the caller's that stay with the provider and come back with its events.
//!
//! They are any short line of text. What a provider takes is narrower; that is a capability of the provider, not a fault of
//! the mail.

use std::str::FromStr;

use super::content::{BadText, check_bidi, check_header_text};

/// Our id travels under this name, so nobody else's does.
const OURS: &str = "smsp_id";
/// Characters of a tag or a value.
const MAX_LEN: usize = 255;
/// Characters of a name.
const MAX_NAME_LEN: usize = 64;

/// Why a text cannot be a tag, or a name or value of metadata. Never quotes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadLabel {
    /// A tag, or the value of a pair.
    #[error("must be 1 to 255 characters without a space at either end")]
    Length,
    /// The name of a pair.
    #[error("is not a name for metadata: 1 to 64 characters without a space at either end")]
    Name,
    /// What it holds.
    #[error("{0}")]
    Text(BadText),
    /// The name of our id.
    #[error("is a name that this service uses itself")]
    Ours,
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
    type Err = BadLabel;

    fn from_str(text: &str) -> Result<Self, BadLabel> {
        if text.eq_ignore_ascii_case(OURS) {
            return Err(BadLabel::Ours);
        }
        check(text, MAX_LEN, BadLabel::Length).map(|()| Self(text.to_owned()))
    }
}

/// A pair that comes back with the provider's events.
#[derive(Clone)]
pub struct Metadata {
    name: String,
    value: String,
}

impl Metadata {
    /// Pairs of one mail, at most.
    pub const MAX: usize = 50;

    /// Checks both.
    pub fn new(name: &str, value: &str) -> Result<Self, BadLabel> {
        if name.eq_ignore_ascii_case(OURS) {
            return Err(BadLabel::Ours);
        }
        check(name, MAX_NAME_LEN, BadLabel::Name)?;
        check(value, MAX_LEN, BadLabel::Length)?;
        Ok(Self { name: name.to_owned(), value: value.to_owned() })
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

/// A space at either end would not survive the way.
fn check(text: &str, longest: usize, length: BadLabel) -> Result<(), BadLabel> {
    check_header_text(text).and_then(|()| check_bidi(text)).map_err(BadLabel::Text)?;
    let is_sound = (1..=longest).contains(&text.chars().count()) && text.trim() == text;
    if is_sound { Ok(()) } else { Err(length) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_a_line_of_text_of_any_script() {
        for tag in ["welcome-mail_2", "Password Reset", "v1.2:final", "größe", "你好", "_a", "ü".repeat(255).as_str()]
        {
            assert_eq!(tag.parse::<Tag>().unwrap().as_str(), tag);
        }
        for (tag, error) in [
            ("", BadLabel::Length),
            (" a", BadLabel::Length),
            ("ü".repeat(256).as_str(), BadLabel::Length),
            ("a\nb", BadLabel::Text(BadText::Control)),
            ("=?utf-8?q?a?=", BadLabel::Text(BadText::EncodedWord)),
            ("a\u{202e}b", BadLabel::Text(BadText::Bidi)),
            ("SMSP_id", BadLabel::Ours),
        ] {
            assert_eq!(tag.parse::<Tag>().err(), Some(error), "{tag:?}");
        }
    }

    #[test]
    fn metadata_is_a_name_and_a_line_of_text() {
        for (name, value) in [("order_id", "17 of 20"), ("Größe.cm", "π"), ("n".repeat(64).as_str(), "{\"a\":1}")] {
            let pair = Metadata::new(name, value).unwrap();
            assert_eq!((pair.name(), pair.value()), (name, value));
        }
        for (name, value, error) in [
            ("", "v", BadLabel::Name),
            ("n".repeat(65).as_str(), "v", BadLabel::Name),
            ("n", "", BadLabel::Length),
            ("n", " v", BadLabel::Length),
            ("n", "=?utf-8?q?=0D=0ABcc:..?=", BadLabel::Text(BadText::EncodedWord)),
            ("n\r", "v", BadLabel::Text(BadText::Control)),
            ("SMSP_ID", "v", BadLabel::Ours),
        ] {
            assert_eq!(Metadata::new(name, value).err(), Some(error), "{name:?}: {value:?}");
        }
    }
}

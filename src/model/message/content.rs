//! What a mail says: subject and bodies.
//!
//! A subject becomes a header, so it holds no control character and no encoded-word; a body holds no NUL, which no
//! mail can carry (RFC 5322 2.2, 2.3). Everything else goes through untouched.

use std::str::FromStr;

/// Why a piece of text cannot be part of a mail. Never quotes the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadText {
    /// CR, LF, NUL and their like would end or break a header.
    #[error("must not contain control characters such as CR, LF or NUL")]
    Control,
    /// `=?charset?B|Q?...?=` decodes to something else than what it shows.
    #[error("must be plain Unicode text, not an RFC 2047 encoded-word (=?...?=)")]
    EncodedWord,
    /// Bidirectional controls make text read differently from what it is.
    #[error("must not contain bidirectional embeddings, overrides or isolates (U+202A to U+202E, U+2066 to U+2069)")]
    Bidi,
    /// Nobody reads on.
    #[error("must not be longer than 200 bytes")]
    Long,
    /// NUL cannot be mailed.
    #[error("must not contain a NUL character")]
    Nul,
}

/// Checks text that is bound for a header.
pub(super) fn check_header_text(text: &str) -> Result<(), BadText> {
    if has_control(text) {
        return Err(BadText::Control);
    }
    if has_encoded_word(text) {
        return Err(BadText::EncodedWord);
    }
    Ok(())
}

/// Does it hold a control character (Unicode category Cc)? Most texts are ASCII, of which no character has to be decoded.
pub(super) fn has_control(text: &str) -> bool {
    if text.is_ascii() { text.bytes().any(|byte| byte.is_ascii_control()) } else { text.chars().any(char::is_control) }
}

/// Checks text that people read: it must not show itself in another order than it is. The three marks (ALM, LRM, RLM; UAX #9
/// 2.6) reorder no letter and belong to ordinary Hebrew and Arabic text; embeddings, overrides and isolates do not.
pub(super) fn check_bidi(text: &str) -> Result<(), BadText> {
    const BIDI: [char; 9] =
        ['\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}'];
    if text.contains(BIDI) { Err(BadText::Bidi) } else { Ok(()) }
}

/// Does it hold `=?charset?B|Q?text?=` (RFC 2047 2)? Whatever the charset: a reader that is less strict would decode it.
pub(super) fn has_encoded_word(text: &str) -> bool {
    // Most texts hold no such sign at all, which is seen faster than a pair of them.
    if !text.as_bytes().contains(&b'=') {
        return false;
    }
    // Found once: a look for the end from every start would take a hostile text quadratic time.
    let Some(last_end) = text.rfind("?=") else { return false };
    text.match_indices("=?").any(|(at, start)| {
        let charset_at = at + start.len();
        let charset = text[charset_at..].split('?').next().unwrap_or_default();
        let encoding_at = charset_at + charset.len() + 1;
        let encoding = text.get(encoding_at..).unwrap_or_default();
        let known = ["B?", "b?", "Q?", "q?"].iter().any(|known| encoding.starts_with(known));
        !charset.is_empty() && known && last_end >= encoding_at + 2
    })
}

/// A subject that is safe as a header.
#[derive(Default)]
pub struct Subject(String);

impl Subject {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Subject {
    type Err = BadText;

    fn from_str(text: &str) -> Result<Self, BadText> {
        check_header_text(text).map(|()| Self(text.to_owned()))
    }
}

/// The plain text or HTML part.
pub struct Body(String);

impl Body {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Body {
    type Err = BadText;

    fn from_str(text: &str) -> Result<Self, BadText> {
        if memchr::memchr(0, text.as_bytes()).is_some() { Err(BadText::Nul) } else { Ok(Self(text.to_owned())) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_cannot_break_out_of_its_header() {
        for text in ["a\r\nBcc: x@evil.org", "a\nb", "a\rb", "a\0b", "a\u{85}b"] {
            assert_eq!(text.parse::<Subject>().err(), Some(BadText::Control), "{text:?}");
        }
    }

    #[test]
    fn an_encoded_word_is_refused_but_its_pieces_are_text() {
        for text in ["=?utf-8?q?=0D=0ABcc:x?=", "Re: =?UTF-8?B?aGk=?= x", "=?a?b?=?utf-8?Q?x?=", "=?a b?q?c?="] {
            assert_eq!(text.parse::<Subject>().err(), Some(BadText::EncodedWord), "{text:?}");
        }
        for text in ["what =? is ?= this", "=?utf-8?x?y?=", "1 =?= 1", "=??q?x?=", "=?utf-8?q?open"] {
            assert!(text.parse::<Subject>().is_ok(), "{text:?}");
        }
    }

    #[test]
    fn a_hostile_subject_is_read_in_linear_time() {
        let text = "=?a?q? ".repeat(4_000_000);
        assert!(text.parse::<Subject>().is_ok());
    }

    #[test]
    fn a_body_goes_through_untouched_but_for_nul() {
        let text = "line\r\nline\n\t{{template}} =?utf-8?q?x?= ünï";
        assert_eq!(text.parse::<Body>().unwrap().as_str(), text);
        assert_eq!("a\0b".parse::<Body>().err(), Some(BadText::Nul));
    }
}

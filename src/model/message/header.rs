//! Headers that a caller adds: any name that is not ours to write, and one line of Unicode text.
//!
//! `Message-ID`, `Sender` and `Reply-To` may be given as headers too: their values are checked as what they are, and a
//! new message gives each its own place. Ids, URLs and addresses, which programs read, are ASCII words that fit a line
//! ([`Header::is_structured`]). Encoding and folding are left to what writes a mail's head. Deliberately absent:
//! headers that the way of a mail leaves behind, and a provider's own switches. Checked by hand: it is a policy of
//! this service, not a grammar.

use super::address::{BadAddress, Mailbox, split_list};
use super::content::{BadText, check_bidi, check_header_text};
use super::tokens::is_atext;

/// Written by us or by the servers on the way (RFC 5322 3.6, RFC 2045 3, RFC 6376, RFC 8601, RFC 8617).
const OURS: [&str; 19] = [
    "from",
    "to",
    "cc",
    "bcc",
    "subject",
    "date",
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
    "x-tags",
    "x-metadata",
];
/// How the names of those begin that come in families: of every part (RFC 2045, RFC 2183), of a signature, of a mail that is
/// sent on (RFC 5322 3.6.6).
const OURS_BY_START: [&str; 3] = ["content-", "dkim-", "resent-"];
/// Bytes of a value: a thread of a thousand mails has as many in its References. Mail servers take a head of 100 KB.
const MAX_VALUE_LEN: usize = 64 * 1024;
/// Bytes of a word that must not be cut: a line has 998 (RFC 5322 2.1.1).
const MAX_WORD_LEN: usize = 900;

/// Why a text cannot be a header. Never quotes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadHeader {
    /// The name.
    #[error("is not a header's name: 1 to 70 of the characters A-Z a-z 0-9 - _")]
    Name,
    /// Written by us.
    #[error("is a name that this service or a provider uses itself")]
    Ours,
    /// The value.
    #[error("must be 1 to 65536 bytes of text without a space at either end")]
    Value,
    /// What the value holds.
    #[error("{0}")]
    Text(BadText),
    /// `Message-ID`.
    #[error("must be one message id between < and >, such as <17@example.org>, of at most 250 ASCII characters")]
    MessageId,
    /// A structured value (ids, URLs, addresses) is not ASCII.
    #[error("must be ASCII: write a URL with % and a domain as xn--")]
    Ascii,
    /// A word of a structured value does not fit a line of a mail, and no program would put it together again.
    #[error("has a word of 900 characters or more: shorten it")]
    Word,
    /// `Sender`, `Reply-To`.
    #[error("{0}")]
    Address(BadAddress),
}

/// Says which names, in lower case, no caller may write although no mail's head needs them.
///
/// Reserved headers are those that a provider reads as its own switches: each way in passes what the providers of this program reserve.
#[derive(Clone, Copy, Debug)]
pub struct ReservedHeaders(pub fn(&str) -> bool);

impl ReservedHeaders {
    /// No further name.
    pub const NONE: Self = Self(|_| false);
}

/// One header of the caller's.
#[derive(Clone)]
pub struct Header {
    name: String,
    value: String,
}

impl Header {
    /// Checks both.
    pub fn new(name: &str, value: &str, reserved: ReservedHeaders) -> Result<Self, BadHeader> {
        if !is_name(name) {
            return Err(BadHeader::Name);
        }
        let lower = name.to_ascii_lowercase();
        if is_ours(&lower) || (reserved.0)(&lower) {
            return Err(BadHeader::Ours);
        }
        check_value(&lower, value).map(|()| Self { name: name.to_owned(), value: value.to_owned() })
    }

    /// As the caller wrote it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// One line of text, of any script.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Is it what programs read: ids, URLs, addresses? Then it is ASCII, of words that fit a line.
    pub fn is_structured(&self) -> bool {
        is_structured(&self.name.to_ascii_lowercase())
    }

    /// Is this its name, in whatever case?
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// `Content-Language` (RFC 3282) speaks of the whole mail, and is the author's to say.
fn is_ours(name: &str) -> bool {
    let by_start = OURS_BY_START.iter().any(|start| name.starts_with(start)) && name != "content-language";
    by_start || OURS.contains(&name)
}

fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (1..=70).contains(&text.len()) && text.chars().all(plain)
}

/// A space at either end would not survive the way.
fn check_value(name: &str, value: &str) -> Result<(), BadHeader> {
    check_header_text(value).and_then(|()| check_bidi(value)).map_err(BadHeader::Text)?;
    if !(1..=MAX_VALUE_LEN).contains(&value.len()) || value.trim() != value {
        return Err(BadHeader::Value);
    }
    match name {
        "message-id" if !(value.len() <= 250 && is_message_id(value)) => Err(BadHeader::MessageId),
        "sender" => value.parse::<Mailbox>().map(drop).map_err(BadHeader::Address),
        "reply-to" => match mailboxes(value) {
            Ok(list) if list.is_empty() => Err(BadHeader::Address(BadAddress::Syntax)),
            checked => checked.map(drop).map_err(BadHeader::Address),
        },
        _ if is_structured(name) && !value.is_ascii() => Err(BadHeader::Ascii),
        _ if is_structured(name) && !value.split([' ', '<']).all(|word| word.len() < MAX_WORD_LEN) => {
            Err(BadHeader::Word)
        }
        _ => Ok(()),
    }
}

/// Ids, URLs and addresses, which programs read: an encoded-word would hide them (RFC 2047 5).
fn is_structured(name: &str) -> bool {
    const NAMES: [&str; 6] =
        ["archived-at", "disposition-notification-to", "errors-to", "in-reply-to", "references", "return-receipt-to"];
    NAMES.contains(&name) || name.starts_with("list-")
}

/// `<left@right>`, either part a dot-atom or the right one a literal (RFC 5322 3.6.4).
fn is_message_id(text: &str) -> bool {
    let inner = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    let plain = |part: &str| !part.is_empty() && part.chars().all(|c| is_atext(c) || c == '.');
    let bare = |right| str::strip_prefix(right, "[").and_then(|rest| rest.strip_suffix(']')).unwrap_or(right);
    inner.and_then(|inner| inner.split_once('@')).is_some_and(|(left, right)| plain(left) && plain(bare(right)))
}

/// The mailboxes of a value that was checked, or what is wrong with one.
pub(super) fn mailboxes(value: &str) -> Result<Vec<Mailbox>, BadAddress> {
    split_list(value).map(str::parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(name: &str, value: &str) -> Option<BadHeader> {
        Header::new(name, value, ReservedHeaders::NONE).err()
    }

    #[test]
    fn a_header_is_a_name_and_one_line_of_text() {
        for (name, value) in [
            ("X-Order", "17"),
            ("X_Order", "siebzehn Stück"),
            ("Content-Language", "de"),
            ("List-Unsubscribe", "<mailto:u@example.org>, <https://example.org/u>"),
            ("References", "<a@example.org> <b@example.org>"),
        ] {
            let header = Header::new(name, value, ReservedHeaders::NONE).unwrap();
            assert_eq!((header.name(), header.value()), (name, value));
        }
        for name in ["", "X Order", "X:Order", "X-Ördre", "X\r\nBcc", "x".repeat(71).as_str()] {
            assert_eq!(error(name, "v"), Some(BadHeader::Name), "{name:?}");
        }
        for value in ["", " v", "v ", "x".repeat(65_537).as_str()] {
            assert_eq!(error("X-A", value), Some(BadHeader::Value), "{value:?}");
        }
        for value in ["a\r\nBcc: x@evil.org", "a\tb", "a\0", "a\u{85}"] {
            assert_eq!(error("X-A", value), Some(BadHeader::Text(BadText::Control)), "{value:?}");
        }
        let hidden = "=?utf-8?q?=0D=0ABcc:..?=";
        assert_eq!(error("X-A", hidden), Some(BadHeader::Text(BadText::EncodedWord)));
    }

    #[test]
    fn references_may_have_any_length_and_each_id_fits_a_line() {
        let thread = vec!["<0123456789012345678901234567890123456789@mail.example.org>"; 900].join(" ");
        assert!(Header::new("References", &thread, ReservedHeaders::NONE).is_ok());
        assert_eq!(error("references", "<ü@example.org>"), Some(BadHeader::Ascii));
        assert_eq!(error("references", &"x".repeat(900)), Some(BadHeader::Word));
    }

    #[test]
    fn what_programs_read_is_ascii_in_words_that_fit_a_line() {
        let url = format!("<https://example.org/{}>", "x".repeat(900));
        assert_eq!(error("List-Unsubscribe", &url), Some(BadHeader::Word));
        for name in ["List-Unsubscribe", "list-id", "Errors-To"] {
            assert_eq!(error(name, "Größe <mailto:u@example.org>"), Some(BadHeader::Ascii), "{name}");
        }
    }

    #[test]
    fn a_message_id_is_one_id_and_a_sender_one_mailbox() {
        for (name, value) in [
            ("Message-ID", "<17.a@example.org>"),
            ("Message-ID", "<17@[192.0.2.1]>"),
            ("Sender", "Al <al@example.org>"),
            ("Reply-To", "Al <al@example.org>, \"B, C\" <b@example.org>"),
        ] {
            assert_eq!(error(name, value), None, "{name}: {value}");
        }
        let long = format!("<{}@example.org>", "x".repeat(250));
        for value in [
            "17@example.org",
            "<17>",
            "<a@b@c>",
            "<a b@c>",
            "<a@b> <c@d>",
            "<a(b)@c>",
            "<a,b@c>",
            "<@c>",
            "<ü@b>",
            &long,
        ] {
            assert_eq!(error("message-id", value), Some(BadHeader::MessageId), "{value}");
        }
        for (name, value) in
            [("Sender", "nobody"), ("Sender", "a@b.org, c@d.org"), ("Reply-To", "a@b.org, nobody"), ("Reply-To", ",")]
        {
            assert!(matches!(error(name, value), Some(BadHeader::Address(_))), "{name}: {value}");
        }
    }

    #[test]
    fn headers_that_others_write_are_refused_in_any_case() {
        for name in ["From", "TO", "bcc", "Received", "Return-Path", "DKIM-Signature", "Content-Type", "MIME-Version"] {
            assert_eq!(error(name, "v"), Some(BadHeader::Ours), "{name}");
        }
        for name in ["Resent-To", "DKIM-Filter", "X-Tags"] {
            assert_eq!(error(name, "v"), Some(BadHeader::Ours), "{name}");
        }
        let reserved = ReservedHeaders(|name| name.starts_with("x-carrier-"));
        for (name, expected) in [("X-Carrier-Test", Some(BadHeader::Ours)), ("X-Carrie", None)] {
            assert_eq!(Header::new(name, "v", reserved).err(), expected, "{name}");
        }
    }
}

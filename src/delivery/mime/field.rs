//! One header field, folded before a word that would make its line too long (RFC 5322 2.2.3).
//!
//! A line has 76 octets, the most that RFC 2047 2 allows beside encoded-words, unless a single word is longer. No word
//! is longer than [`MAX_WORD_LEN`], so that no line passes 998 octets (RFC 5322 2.1.1).

use email_encoding::headers::rfc2047;
use email_encoding::headers::writer::EmailWriter;

use crate::model::message::tokens::quoted;

/// Octets of a line without its CRLF.
pub(super) const LINE: usize = 76;
/// Octets of a word; beside it there is room for the longest name of a header.
pub(super) const MAX_WORD_LEN: usize = 900;

pub(super) struct Field {
    text: String,
    /// Octets of its last line.
    line: usize,
    /// Octets of its name and the colon.
    name: usize,
}

impl Field {
    pub(super) fn new(name: &str) -> Self {
        let text = format!("{name}:");
        Self { line: text.len(), name: text.len(), text }
    }

    /// A field of one word.
    pub(super) fn of(name: &str, word: &str) -> Self {
        let mut field = Self::new(name);
        field.word(word);
        field
    }

    /// A field of words that spaces separate.
    pub(super) fn of_words(name: &str, words: &str) -> Self {
        let mut field = Self::new(name);
        words.split_whitespace().for_each(|word| field.word(word));
        field
    }

    /// A space, or a new line that begins with one, and this as it is. Nothing is folded away from the name: not every
    /// reader looks for a value there.
    pub(super) fn word(&mut self, word: &str) {
        if self.line + 1 + word.len() > LINE && self.text.len() > self.name {
            self.text.push_str("\r\n");
            self.line = 0;
        }
        self.text.push(' ');
        self.text.push_str(word);
        self.line += 1 + word.len();
    }

    /// A space and this in encoded-words.
    pub(super) fn encoded(&mut self, text: &str) {
        let mut writer = EmailWriter::new(&mut self.text, self.line, 1, true);
        // A `String` takes whatever is written.
        let _ = rfc2047::encode(text, &mut writer);
        self.line = writer.line_len();
    }

    /// A space and `name="value"`; a value that is beyond ASCII or too long for a line in segments (RFC 2231), none of
    /// which begins or ends with a space, for not every reader keeps one there. So is one that begins with `<` or `"`, which
    /// Python takes off with the quotes.
    pub(super) fn parameter(&mut self, name: &str, value: &str) {
        let whole = format!("{name}={}", quoted(value));
        let is_plain = !value.starts_with(['<', '"']) && whole.len() < LINE;
        if is_plain && whole.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            return self.word(&whole);
        }
        let (mut segment, mut number) = (format!("{name}*0*=utf-8''"), 0);
        for letter in value.chars().map(percent_encoded) {
            if segment.len() + letter.len() + 2 > LINE {
                self.word(&(segment + ";"));
                number += 1;
                segment = format!("{name}*{number}*=");
            }
            segment += &letter;
        }
        self.word(&segment);
    }

    /// With its CRLF.
    pub(super) fn end(mut self) -> String {
        self.text.push_str("\r\n");
        self.text
    }
}

/// All but what needs no encoding anywhere (RFC 2231 7).
fn percent_encoded(letter: char) -> String {
    if letter.is_ascii_alphanumeric() || "-_.".contains(letter) {
        return letter.into();
    }
    letter.encode_utf8(&mut [0; 4]).bytes().map(|byte| format!("%{byte:02X}")).collect()
}

//! What adapters and the file of a mail write in the same way.
//!
//! Encoded-words and base64 are from libraries. What is by hand is a choice, not a format: the emptiest body that providers
//! take, a text as HTML, JSON that folds.

use std::borrow::Cow;

use email_encoding::headers::rfc2047;
use email_encoding::headers::writer::EmailWriter;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::model::message::tokens::{is_atext, quoted};
use crate::model::message::{Attachment, Mailbox, Message};

/// Text and HTML without empty parts, which providers refuse; a mail without any becomes the emptiest that they take,
/// one line break.
pub(super) fn bodies(message: &Message) -> (Option<&str>, Option<&str>) {
    let filled = |body: &&str| !body.is_empty();
    match (message.text().filter(filled), message.html().filter(filled)) {
        (None, None) => (Some("\n"), None),
        bodies => bodies,
    }
}

const PRE: &str = "<pre style=\"font: inherit; white-space: pre-wrap\">";
const END_OF_PRE: &str = "</pre>";

/// A text as HTML that looks as in a reader that shows plain text.
pub(super) fn as_html(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    [PRE, &escaped, END_OF_PRE].concat()
}

/// Bytes of a text as HTML, without making it.
pub(super) fn length_as_html(text: &str) -> usize {
    let more = |byte: u8| match byte {
        b'&' => "&amp;".len() - 1,
        b'<' | b'>' => "&lt;".len() - 1,
        _ => 0,
    };
    PRE.len() + text.len() + text.bytes().map(more).sum::<usize>() + END_OF_PRE.len()
}

/// The subject; an empty one is refused by most, and a space is the emptiest that they take.
pub(super) fn subject(message: &Message) -> &str {
    Some(message.subject()).filter(|subject| !subject.is_empty()).unwrap_or(" ")
}

/// Each as `Name <a@b.org>`.
pub(super) fn texts(mailboxes: &[Mailbox]) -> Vec<String> {
    mailboxes.iter().map(ToString::to_string).collect()
}

/// All of them as one header's value.
pub(super) fn line(mailboxes: &[Mailbox]) -> String {
    texts(mailboxes).join(", ")
}

/// The attachments that are shown inside of the HTML, or those that are not.
pub(super) fn attachments(message: &Message, inline: bool) -> impl Iterator<Item = &Attachment> {
    message.attachments().iter().filter(move |attachment| attachment.content_id.is_some() == inline)
}

/// A small mail fits; a larger one grows by doubling.
const SMALL_BODY: usize = 4 * 1024;

/// As JSON; one that has grown is cut to its size, for it would hold twice its memory until it is written.
pub(super) fn json(body: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut json = Vec::with_capacity(SMALL_BODY);
    serde_json::to_writer(&mut json, body)?;
    if json.len() > SMALL_BODY {
        json.shrink_to_fit();
    }
    Ok(json)
}

/// A text in encoded-words (RFC 2047), in one line.
pub(super) fn encoded_words(text: &str) -> String {
    let mut words = String::new();
    // A `String` takes whatever is written.
    let _ = rfc2047::encode(text, &mut EmailWriter::new(&mut words, 0, 0, false));
    words.replace("\r\n", "")
}

/// A display name as words, or else in quotes (RFC 5322 3.2.5), in one line; none where only encoded-words can say it.
pub(super) fn phrase(name: &str) -> Option<String> {
    let is_printable = name.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if !is_printable || name.contains("=?") {
        return None;
    }
    let is_atom = |word: &str| !word.is_empty() && word.chars().all(is_atext);
    Some(if name.split(' ').all(is_atom) { name.to_owned() } else { quoted(name) })
}

/// A header's value in ASCII.
pub(super) fn in_ascii(value: &str) -> Cow<'_, str> {
    if value.is_ascii() { value.into() } else { encoded_words(value).into() }
}

/// A mailbox in ASCII, but for its address: its name in encoded words where only they can say it.
pub(super) fn in_7_bits(mailbox: &Mailbox) -> String {
    let address = mailbox.address().as_str();
    let written = |name| phrase(name).unwrap_or_else(|| encoded_words(name));
    mailbox.name().map_or_else(|| address.to_owned(), |name| format!("{} <{address}>", written(name)))
}

/// All of them as one header's value, in ASCII but for the addresses.
pub(super) fn line_in_7_bits(mailboxes: &[Mailbox]) -> String {
    mailboxes.iter().map(in_7_bits).collect::<Vec<_>>().join(", ")
}

/// JSON in ASCII: what is more as `\u` and the number of each unit of UTF-16 (RFC 8259 7).
fn escaped(json: &str) -> String {
    let mut units = [0; 2];
    json.chars().fold(String::with_capacity(json.len()), |mut text, c| {
        if c.is_ascii() {
            text.push(c);
        } else {
            text.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        }
        text
    })
}

/// Bytes of our id beside the caller's metadata in JSON: `"smsp_id":"..."` and a comma.
pub(super) const OUR_PAIR: usize = 49;

/// An object of texts, in the caller's order.
pub(super) struct Pairs<'a>(Vec<(&'a str, Cow<'a, str>)>);

impl<'a> Pairs<'a> {
    /// The caller's headers and the Sender, in ASCII: what is more is in encoded words.
    pub(super) fn headers(message: &'a Message) -> Self {
        let own = message.headers().iter().map(|header| (header.name(), in_ascii(header.value())));
        Self(own.chain(message.sender().map(|sender| ("Sender", in_7_bits(sender).into()))).collect())
    }

    /// The caller's headers and the Sender as they are, for who encodes them.
    pub(super) fn plain_headers(message: &'a Message) -> Self {
        let own = message.headers().iter().map(|header| (header.name(), header.value().into()));
        Self(own.chain(message.sender().map(|sender| ("Sender", sender.to_string().into()))).collect())
    }

    /// The caller's metadata.
    pub(super) fn metadata(message: &'a Message) -> Self {
        Self(message.metadata().iter().map(|pair| (pair.name(), pair.value().into())).collect())
    }

    /// One more.
    pub(super) fn with(mut self, name: &'a str, value: String) -> Self {
        self.0.push((name, value.into()));
        self
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As one header's value: JSON in ASCII, with a space after every pair, where a line that is too long for a mail can be
    /// folded.
    pub(super) fn to_line(&self) -> String {
        let text = |text: &str| escaped(&serde_json::to_string(text).unwrap_or_default());
        let pairs: Vec<_> = self.0.iter().map(|(name, value)| format!("{}:{}", text(name), text(value))).collect();
        format!("{{{}}}", pairs.join(", "))
    }

    /// As one text, for who has a single field for them.
    pub(super) fn to_json(&self) -> String {
        // Texts always serialise.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl<'a> IntoIterator for Pairs<'a> {
    type Item = (&'a str, Cow<'a, str>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl Serialize for Pairs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_looks_the_same_as_html_and_its_length_is_known() {
        let text = "a < b & c > d\n";
        let html = "<pre style=\"font: inherit; white-space: pre-wrap\">a &lt; b &amp; c &gt; d\n</pre>";
        assert_eq!((as_html(text).as_str(), length_as_html(text)), (html, html.len()));
    }
}

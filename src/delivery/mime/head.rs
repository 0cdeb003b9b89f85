//! The head of a mail: who, when, what about, and what the caller adds. Bcc recipients appear nowhere.

use std::borrow::Cow;
use std::time::SystemTime;

use super::field::{Field, LINE, MAX_WORD_LEN};
use super::metadata_headers::MetadataHeaders;
use super::text;
use crate::delivery::render::{self, Pairs};
use crate::model::message::tokens::quoted;
use crate::model::message::{Header, Mailbox, Message, Tag};

/// Every field with its CRLF, but for those that say how the body is written.
pub(super) fn head(message: &Message, metadata_headers: MetadataHeaders) -> String {
    let mut fields = vec![
        Field::of("Message-ID", &format!("<{}>", message.message_id())),
        Field::of("Date", &date(SystemTime::now())),
        mailboxes("From", std::slice::from_ref(message.from())),
        text::field("Subject", message.subject(), LINE - "Subject: ".len()),
    ];
    if message.to().is_empty() && message.cc().is_empty() {
        fields.push(Field::of("To", "undisclosed-recipients:;"));
    }
    let sender: Vec<_> = message.sender().into_iter().cloned().collect();
    let lists = [("Sender", &sender[..]), ("To", message.to()), ("Cc", message.cc()), ("Reply-To", message.reply_to())];
    fields.extend(lists.into_iter().filter(|(_, list)| !list.is_empty()).map(|(name, list)| mailboxes(name, list)));
    fields.extend(message.headers().iter().map(of_caller));
    fields.extend((metadata_headers == MetadataHeaders::All).then(|| tags(message)).flatten());
    fields.extend((metadata_headers != MetadataHeaders::None).then(|| metadata(message)).flatten());
    fields.into_iter().map(Field::end).collect()
}

/// RFC 5322 3.3: HTTP's form of a date, but for its name of the zone, which is obsolete in mail.
pub(in crate::delivery) fn date(at: SystemTime) -> String {
    httpdate::fmt_http_date(at).replace("GMT", "+0000")
}

/// A list of mailboxes, folded at its commas and before the addresses.
fn mailboxes(name: &str, list: &[Mailbox]) -> Field {
    let mut field = Field::new(name);
    for (index, mailbox) in list.iter().enumerate() {
        let comma = if index + 1 < list.len() { "," } else { "" };
        let address = mailbox.address().as_str();
        let Some(name) = mailbox.name() else {
            field.word(&format!("{address}{comma}"));
            continue;
        };
        match render::phrase(name).filter(|phrase| phrase.len() < LINE) {
            Some(phrase) => field.word(&phrase),
            None => field.encoded(name),
        }
        field.word(&format!("<{address}>{comma}"));
    }
    field
}

/// A header of the caller's. White space between `<...>` and `<...>` means nothing, and there a line can be folded.
fn of_caller(header: &Header) -> Field {
    let (name, value) = (header.name(), header.value());
    let spaced = || value.replace('<', " <").split_whitespace().collect::<Vec<_>>().join(" ");
    // What programs read is never encoded.
    if header.is_structured() { Field::of_words(name, &spaced()) } else { text::field(name, value, MAX_WORD_LEN) }
}

fn tags(message: &Message) -> Option<Field> {
    let tags: Vec<_> = message.tags().iter().map(Tag::as_str).map(listed).collect();
    (!tags.is_empty()).then(|| text::field("X-Tags", &tags.join(", "), MAX_WORD_LEN))
}

fn metadata(message: &Message) -> Option<Field> {
    let metadata = Pairs::metadata(message);
    (!metadata.is_empty()).then(|| text::field("X-Metadata", &metadata.to_line(), MAX_WORD_LEN))
}

/// A tag in a list, in quotes where it holds what separates tags.
fn listed(tag: &str) -> Cow<'_, str> {
    if tag.contains([',', '"']) { quoted(tag).into() } else { tag.into() }
}

//! What an adapter can carry. A message that it cannot carry whole is not offered to it: nothing is dropped in silence.
//!
//! The figures are those of the providers' own documents; each adapter's `KIND` names its source. They are counted in the
//! unit that the provider counts in ([`MaxLength`]). A mail that fits here and is refused there for its length, size or form
//! shows a figure that is missing here. Deliberately absent: anything that depends on the account.

mod files;
mod first;
mod limit;
mod written;

use std::collections::BTreeSet;
use std::time::Duration;

pub use files::{Files, Inline, Parameters};
pub use limit::{MaxLength, WordLimits};
pub(in crate::delivery::provider) use limit::{is_ascii, is_word};

use self::first::first;
use crate::delivery::render;
use crate::model::message::{Header, Mailbox, Message, Metadata, Tag};
use crate::model::outcome::Reason;

/// What an adapter can carry, and promises. A version in which they differ raises `CARRIED` of the routes of the dispatcher.
#[derive(Clone, Copy, Debug)]
pub struct Capabilities {
    /// Recipients of a mail, at most: To, Cc and Bcc together.
    pub recipients: usize,
    /// May To be empty beside Cc or Bcc?
    pub without_to: bool,
    /// Local parts beyond ASCII (RFC 6531).
    pub smtputf8: bool,
    /// Domains of one label, which mean something in one network alone.
    pub intranet: bool,
    /// Which display names it takes.
    pub names: fn(&str) -> bool,
    /// Length of From as it is written with its name, at most.
    pub from: MaxLength,
    /// Addresses for answers, at most.
    pub reply_to: usize,
    /// A Sender beside From (RFC 5322 3.6.2).
    pub sender: bool,
    /// Does it keep a Message-ID of the caller's?
    pub message_id: bool,
    /// Bytes of a mail as [`Message::size`] counts them, at most.
    pub size: usize,
    /// Is a text without HTML sent as HTML too? Then its bytes count twice.
    pub text_as_html: bool,
    /// Bytes of the text, and of the HTML, at most.
    pub body: usize,
    /// Length of the subject, at most.
    pub subject: MaxLength,
    /// Headers of the caller's, at most.
    pub headers: usize,
    /// Headers of the caller's that it leaves out or refuses, in lower case.
    pub dropped_headers: &'static [&'static str],
    /// Bytes of its options, at most: headers, addresses for answers, tags and metadata, as a form has them.
    pub options: usize,
    /// Bytes of the head of the mail that its readers see, at most.
    pub head: usize,
    /// Does it leave `{{...}}` in a subject, a name, an address or a header as it is?
    pub literal_braces: bool,
    /// Which tags, and how many.
    pub tags: WordLimits,
    /// Are tags that differ in their case one?
    pub case_insensitive_tags: bool,
    /// The names of metadata; as many as there are pairs.
    pub metadata_names: WordLimits,
    /// Length of a value of metadata, at most.
    pub metadata_value: MaxLength,
    /// Bytes of metadata as a JSON object, at most.
    pub metadata: usize,
    /// Files, and pictures that the HTML shows.
    pub files: Files,
    /// For how long a mail under an id is taken once, however often it is handed over; `None`: idempotency is not supported.
    pub idempotency_window: Option<Duration>,
    /// How long it may take to answer; nobody waits for that long who has a caller that waits too.
    pub longest_answer: Duration,
    /// How a mail of unknown end can be looked up at the provider.
    pub lookup: Lookup,
}

/// By what a provider lets a mail be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// Our id, in this field of its own.
    Id(&'static str),
    /// Our Message-ID, which it keeps.
    MessageId,
}

impl Lookup {
    /// The field that has it, and what stands there for this mail.
    pub fn of(self, message: &Message) -> (&'static str, String) {
        match self {
            Self::Id(field) => (field, message.id().to_string()),
            Self::MessageId => ("Message-ID", message.message_id()),
        }
    }
}

impl Capabilities {
    /// Any mail, and no promise.
    pub const ANY: Self = Self {
        recipients: usize::MAX,
        without_to: true,
        smtputf8: true,
        intranet: true,
        names: |_| true,
        from: MaxLength::Any,
        reply_to: usize::MAX,
        sender: true,
        message_id: true,
        size: usize::MAX,
        text_as_html: false,
        body: usize::MAX,
        subject: MaxLength::Any,
        headers: usize::MAX,
        dropped_headers: &[],
        options: usize::MAX,
        head: usize::MAX,
        literal_braces: true,
        tags: WordLimits::ANY,
        case_insensitive_tags: false,
        metadata_names: WordLimits::ANY,
        metadata_value: MaxLength::Any,
        metadata: usize::MAX,
        files: Files::ANY,
        idempotency_window: None,
        longest_answer: Duration::from_secs(60),
        lookup: Lookup::Id("smsp_id"),
    };

    /// What an API takes of which no document says more: addresses in the public mail system, the first of them in To, and a
    /// Message-ID of its own.
    pub const API: Self =
        Self { without_to: false, smtputf8: false, intranet: false, sender: false, message_id: false, ..Self::ANY };

    /// Why a message cannot be carried whole, if it cannot.
    pub fn unsupported(&self, message: &Message) -> Option<Reason> {
        let by_parties = self.unsupported_addresses(message).or_else(|| self.unsupported_head(message));
        by_parties
            .or_else(|| self.unsupported_tags_or_metadata(message))
            .or_else(|| self.files.unsupported(message.attachments()))
    }

    fn unsupported_addresses(&self, message: &Message) -> Option<Reason> {
        let any = |is: fn(&Mailbox) -> bool| message.mailboxes().any(is);
        let mut names = message.mailboxes().filter_map(Mailbox::name);
        first([
            (message.recipients() > self.recipients, Reason::Recipients),
            (!self.without_to && message.to().is_empty(), Reason::NoTo),
            (!self.smtputf8 && any(|mailbox| !mailbox.address().is_ascii()), Reason::Smtputf8),
            (!self.intranet && any(|mailbox| mailbox.address().is_intranet()), Reason::Intranet),
            (!names.all(self.names), Reason::Name),
            (!written::fits(message.from(), self.from), Reason::Name),
            (message.reply_to().len() > self.reply_to, Reason::ReplyTo),
            (!self.sender && message.sender().is_some(), Reason::Sender),
        ])
    }

    fn unsupported_head(&self, message: &Message) -> Option<Reason> {
        let mut bodies = [message.text(), message.html()].into_iter().flatten();
        first([
            (!self.message_id && message.own_message_id().is_some(), Reason::MessageId),
            (message.size() + self.repeated(message) > self.size, Reason::Size),
            (bodies.any(|body| body.len() > self.body), Reason::Size),
            (!self.subject.allows(message.subject()), Reason::Subject),
            (message.headers().len() > self.headers, Reason::Headers),
            (message.headers().iter().any(|header| self.drops(header)), Reason::Headers),
            (!written::fit(message, self.options, written::options), Reason::Headers),
            (!written::fit(message, self.head, written::visible_head), Reason::Headers),
            (!self.literal_braces && has_template(message), Reason::Template),
        ])
    }

    fn unsupported_tags_or_metadata(&self, message: &Message) -> Option<Reason> {
        let (tags, pairs) = (message.tags().iter().map(Tag::as_str), message.metadata());
        first([
            (!self.tags.take(tags), Reason::Tags),
            (self.case_insensitive_tags && has_case_variants(message.tags()), Reason::Tags),
            (!self.metadata_names.take(pairs.iter().map(Metadata::name)), Reason::Metadata),
            (!pairs.iter().all(|pair| self.metadata_value.allows(pair.value())), Reason::Metadata),
            (!pairs.is_empty() && !written::fit(message, self.metadata, written::metadata_as_json), Reason::Metadata),
        ])
    }

    /// Bytes of a text as HTML, where it is sent as both.
    fn repeated(&self, message: &Message) -> usize {
        let text = message.text().filter(|_| self.text_as_html && message.html().is_none());
        text.map_or(0, render::length_as_html)
    }

    fn drops(&self, header: &Header) -> bool {
        self.dropped_headers.iter().any(|dropped| header.is(dropped))
    }
}

fn has_case_variants(tags: &[Tag]) -> bool {
    let lower = || tags.iter().map(|tag| tag.as_str().to_lowercase());
    tags.len() > 1 && lower().collect::<BTreeSet<_>>().len() < tags.len()
}

fn has_template(message: &Message) -> bool {
    let names = message.mailboxes().filter_map(|mailbox| mailbox.name());
    let headers = message.headers().iter().map(Header::value);
    let addresses = message.mailboxes().map(|mailbox| mailbox.address().as_str());
    names.chain(headers).chain(addresses).chain([message.subject()]).any(|text| text.contains("{{"))
}

#[cfg(test)]
mod tests;

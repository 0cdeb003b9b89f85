//! What an adapter can carry. A message that it cannot carry whole is not offered to it: nothing is dropped in silence.

use std::time::Duration;

use super::{KINDS, Kind};
use crate::message::{Attachment, Header, Message};
use crate::outcome::Reason;

/// What an adapter can carry, and promises.
#[derive(Clone, Copy, Debug)]
pub struct Capabilities {
    /// Recipients of a mail, at most: To, Cc and Bcc together.
    pub recipients: usize,
    /// Bytes of a mail as [`Message::size`] counts them, at most.
    pub size: usize,
    /// Pictures that the HTML shows.
    pub inline: Inline,
    /// Tags of a mail, at most.
    pub tags: usize,
    /// Addresses for answers, at most.
    pub reply_to: usize,
    /// Local parts beyond ASCII (RFC 6531).
    pub smtputf8: bool,
    /// Bytes of headers, tags and metadata, at most.
    pub labels: usize,
    /// Headers of the caller's that it leaves out or refuses, in lower case.
    pub dropped_headers: &'static [&'static str],
    /// Does it leave `{{...}}` in a subject or header as it is?
    pub template_headers: bool,
    /// Does it guess the type of a file from its name?
    pub guessed_types: bool,
    /// The only endings of file names that it takes, if not all.
    pub endings: Option<&'static [&'static str]>,
    /// For how long it takes a mail once, however often it is handed over under the same id; `None`: not at all.
    pub once_within: Option<Duration>,
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

/// Which attachments an adapter can show inside of the HTML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inline {
    /// None.
    No,
    /// Those whose type is `image/...`.
    Images,
    /// Any.
    Any,
}

impl Capabilities {
    /// Any mail, and no promise.
    pub const ANY: Self = Self {
        recipients: usize::MAX,
        size: usize::MAX,
        inline: Inline::Any,
        tags: usize::MAX,
        reply_to: usize::MAX,
        smtputf8: true,
        labels: usize::MAX,
        dropped_headers: &[],
        template_headers: true,
        guessed_types: false,
        endings: None,
        once_within: None,
        lookup: Lookup::Id("smsp_id"),
    };

    /// Why a message cannot be carried whole, if it cannot.
    pub fn lack(&self, message: &Message) -> Option<Reason> {
        let inline = |attachment: &&Attachment| attachment.content_id.is_some();
        let lacks = [
            (message.recipients() > self.recipients, Reason::Recipients),
            (message.size() > self.size, Reason::Size),
            (message.attachments().iter().filter(inline).any(|picture| !self.shows(picture)), Reason::Inline),
            (message.tags().len() > self.tags, Reason::Tags),
            (message.reply_to().len() > self.reply_to, Reason::ReplyTo),
            (message.headers().iter().any(|header| self.drops(header)), Reason::Headers),
            (message.labels() > self.labels, Reason::Headers),
            (!self.template_headers && has_template(message), Reason::Template),
            (self.guessed_types && !message.attachments().iter().all(is_guessable), Reason::AttachmentType),
            (!message.attachments().iter().all(|file| self.takes(file)), Reason::AttachmentType),
            (!self.smtputf8 && message.mailboxes().any(|mailbox| !mailbox.address().is_ascii()), Reason::Smtputf8),
        ];
        lacks.into_iter().find(|(lacks, _)| *lacks).map(|(_, reason)| reason)
    }

    fn drops(&self, header: &Header) -> bool {
        self.dropped_headers.iter().any(|dropped| header.name().eq_ignore_ascii_case(dropped))
    }

    fn takes(&self, file: &Attachment) -> bool {
        let ending = file.filename.as_str().rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
        self.endings.is_none_or(|known| ending.is_some_and(|ending| known.contains(&ending.as_str())))
    }

    fn shows(&self, picture: &Attachment) -> bool {
        match self.inline {
            Inline::No => false,
            Inline::Images => picture.content_type.as_str().starts_with("image/"),
            Inline::Any => true,
        }
    }
}

/// Every kind of provider and what it can carry, in Markdown.
pub fn table() -> String {
    let head =
        "| kind | name | recipients | size | inside of the HTML | tags | reply_to | SMTPUTF8 | once | a dummy is |";
    let rows = KINDS.iter().map(row);
    [head.to_owned(), format!("|{}", "---|".repeat(10))].into_iter().chain(rows).collect::<Vec<_>>().join("\n")
}

fn row(kind: &Kind) -> String {
    let Capabilities { recipients, size, inline, tags, reply_to, smtputf8, once_within, .. } = kind.capabilities;
    let most = |count: usize| if count == usize::MAX { "any".to_owned() } else { count.to_string() };
    let size = if size == usize::MAX { "any".to_owned() } else { format!("{} MB", size / 1_000_000) };
    let inline = match inline {
        Inline::No => "no",
        Inline::Images => "images",
        Inline::Any => "yes",
    };
    let yes = |yes| if yes { "yes" } else { "no" };
    let (recipients, tags, reply_to) = (most(recipients), most(tags), most(reply_to));
    let (smtputf8, once) = (yes(smtputf8), yes(once_within.is_some()));
    let Kind { name, upstream, dummy, .. } = kind;
    format!(
        "| {name} | `{upstream}` | {recipients} | {size} | {inline} | {tags} | {reply_to} | {smtputf8} | {once} | {dummy} |"
    )
}

fn has_template(message: &Message) -> bool {
    let names = message.mailboxes().filter_map(|mailbox| mailbox.name());
    let headers = message.headers().iter().map(Header::value);
    names.chain(headers).chain([message.subject()]).any(|text| text.contains("{{"))
}

/// Does the name say what the file is?
fn is_guessable(attachment: &Attachment) -> bool {
    let guess = mime_guess::from_path(attachment.filename.as_str());
    guess.iter_raw().any(|kind| kind == attachment.content_type.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Draft, Metadata};

    const LESS: Capabilities = Capabilities {
        recipients: 2,
        size: 200,
        inline: Inline::Images,
        tags: 1,
        reply_to: 1,
        smtputf8: false,
        labels: 60,
        dropped_headers: &["list-unsubscribe"],
        template_headers: false,
        guessed_types: true,
        endings: Some(&["txt", "png", "pdf"]),
        once_within: None,
        lookup: Lookup::MessageId,
    };

    fn lack(change: impl FnOnce(&mut Draft)) -> Option<Reason> {
        let mut draft = Draft { to: vec!["b@example.org".parse().unwrap()], ..Draft::default() };
        change(&mut draft);
        let message = Message::new("a@example.org".parse().unwrap(), draft).unwrap();
        assert_eq!(Capabilities::ANY.lack(&message), None);
        LESS.lack(&message)
    }

    fn file(name: &str, kind: &str, size: usize, content_id: Option<&str>) -> Attachment {
        Attachment {
            filename: name.parse().unwrap(),
            content_type: kind.parse().unwrap(),
            content: vec![0; size].into(),
            content_id: content_id.map(|text| text.parse().unwrap()),
        }
    }

    #[test]
    fn what_can_just_be_carried_is_carried() {
        let lack = lack(|draft| {
            draft.cc = vec!["c@example.org".parse().unwrap()];
            draft.reply_to = vec!["r@example.org".parse().unwrap()];
            draft.tags = vec!["one".parse().unwrap()];
            draft.headers = vec![Header::new("X-A", "{ {").unwrap()];
            draft.metadata = vec![Metadata::new("a", "{{").unwrap()];
            draft.text = "{{".parse().ok();
            draft.attachments =
                vec![file("a.txt", "text/plain", 30, None), file("a.png", "image/png", 30, Some("logo"))];
        });
        assert_eq!(lack, None);
    }

    #[test]
    fn each_thing_that_cannot_be_carried_is_named() {
        let many = || ["c@example.org", "d@example.org"].map(|text| text.parse().unwrap());
        for (lack, reason) in [
            (lack(|draft| draft.bcc.extend(many())), Reason::Recipients),
            (lack(|draft| draft.text = "x".repeat(201).parse().ok()), Reason::Size),
            (lack(|draft| draft.attachments.push(file("a.txt", "text/plain", 151, None))), Reason::Size),
            (lack(|draft| draft.headers.push(Header::new("X-A", &"x".repeat(60)).unwrap())), Reason::Headers),
            (lack(|draft| draft.attachments.push(file("a.csv", "text/csv", 1, None))), Reason::AttachmentType),
            (lack(|draft| draft.attachments.push(file("a.pdf", "application/pdf", 1, Some("a")))), Reason::Inline),
            (lack(|draft| draft.tags.extend(["one", "two"].map(|tag| tag.parse().unwrap()))), Reason::Tags),
            (lack(|draft| draft.reply_to.extend(many())), Reason::ReplyTo),
            (lack(|draft| draft.headers.push(Header::new("List-Unsubscribe", "<x>").unwrap())), Reason::Headers),
            (lack(|draft| draft.subject = "a {{b}}".parse().unwrap()), Reason::Template),
            (lack(|draft| draft.attachments.push(file("a.txt", "image/png", 1, None))), Reason::AttachmentType),
            (lack(|draft| draft.attachments.push(file("a.what", "image/png", 1, None))), Reason::AttachmentType),
            (lack(|draft| draft.to.push("ü@example.org".parse().unwrap())), Reason::Smtputf8),
        ] {
            assert_eq!(lack, Some(reason));
        }
    }
}

//! All parts that a mail can have, each under words that stand nowhere else.

use super::Capabilities;
use crate::model::message::{Attachment, Draft, Header, Mailbox, Message, Metadata, ReservedHeaders};

/// One part of a mail.
pub(super) struct Part {
    /// The caller's field.
    pub(super) field: &'static str,
    pub(super) what: &'static str,
    add: fn(&mut Draft),
    /// What must be found again.
    pub(super) texts: fn(&Capabilities) -> Vec<&'static str>,
}

const fn part(
    field: &'static str,
    what: &'static str,
    add: fn(&mut Draft),
    texts: fn(&Capabilities) -> Vec<&'static str>,
) -> Part {
    Part { field, what, add, texts }
}

pub(super) const PARTS: [Part; 26] = [
    part("from", "the author", |_| (), |_| vec!["Zoë Ångström", "zoe@example.com"]),
    part(
        "to",
        "a recipient",
        |draft| draft.to.push(mailbox("\"Doe, Jane\" <jane@example.net>")),
        |_| vec!["Doe, Jane", "jane@example.net"],
    ),
    part(
        "cc",
        "a copy",
        |draft| draft.cc.push(mailbox("Cöpy <copy@example.net>")),
        |_| vec!["Cöpy", "copy@example.net"],
    ),
    part("bcc", "a hidden copy", |draft| draft.bcc.push(mailbox("hidden@example.net")), |_| vec!["hidden@example.net"]),
    part(
        "reply_to",
        "an address for answers",
        |draft| draft.reply_to.push(mailbox("Answers <answers@example.com>")),
        |_| vec!["Answers", "answers@example.com"],
    ),
    part(
        "reply_to",
        "a second one",
        |draft| draft.reply_to.push(mailbox("more@example.com")),
        |_| vec!["more@example.com"],
    ),
    part(
        "sender",
        "who sends for the author",
        |draft| draft.sender = Some(mailbox("secretary@example.com")),
        |_| vec!["secretary@example.com"],
    ),
    part(
        "message_id",
        "a Message-ID",
        |draft| draft.message_id = Some("own.id.1@example.com".to_owned()),
        |_| vec!["<own.id.1@example.com>"],
    ),
    part(
        "subject",
        "a subject",
        |draft| draft.subject = "Grüße aus Zürich – 你好 🚀".parse().unwrap(),
        |_| vec!["Grüße aus Zürich – 你好 🚀"],
    ),
    part(
        "text",
        "a text",
        |draft| draft.text = "Plain ünicode text, {{untouched}}.".parse().ok(),
        |_| vec!["Plain ünicode text, {{untouched}}."],
    ),
    part(
        "html",
        "HTML",
        |draft| draft.html = "<p>Rich <b>ünicode</b> text.</p>".parse().ok(),
        |_| vec!["<p>Rich <b>ünicode</b> text.</p>"],
    ),
    part(
        "attachments",
        "a file",
        |draft| draft.attachments.push(file("Bericht Ü.pdf", "application/pdf", None)),
        |can| {
            // Who takes the type from the name is told none.
            [
                &["Bericht Ü.pdf", "bytes of application/pdf"][..],
                if can.files.infers_content_type { &[] } else { &["application/pdf"] },
            ]
            .concat()
        },
    ),
    part(
        "attachments",
        "an invitation",
        |draft| draft.attachments.push(file("invite.ics", "text/calendar; method=REQUEST", None)),
        |_| vec!["invite.ics", "text/calendar", "method=REQUEST", "bytes of text/calendar; method=REQUEST"],
    ),
    part(
        "attachments",
        "a text in another charset",
        |draft| draft.attachments.push(file("latin.txt", "text/plain; charset=iso-8859-15", None)),
        |_| vec!["latin.txt", "charset=iso-8859-15"],
    ),
    part(
        "attachments",
        "a mail",
        |draft| draft.attachments.push(file("forwarded.eml", "message/rfc822", None)),
        |can| {
            [
                &["forwarded.eml", "bytes of message/rfc822"][..],
                if can.files.infers_content_type { &[] } else { &["message/rfc822"] },
            ]
            .concat()
        },
    ),
    part("attachments", "an empty file", |draft| draft.attachments.push(empty("void.txt")), |_| vec!["void.txt"]),
    // Its name shows nowhere, so some know it by its content id alone.
    part(
        "attachments",
        "a picture",
        |draft| draft.attachments.push(file("logo.png", "image/png", Some("logo.1"))),
        |_| vec!["image/png", "logo.1", "bytes of image/png"],
    ),
    part(
        "headers",
        "a header",
        |draft| draft.headers.push(Header::new("X-Order", "ordered-17", ReservedHeaders::NONE).unwrap()),
        |_| vec!["X-Order", "ordered-17"],
    ),
    part(
        "headers",
        "List-Unsubscribe",
        |draft| draft.headers.push(header("List-Unsubscribe", "<mailto:leave@example.com>")),
        |_| vec!["List-Unsubscribe", "<mailto:leave@example.com>"],
    ),
    part(
        "headers",
        "a header beyond ASCII",
        |draft| draft.headers.push(header("X-Shop", "Zürich-Süd")),
        |_| vec!["X-Shop", "Zürich-Süd"],
    ),
    part("tags", "a tag", |draft| draft.tags.push("welcome".parse().unwrap()), |_| vec!["welcome"]),
    part("tags", "a second tag", |draft| draft.tags.push("second-tag".parse().unwrap()), |_| vec!["second-tag"]),
    part(
        "tags",
        "a wide tag",
        |draft| draft.tags.push("Password Reset: größe".parse().unwrap()),
        |_| vec!["Password Reset: größe"],
    ),
    part(
        "metadata",
        "a wide pair",
        |draft| draft.metadata.push(Metadata::new("Größe / 50%", "\"ü\" π").unwrap()),
        |_| vec!["Größe / 50%", "\"ü\" π"],
    ),
    part(
        "metadata",
        "a pair",
        |draft| draft.metadata.push(Metadata::new("order_id", "pair-17").unwrap()),
        |_| vec!["order_id", "pair-17"],
    ),
    part(
        "metadata",
        "a second pair",
        |draft| draft.metadata.push(Metadata::new("shop", "Zurich West").unwrap()),
        |_| vec!["shop", "Zurich West"],
    ),
];

/// The smallest mail, with these parts.
pub(super) fn message(parts: &[&Part]) -> Message {
    let mut draft = Draft { to: vec![mailbox("plain@example.net")], ..Draft::default() };
    parts.iter().for_each(|part| (part.add)(&mut draft));
    Message::new(crate::runtime::ids::fresh().into(), mailbox("Zoë Ångström <zoe@example.com>"), draft).unwrap()
}

fn mailbox(text: &str) -> Mailbox {
    text.parse().unwrap()
}

fn header(name: &str, value: &str) -> Header {
    Header::new(name, value, ReservedHeaders::NONE).unwrap()
}

fn file(filename: &str, content_type: &str, content_id: Option<&str>) -> Attachment {
    Attachment {
        filename: filename.parse().unwrap(),
        content_type: content_type.parse().unwrap(),
        content: format!("bytes of {content_type}").into(),
        content_id: content_id.map(|id| id.parse().unwrap()),
    }
}

fn empty(filename: &str) -> Attachment {
    Attachment { content: bytes::Bytes::new(), ..file(filename, "text/plain", None) }
}

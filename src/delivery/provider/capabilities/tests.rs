//! Each thing that cannot be carried, and each that just can.

use super::*;
use crate::model::message::{Attachment, Draft, ReservedHeaders};

const LESS: Capabilities = Capabilities {
    recipients: 2,
    without_to: false,
    smtputf8: false,
    intranet: false,
    names: |name| MaxLength::Characters(5).allows(name),
    from: MaxLength::Utf16(20),
    reply_to: 1,
    sender: false,
    message_id: false,
    size: 400,
    text_as_html: true,
    body: 350,
    subject: MaxLength::Utf16(5),
    headers: 2,
    dropped_headers: &["list-unsubscribe"],
    options: 80,
    head: 200,
    literal_braces: false,
    tags: WordLimits { max_count: 2, max_length: MaxLength::Characters(5), is_allowed: is_word },
    case_insensitive_tags: true,
    metadata_names: WordLimits { max_count: 2, max_length: MaxLength::Characters(5), is_allowed: is_ascii },
    metadata_value: MaxLength::Characters(5),
    metadata: 25,
    files: Files {
        inline: Inline::Images,
        empty: false,
        parameters: Parameters::Utf8,
        infers_content_type: true,
        names: |name| !name.contains(';'),
        allowed_extensions: Some(&["txt", "png", "pdf", "exe"]),
        refused_extensions: &["exe"],
    },
    idempotency_window: None,
    longest_answer: Duration::from_secs(1),
    lookup: Lookup::MessageId,
};

fn unsupported(change: impl FnOnce(&mut Draft)) -> Option<Reason> {
    let mut draft = Draft { to: vec!["b@example.org".parse().unwrap()], ..Draft::default() };
    change(&mut draft);
    let message = Message::new(crate::runtime::ids::fresh().into(), "a@example.org".parse().unwrap(), draft).unwrap();
    assert_eq!(Capabilities::ANY.unsupported(&message), None);
    LESS.unsupported(&message)
}

fn file(name: &str, kind: &str, size: usize, content_id: Option<&str>) -> Attachment {
    Attachment {
        filename: name.parse().unwrap(),
        content_type: kind.parse().unwrap(),
        content: vec![b'x'; size].into(),
        content_id: content_id.map(|text| text.parse().unwrap()),
    }
}

fn header(name: &str, value: &str) -> Header {
    Header::new(name, value, ReservedHeaders::NONE).unwrap()
}

fn pair(name: &str, value: &str) -> Metadata {
    Metadata::new(name, value).unwrap()
}

#[test]
fn message_at_every_limit_is_supported() {
    let unsupported = unsupported(|draft| {
        draft.cc = vec!["größe <c@example.org>".parse().unwrap()];
        draft.reply_to = vec!["r@example.org".parse().unwrap()];
        draft.subject = "fünf!".parse().unwrap();
        draft.tags = ["one", "two"].map(|tag| tag.parse().unwrap()).into();
        draft.headers = vec![header("X-A", "{ {"), header("X-B", "1")];
        draft.metadata = vec![pair("a", "{{"), pair("b", "5 ch.")];
        draft.text = "{{".parse().ok();
        draft.attachments = vec![file("a.txt", "text/plain", 30, None), file("a.png", "image/png", 30, Some("logo"))];
    });
    assert_eq!(unsupported, None);
}

#[test]
fn unsupported_addresses_are_named() {
    let many = || ["c@example.org", "d@example.org"].map(|text| text.parse().unwrap());
    for (unsupported, reason) in [
        (unsupported(|draft| draft.bcc.extend(many())), Reason::Recipients),
        (unsupported(|draft| draft.cc = std::mem::take(&mut draft.to)), Reason::NoTo),
        (unsupported(|draft| draft.to.push("ü@example.org".parse().unwrap())), Reason::Smtputf8),
        (unsupported(|draft| draft.to = vec!["user@mailhost".parse().unwrap()]), Reason::Intranet),
        (unsupported(|draft| draft.to = vec!["größer <c@example.org>".parse().unwrap()]), Reason::Name),
        (unsupported(|draft| draft.reply_to.extend(many())), Reason::ReplyTo),
        (unsupported(|draft| draft.sender = "s@example.org".parse().ok()), Reason::Sender),
        (unsupported(|draft| draft.message_id = Some("1@example.org".to_owned())), Reason::MessageId),
    ] {
        assert_eq!(unsupported, Some(reason));
    }
    let from: Mailbox = "Größe <a@example.org>".parse().unwrap();
    let draft = Draft { to: vec!["b@example.org".parse().unwrap()], ..Draft::default() };
    assert_eq!(
        LESS.unsupported(&Message::new(crate::runtime::ids::fresh().into(), from, draft).unwrap()),
        Some(Reason::Name),
        "21 units of From"
    );
}

#[test]
fn unsupported_texts_are_named() {
    for (unsupported, reason) in [
        (unsupported(|draft| draft.text = "x".repeat(401).parse().ok()), Reason::Size),
        (unsupported(|draft| draft.text = "x".repeat(170).parse().ok()), Reason::Size),
        (unsupported(|draft| draft.html = "x".repeat(351).parse().ok()), Reason::Size),
        (unsupported(|draft| draft.headers = vec![header("X-A", &"ü".repeat(30))]), Reason::Headers),
        (unsupported(|draft| draft.subject = "sechs!".parse().unwrap()), Reason::Subject),
        (unsupported(|draft| draft.subject = "1234😀".parse().unwrap()), Reason::Subject),
        (unsupported(|draft| draft.subject = "{{b}}".parse().unwrap()), Reason::Template),
        (unsupported(|draft| draft.to = vec!["{{y}}@example.org".parse().unwrap()]), Reason::Template),
        (
            unsupported(|draft| draft.headers = ["X-A", "X-B", "X-C"].map(|name| header(name, "1")).into()),
            Reason::Headers,
        ),
        (unsupported(|draft| draft.headers = vec![header("X-A", &"x".repeat(72))]), Reason::Headers),
        (unsupported(|draft| draft.headers = vec![header("List-Unsubscribe", "<x>")]), Reason::Headers),
        (
            unsupported(|draft| {
                let long = |c: &str| format!("{}@mail.subsidiary.example.org", c.repeat(60)).parse().unwrap();
                draft.to = ["x", "y"].map(long).into();
            }),
            Reason::Headers,
        ),
        (unsupported(|draft| draft.tags = ["one", "two", "six"].map(|tag| tag.parse().unwrap()).into()), Reason::Tags),
        (unsupported(|draft| draft.tags = vec!["a b".parse().unwrap()]), Reason::Tags),
        (unsupported(|draft| draft.tags = ["one", "One"].map(|tag| tag.parse().unwrap()).into()), Reason::Tags),
        (unsupported(|draft| draft.metadata = ["a", "b", "c"].map(|name| pair(name, "1")).into()), Reason::Metadata),
        (unsupported(|draft| draft.metadata = vec![pair("größe", "1")]), Reason::Metadata),
        (unsupported(|draft| draft.metadata = vec![pair("a", "6 char")]), Reason::Metadata),
        (unsupported(|draft| draft.metadata = vec![pair("abcde", "12345"), pair("fghij", "6")]), Reason::Metadata),
    ] {
        assert_eq!(unsupported, Some(reason));
    }
}

#[test]
fn unsupported_files_are_named() {
    for (file, reason) in [
        (file("a.txt", "text/plain", 301, None), Reason::Size),
        (file("a.txt", "text/plain", 0, None), Reason::EmptyFile),
        (file("a;b.txt", "text/plain", 1, None), Reason::AttachmentType),
        (file("a.csv", "text/csv", 1, None), Reason::AttachmentType),
        (file("a.exe", "application/octet-stream", 1, None), Reason::AttachmentType),
        (file("a.txt", "image/png", 1, None), Reason::AttachmentType),
        (file("a.txt", "text/plain; charset=iso-8859-1", 1, None), Reason::AttachmentType),
        (file("a.pdf", "application/pdf", 1, Some("a")), Reason::Inline),
    ] {
        assert_eq!(unsupported(|draft| draft.attachments.push(file)), Some(reason));
    }
}

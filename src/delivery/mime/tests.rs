//! What stands in the file, read back by an independent parser.

use mail_parser::{Address, MessageParser, MimeHeaders};
use proptest::prelude::*;

use super::*;
use crate::model::message::{Attachment, Body, Draft, Header, Mailbox, Metadata, ReservedHeaders, Subject};

mod head;
mod parts;

/// A message; to a default recipient, if the draft has none.
fn message(mut draft: Draft) -> Message {
    if draft.to.is_empty() {
        draft.to.push("b@example.net".parse().unwrap());
    }
    Message::new(crate::runtime::ids::fresh().into(), "a@example.org".parse().unwrap(), draft).unwrap()
}

fn file(name: &str, kind: &str, content: &[u8], content_id: Option<&str>) -> Attachment {
    Attachment {
        filename: name.parse().unwrap(),
        content_type: kind.parse().unwrap(),
        content: content.to_vec().into(),
        content_id: content_id.map(|text| text.parse().unwrap()),
    }
}

fn emails(address: Option<&Address>) -> Vec<String> {
    address.map_or(vec![], |list| list.iter().map(|a| a.address().unwrap().to_owned()).collect())
}

fn names(message: &mail_parser::Message) -> Vec<String> {
    message.headers().iter().map(|header| header.name().to_owned()).collect()
}

/// Every byte but the line ends, which must come in pairs.
fn lone_line_ends(raw: &[u8]) -> usize {
    String::from_utf8_lossy(raw).replace("\r\n", "").matches(['\r', '\n']).count()
}

#[test]
fn much_metadata_is_folded_and_reads_back() {
    let pairs = (0..32).map(|number| Metadata::new(&format!("n{number}"), &"x".repeat(80)).unwrap());
    let raw = render(&message(Draft { metadata: pairs.collect(), ..Draft::default() }), MetadataHeaders::All);
    let shown = String::from_utf8_lossy(&raw);
    assert!(shown.split("\r\n").all(|line| line.len() <= 998), "{shown}");
    let read = MessageParser::default().parse(&raw).unwrap();
    let json = read.header_raw("X-Metadata").unwrap().replace("\r\n", "");
    let pairs: std::collections::BTreeMap<String, String> = serde_json::from_str(&json).unwrap();
    assert_eq!((pairs.len(), pairs["n31"].as_str()), (32, "x".repeat(80).as_str()));
}

#[test]
fn a_whole_mail_is_read_back_part_by_part() {
    let mail = message(Draft {
        reply_to: vec!["r@example.org".parse().unwrap(), "S T <s@example.org>".parse().unwrap()],
        text: "text".parse().ok(),
        html: r#"<img src="cid:logo">"#.parse().ok(),
        attachments: vec![
            file("Bericht Überblick.pdf", "application/pdf", b"%PDF\r\n.\r\n\0\xff", None),
            file("logo.png", "image/png", b"\x89PNG", Some("logo")),
        ],
        headers: vec![
            Header::new("X-Order", "17", ReservedHeaders::NONE).unwrap(),
            Header::new("List-Unsubscribe", "<mailto:u@example.org>", ReservedHeaders::NONE).unwrap(),
        ],
        tags: vec!["one".parse().unwrap(), r#"two, "three""#.parse().unwrap()],
        metadata: vec![Metadata::new("order", "17 \"a\"").unwrap()],
        ..Draft::default()
    });
    let raw = render(&mail, MetadataHeaders::All);
    let read = MessageParser::default().parse(&raw).unwrap();
    let shown = String::from_utf8_lossy(&raw);
    assert_eq!(emails(read.reply_to()), ["r@example.org", "s@example.org"], "{shown}");
    assert_eq!(read.header_raw("X-Order").map(str::trim), Some("17"), "{shown}");
    assert_eq!(read.header_raw("List-Unsubscribe").map(str::trim), Some("<mailto:u@example.org>"), "{shown}");
    assert_eq!(read.header_raw("X-Tags").map(str::trim), Some(r#"one, "two, \"three\"""#), "{shown}");
    assert_eq!(read.header_raw("X-Metadata").map(str::trim), Some(r#"{"order":"17 \"a\""}"#), "{shown}");
    assert_eq!((read.body_text(0).as_deref(), read.html_body_count()), (Some("text"), 1), "{shown}");
    let files: Vec<_> = read.attachments().collect();
    let seen = |index: usize| (files[index].attachment_name(), files[index].contents(), files[index].content_id());
    assert_eq!(seen(0), (Some("logo.png"), &b"\x89PNG"[..], Some("logo")), "{shown}");
    assert_eq!(seen(1), (Some("Bericht Überblick.pdf"), &b"%PDF\r\n.\r\n\0\xff"[..], None), "{shown}");
    assert_eq!((files.len(), lone_line_ends(&raw)), (2, 0), "{shown}");
}

#[test]
fn an_address_beyond_ascii_stays_as_it_is() {
    let mail = message(Draft { cc: vec!["用户@example.org".parse().unwrap()], ..Draft::default() });
    let raw = render(&mail, MetadataHeaders::All);
    let read = MessageParser::default().parse(&raw).unwrap();
    assert_eq!(emails(read.cc()), ["用户@example.org"], "{}", String::from_utf8_lossy(&raw));
}

/// A mail that is asked for, in text.
fn asked() -> impl Strategy<Value = (String, String, String, String, String, String, Vec<u8>)> {
    (
        "\\PC{0,40}",
        "\\PC{0,90}",
        "(?s).{0,90}",
        "[A-Za-z][A-Za-z0-9-]{0,20}",
        "\\PC{0,200}",
        "\\PC{0,40}",
        prop::collection::vec(any::<u8>(), 0..200),
    )
}

proptest! {
    #[test]
    fn rendered_headers_are_those_asked_for(asked in asked()) {
        let (name, subject, text, header, value, filename, content) = asked;
        let (Ok(mailbox), Ok(subject), Ok(text)) = (
            Mailbox::new(Some(&name), "b@example.net".parse().unwrap()),
            subject.parse::<Subject>(),
            text.parse::<Body>(),
        ) else { return Ok(()) };
        let headers: Vec<_> = Header::new(&header, &value, ReservedHeaders::NONE).into_iter().collect();
        let attachments: Vec<_> = filename.parse().into_iter().map(|filename| Attachment {
            filename,
            content_type: "application/octet-stream".parse().unwrap(),
            content: content.clone().into(),
            content_id: None,
        }).collect();
        let mut expected = vec!["Message-ID", "Date", "From", "Subject", "To"];
        expected.extend(headers.iter().map(Header::name));
        expected.extend(["MIME-Version", "Content-Type"]);
        if attachments.is_empty() {
            expected.push("Content-Transfer-Encoding");
        }
        let files = attachments.len();
        let draft = Draft { to: vec![mailbox], subject, text: Some(text), headers: headers.clone(), attachments, ..Draft::default() };
        let mail = Message::new(crate::runtime::ids::fresh().into(), "a@example.org".parse().unwrap(), draft).unwrap();
        let raw = render(&mail, MetadataHeaders::All);
        let read = MessageParser::default().parse(&raw).unwrap();
        prop_assert_eq!(names(&read), expected);
        prop_assert_eq!(emails(read.to()), ["b@example.net"]);
        prop_assert_eq!(read.attachment_count(), files);
        if let Some(file) = read.attachment(0) {
            prop_assert_eq!(file.contents(), &content[..]);
        }
        prop_assert_eq!(lone_line_ends(&raw), 0);
    }
}

//! The parts of a mail: what each is declared to be, and that nothing of a file is lost.

use mail_parser::{MessageParser, MimeHeaders};
use proptest::prelude::*;

use super::super::{MetadataHeaders, render};
use super::{file, message};
use crate::model::message::{Attachment, Draft};

fn rendered(draft: Draft) -> Vec<u8> {
    render(&message(draft), MetadataHeaders::None)
}

fn shown(draft: Draft) -> String {
    String::from_utf8(rendered(draft)).unwrap()
}

fn attached(attachments: Vec<Attachment>) -> Draft {
    Draft { text: "t".parse().ok(), attachments, ..Draft::default() }
}

/// Content type and content transfer encoding of the last part, and its bytes as they stand in the mail.
fn last_part(content_type: &str, content: &[u8]) -> (String, String, Vec<u8>) {
    let raw = rendered(attached(vec![file("f", content_type, content, None)]));
    let (_, boundary) = raw.split_at(memchr::memmem::find(&raw, b"boundary=\"").unwrap() + b"boundary=\"".len());
    let delimiter = [b"\r\n--", &boundary[..memchr::memchr(b'"', boundary).unwrap()]].concat();
    let starts: Vec<_> = memchr::memmem::find_iter(&raw, &delimiter).collect();
    let (start, end) = (starts[starts.len() - 2], starts[starts.len() - 1]);
    let part = &raw[start..end];
    let at = memchr::memmem::find(part, b"\r\n\r\n").unwrap();
    let head = String::from_utf8(part[..at].to_vec()).unwrap();
    let field = |name: &str| head.split("\r\n").find_map(|line| line.strip_prefix(name)).unwrap().to_owned();
    (field("Content-Type: "), field("Content-Transfer-Encoding: "), part[at + 4..].to_vec())
}

#[test]
fn a_message_that_is_a_file_is_not_encoded() {
    let part = |content_type, content| {
        let (content_type, encoding, bytes) = last_part(content_type, content);
        (content_type, encoding, String::from_utf8_lossy(&bytes).into_owned())
    };
    let is = |content_type: &str, encoding: &str, bytes: &str| (content_type.into(), encoding.into(), bytes.into());
    let (rfc822, base64) = ("message/rfc822", "application/octet-stream");
    assert_eq!(part(rfc822, b"Subject: s\n\nbody\n"), is(rfc822, "7bit", "Subject: s\r\n\r\nbody\r\n"));
    assert_eq!(part(rfc822, "Subject: s\r\n\r\nü".as_bytes()), is(rfc822, "8bit", "Subject: s\r\n\r\nü"));
    assert_eq!(part("message/delivery-status", b"a: b"), is("message/delivery-status", "7bit", "a: b"));
    assert_eq!(part("message/global", "ü: ü".as_bytes()), is("message/global", "base64", "w7w6IMO8"));
    assert_eq!(part("message/delivery-status", "a: ü".as_bytes()).1, "base64");
    assert_eq!(part(rfc822, b"\n--").2, "\r\n--", "a line that begins as a boundary does");
    for content in [&b"a\rb"[..], b"a\0b", b"Subject: s\n\nbody\r"] {
        assert_eq!((part(rfc822, content).0, part(rfc822, content).1), (base64.into(), "base64".into()));
    }
    let long = [b'x'; 999];
    assert_eq!(part(rfc822, &long[1..]).1, "7bit");
    assert_eq!(part(rfc822, &long).1, "base64");
}

#[test]
fn multipart_with_an_eight_bit_part_declares_8bit() {
    let picture = file("a.png", "image/png", b"\x89PNG", Some("logo"));
    let raw = rendered(attached(vec![picture, file("f.eml", "message/rfc822", b"Subject: \xfc\n\n", None)]));
    let text = String::from_utf8_lossy(&raw);
    let head = text.split("\r\n\r\n").next().unwrap();
    assert!(head.ends_with("\r\nContent-Transfer-Encoding: 8bit"), "{text}");
    assert_eq!(text.matches("Content-Transfer-Encoding: 8bit").count(), 2, "the related parts are in 7 bits: {text}");
}

#[test]
fn related_parts_name_the_type_of_their_root() {
    let picture = || vec![file("a.png", "image/png", b"\x89PNG", Some("logo"))];
    let html = "<img src=cid:logo>";
    let alone = shown(Draft { html: html.parse().ok(), attachments: picture(), ..Draft::default() });
    assert!(alone.contains("multipart/related; type=\"text/html\";"), "{alone}");
    let both = Draft { text: "t".parse().ok(), html: html.parse().ok(), attachments: picture(), ..Draft::default() };
    let both = shown(both);
    assert!(both.contains("multipart/related; type=\"multipart/alternative\";"), "{both}");
}

#[test]
fn no_part_is_empty() {
    let html = shown(Draft { text: "".parse().ok(), html: "<p>x".parse().ok(), ..Draft::default() });
    assert!(!html.contains("multipart") && html.contains("text/html"), "{html}");
    let nothing = shown(Draft::default());
    assert!(nothing.ends_with("\r\nContent-Transfer-Encoding: 7bit\r\n\r\n\r\n"), "{nothing:?}");
}

#[test]
fn a_text_file_says_how_it_is_to_be_read() {
    for (content_type, content, written) in [
        ("text/plain", "Größe".as_bytes(), "text/plain; charset=utf-8"),
        ("text/plain", b"Gr\xf6\xdfe", "text/plain"),
        ("text/csv; charset=ISO-8859-1", b"Gr\xf6\xdfe", "text/csv; charset=iso-8859-1"),
    ] {
        assert_eq!(last_part(content_type, content).0, written);
    }
}

#[test]
fn an_invitation_is_the_last_alternative_and_no_file_beside() {
    let invitation = || file("invite.ics", "text/calendar; method=REQUEST", b"BEGIN:VCALENDAR", None);
    let other = file("a.png", "image/png", b"\x89PNG", None);
    let html = "<p>x".parse().ok();
    let mail = shown(Draft { html, ..attached(vec![invitation(), other]) });
    let places = ["multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/calendar", "image/png"];
    let places: Vec<_> = places.iter().map(|place| mail.find(&format!("Content-Type: {place}")).unwrap()).collect();
    assert!(places.is_sorted(), "{places:?} in {mail}");
    assert_eq!(mail.matches("QkVHSU46VkNBTEVOREFS").count(), 1, "{mail}");
    assert!(mail.contains("inline; filename=\"invite.ics\"\r\n"), "{mail}");
    assert!(mail.contains("text/calendar; charset=utf-8; method=REQUEST\r\n"), "{mail}");
    let alone = shown(attached(vec![invitation()]));
    assert!(alone.contains("multipart/alternative") && !alone.contains("multipart/mixed"), "{alone}");
}

#[test]
fn a_file_name_is_quoted_while_it_fits_a_line_else_in_segments() {
    let field = |name: &str| {
        let attachment = Attachment { filename: name.parse().unwrap(), ..file("f", "image/png", b"", None) };
        let mail = shown(attached(vec![attachment]));
        mail.split_once("attachment;").unwrap().1.split("\r\nContent-Type").next().unwrap().to_owned()
    };
    assert_eq!(field(r#"a "b".png"#), r#" filename="a \"b\".png""#);
    assert_eq!(field("<a>"), " filename*0*=utf-8''%3Ca%3E");
    assert_eq!(field("ü.png"), " filename*0*=utf-8''%C3%BC.png");
    let long = field(&format!("{} b.png", "x".repeat(70)));
    let (first, second) = ("x".repeat(55), "x".repeat(15));
    assert_eq!(long, format!("\r\n filename*0*=utf-8''{first};\r\n filename*1*={second}%20b.png"));
}

proptest! {
    #[test]
    fn a_file_reads_back_under_its_name(name in "\\PC{1,255}", content in prop::collection::vec(any::<u8>(), 0..300)) {
        let Ok(filename) = name.parse::<crate::model::message::attachment::Filename>() else { return Ok(()) };
        let attachment = Attachment { filename: filename.clone(), ..file("f", "image/png", &content, None) };
        let raw = rendered(attached(vec![attachment]));
        let read = MessageParser::default().parse(&raw).unwrap();
        let read = read.attachment(0).unwrap();
        prop_assert_eq!(read.attachment_name(), Some(filename.as_str()));
        prop_assert_eq!(read.contents(), content);
        prop_assert!(raw.split(|byte| *byte == b'\n').all(|line| line.len() <= 999));
    }

    #[test]
    fn a_message_that_is_a_file_has_all_its_lines(content in "[ -~äöü]{0,120}(\r?\n[ -~]{0,120}){0,5}") {
        let (_, _, bytes) = last_part("message/rfc822", content.as_bytes());
        prop_assert_eq!(String::from_utf8_lossy(&bytes).replace("\r\n", "\n"), content.replace("\r\n", "\n"));
    }

    #[test]
    fn text_and_html_read_back_with_lines_that_are_short(text in "(?s).{1,2000}", html in "[a-zä \t\r\n]{1,2000}") {
        let Ok(body) = text.parse() else { return Ok(()) };
        let raw = rendered(Draft { text: Some(body), html: html.parse().ok(), ..Draft::default() });
        let read = MessageParser::default().parse(&raw).unwrap();
        let lines = |text: &str| text.replace("\r\n", "\n").replace('\r', "\n");
        prop_assert_eq!(lines(&read.body_text(0).unwrap()), lines(&text));
        prop_assert_eq!(lines(&read.body_html(0).unwrap()), lines(&html));
        prop_assert!(raw.split(|byte| *byte == b'\n').all(|line| line.len() <= 78));
    }
}

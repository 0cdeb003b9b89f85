//! Tests of the encoding: what version 1 has written is read for ever.

use uuid::Uuid;

use super::*;
use crate::model::message::key::IdempotencyKey;
use crate::model::message::{Header, Metadata, Report, ReservedHeaders};

/// With every part that a message can have.
pub(in crate::state::outbox) fn full_mail() -> Message {
    let file = |name: &str, kind: &str, content: &'static [u8], id: Option<&str>| Attachment {
        filename: name.parse().unwrap(),
        content_type: kind.parse().unwrap(),
        content: content.into(),
        content_id: id.map(|id| id.parse().unwrap()),
    };
    let draft = Draft {
        to: vec!["Bö <b@exämple.org>".parse().unwrap(), "c@example.org".parse().unwrap()],
        cc: vec!["d@example.org".parse().unwrap()],
        bcc: vec!["e@example.org".parse().unwrap()],
        reply_to: vec!["f@example.org".parse().unwrap()],
        sender: "g@example.org".parse().ok(),
        message_id: Some("17@example.org".to_owned()),
        subject: "Größe \"1\"".parse().unwrap(),
        text: "Hi\r\n".parse().ok(),
        html: "<p>Hi</p>".parse().ok(),
        attachments: vec![
            file("a.bin", "application/octet-stream", b"\x00\xff", None),
            file("i.ics", "text/calendar; charset=utf-8; method=REQUEST", b"BEGIN", None),
            file("l.png", "image/png", b"", Some("logo")),
        ],
        headers: vec![Header::new("X-Order", "17", ReservedHeaders::NONE).unwrap()],
        tags: vec!["welcome".parse().unwrap()],
        metadata: vec![Metadata::new("order", "17").unwrap()],
        ..Draft::default()
    };
    let message = Message::new(id(), "Al <a@example.org>".parse().unwrap(), draft).unwrap();
    message.with_bounce_address("bounce@example.org".parse().unwrap())
}

fn small_mail() -> Message {
    let draft = Draft { to: vec!["b@example.org".parse().unwrap()], ..Draft::default() };
    Message::new(id(), "a@example.org".parse().unwrap(), draft).unwrap()
}

fn id() -> Id {
    Uuid::from_u128(7).into()
}

/// Two messages with one digest are equal in every part but the bounce address.
pub(in crate::state::outbox) fn assert_equal(one: &Message, other: &Message) {
    let digest = |message: &Message| message.clone().identified_by(&IdempotencyKey::new("c", "k")).id();
    assert_eq!((one.id(), digest(one)), (other.id(), digest(other)));
    assert_eq!(one.bounce_address(), other.bounce_address());
}

fn report() -> Message {
    let report = Report::new("Action: failed\n".to_owned(), Some("From: a@example.org\r\n".to_owned()));
    let draft = Draft { to: vec!["b@example.org".parse().unwrap()], report, ..Draft::default() };
    Message::new(id(), "a@example.org".parse().unwrap(), draft).unwrap()
}

#[test]
fn a_message_is_read_as_it_was_written() {
    for message in [full_mail(), small_mail(), report()] {
        for failover in [None, Some(Failover::Never), Some(Failover::Safe), Some(Failover::Always)] {
            let (read, how) = decode(id(), &encode(&message, failover).into()).unwrap();
            assert_equal(&read, &message);
            assert_eq!(how, failover);
        }
    }
}

#[test]
fn a_report_has_a_version_that_the_one_before_does_not_read() {
    assert_eq!((encode(&small_mail(), None)[0], encode(&report(), None)[0]), (1, 2));
}

/// Written by the first version; never changed.
const GOLDEN_HEAD: &str = concat!(
    r#"{"failover":"never","from":{"address":"a@example.org","name":"Al"},"#,
    r#""to":[{"address":"b@xn--exmple-cua.org","name":"Bö"},{"address":"c@example.org"}],"#,
    r#""cc":[{"address":"d@example.org"}],"bcc":[{"address":"e@example.org"}],"#,
    r#""reply_to":[{"address":"f@example.org"}],"sender":{"address":"g@example.org"},"#,
    r#""bounce_address":"bounce@example.org","message_id":"17@example.org","subject":"Größe \"1\"","#,
    r#""headers":[["X-Order","17"]],"tags":["welcome"],"metadata":[["order","17"]],"text":4,"html":9,"#,
    r#""files":[{"filename":"a.bin","content_type":"application/octet-stream","length":2},"#,
    r#"{"filename":"i.ics","content_type":"text/calendar; charset=utf-8; method=REQUEST","length":5},"#,
    r#"{"filename":"l.png","content_type":"image/png","content_id":"logo","length":0}]}"#,
);
const GOLDEN_REST: &[u8] = b"Hi\r\n<p>Hi</p>\x00\xffBEGIN";

fn golden() -> Vec<u8> {
    let length = u32::try_from(GOLDEN_HEAD.len()).unwrap().to_be_bytes();
    [&[1][..], &length, GOLDEN_HEAD.as_bytes(), GOLDEN_REST].concat()
}

#[test]
fn what_version_1_has_written_is_read_for_ever() {
    let (message, failover) = decode(id(), &golden().into()).unwrap();
    assert_equal(&message, &full_mail());
    assert_eq!(failover, Some(Failover::Never));
    let written = encode(&full_mail(), Some(Failover::Never));
    assert_eq!(String::from_utf8_lossy(&written), String::from_utf8_lossy(&golden()));
}

#[test]
fn bytes_that_are_cut_or_changed_are_unreadable_and_no_other_message() {
    let whole = golden();
    for length in 0..whole.len() {
        assert!(decode(id(), &Bytes::copy_from_slice(&whole[..length])).is_err(), "cut to {length}");
    }
    let longer = [&whole[..], b"x"].concat();
    let newer = [&[3], &whole[1..]].concat();
    let swapped = |from: &str, to: &str| {
        let head = GOLDEN_HEAD.replace(from, to);
        let length = u32::try_from(head.len()).unwrap().to_be_bytes();
        [&[1][..], &length, head.as_bytes(), GOLDEN_REST].concat()
    };
    for bytes in [longer, newer, swapped("never", "nevar"), swapped("b@xn", "b xn"), swapped("\"X-Order\"", "\"To\"")] {
        assert!(decode(id(), &bytes.into()).is_err());
    }
    let added = swapped("\"failover\"", "\"of_a_later_version\":[1],\"failover\"");
    assert_equal(&decode(id(), &added.into()).unwrap().0, &full_mail());
}

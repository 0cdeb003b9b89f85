//! How the parts of a mail are joined.

use uuid::Uuid;

use super::*;

fn mailboxes(list: &[&str]) -> Vec<Mailbox> {
    list.iter().map(|text| text.parse().unwrap()).collect()
}

fn from() -> Mailbox {
    "Al <a@example.org>".parse().unwrap()
}

#[test]
fn duplicate_address_is_kept_once_to_before_cc_before_bcc() {
    let draft = Draft {
        to: mailboxes(&["b@example.org", "B@Example.org"]),
        cc: mailboxes(&["b@example.org", "c@example.org"]),
        bcc: mailboxes(&["c@example.org", "d@example.org"]),
        ..Draft::default()
    };
    let message = Message::new(Uuid::nil().into(), from(), draft).unwrap();
    assert_eq!(message.to(), mailboxes(&["b@example.org"]));
    assert_eq!(message.cc(), mailboxes(&["c@example.org"]));
    assert_eq!(message.bcc(), mailboxes(&["d@example.org"]));
    assert_eq!(message.recipients(), 3);
}

#[test]
fn a_mail_needs_one_recipient_of_any_kind() {
    let to = || mailboxes(&["c@example.org"]);
    for draft in [
        Draft { to: to(), ..Draft::default() },
        Draft { cc: to(), ..Draft::default() },
        Draft { bcc: to(), ..Draft::default() },
    ] {
        assert_eq!(Message::new(Uuid::nil().into(), from(), draft).unwrap().recipients(), 1);
    }
    assert_eq!(Message::new(Uuid::nil().into(), from(), Draft::default()).err(), Some(BadDraft::NoRecipient));
}

fn with_headers(headers: &[(&str, &str)], reply_to: &[&str]) -> Result<Message, BadDraft> {
    let headers =
        headers.iter().map(|(name, value)| Header::new(name, value, ReservedHeaders::NONE).unwrap()).collect();
    let (to, reply_to) = (mailboxes(&["b@example.org"]), mailboxes(reply_to));
    Message::new(Uuid::nil().into(), from(), Draft { to, reply_to, headers, ..Draft::default() })
}

#[test]
fn headers_that_are_more_than_text_get_their_own_places() {
    let headers = [
        ("message-id", "<17@mine.example>"),
        ("SENDER", "Office <office@example.org>"),
        ("Reply-To", "r@example.org, R@example.org"),
        ("X-A", "1"),
    ];
    let message = with_headers(&headers, &[]).unwrap();
    assert_eq!((message.message_id(), message.own_message_id()), ("17@mine.example".into(), Some("17@mine.example")));
    assert_eq!(message.sender(), mailboxes(&["Office <office@example.org>"]).first());
    assert_eq!(message.reply_to(), mailboxes(&["r@example.org"]));
    assert_eq!(message.headers().iter().map(Header::name).collect::<Vec<_>>(), ["X-A"]);
    let author = with_headers(&[("Sender", "a@example.org")], &[]).unwrap();
    assert_eq!((author.sender(), author.own_message_id()), (None, None));
    assert_eq!(author.message_id(), format!("{}@example.org", author.id()));
}

#[test]
fn addresses_for_answers_stand_in_one_place_and_each_once() {
    let twice = with_headers(&[("Reply-To", "r@example.org")], &["s@example.org"]);
    assert_eq!(twice.err(), Some(BadDraft::ReplyToTwice));
    let duplicate = with_headers(&[], &["r@example.org", "R@Example.org", "s@example.org"]).unwrap();
    assert_eq!(duplicate.reply_to(), mailboxes(&["r@example.org", "s@example.org"]));
}

#[test]
fn a_bounce_address_is_the_envelope_sender_and_changes_no_id() {
    let message = with_headers(&[], &[]).unwrap();
    assert_eq!(message.envelope_from().map(Address::as_str), Some("a@example.org"));
    let id = message.id();
    let message = message.with_bounce_address("bounces@example.com".parse().unwrap());
    assert_eq!((message.envelope_from().map(Address::as_str), message.id()), (Some("bounces@example.com"), id));
}

#[test]
fn nobody_is_told_of_what_becomes_of_a_report() {
    let report = Report::new("Action: failed\n".to_owned(), None);
    let draft = Draft { to: mailboxes(&["bounces@example.com"]), report, ..Draft::default() };
    let message = Message::new(crate::runtime::ids::fresh().into(), mailboxes(&["a@example.org"]).remove(0), draft);
    let message = message.unwrap().with_bounce_address("bounces@example.com".parse().unwrap());
    assert_eq!(message.envelope_from(), None);
}

#[test]
fn an_invitation_is_a_calendar_with_a_method() {
    let file = |content_type: &str| Attachment {
        filename: "a.ics".parse().unwrap(),
        content_type: content_type.parse().unwrap(),
        content: "BEGIN:VCALENDAR".into(),
        content_id: None,
    };
    let invitation = |types: &[&str]| {
        let attachments = types.iter().map(|content_type| file(content_type)).collect();
        let draft = Draft { to: mailboxes(&["b@example.org"]), attachments, ..Draft::default() };
        Message::new(Uuid::nil().into(), from(), draft).unwrap().invitation().map(Attachment::media_type)
    };
    assert_eq!(invitation(&["text/calendar", "text/plain"]), None);
    let found = invitation(&["text/calendar", "text/calendar; method=CANCEL"]);
    assert_eq!(found.as_deref(), Some("text/calendar; charset=utf-8; method=CANCEL"));
}

#[test]
fn debug_shows_neither_address_nor_content() {
    let draft = Draft { to: mailboxes(&["b@example.org"]), text: Some("secret".parse().unwrap()), ..Draft::default() };
    let shown = format!("{:?}", Message::new(Uuid::nil().into(), from(), draft).unwrap());
    assert!(!shown.contains("example") && !shown.contains("secret"), "{shown}");
}

//! The head of a mail: what is written, row by row, and what an independent parser reads of whatever is asked.

use mail_parser::{Addr, MessageParser};
use proptest::prelude::*;

use super::super::{MetadataHeaders, head};
use super::message;
use crate::model::message::{Address, Draft, Header, Mailbox, ReservedHeaders, Subject};

fn mailbox(name: &str, address: &str) -> Mailbox {
    Mailbox::new(Some(name), address.parse().unwrap()).unwrap()
}

fn head_of(draft: Draft) -> String {
    head::head(&message(draft), MetadataHeaders::All)
}

/// The field of this name as it is written, without name and last CRLF.
fn written(draft: Draft, name: &str) -> String {
    let head = head_of(draft).replace("\r\n ", "\u{0} ");
    let value = head.lines().find_map(|line| line.strip_prefix(&format!("{name}:"))).map(str::to_owned);
    value.unwrap_or_else(|| panic!("no {name} in {head}")).replace('\u{0}', "\r\n")
}

fn subject(text: &str) -> String {
    written(Draft { subject: text.parse().unwrap(), ..Draft::default() }, "Subject")
}

fn own(name: &str, value: &str) -> String {
    let header = Header::new(name, value, ReservedHeaders::NONE).unwrap();
    written(Draft { headers: vec![header], ..Draft::default() }, name)
}

fn to(list: &[Mailbox]) -> String {
    written(Draft { to: list.to_vec(), ..Draft::default() }, "To")
}

#[test]
fn spaces_that_readers_would_lose_are_inside_of_encoded_words() {
    for (text, value) in [
        ("Schöne Grüße.  Übrigens", " =?utf-8?b?U2Now7ZuZSBHcsO8w59lLiAgw5xicmlnZW5z?="),
        ("ü one word  ü", " =?utf-8?b?w7w=?= one =?utf-8?b?d29yZCAgw7w=?="),
        (" led", " =?utf-8?b?IGxlZA==?="),
        ("trailed ", " =?utf-8?b?dHJhaWxlZCA=?="),
        ("One.  Two", " One.  Two"),
        ("a =? b", " a =?utf-8?b?PT8=?= b"),
        ("", ""),
    ] {
        assert_eq!(subject(text), value, "{text}");
    }
}

#[test]
fn a_word_that_is_too_long_for_a_line_is_encoded() {
    let lines = subject(&"x".repeat(1200));
    assert!(lines.starts_with(" =?utf-8?b?eHh4") && lines.split("\r\n").all(|line| line.len() <= 76), "{lines}");
    let token = "t".repeat(900);
    assert_eq!(own("X-Token", &token), format!(" {token}"), "a reader of such a header may not decode it");
}

#[test]
fn a_list_of_addresses_is_folded_at_its_commas() {
    let list = (0..200).map(|at| format!("firstname.lastname{at:02}@subsidiary.example.com").parse().unwrap());
    let value = to(&list.collect::<Vec<_>>());
    assert!(value.split("\r\n").all(|line| line.len() <= 76), "{value}");
    assert_eq!(value.matches(",\r\n ").count(), 199, "{value}");
}

#[test]
fn a_name_is_words_or_quoted_or_encoded() {
    for (name, value) in [
        ("Jane Doe", "Jane Doe"),
        ("O'Hara & Sons!", "O'Hara & Sons!"),
        ("Booking.com", r#""Booking.com""#),
        ("Doe, Jane", r#""Doe, Jane""#),
        ("two  spaces", r#""two  spaces""#),
        (r#"a "b" \c"#, r#""a \"b\" \\c""#),
        ("=?x", "=?utf-8?b?PT94?="),
        ("Zoë", "=?utf-8?b?Wm/Dqw==?="),
    ] {
        assert_eq!(to(&[mailbox(name, "a@example.org")]), format!(" {value} <a@example.org>"));
    }
}

#[test]
fn references_are_folded_between_them() {
    for (value, folded) in [
        ("<1@example.org> <2@example.org>".to_owned(), " <1@example.org> <2@example.org>".to_owned()),
        ("<1@example.org><2@example.org>".to_owned(), " <1@example.org> <2@example.org>".to_owned()),
        (format!("<{0}@a.org><{0}@a.org>", "x".repeat(60)), format!(" <{0}@a.org>\r\n <{0}@a.org>", "x".repeat(60))),
    ] {
        assert_eq!(own("References", &value), folded);
    }
    assert_eq!(own("List-Unsubscribe", "<mailto:u@a.org>,<https://a.org/u>"), " <mailto:u@a.org>, <https://a.org/u>");
    assert_eq!(own("List-Unsubscribe", "<https://a.org/u?next=?a=1>"), " <https://a.org/u?next=?a=1>");
}

/// Words of one script or several, and runs of spaces between them.
fn texts() -> impl Strategy<Value = String> {
    let word = prop_oneof!["[!-~]{1,12}", "[a-zäöü你🚀א]{1,20}", "\\PC{1,8}", Just("=?".to_owned()), "x{60,120}"];
    prop::collection::vec((word, " {1,3}"), 0..12)
        .prop_map(|words| words.iter().flat_map(|(word, spaces)| [word.as_str(), spaces]).collect())
}

fn first(addresses: Option<&mail_parser::Address>) -> (Option<String>, Option<String>) {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let read = addresses.and_then(mail_parser::Address::first);
    (owned(read.and_then(Addr::name)), owned(read.and_then(Addr::address)))
}

proptest! {
    #[test]
    fn a_subject_reads_back_as_itself(text in texts()) {
        let Ok(subject) = text.parse::<Subject>() else { return Ok(()) };
        let head = head_of(Draft { subject, ..Draft::default() });
        let read = MessageParser::default().parse(head.as_bytes()).unwrap();
        prop_assert_eq!(read.subject().unwrap_or_default(), text, "{}", head);
        prop_assert!(head.split("\r\n").all(|line| line.len() <= 76), "{}", head);
    }

    #[test]
    fn a_name_and_its_address_read_back_as_themselves(name in texts(), local in "[a-z0-9!#$%&'*+/=?^_`{|}~äé用-]{1,60}") {
        let Ok(address) = format!("{local}@example.org").parse::<Address>() else { return Ok(()) };
        let Ok(mailbox) = Mailbox::new(Some(&name), address) else { return Ok(()) };
        let to = vec![mailbox.clone(), "b@example.org".parse().unwrap(), mailbox.clone()];
        let head = head_of(Draft { to, ..Draft::default() });
        let read = MessageParser::default().parse(head.as_bytes()).unwrap();
        let expected = (mailbox.name().map(str::to_owned), Some(mailbox.address().as_str().to_owned()));
        prop_assert_eq!(first(read.to()), expected, "{}", head);
        prop_assert!(head.split("\r\n").all(|line| line.len() <= 998), "{}", head);
    }

    #[test]
    fn references_read_back_as_themselves(ids in prop::collection::vec("[a-z0-9._-]{1,300}@example\\.org", 1..3)) {
        let value: String = ids.iter().map(|id| format!("<{id}>")).collect();
        let headers = vec![Header::new("References", &value, ReservedHeaders::NONE).unwrap()];
        let head = head_of(Draft { headers, ..Draft::default() });
        let read = MessageParser::default().parse(head.as_bytes()).unwrap();
        let read: Vec<_> = read.references().as_text_list().unwrap().iter().map(ToString::to_string).collect();
        prop_assert_eq!(read, ids, "{}", head);
        prop_assert!(head.split("\r\n").all(|line| line.len() <= 998), "{}", head);
    }
}

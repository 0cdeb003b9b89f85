//! What the request holds, as `Simple` and as `Raw`, the file read back by an independent parser.

use base64::prelude::{BASE64_STANDARD, Engine};
use mail_parser::MessageParser;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::model::message::{Draft, Header, Metadata, ReservedHeaders};

fn request(draft: Draft) -> Value {
    let draft = Draft { to: vec!["b@example.net".parse().unwrap()], subject: "S".parse().unwrap(), ..draft };
    let message =
        Message::new(crate::runtime::ids::fresh().into(), "\"Zoë, Ä\" <a@example.org>".parse().unwrap(), draft)
            .unwrap();
    serde_json::from_slice(&body(&message).unwrap()).unwrap()
}

fn attached(name: &str, kind: &str, content_id: Option<&str>) -> Attachment {
    Attachment {
        filename: name.parse().unwrap(),
        content_type: kind.parse().unwrap(),
        content: b"\0\xff".to_vec().into(),
        content_id: content_id.map(|text| text.parse().unwrap()),
    }
}

fn numbered_headers(count: usize) -> Vec<Header> {
    (0..count).map(|number| Header::new(&format!("X-{number}"), "v", ReservedHeaders::NONE).unwrap()).collect()
}

fn long_metadata(count: usize) -> Vec<Metadata> {
    (0..count).map(|number| Metadata::new(&format!("n{number}"), &"x".repeat(80)).unwrap()).collect()
}

fn file_of(request: &Value) -> Vec<u8> {
    let data = request["Content"]["Raw"]["Data"].as_str().unwrap_or_else(|| panic!("no file: {request}"));
    BASE64_STANDARD.decode(data).unwrap()
}

#[test]
fn simple_is_taken_until_it_is_not_enough() {
    let metadata = || long_metadata(1);
    let simple = |draft| request(draft)["Content"]["Simple"].is_object();
    assert!(simple(Draft { headers: numbered_headers(15), ..Draft::default() }));
    assert!(!simple(Draft { headers: numbered_headers(16), ..Draft::default() }));
    assert!(simple(Draft { headers: numbered_headers(14), metadata: metadata(), ..Draft::default() }));
    assert!(!simple(Draft { headers: numbered_headers(15), metadata: metadata(), ..Draft::default() }));
    // 10 pairs are 890 characters, 11 are 980, and the name of the header.
    assert!(simple(Draft { metadata: long_metadata(11), ..Draft::default() }));
    assert!(!simple(Draft { metadata: long_metadata(12), ..Draft::default() }));
    let long = format!("a/{}", "b".repeat(77));
    for (name, kind, is_simple) in
        [("a.pdf", "application/pdf", true), ("ü.pdf", "application/pdf", false), ("a.b", long.as_str(), false)]
    {
        let attachments = vec![attached(name, kind, None), attached("a.png", "image/png", Some("logo"))];
        assert_eq!(simple(Draft { attachments, ..Draft::default() }), is_simple, "{name} {kind}");
    }
}

#[test]
fn no_subject_is_written_by_ourselves() {
    let message = Message::new(
        crate::runtime::ids::fresh().into(),
        "a@example.org".parse().unwrap(),
        Draft { to: vec!["b@example.net".parse().unwrap()], ..Draft::default() },
    );
    let request: Value = serde_json::from_slice(&body(&message.unwrap()).unwrap()).unwrap();
    let file = file_of(&request);
    let read = MessageParser::default().parse(&file).unwrap();
    assert_eq!(read.subject().unwrap_or_default(), "");
}

#[test]
fn a_file_goes_to_everybody_and_names_no_bcc() {
    let request = request(Draft {
        bcc: vec!["hidden@example.net".parse().unwrap()],
        reply_to: vec!["r@example.org".parse().unwrap()],
        headers: numbered_headers(16),
        ..Draft::default()
    });
    assert_eq!(request["Destination"]["BccAddresses"][0], "hidden@example.net");
    assert!(request["FromEmailAddress"].is_null() && request["ReplyToAddresses"].is_null(), "{request}");
    let file = file_of(&request);
    let shown = String::from_utf8_lossy(&file);
    assert!(!shown.contains("hidden"), "{shown}");
    let read = MessageParser::default().parse(&file).unwrap();
    assert_eq!(read.from().unwrap().first().unwrap().name(), Some("Zoë, Ä"), "{shown}");
    assert_eq!(read.reply_to().unwrap().first().unwrap().address(), Some("r@example.org"), "{shown}");
}

#[test]
fn every_tag_has_a_name_of_its_own() {
    let tags = ["one", "two", "tag_2"].map(|tag| tag.parse().unwrap()).into();
    let request = request(Draft { tags, ..Draft::default() });
    let tags = request["EmailTags"].as_array().unwrap();
    let tags: Vec<_> = tags.iter().map(|tag| (tag["Name"].as_str().unwrap(), tag["Value"].as_str().unwrap())).collect();
    assert_eq!(tags[..3], [("tag", "one"), ("tag_2", "two"), ("tag_3", "tag_2")]);
    assert_eq!((tags.len(), tags[3].0), (4, "smsp_id"));
}

#[test]
fn names_are_quoted_or_encoded() {
    for (text, sent) in [
        ("b@example.net", "b@example.net"),
        ("\"Doe, Jane\" <b@example.net>", "\"Doe, Jane\" <b@example.net>"),
        ("Zoë <b@example.net>", "=?utf-8?b?Wm/Dqw==?= <b@example.net>"),
        ("b@bücher.example", "b@xn--bcher-kva.example"),
    ] {
        assert_eq!(render::in_7_bits(&text.parse().unwrap()), sent);
    }
}

proptest! {
    #[test]
    fn encoded_words_are_short_and_read_back(name in "[a-zäß你🚀][a-zäß你🚀 ]{0,200}ü") {
        let words = render::encoded_words(&name);
        prop_assert!(words.is_ascii() && words.split(' ').all(|word| word.len() <= 75), "{words}");
        let mail = format!("From: {words} <a@example.org>\r\n\r\n");
        let read = MessageParser::default().parse(mail.as_bytes()).unwrap();
        prop_assert_eq!(read.from().unwrap().first().unwrap().name(), Some(name.as_str()));
    }

    #[test]
    fn a_file_is_clean_in_seven_bits(text in any::<String>(), pairs in 0_usize..32) {
        let file = file_of(&request(Draft {
            text: text.parse().ok(),
            html: "ü".repeat(2000).parse().ok(),
            headers: numbered_headers(16),
            metadata: long_metadata(pairs),
            attachments: vec![attached("Bericht Ü.pdf", "application/pdf", None)],
            ..Draft::default()
        }));
        let shown = String::from_utf8_lossy(&file);
        prop_assert!(file.is_ascii(), "{}", shown);
        let longest = shown.split("\r\n").map(str::len).max();
        prop_assert!(longest <= Some(998), "{:?} in {}", longest, shown);
    }
}

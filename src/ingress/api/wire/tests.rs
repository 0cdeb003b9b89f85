//! The request, row by row: what is taken, and what is refused with which field named; and where it is read.

use std::panic::AssertUnwindSafe;
use std::sync::mpsc;

use futures_util::FutureExt;
use tokio::runtime::Builder;
use tokio::task::spawn_blocking;

use super::field::Field;
use super::field::{CC, FIELDS};
use super::reading::{LARGE, off_the_worker};
use super::value::Value;
use super::*;
use crate::ingress::api::problem::Kind;
use crate::ingress::server::field_error::FieldError;
use crate::model::message::Metadata;

mod absent;
mod hints;
mod json;
mod logged;

const MOST: MailLimits = MailLimits { recipients: 50, attachments: 20, headers: 30, ..MailLimits::MAX };

fn parse(json: &str) -> Result<Message, Vec<FieldError>> {
    parse_with(MOST, json)
}

fn parse_with(most: MailLimits, json: &str) -> Result<Message, Vec<FieldError>> {
    message(serde_json::from_str(json).unwrap_or_else(|e| panic!("{json}: {e}")), most)
}

fn faults(json: &str) -> Vec<(String, String)> {
    let faults = parse(json).expect_err(json);
    faults.into_iter().map(|fault| (fault.field, fault.reason)).collect()
}

#[test]
fn both_shapes_and_every_written_form_of_a_mailbox_are_taken() {
    for json in [
        include_str!("../../../../openapi/examples/email.json"),
        include_str!("../../../../openapi/examples/original.json"),
        r#"{"from":"a@b.org","to":"c@d.org"}"#,
        r#"{"from":"a@b.org","toaddress":["c@d.org"],"text":"","html":""}"#,
        r#"{"from":{"email":"a@b.org"},"to":[{"email":"c@d.org","name":"C"}]}"#,
    ] {
        assert!(parse(json).is_ok(), "{json}");
    }
    let message =
        parse(r#"{"from":"A <a@b.org>","to":"\"D, E\" <c@d.org>; f@g.org, h@i.org","cc":[],"subject":"S"}"#).unwrap();
    assert_eq!(
        message.to().iter().map(|to| to.address().as_str()).collect::<Vec<_>>(),
        ["c@d.org", "f@g.org", "h@i.org"]
    );
    assert_eq!((message.to()[0].name(), message.from().name(), message.subject()), (Some("D, E"), Some("A"), "S"));
}

#[test]
fn every_fault_names_its_field_as_the_caller_wrote_it() {
    for (json, field, reason) in [
        (r#"[]"#, "body", "must be an object, not an array"),
        (r#"{"to":"c@d.org"}"#, "from", "is required"),
        (r#"{"from":"a@b.org"}"#, "to", "name at least one recipient in to, cc or bcc"),
        (r#"{"from":"a@b.org","to":[]}"#, "to", "name at least one recipient in to, cc or bcc"),
        (r#"{"from":"a@b.org","to":" ;, "}"#, "to", "name at least one recipient in to, cc or bcc"),
        (r#"{"from":"a@b.org","to":null}"#, "to", "name at least one recipient in to, cc or bcc"),
        (r#"{"from":"a@b.org","to":7}"#, "to", "must be an array of mailboxes or a string, not a number"),
        (r#"{"from":7,"to":"c@d.org"}"#, "from", "must be a string or an object with email and name, not a number"),
        (r#"{"from":"a@b.org","to":"c@d.org","text":true}"#, "text", "must be a string, not a boolean"),
        (r#"{"from":"a@b.org","to":"c@d.org","bogus":[]}"#, "bogus", "is not a field of a message"),
        (r#"{"from":"a@b.org","to":"c@d.org","text":"x","text":"x"}"#, "text", "is given twice"),
        (
            r#"{"from":"a@b.org","to":"c@d.org","toaddress":"c@d.org"}"#,
            "toaddress",
            "is given as to too: keep one of them",
        ),
        (r#"{"fromaddress":"x","to":"c@d.org"}"#, "fromaddress", "is not an address of the form local@domain"),
        (r#"{"from":"a@b.org","to":["c@d.org","x"]}"#, "to[1]", "is not an address of the form local@domain"),
        (r#"{"from":"a@b.org","to":[{"name":"C"}]}"#, "to[0].email", "is required"),
        (r#"{"from":"a@b.org","to":[{"email":"c@d.org","x":1}]}"#, "to[0].x", "is not a field of a message"),
        (r#"{"from":"a@b.org","to":[{"email":"c@d.org","email":"c@d.org"}]}"#, "to[0].email", "is given twice"),
        (r#"{"from":"a@b.org","to":"c@d.org","text":"\u0000"}"#, "text", "must not contain a NUL character"),
    ] {
        let faults = faults(json);
        assert!(faults.contains(&(field.to_owned(), reason.to_owned())), "{json}: {faults:?}");
    }
}

#[test]
fn every_fault_of_the_further_fields_is_named() {
    let file = r#""filename":"a.txt","content_type":"text/plain","content":"aGk=""#;
    for (further, field, reason) in [
        (r#""attachments":{}"#.to_owned(), "attachments", "must be an array, not an object"),
        (r#""attachments":["x"]"#.to_owned(), "attachments[0]", "must be an object, not a string"),
        (r#""attachments":[{}]"#.to_owned(), "attachments[0].filename", "is required"),
        (format!(r#""attachments":[{{{file},"x":1}}]"#), "attachments[0].x", "is not a field of a message"),
        (
            format!(r#""attachments":[{{{file}}},{{{}}}]"#, file.replace("aGk=", "aGk")),
            "attachments[1].content",
            "has a length that is no multiple of 4: its padding (=) or its end is missing (RFC 4648 4)",
        ),
        (
            format!(r#""attachments":[{{{}}}]"#, file.replace("text/plain", "text")),
            "attachments[0].content_type",
            "must be a media type such as application/pdf or text/plain; charset=utf-8",
        ),
        (
            format!(r#""attachments":[{{{}}}]"#, file.replace("a.txt", "..")),
            "attachments[0].filename",
            "must be a file name of 1 to 255 bytes, without a space at either end",
        ),
        (format!(r#""attachments":[{}]"#, vec!["{}"; 21].join(",")), "attachments", "holds more than 20 files"),
        (r#""headers":[]"#.to_owned(), "headers", "must be an object of strings, not an array"),
        (r#""headers":{"X-A":1}"#.to_owned(), "headers.X-A", "must be a string, not a number"),
        (r#""headers":{"X-A":"1","x-a":"2"}"#.to_owned(), "headers.x-a", "is given twice"),
        (
            r#""headers":{"Bcc":"x@evil.org"}"#.to_owned(),
            "headers.Bcc",
            "is a name that this service or a provider uses itself",
        ),
        (
            r#""headers":{"X-A":"a\r\nBcc: x@evil.org"}"#.to_owned(),
            "headers.X-A",
            "must not contain control characters such as CR, LF or NUL",
        ),
        (r#""tags":"one""#.to_owned(), "tags", "must be an array, not a string"),
        (
            r#""tags":["one"," two words"]"#.to_owned(),
            "tags[1]",
            "must be 1 to 255 characters without a space at either end",
        ),
        (
            r#""metadata":{"a":""}"#.to_owned(),
            "metadata.a",
            "must be 1 to 255 characters without a space at either end",
        ),
    ] {
        let json = format!(r#"{{"from":"a@b.org","to":"c@d.org",{further}}}"#);
        assert_eq!(faults(&json)[0], (field.to_owned(), reason.to_owned()), "{json}");
    }
}

#[test]
fn a_whole_mail_is_taken_part_by_part() {
    let message = parse(
        r#"{"from":"a@b.org","to":"c@d.org","reply_to":["e@f.org","g@h.org"],"tags":["one","two","one"],
            "headers":{"X-A":"1"},"metadata":{"order":"17"},"attachments":[
            {"filename":"a.txt","content_type":"TEXT/plain","content":"aGk=","content_id":"logo"},
            {"filename":"b.txt","content_type":"text/plain","content":""}]}"#,
    )
    .unwrap();
    assert_eq!(message.reply_to().len(), 2);
    assert_eq!(message.tags().iter().map(|tag| tag.as_str()).collect::<Vec<_>>(), ["one", "two"]);
    assert_eq!((message.headers()[0].name(), message.headers()[0].value()), ("X-A", "1"));
    assert_eq!((message.metadata()[0].name(), message.metadata()[0].value()), ("order", "17"));
    let [first, second] = message.attachments() else { panic!("two files") };
    assert_eq!((&first.content[..], first.content_type.as_str()), (&b"hi"[..], "text/plain"));
    assert_eq!((first.content_id.as_ref().map(|id| id.as_str()), second.content.len()), (Some("logo"), 0));
}

#[test]
fn all_faults_are_reported_at_once() {
    assert_eq!(faults(r#"{"from":"a@b.org","to":7}"#).len(), 1, "one mistake is one fault");
    let faults = faults(r#"{"to":["x","c@d.org","y"],"subject":"a\nb","wat":1}"#);
    let fields: Vec<_> = faults.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(fields, ["from", "to[0]", "to[2]", "subject", "wat"]);
}

#[test]
fn one_recipient_too_many_is_refused_over_all_lists_together() {
    let list =
        |name: &str, count: usize| (0..count).map(|n| format!("\"{name}{n}@d.org\"")).collect::<Vec<_>>().join(",");
    let json = |bcc| {
        format!(r#"{{"from":"a@b.org","to":[{}],"cc":[{}],"bcc":[{}]}}"#, list("t", 20), list("c", 20), list("b", bcc))
    };
    assert!(parse(&json(10)).is_ok());
    assert_eq!(faults(&json(11))[0].0, "to");
}

/// A mail with so many attachments, headers and pairs of metadata.
fn json_with(attachments: usize, headers: usize, pairs: usize) -> String {
    let file = r#"{"filename":"a","content_type":"a/b","content":""}"#;
    let object = |count: usize| (0..count).map(|n| format!(r#""X{n}":"1""#)).collect::<Vec<_>>().join(",");
    format!(
        r#"{{"from":"a@b.org","to":"c@d.org","attachments":[{}],"headers":{{{}}},"metadata":{{{}}}}}"#,
        vec![file; attachments].join(","),
        object(headers),
        object(pairs)
    )
}

#[test]
fn attachments_and_headers_are_counted_up_to_what_the_operator_allows() {
    let most = MailLimits::MAX;
    for (limits, attachments, headers) in [(MOST, 20, 30), (most, most.attachments, most.headers)] {
        assert!(parse_with(limits, &json_with(attachments, headers, Metadata::MAX)).is_ok());
        for (json, field, reason) in [
            (json_with(attachments + 1, 0, 0), "attachments", format!("holds more than {attachments} files")),
            (json_with(20_000, 0, 0), "attachments", format!("holds more than {attachments} files")),
            (json_with(0, headers + 1, 0), "headers", format!("holds more than {headers} names")),
            (json_with(0, 5000, 0), "headers", format!("holds more than {headers} names")),
            (json_with(0, 0, Metadata::MAX + 1), "metadata", format!("holds more than {} names", Metadata::MAX)),
            (json_with(0, 0, 5000), "metadata", format!("holds more than {} names", Metadata::MAX)),
        ] {
            let faults: Vec<_> = parse_with(limits, &json).unwrap_err();
            assert_eq!(faults, [FieldError { field: field.to_owned(), reason }]);
        }
    }
}

#[test]
fn a_body_that_no_message_can_be_is_refused_without_being_kept() {
    let members = format!("{{{}}}", vec![r#""a":1"#; 1_000_000].join(","));
    assert_eq!(
        faults(&members)[0],
        ("body".to_owned(), "must be an object, not an object with too many members or too deep".to_owned())
    );
    let list = format!(r#"{{"from":"a@b.org","to":[{}]}}"#, vec![r#""a""#; 1_000_000].join(","));
    assert!(faults(&list)[0].1.ends_with("not an array that is too long or too deep"));
    let text = format!(r#"{{"from":"a@b.org","to":"{}"}}"#, "a,".repeat(1_000_000));
    assert!(faults(&text).len() <= 51, "{}", faults(&text).len());
    let deep = format!(r#"{{"from":"a@b.org","to":[{{"email":{}1{}}}]}}"#, "[".repeat(100), "]".repeat(100));
    assert_eq!(faults(&deep)[0].0, "to[0].email");
}

#[test]
fn a_long_unknown_name_is_not_repeated_whole() {
    let faults = faults(&format!(r#"{{"from":"a@b.org","to":"c@d.org","{}":1}}"#, "ü".repeat(5000)));
    assert_eq!(faults[0].0, format!("{}...", "ü".repeat(64)));
}

#[test]
fn the_document_names_exactly_the_fields_that_are_read() {
    let document = serde_json::to_value(super::super::document("")).unwrap();
    let legacy = |field: &Field| field.alias.unwrap_or(field.name);
    for (shape, names) in [("Email", FIELDS.map(|field| field.name)), ("OriginalEmail", FIELDS.map(legacy))] {
        let mut expected = names;
        expected.sort_unstable();
        let shape = &document["components"]["schemas"][shape]["properties"];
        let mut seen: Vec<_> = shape.as_object().unwrap().keys().map(String::as_str).collect();
        seen.sort_unstable();
        assert_eq!(seen, expected);
    }
}

#[test]
fn nothing_of_a_message_shows_in_its_debug_form() {
    let json = r#"{"from":"Canary <canary@canary.org>","to":["canary@b.org"],"subject":"canary","text":"canary",
        "html":"canary","tags":["canary"],"metadata":{"canary":"canary"},"headers":{"X-Canary":"canary"},
        "attachments":[{"filename":"canary","content_type":"canary/canary","content":"Y2FuYXJ5","content_id":"canary"}]}"#;
    let value: Value = serde_json::from_str(json).unwrap();
    let message = parse(json).unwrap();
    let (from, files, headers) = (message.from(), message.attachments(), message.headers());
    let shown = format!("{value:?} {message:?} {from:?} {:?} {files:?} {}", message.to(), headers.len());
    assert!(!shown.to_lowercase().contains("canary"), "{shown}");
}

/// A mail whose JSON has so many bytes.
fn json_of(length: usize) -> Vec<u8> {
    let empty = r#"{"from":"a@b.org","to":"c@d.org","text":""}"#;
    empty.replace(r#""""#, &format!(r#""{}""#, "x".repeat(length - empty.len()))).into_bytes()
}

#[test]
fn a_large_body_is_read_off_the_worker_and_a_small_one_on_it() {
    // One thread for all blocking work, which is taken: what goes there cannot be ready.
    let runtime = Builder::new_current_thread().max_blocking_threads(1).build().unwrap();
    runtime.block_on(async {
        let (free, taken) = mpsc::channel::<()>();
        let blocking = spawn_blocking(move || taken.recv().is_err());
        let small = read(json_of(LARGE), MOST).now_or_never().expect("read on the worker");
        assert!(small.is_ok(), "{small:?}");
        let mut large = Box::pin(read(json_of(LARGE + 1), MOST));
        assert!(large.as_mut().now_or_never().is_none(), "the worker has read it");
        drop(free);
        assert_eq!(large.await.unwrap().text().map(|text| text.len() > LARGE / 2), Some(true));
        assert!(blocking.await.unwrap());
    });
}

#[tokio::test]
async fn a_panic_off_the_worker_is_one_of_its_request() {
    let work = off_the_worker(|| -> Result<(), Problem> { panic!("a fault of ours") });
    assert!(AssertUnwindSafe(work).catch_unwind().await.is_err());
    let problem = off_the_worker(|| Err::<(), _>(Problem::new(Kind::NotFound, ""))).await.unwrap_err();
    assert!(format!("{problem:?}").contains("NotFound"), "{problem:?}");
}

//! A bounce as a whole file, which other people's parsers read too (`functional_tests/bounces.rs`).

use std::fs;
use std::path::Path;

use uuid::Uuid;

use super::*;
use crate::delivery::mime::{self, MetadataHeaders};
use crate::model::message::{Draft, Id, Message};
use crate::runtime::unix_time::UnixTime;

const GOLDEN: &str = "src/delivery/mx/bounce/golden.eml";
const ACCEPTED: UnixTime = UnixTime(1_795_298_709_123);

fn id(number: u128) -> Id {
    Uuid::from_u128(number).into()
}

fn mail() -> Message {
    let to = ["bob@third.example", "carol@gone.example", "j\u{f6}rg@slow.example", "ok@example.com"];
    let draft = Draft {
        to: to.iter().map(|text| text.parse().unwrap()).collect(),
        bcc: vec!["hidden@example.com".parse().unwrap()],
        subject: "Gr\u{fc}\u{df}e".parse().unwrap(),
        text: "secret".parse().ok(),
        ..Draft::default()
    };
    Message::new(id(1), "Ada <ada@example.org>".parse().unwrap(), draft).unwrap()
}

fn undelivered() -> [Undelivered<'static>; 3] {
    let tried_at = Some(ACCEPTED.after(std::time::Duration::from_secs(60)));
    let host = Some("mx.third.example");
    [
        Undelivered { address: "bob@third.example", reason: "smtp_550", code: Some("5.1.1"), host, tried_at },
        Undelivered {
            address: "carol@gone.example",
            reason: "no_such_domain",
            code: Some("5.1.2"),
            host: None,
            tried_at: None,
        },
        Undelivered { address: "j\u{f6}rg@slow.example", reason: EXPIRED, code: None, host: None, tried_at },
    ]
}

fn bounce(message: Option<&Message>) -> Message {
    let recipients = undelivered();
    let bounce =
        Bounce { reporter: "mx1.example.org", mail: id(1), accepted_at: ACCEPTED, recipients: &recipients, message };
    super::message(&bounce, id(2), &"bounces@example.org".parse().unwrap()).unwrap()
}

/// The file, with one date and one boundary.
fn file(bounce: &Message) -> String {
    let file = String::from_utf8(mime::render(bounce, MetadataHeaders::None)).expect("it is ASCII");
    let boundary = file.split("boundary=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a boundary");
    let file = file.replace(boundary, "BOUNDARY");
    let lines = file.split_inclusive("\r\n");
    lines
        .map(|line| if line.starts_with("Date: ") { "Date: Sat, 21 Nov 2026 22:10:00 +0000\r\n" } else { line })
        .collect()
}

#[test]
fn the_file_is_the_golden_one() {
    let (path, file) = (Path::new(env!("CARGO_MANIFEST_DIR")).join(GOLDEN), file(&bounce(Some(&mail()))));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &file).unwrap();
    }
    assert_eq!(file, fs::read_to_string(&path).unwrap_or_default(), "UPDATE_GOLDEN=1 writes {GOLDEN}");
}

#[test]
fn a_bounce_has_no_envelope_sender_and_nothing_of_the_body_or_of_hidden_recipients() {
    let bounce = bounce(Some(&mail()));
    assert_eq!((bounce.envelope_from(), bounce.recipients()), (None, 1));
    let file = file(&bounce);
    assert!(file.is_ascii() && !file.contains("secret") && !file.contains("hidden"), "{file}");
    assert_eq!(file.matches("Date: Sat, 21 Nov 2026 22:10:00").count(), 1, "its own alone: {file}");
    assert!(file.split("\r\n").all(|line| line.len() <= 998 && !line.contains('\n')), "{file}");
}

#[test]
fn without_the_mail_there_is_no_head_of_it() {
    let file = file(&bounce(None));
    assert!(!file.contains("rfc822-headers") && file.matches("Action: failed").count() == 3, "{file}");
}

#[test]
fn a_name_that_no_mail_can_have_makes_no_bounce_rather_than_one_that_can_bounce() {
    let told = |reporter: &str, host: &str| {
        let recipients =
            [Undelivered { address: "a@b.org", reason: "smtp_550", code: None, host: Some(host), tried_at: None }];
        let bounce = Bounce { reporter, mail: id(1), accepted_at: ACCEPTED, recipients: &recipients, message: None };
        super::message(&bounce, id(2), &"bounces@example.org".parse().unwrap()).map(|bounce| bounce.report().is_some())
    };
    assert_eq!(told("mx1.example.org", "mx.b.org"), Ok(true));
    assert_eq!(told("mx1 example", "mx.b.org"), Err(CannotReport));
    assert_eq!(told("mx1.example.org", "mx\r\nAction: delivered"), Err(CannotReport));
}

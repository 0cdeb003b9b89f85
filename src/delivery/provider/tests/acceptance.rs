//! What exactly is an acceptance, over a catalogue of 2xx answers, for every kind that speaks HTTP.

use super::*;
use crate::model::outcome::Blame;

/// Each kind's own acceptance, as its document has it: the status, the body, the id in it.
fn acceptance(kind: &str) -> (u16, &'static str, &'static str) {
    match kind {
        "mailgun" => (200, r#"{"id":"<1@mg>","message":"Queued. Thank you."}"#, r#""<1@mg>""#),
        "sendgrid" => (202, "", ""),
        "mandrill" => {
            (200, r#"[{"email":"b@example.org","status":"sent","reject_reason":null,"_id":"m1"}]"#, r#""m1""#)
        }
        "postmark" => (200, r#"{"To":"b@example.org","ErrorCode":0,"Message":"OK","MessageID":"m1"}"#, r#""m1""#),
        "sparkpost" => {
            (200, r#"{"results":{"total_rejected_recipients":0,"total_accepted_recipients":1,"id":"t1"}}"#, r#""t1""#)
        }
        "resend" => (200, r#"{"id":"e1"}"#, r#""e1""#),
        "brevo" => (201, r#"{"messageId":"<1@bv>"}"#, r#""<1@bv>""#),
        "mailjet" => (
            200,
            r#"{"Messages":[{"Status":"success","To":[{"Email":"b@example.org","MessageUUID":"u","MessageID":"1"}]}]}"#,
            r#""1""#,
        ),
        "ses" => (200, r#"{"MessageId":"0100"}"#, r#""0100""#),
        _ => panic!("{kind}: show its acceptance here"),
    }
}

/// What it answers when it refuses, were it a 2xx.
fn error(kind: &str) -> &'static str {
    match kind {
        "mailgun" => r#"{"message":"'to' parameter is not a valid address"}"#,
        "sendgrid" => r#"{"errors":[{"message":"Does not contain a valid address.","field":"from"}]}"#,
        "mandrill" => r#"{"status":"error","code":-2,"name":"ValidationError","message":"no"}"#,
        "postmark" => r#"{"ErrorCode":300,"Message":"no"}"#,
        "sparkpost" => r#"{"errors":[{"message":"no","code":"1300"}]}"#,
        "resend" => r#"{"statusCode":422,"name":"validation_error","message":"no"}"#,
        "brevo" => r#"{"code":"invalid_parameter","message":"no"}"#,
        "mailjet" => r#"{"Messages":[{"Status":"error","Errors":[{"ErrorCode":"mj-0013"}]}]}"#,
        "ses" => r#"{"__type":"BadRequestException","message":"no"}"#,
        _ => panic!("{kind}: show its error here"),
    }
}

const STATUSES: [u16; 4] = [200, 201, 202, 204];

/// What a 2xx can come with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    Own,
    Page,
    Object,
    List,
    Null,
    Error,
    Empty,
    Gzip,
    Cut,
    Truncated,
    NumberForId,
    ObjectForId,
    EmptyId,
}

use Content::*;
const CONTENTS: [Content; 13] =
    [Own, Page, Object, List, Null, Error, Empty, Gzip, Cut, Truncated, NumberForId, ObjectForId, EmptyId];

fn written(kind: &str, status: u16, content: Content) -> Vec<u8> {
    let (_, own, id) = acceptance(kind);
    let with_id = |other: &str| if id.is_empty() { other.to_owned() } else { own.replace(id, other) };
    let body = match content {
        Own | Cut => own.to_owned(),
        Page => "<!doctype html><html>We'll be back soon</html>".to_owned(),
        Object => "{}".to_owned(),
        List => "[]".to_owned(),
        Null => "null".to_owned(),
        Error => error(kind).to_owned(),
        Empty => String::new(),
        // As small as it gets, and of these bytes only the coding matters.
        Gzip => return answer(status, "Content-Encoding: gzip\r\n", own).into_bytes(),
        Truncated => own.get(..own.len().saturating_sub(1)).unwrap_or_default().to_owned(),
        NumberForId => with_id("7.5"),
        ObjectForId => with_id(r#"{"id":"x"}"#),
        EmptyId => with_id(r#""""#),
    };
    let length = body.len() + usize::from(content == Cut);
    format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}").into_bytes()
}

/// What each adapter's first lines promise, and nothing else.
fn is_acceptance(kind: &str, mode: Mode, status: u16, content: Content) -> bool {
    let (own_status, ..) = acceptance(kind);
    let id_is_no_proof = ["mandrill", "sparkpost", "mailjet"].contains(&kind);
    match kind {
        "sendgrid" if status == 202 => matches!(content, Own | Empty | Truncated),
        "sendgrid" => status == 200 && mode == Mode::Probe && matches!(content, Own | Empty | Truncated),
        "brevo" if status == 202 || status == 201 => matches!(content, Own | Empty),
        _ if status != own_status => false,
        _ => content == Own || id_is_no_proof && matches!(content, NumberForId | ObjectForId | EmptyId),
    }
}

/// What is wrong with these verdicts.
fn lies(kind: &str, mode: Mode, verdicts: &[(u16, Content, Verdict)]) -> Vec<String> {
    let is_lie = |(status, content, verdict): &&(u16, Content, Verdict)| {
        let is_accepted = verdict.outcome == Outcome::Accepted;
        // It may refuse with a 2xx.
        let is_judged = *content == Error && verdict.reason == Reason::RefusedInBody;
        let counts = verdict.blame_of_probe() == Blame::Success;
        let is_known = is_accepted || is_judged || verdict.outcome == Outcome::Unknown;
        is_accepted != is_acceptance(kind, mode, *status, *content) || counts != (is_accepted || is_judged) || !is_known
    };
    verdicts
        .iter()
        .filter(is_lie)
        .map(|(status, content, verdict)| format!("{kind} {mode:?} {status} {content:?}: {verdict:?}"))
        .collect()
}

async fn verdicts(stub: &Stub, kind: &str, mode: Mode) -> Vec<(u16, Content, Verdict)> {
    let mut verdicts = Vec::new();
    for status in STATUSES {
        for content in CONTENTS {
            verdicts.push((status, content, stub.judge(&mail(), mode, written(kind, status, content)).await));
        }
    }
    verdicts
}

#[tokio::test]
async fn nothing_is_an_acceptance_but_what_the_providers_document_says() {
    assert_eq!(over_http().count(), 9);
    for kind in over_http().map(|kind| kind.name) {
        let stub = Stub::of(kind).await;
        for mode in [Mode::First, Mode::Probe] {
            let verdicts = verdicts(&stub, kind, mode).await;
            assert_eq!(lies(kind, mode, &verdicts), Vec::<String>::new());
            let taken = verdicts.iter().filter(|(.., verdict)| verdict.outcome == Outcome::Accepted);
            assert!(taken.count() >= 1, "{kind} takes its own acceptance");
        }
    }
}

#[tokio::test]
async fn a_judge_that_counts_any_2xx_is_found_out() {
    for kind in over_http().map(|kind| kind.name) {
        let of_the_toy = |status| Verdict::accepted(Reason::Status(status), None);
        let verdicts: Vec<_> = STATUSES
            .into_iter()
            .flat_map(|status| CONTENTS.map(|content| (status, content, of_the_toy(status))))
            .collect();
        assert!(!lies(kind, Mode::First, &verdicts).is_empty(), "{kind}");
        assert!(!lies(kind, Mode::Probe, &verdicts).is_empty(), "{kind}");
    }
}

#[tokio::test]
async fn a_number_of_64_bits_is_an_id_at_mailjet_and_nothing_else_passes_for_one() {
    for (id, kept) in
        [("18446744073709551615", Some("18446744073709551615")), ("1.5", None), (r#"{"a":1}"#, None), ("-1", None)]
    {
        let body = format!(r#"{{"Messages":[{{"Status":"success","To":[{{"MessageID":{id}}}]}}]}}"#);
        let verdict = verdict("mailjet", answer(200, "", &body)).await;
        assert_eq!((verdict.outcome, verdict.provider_message_id.as_deref()), (Outcome::Accepted, kept), "{id}");
    }
}

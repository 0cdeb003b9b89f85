//! What every answer of Mailjet comes to.

use super::super::tests::stub::{answer, check, verdict};
use crate::model::outcome::Outcome::*;

fn error(code: &str) -> String {
    format!(r#"{{"Messages":[{{"Status":"error","Errors":[{{"ErrorCode":"{code}"}}]}}]}}"#)
}

#[tokio::test]
async fn answers_are_judged_by_code_then_by_status() {
    let mut rows = Vec::new();
    for number in [2, 3, 4, 5, 7, 12, 13] {
        rows.push((400, format!("mj-{number:04}"), MessageRejected));
    }
    // Another may take more characters, elements, bytes or recipients.
    rows.extend(["mj-0006", "mj-0008", "mj-0011", "send-0015"].map(|code| (400, code.to_owned(), NotCapable)));
    for number in [3, 4, 10, 11, 12, 13, 14, 16] {
        rows.push((400, format!("send-{number:04}"), MessageRejected));
    }
    for number in [6, 7, 8] {
        rows.push((403, format!("send-{number:04}"), SenderRejected));
    }
    rows.extend([(401, "mj-0001".to_owned(), AccountRefused), (401, "mj-0015".to_owned(), AccountRefused)]);
    rows.extend([(400, "mj-9999".to_owned(), Unlisted), (500, "mj-9999".to_owned(), Unknown)]);
    rows.extend([(500, "mj-0003".to_owned(), Unknown), (200, "mj-0003".to_owned(), MessageRejected)]);
    for (status, code, outcome) in rows {
        let root = format!(r#"{{"ErrorCode":"{code}","StatusCode":{status}}}"#);
        for body in [error(&code), root] {
            assert_eq!(verdict("mailjet", answer(status, "", &body)).await.outcome, outcome, "{status} {body}");
        }
    }
    let taken =
        r#"{"Messages":[{"Status":"success","To":[{"Email":"b@example.org","MessageID":18446744073709551615}]}]}"#;
    let rows = [
        (200, taken, Accepted),
        (400, taken, Accepted),
        (500, taken, Unknown),
        (200, "", Unknown),
        (429, "<html>", Throttled),
        (500, "", Unknown),
        (502, "", Unknown),
    ];
    check("mailjet", &rows).await;
    let id = verdict("mailjet", answer(200, "", taken)).await.provider_message_id;
    assert_eq!(id.as_deref(), Some("18446744073709551615"));
}

#[tokio::test]
async fn a_number_of_64_bits_is_an_id_and_nothing_else_passes_for_one() {
    for (id, kept) in
        [("18446744073709551615", Some("18446744073709551615")), ("1.5", None), (r#"{"a":1}"#, None), ("-1", None)]
    {
        let body = format!(r#"{{"Messages":[{{"Status":"success","To":[{{"MessageID":{id}}}]}}]}}"#);
        let verdict = verdict("mailjet", answer(200, "", &body)).await;
        assert_eq!((verdict.outcome, verdict.provider_message_id.as_deref()), (Accepted, kept), "{id}");
    }
}

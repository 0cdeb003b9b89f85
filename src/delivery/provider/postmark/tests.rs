//! What every answer of Postmark comes to.

use super::super::tests::stub::{answer, check, verdict};
use crate::model::outcome::Outcome::*;
use crate::model::outcome::{Reason, Recipient};

fn error(code: u32) -> String {
    format!(r#"{{"ErrorCode":{code},"Message":"said"}}"#)
}

#[tokio::test]
async fn answers_are_judged_by_code_then_by_status() {
    for (status, code, outcome) in [
        (422, 300, MessageRejected),
        (422, 402, MessageRejected),
        (422, 403, MessageRejected),
        (422, 409, MessageRejected),
        (422, 410, MessageRejected),
        (422, 411, NotCapable),
        (422, 406, MessageRejected),
        (422, 400, SenderRejected),
        (422, 401, SenderRejected),
        (401, 10, AccountRefused),
        (422, 405, AccountRefused),
        (422, 412, AccountRefused),
        (422, 413, AccountRefused),
        (422, 1235, AccountRefused),
        (422, 1236, AccountRefused),
        (503, 100, Unavailable),
        (422, 429, Throttled),
        (422, 999, Unlisted),
        (415, 999, Unlisted),
        (500, 300, Unknown),
        (500, 999, Unknown),
        (200, 300, MessageRejected),
        (200, 999, Unlisted),
    ] {
        let verdict = verdict("postmark", answer(status, "", &error(code))).await;
        assert_eq!(verdict.outcome, outcome, "{status} {code}");
    }
    let accepted = r#"{"ErrorCode":0,"Message":"OK","MessageID":"m1"}"#;
    let rows = [
        (200, accepted, Accepted),
        (200, r#"{"Message":"delivery may be delayed","MessageID":"m1"}"#, Accepted),
        (200, "", Unknown),
        (200, "{}", Unknown),
        (401, "", AccountRefused),
        (413, "", NotCapable),
        (429, "", Throttled),
        (500, "", Unknown),
        (503, "", Unknown),
        (422, "<html>", Unclassified),
    ];
    check("postmark", &rows).await;
    let suppressed = verdict("postmark", answer(422, "", &error(406))).await;
    assert_eq!(suppressed.reason, Reason::Suppressed);
}

#[tokio::test]
async fn inactive_addresses_in_an_acceptance_are_suppressed() {
    let say = |addresses: &str| {
        let message = format!(
            "OK, but will not deliver to these inactive addresses: {addresses}. Inactive recipients are ones that ..."
        );
        answer(200, "", &format!(r#"{{"ErrorCode":0,"Message":"{message}","MessageID":"m1"}}"#))
    };
    let suppressed =
        Recipient { email: "b@example.org".to_owned(), outcome: MessageRejected, reason: Reason::Suppressed };
    let verdict = verdict("postmark", say("x@example.org, B@example.org")).await;
    assert_eq!((verdict.outcome, &verdict.recipients[..]), (Accepted, &[suppressed][..]));
    let other = super::super::tests::stub::verdict("postmark", say("x@example.org")).await;
    assert!(other.recipients.is_empty(), "{other:?}");
}
